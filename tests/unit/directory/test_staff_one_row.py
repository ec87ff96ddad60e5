"""What lets somebody in or keeps them out is one row, written with what it tells of (S26)."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from meganodes.directory.audit import AuditRow, audit_rows
from meganodes.directory.staff_records import Role, Seen
from meganodes.directory.staff_sign_in import CODE_TRIES_MAX, ENTER, Enrolled, No, Passed
from meganodes.kit.secrets import Secret
from tests.support.staff import ANNA, BROWSER, PASSWORD, People, people_on

WRONG = Secret("wrong horse battery staple")


@pytest.fixture
async def people(tmp_path: Path) -> AsyncIterator[People]:
    async with people_on(tmp_path / "hub.db") as opened:
        yield opened


async def trail(people: People) -> list[AuditRow]:
    """Every row, oldest first."""
    return (await people.staff.ports.database.read(audit_rows, 1_000))[::-1]


async def told(people: People, after: list[AuditRow]) -> list[tuple[str, str]]:
    """What rows tell that were not there before: verb and new values."""
    rows = (await trail(people))[len(after) :]
    return [(row.tag.removeprefix("office:staff:"), row.new) for row in rows]


async def at_the_code(people: People) -> tuple[Secret, Enrolled, Passed]:
    """Let an administrator stop before the second factor."""
    await people.hired(role=Role.ADMIN)
    seed, enrolled = await people.enrolled((await people.passed()).token)
    return seed, enrolled, await people.passed()


@contextmanager
def no_sessions_can_be_opened(folder: Path) -> Iterator[None]:
    with closing(sqlite3.connect(folder / "hub.db", isolation_level=None)) as beside:
        beside.execute(
            "CREATE TRIGGER refused BEFORE INSERT ON staff_sessions"
            " BEGIN SELECT RAISE(ABORT, 'no more sessions'); END"
        )
        yield
        beside.execute("DROP TRIGGER refused")


@pytest.mark.security("S26")
async def test_a_second_factor_that_was_given_is_one_row(people: People) -> None:
    seed, _, half = await at_the_code(people)
    before = await trail(people)
    member, session = await people.session_of(half.token)
    await people.sign_in.with_code(member, session, people.next_code(seed), BROWSER)
    assert await told(people, before) == [("sign-in", '{"second_factor": "code"}')]


@pytest.mark.security("S26")
async def test_a_recovery_code_that_was_given_is_one_row_that_says_how_many_are_left(
    people: People,
) -> None:
    _, enrolled, half = await at_the_code(people)
    before = await trail(people)
    member, session = await people.session_of(half.token)
    code = enrolled.recovery_codes[0].reveal()
    await people.sign_in.with_code(member, session, code, BROWSER)
    new = '{"codes_left": 9, "second_factor": "recovery code"}'
    assert await told(people, before) == [("sign-in", new)]


@pytest.mark.security("S26")
async def test_a_code_is_not_used_up_nor_told_of_unless_the_session_is_opened(
    people: People, tmp_path: Path
) -> None:
    seed, _, half = await at_the_code(people)
    code = people.next_code(seed)
    before = await trail(people)
    member, session = await people.session_of(half.token)
    with no_sessions_can_be_opened(tmp_path), pytest.raises(Exception, match="no more sessions"):
        await people.sign_in.with_code(member, session, code, BROWSER)
    assert await trail(people) == before
    passed = await people.sign_in.with_code(member, session, code, BROWSER)
    assert isinstance(passed, Passed)


@pytest.mark.security("S26")
async def test_no_other_step_is_told_of_unless_its_session_is_opened(
    people: People, tmp_path: Path
) -> None:
    member = await people.hired()
    _, session = await people.session_of((await people.passed()).token)
    link = (await people.staff.new_code(member.staff_id, ENTER, 60)).reveal()
    before = await trail(people)
    steps: tuple[Callable[[], Awaitable[object]], ...] = (
        lambda: people.sign_in.with_password(ANNA, PASSWORD, BROWSER),
        lambda: people.sign_in.confirm(member, session, PASSWORD, BROWSER),
        lambda: people.sign_in.enter(link, BROWSER),
    )
    with no_sessions_can_be_opened(tmp_path):
        for step in steps:
            with pytest.raises(Exception, match="no more sessions"):
                await step()
    assert await trail(people) == before
    assert isinstance(await people.sign_in.enter(link, BROWSER), Passed), "the link still works"


@pytest.mark.security("S26")
async def test_a_first_app_is_two_rows_and_another_one_is_one(
    people: People, tmp_path: Path
) -> None:
    """Having an app and coming in are two things, and each happens without the other."""
    await people.hired(role=Role.ADMIN)
    half = await people.passed()
    before = await trail(people)
    with no_sessions_can_be_opened(tmp_path), pytest.raises(Exception, match="no more sessions"):
        await people.enrolled(half.token)
    assert await trail(people) == before
    assert not (await people.known()).has_totp
    people.clock.advance(30)
    _, enrolled = await people.enrolled(half.token)
    assert [verb for verb, _ in await told(people, before)] == ["set-second-factor", "sign-in"]
    before = await trail(people)
    people.clock.advance(30)
    await people.enrolled(enrolled.token)
    assert [verb for verb, _ in await told(people, before)] == ["set-second-factor"]


@pytest.mark.security("S26")
async def test_too_many_passwords_leave_one_row_a_minute(people: People) -> None:
    await people.hired()
    before = await trail(people)
    for _ in range(40):
        await people.sign_in.with_password(ANNA, WRONG, BROWSER)
        people.clock.advance(0.4)
    verbs = [verb for verb, _ in await told(people, before)]
    assert verbs.count("too-many-tries") == 1
    assert verbs.count("sign-in-refused") == len(verbs) - 1 > 0
    people.clock.advance(60)
    for _ in range(8):
        await people.sign_in.with_password(ANNA, WRONG, BROWSER)
    told_of = dict(await told(people, before))
    assert "left_out" in told_of["too-many-tries"], "how many there were meanwhile"


@pytest.mark.security("S26")
async def test_too_many_codes_leave_a_row_that_names_whose(people: People) -> None:
    _, _, half = await at_the_code(people)
    member, session = await people.session_of(half.token)
    before = await trail(people)
    for _ in range(CODE_TRIES_MAX + 1):
        last = await people.sign_in.with_code(member, session, "000000", BROWSER)
        people.clock.advance(20)
    assert last is No.USED_UP
    verbs = [verb for verb, _ in await told(people, before)]
    assert verbs == ["code-refused"] * CODE_TRIES_MAX + ["too-many-tries"]
    assert (await trail(people))[-1].actor == f"{ANNA} from {BROWSER.address}"


@pytest.mark.security("S26")
async def test_what_somebody_typed_who_is_unknown_is_in_no_row(people: People) -> None:
    """They may have typed a password where the address belongs."""
    for _ in range(8):
        await people.sign_in.with_password(PASSWORD.reveal(), WRONG, BROWSER)
    rows = await trail(people)
    assert {row.tag for row in rows} == {
        "office:staff:sign-in-refused",
        "office:staff:too-many-tries",
    }
    assert {(row.actor, row.target) for row in rows} == {
        (f"unknown from {BROWSER.address}", "staff:0")
    }


@pytest.mark.security("S26")
async def test_guesses_from_everywhere_leave_thirty_rows_a_minute(people: People) -> None:
    for number in range(60):
        seen = Seen(address=f"2001:db8::{number:x}", browser="")
        await people.sign_in.with_password(f"a{number}@b.example", WRONG, seen)
    assert len(await trail(people)) == 30
