"""Checks of tokens and rights: races, rotation under load, the time of a check (3.10)."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import correlation

import pytest

from meganodes.backoffice.pages import PAGES
from meganodes.directory.records import TokenKind
from meganodes.directory.staff_records import Role
from meganodes.directory.staff_sign_in import ENTER, Passed
from meganodes.kit.clock import SystemClock
from meganodes.kit.identity import SystemIdentity
from meganodes.kit.tokens import API_PREFIX, hash_matches, new_token, token_hashes
from tests.support.office import OfficeWorld, an_office
from tests.support.staff import BROWSER, People, people_on

AT_ONCE = 100
TRIES = 100_000
CORRELATION_MAX = 0.03
ROUNDS_MAX = 3
KEY = bytes(range(32))
INFO = "/v4/agent/info"


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[OfficeWorld]:
    async with an_office(tmp_path) as opened:
        yield opened


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[People]:
    async with people_on(tmp_path / "hub.db") as opened:
        yield opened


@pytest.mark.security("S8")
async def test_a_new_hub_has_no_account(people: People) -> None:
    assert await people.staff.members() == []


@pytest.mark.security("S25")
async def test_of_a_hundred_who_use_one_link_one_gets_in(people: People) -> None:
    member = await people.hired()
    code = await people.staff.new_code(member.staff_id, ENTER, 60)
    tries = [people.sign_in.enter(code.reveal(), BROWSER) for _ in range(AT_ONCE)]
    results = await asyncio.gather(*tries)
    assert sum(isinstance(each, Passed) for each in results) == 1


@pytest.mark.security("S7", "S25")
async def test_of_those_who_give_one_recovery_code_one_gets_in(people: People) -> None:
    await people.hired(role=Role.ADMIN)
    _seed, done = await people.enrolled((await people.passed()).token)
    member, session = await people.session_of((await people.passed()).token)
    code = done.recovery_codes[0].reveal()
    tries = [people.sign_in.with_code(member, session, code, BROWSER) for _ in range(AT_ONCE)]
    results = await asyncio.gather(*tries)
    assert sum(isinstance(each, Passed) for each in results) == 1


@pytest.mark.security("S18")
async def test_no_call_fails_while_a_token_is_rotated(office: OfficeWorld) -> None:
    """Calls go on meanwhile; then both tokens work, and after the overlap the new one alone."""
    world = office.world
    old = world.credentials.api_token
    statuses: list[int] = []
    rotated = asyncio.Event()
    async with world.client() as api:

        async def call_all_the_time() -> None:
            while not rotated.is_set() or len(statuses) < AT_ONCE:
                statuses.append((await api.post(INFO)).status_code)
                await asyncio.sleep(0)  # the app may answer without ever waiting

        callers = asyncio.gather(*(call_all_the_time() for _ in range(8)))
        new = await world.directory.reissue_token("acme", TokenKind.API, 1)
        rotated.set()
        await callers
        assert set(statuses) == {200}
        with_new = {"authorization": f"Bearer {new.reveal()}"}
        assert (await api.post(INFO, headers=with_new)).status_code == 200
        world.clock.advance(3_601)
        assert (await api.post(INFO, headers=with_new)).status_code == 200
        with_old = {"authorization": f"Bearer {old.reveal()}"}
        assert (await api.post(INFO, headers=with_old)).status_code == 401


@pytest.mark.security("S11")
def test_what_could_divert_money_is_fresh() -> None:
    """A form that shows or changes a secret, an address or a person's rights asks first."""
    fresh = {page.path for page in PAGES if page.fresh}
    settings = "/a/{agent_id}/settings"
    assert {
        f"{settings}/reveal",
        f"{settings}/reissue",
        f"{settings}/callback-url",
        f"{settings}/allow-list",
        "/me/password",
        "/staff/invite",
        "/staff/{staff_id}/link",
        "/staff/{staff_id}/role",
        "/staff/{staff_id}/forget-second-factor",
    } <= fresh


def correlation_of_time(key: bytes, real: str, stored: bytes) -> float:
    """Time the check of made-up tokens: does it go with what they share with the real one."""
    shared, nanoseconds = [], []
    for _ in range(TRIES):
        length = random.randrange(len(real))  # noqa: S311 - which token comes next is no secret
        guess = real[:length] + "0" * (len(real) - length)
        started = time.perf_counter_ns()
        hash_matches(stored, token_hashes((key,), guess))
        nanoseconds.append(time.perf_counter_ns() - started)
        shared.append(length)
    slowest = sorted(nanoseconds)[TRIES * 9 // 10]
    pairs = zip(shared, nanoseconds, strict=True)
    quiet = [pair for pair in pairs if pair[1] < slowest]  # without those that were interrupted
    return correlation(*zip(*quiet, strict=True))


@pytest.mark.security("S16")
def test_the_time_of_a_check_does_not_tell_how_much_of_a_token_is_right() -> None:
    """100,000 tries a round; what is there shows in every round, an accident does not."""
    real = new_token(API_PREFIX, SystemIdentity(SystemClock(), 0)).reveal()
    stored = token_hashes((KEY,), real)[0]
    seen = []
    for _ in range(ROUNDS_MAX):
        seen.append(correlation_of_time(KEY, real, stored))
        if abs(seen[-1]) < CORRELATION_MAX:
            return
    pytest.fail(f"times go with what is right: {seen}")
