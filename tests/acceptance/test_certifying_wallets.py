"""Right wallets are certified over real HTTP without a finding, and wrong ones are not."""

from __future__ import annotations

import asyncio

import pytest

from meganodes.certification.direct import DirectTransport
from meganodes.certification.faulty.catalogue import FAULTY_BACKENDS, mistake, sentence
from meganodes.certification.faulty.honest import HonestBackend
from meganodes.certification.faulty.serving import BackendServer
from meganodes.certification.report import Report
from meganodes.certification.runner import run
from meganodes.certification.target import Target
from meganodes.kit.clock import SystemClock
from meganodes.protocol.commands import Revision
from meganodes.protocol.currency import currency
from meganodes.protocol.signature import parse_secret
from tests.support import practice
from tests.support.effort import THOROUGH, effort
from tests.support.fake_backend import SECRET, TOKEN
from tests.support.wallets import Wallet, Wallets

SEEDS = tuple(range(1, effort(1, 3) + 1))
WAYS = [(revision, told) for revision in Revision for told in (41, 0)]
USUAL_WAYS = [(Revision.GUID, 41), (Revision.ID, 0)]
FEW = frozenset({"cents-for-units", "balance-race", "memory-by-connection", "html-error-page"})
WRONG = [one for one in FAULTY_BACKENDS if mistake(one).id in FEW]
"""All of them are certified in one process by tests/conformance."""

pytestmark = [pytest.mark.thorough, pytest.mark.slow]


async def _certified(target: Target, seed: int = 1) -> Report:
    clock = SystemClock()
    async with DirectTransport(target.url, clock) as transport:
        return await run(target, transport, clock, seed=seed)


@pytest.fixture(params=WAYS if THOROUGH else USUAL_WAYS)
def any_wallet(wallets: Wallets, kind: str, request: pytest.FixtureRequest) -> Wallet:
    """A wallet of either revision that answers duplicates either way."""
    revision, duplicates = request.param
    wallet = wallets.get(kind=kind, revision=revision, duplicates=duplicates)
    for seed in SEEDS:
        wallet.open(f"Ada_Certified{seed}", "500.00")
    wallet.open("Bob_Blocked", "100.00", active=False)
    return wallet


async def test_a_right_wallet_has_no_finding(any_wallet: Wallet) -> None:
    # Each seed has an account of its own; most of a run is waiting, so they run together.
    await asyncio.gather(*(_no_finding(any_wallet, seed) for seed in SEEDS))


async def _no_finding(any_wallet: Wallet, seed: int) -> None:
    target = Target(
        url=f"http://127.0.0.1:{any_wallet.port}/callback",
        callback_token=TOKEN,
        account=f"Ada_Certified{seed}",
        revision=any_wallet.options.revision,
        currency=currency("EUR"),
        blocked_account="Bob_Blocked",
        signing_secret=parse_secret(SECRET),
    )
    report = await _certified(target, seed)
    assert practice.words_of(report) == {}
    assert report.certified, [case for case in report.cases if case.reason]
    assert report.left_over_minor == 0


@pytest.mark.parametrize("backend", WRONG, ids=lambda backend: mistake(backend).id)
async def test_a_wrong_backend_fails_its_cases(backend: type[HonestBackend]) -> None:
    made = mistake(backend)
    wrong = practice.with_accounts(backend(practice.agreed(made.revision), SystemClock()))
    async with BackendServer(wrong) as server:
        report = await _certified(practice.target(made.revision, url=server.url))
    told = practice.words_of(report)
    assert set(told) == made.fails, f"{sentence(backend)} {told}"
