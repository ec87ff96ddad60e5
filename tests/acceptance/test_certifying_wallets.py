"""Right wallets are certified over real HTTP without a finding, and wrong ones are not."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import TYPE_CHECKING
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

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
from meganodes.sdk import Dispatcher, SignatureCheck
from meganodes.sdk.wsgi import wsgi_app
from tests.support import practice
from tests.support.effort import THOROUGH, effort
from tests.support.fake_backend import SECRET, TOKEN
from tests.support.ledgers import a_ledger_place
from tests.support.wallets import Wallet, Wallets

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

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
    revision = any_wallet.options.revision
    await asyncio.gather(*(_no_finding(any_wallet.port, revision, seed) for seed in SEEDS))


@pytest.mark.parametrize("revision", Revision)
@pytest.mark.parametrize("database", ["sqlite", "psycopg"])
async def test_the_ledger_of_the_sdk_has_no_finding(
    database: str, revision: Revision, tmp_path: Path
) -> None:
    with a_ledger_place(database, tmp_path) as opening:
        ledger = opening()
        for seed in SEEDS:
            ledger.deposit(f"Ada_Certified{seed}", 50_000)
        ledger.deposit("Bob_Blocked", 10_000)
        ledger.set_active("Bob_Blocked", active=False)
        check = SignatureCheck(secrets=[SECRET], now_seconds=time.time)
        dispatcher = Dispatcher(
            ledger, callback_tokens=[TOKEN], revision=revision, signatures=check
        )
        with _served(wsgi_app(dispatcher)) as port:
            await asyncio.gather(*(_no_finding(port, revision, seed) for seed in SEEDS))
        assert ledger.faults() == ()


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True
    request_queue_size = 128


class _Quiet(WSGIRequestHandler):
    def log_message(self, *_args: object) -> None:
        """Say nothing of each request."""


@contextmanager
def _served(app: WSGIApplication) -> Iterator[int]:
    with make_server("127.0.0.1", 0, app, _Server, _Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            thread.join()


async def _no_finding(port: int, revision: Revision, seed: int) -> None:
    target = Target(
        url=f"http://127.0.0.1:{port}/callback",
        callback_token=TOKEN,
        account=f"Ada_Certified{seed}",
        revision=revision,
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
