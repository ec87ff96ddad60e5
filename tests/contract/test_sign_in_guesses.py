"""Ten thousand guesses at one account, and what the time of an answer tells (S6)."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from statistics import quantiles

import pytest

from meganodes.directory.audit import audit_rows
from meganodes.directory.sign_in_throttle import FAILURES_MAX, LOCKED_MS
from meganodes.directory.staff_records import Role, Seen
from meganodes.directory.staff_sign_in import No, Passed
from meganodes.kit.passwords import Passwords
from meganodes.kit.secrets import Secret
from tests.support.staff import ANNA, BROWSER, PASSWORD, CountingHasher, People, people_on

CODES_IN_A_ROW, CODES_AT_ONCE = 1_000, 4_000
PASSWORDS_IN_A_ROW, PASSWORDS_AT_ONCE = 1_000, 4_000
AT_ONCE = 500
PAIRS = 16
ROUNDS_MAX = 6
DIFFERENCE_MS_MAX = 5.0


@pytest.fixture
def hasher() -> CountingHasher:
    return CountingHasher()


@pytest.fixture
async def people(tmp_path: Path, hasher: CountingHasher) -> AsyncIterator[People]:
    async with people_on(tmp_path / "hub.db", Passwords(hasher)) as opened:
        yield opened


def from_somewhere(number: int) -> Seen:
    """Many addresses, so that it is the account alone that is protected."""
    return Seen(address=f"198.51.100.{number % 200}", browser="")


def waves(guesses: int) -> list[range]:
    """Split guesses into those that are made at the same time."""
    return [range(first, first + AT_ONCE) for first in range(0, guesses, AT_ONCE)]


async def refused_codes(people: People) -> int:
    rows = await people.staff.ports.database.read(audit_rows, 1_000)
    return sum(row.tag == "office:staff:code-refused" for row in rows)


async def guess_codes(people: People) -> None:
    """Guess as somebody who has the password: session after session, then on one all at once."""
    passed = await people.passed()
    member, session = await people.session_of(passed.token)
    for number in range(CODES_IN_A_ROW):
        people.clock.advance(0.1)
        code, seen = f"{number:06d}", from_somewhere(number)
        said = await people.sign_in.with_code(member, session, code, seen)
        if said is No.USED_UP and number < CODES_IN_A_ROW // 2 and number % 50 == 0:
            member, session = await people.session_of((await people.passed()).token)
    member, session = await people.session_of((await people.passed()).token)
    for wave in waves(CODES_AT_ONCE):
        people.clock.advance(0.1)
        guesses = (
            people.sign_in.with_code(member, session, f"{number:06d}", from_somewhere(number))
            for number in wave
        )
        await asyncio.gather(*guesses)


async def guess_passwords(people: People) -> None:
    """Guess without any knowledge: one after the other, then all at once."""
    for number in range(PASSWORDS_IN_A_ROW):
        people.clock.advance(0.1)
        guess = Secret(f"guess number {number}")
        await people.sign_in.with_password(ANNA, guess, from_somewhere(number))
    for wave in waves(PASSWORDS_AT_ONCE):
        people.clock.advance(0.1)
        guesses = (
            people.sign_in.with_password(
                ANNA.upper() if number % 2 else ANNA,
                Secret(f"another guess {number}"),
                from_somewhere(number),
            )
            for number in wave
        )
        await asyncio.gather(*guesses)


@pytest.mark.slow
@pytest.mark.security("S6")
async def test_of_ten_thousand_guesses_at_most_ten_of_each_secret_are_evaluated(
    people: People, hasher: CountingHasher
) -> None:
    """5,000 codes by somebody who has the password, 5,000 passwords; the right ones do not help."""
    await people.hired(role=Role.ADMIN)
    seed, _done = await people.enrolled((await people.passed()).token)
    await guess_codes(people)
    assert 0 < await refused_codes(people) <= FAILURES_MAX
    member, session = await people.session_of((await people.passed()).token)
    right = await people.sign_in.with_code(member, session, people.next_code(seed), BROWSER)
    assert right is No.USED_UP, "the right code comes too late"
    before = hasher.verified
    await guess_passwords(people)
    assert 0 < hasher.verified - before <= FAILURES_MAX
    right = await people.sign_in.with_password(ANNA, PASSWORD, BROWSER)
    assert right is No.TOO_OFTEN, "the right password comes too late"
    assert hasher.verified - before <= FAILURES_MAX
    people.clock.advance(LOCKED_MS / 1000)
    member, session = await people.session_of((await people.passed()).token)
    code = people.next_code(seed)
    assert isinstance(await people.sign_in.with_code(member, session, code, BROWSER), Passed)


async def test_a_code_for_a_session_that_has_ended_is_used_up(people: People) -> None:
    """Of guesses sent at once the later ones find their session gone."""
    await people.hired(role=Role.ADMIN)
    seed, _done = await people.enrolled((await people.passed()).token)
    member, session = await people.session_of((await people.passed()).token)
    await people.staff.end_session(member.staff_id, session.session_id)
    code = people.next_code(seed)
    assert await people.sign_in.with_code(member, session, code, BROWSER) is No.USED_UP


async def test_who_has_to_wait_writes_nothing(people: People) -> None:
    """A flood of guesses must not hold the lock that bets need."""
    database = people.staff.ports.database
    await people.hired()
    for _ in range(60):
        people.clock.advance(70)
        if await people.sign_in.with_password(ANNA, Secret("x" * 9), BROWSER) is No.TOO_OFTEN:
            break
    holding = asyncio.Event()
    loop = asyncio.get_running_loop()
    release = asyncio.Event()

    def hold(_connection: object) -> None:
        loop.call_soon_threadsafe(holding.set)
        asyncio.run_coroutine_threadsafe(release.wait(), loop).result()

    writer = asyncio.ensure_future(database.write(hold))
    await holding.wait()
    said = await people.sign_in.with_password(ANNA, PASSWORD, BROWSER)
    release.set()
    await writer
    assert said is No.TOO_OFTEN


@pytest.mark.security("S6")
async def test_an_unknown_account_costs_one_hash_like_a_known_one(
    people: People, hasher: CountingHasher
) -> None:
    """From the very first try on."""
    await people.hired()
    costs = []
    for email in ("nobody@casino.example", ANNA, "other@casino.example"):
        before = hasher.verified
        assert await people.sign_in.with_password(email, Secret("x" * 9), BROWSER) is No.WRONG
        costs.append(hasher.verified - before)
    assert costs == [1, 1, 1]


async def cost_ms(people: People, email: str) -> float:
    """Milliseconds of this process's own work for one refusal: other programs do not count."""
    people.clock.advance(LOCKED_MS / 1000)
    started = time.process_time()
    assert await people.sign_in.with_password(email, Secret("x" * 9), BROWSER) is No.WRONG
    return (time.process_time() - started) * 1000


def at_95_percent(costs: list[float]) -> float:
    return quantiles(costs, n=20, method="inclusive")[-1]


@pytest.mark.slow
@pytest.mark.security("S6")
async def test_the_time_of_a_refusal_does_not_tell_whether_there_is_an_account(
    people: People,
) -> None:
    """A difference that is there shows in every round; one that a busy machine makes does not."""
    await people.hired()
    seen = []
    for _ in range(ROUNDS_MAX):
        known, unknown = [], []
        for number in range(PAIRS):
            known.append(await cost_ms(people, ANNA))
            unknown.append(await cost_ms(people, f"nobody.{number}@casino.example"))
        seen.append(at_95_percent(known) - at_95_percent(unknown))
        if abs(seen[-1]) < DIFFERENCE_MS_MAX:
            return
    pytest.fail(f"known and unknown accounts differ by {seen} ms")
