"""Signing in: what is judged, how often, what each step leaves (reliability 3.10, S4 to S11)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from meganodes.directory.audit import audit_rows
from meganodes.directory.records import Actor
from meganodes.directory.sign_in_throttle import FAILURES_MAX, LOCKED_MS
from meganodes.directory.staff import ABSOLUTE_MS, IDLE_MS
from meganodes.directory.staff_records import Role, Seen, StaffState, Stage
from meganodes.directory.staff_sign_in import CODE_TRIES_MAX, ENTER, No, Passed
from meganodes.kit.database import DatabaseUrl
from meganodes.kit.secrets import Secret
from tests.support.places import all_bytes
from tests.support.staff import ANNA, BROWSER, PASSWORD, People, code_of, people_on

BOSS = Actor(source="test", name="boss")
WRONG = Secret("wrong horse battery staple")


@pytest.fixture
async def people(place: DatabaseUrl) -> AsyncIterator[People]:
    async with people_on(place) as opened:
        yield opened


async def tags(people: People) -> list[str]:
    rows = await people.staff.ports.database.read(audit_rows, 100)
    return [row.tag for row in reversed(rows)]


async def test_a_right_password_opens_a_session_for_an_operator(people: People) -> None:
    await people.hired()
    passed = await people.passed()
    member, session = await people.session_of(passed.token)
    assert (passed.stage, member.email, session.address) == (Stage.SIGNED_IN, ANNA, "203.0.113.9")


async def test_the_address_is_found_in_any_letter_case(people: People) -> None:
    await people.hired()
    assert (await people.passed(ANNA.upper())).stage is Stage.SIGNED_IN


@pytest.mark.parametrize("email", [ANNA, "nobody@casino.example"])
@pytest.mark.security("S6")
async def test_a_wrong_password_and_an_unknown_account_sound_the_same(
    people: People, email: str
) -> None:
    await people.hired()
    assert await people.sign_in.with_password(email, WRONG, BROWSER) is No.WRONG


async def test_an_invited_or_disabled_member_does_not_get_in(people: People) -> None:
    member = await people.hired()
    await people.staff.set_state(member.staff_id, StaffState.DISABLED, BOSS)
    assert await people.sign_in.with_password(ANNA, PASSWORD, BROWSER) is No.WRONG


@pytest.mark.security("S10")
async def test_disabling_ends_sessions_at_once(people: People) -> None:
    member = await people.hired()
    passed = await people.passed()
    await people.staff.set_state(member.staff_id, StaffState.DISABLED, BOSS)
    assert await people.staff.session(passed.token.reveal()) is None


@pytest.mark.security("S9")
async def test_another_role_ends_sessions(people: People) -> None:
    member = await people.hired()
    passed = await people.passed()
    await people.staff.set_role(member.staff_id, Role.VIEWER, BOSS)
    assert await people.staff.session(passed.token.reveal()) is None


async def test_of_many_guesses_at_most_ten_are_judged(people: People) -> None:
    """Also when the right one is among the later ones (S6)."""
    await people.hired()
    judged = 0
    for _ in range(200):
        people.clock.advance(1)
        judged += await people.sign_in.with_password(ANNA, WRONG, BROWSER) is No.WRONG
    assert judged <= FAILURES_MAX
    people.clock.advance(200)
    for _ in range(20):
        people.clock.advance(1)
        await people.sign_in.with_password(ANNA, WRONG, BROWSER)
    assert await people.sign_in.with_password(ANNA, PASSWORD, BROWSER) is No.TOO_OFTEN


@pytest.mark.security("S6")
async def test_guesses_sent_at_once_count_each(people: People) -> None:
    await people.hired()
    tries = [people.sign_in.with_password(ANNA, WRONG, BROWSER) for _ in range(60)]
    results = await asyncio.gather(*tries)
    assert results.count(No.WRONG) <= FAILURES_MAX
    assert results.count(No.TOO_OFTEN) >= 60 - FAILURES_MAX


async def test_the_lock_ends_after_half_an_hour(people: People) -> None:
    await people.hired()
    for _ in range(60):
        people.clock.advance(70)
        if await people.sign_in.with_password(ANNA, WRONG, BROWSER) is No.TOO_OFTEN:
            break
    people.clock.advance(LOCKED_MS / 1000 + 1)
    assert (await people.passed()).stage is Stage.SIGNED_IN


@pytest.mark.security("S6")
async def test_one_address_cannot_try_a_thousand_accounts(people: People) -> None:
    seen = Seen(address="198.51.100.7", browser="")
    tries = [people.sign_in.with_password(f"a{n}@b.example", WRONG, seen) for n in range(130)]
    results = await asyncio.gather(*tries)
    assert results.count(No.WRONG) == 100
    assert results.count(No.TOO_OFTEN) == 30


@pytest.mark.security("S7", "S9")
async def test_an_administrator_sets_up_a_second_factor_before_anything_else(
    people: People,
) -> None:
    await people.hired(role=Role.ADMIN)
    passed = await people.passed()
    assert passed.stage is Stage.ENROL
    _seed, done = await people.enrolled(passed.token)
    assert (await people.session_of(done.token))[1].stage is Stage.SIGNED_IN
    assert await people.staff.session(passed.token.reveal()) is None, "a new id at each step"


@pytest.mark.security("S9")
async def test_with_a_second_factor_the_password_alone_opens_nothing(people: People) -> None:
    await people.hired(role=Role.ADMIN)
    seed, _done = await people.enrolled((await people.passed()).token)
    passed = await people.passed()
    member, session = await people.session_of(passed.token)
    assert session.stage is Stage.CODE
    further = await people.sign_in.with_code(member, session, people.next_code(seed), BROWSER)
    assert isinstance(further, Passed)
    assert (await people.session_of(further.token))[1].stage is Stage.SIGNED_IN
    assert await people.staff.session(passed.token.reveal()) is None


@pytest.mark.security("S7")
async def test_a_code_that_was_used_is_refused_in_the_same_half_minute(people: People) -> None:
    await people.hired(role=Role.ADMIN)
    seed, _done = await people.enrolled((await people.passed()).token)
    member, session = await people.session_of((await people.passed()).token)
    code = code_of(seed, people.clock.now_ms())
    assert await people.sign_in.with_code(member, session, code, BROWSER) is No.WRONG


@pytest.mark.security("S7")
async def test_five_wrong_codes_end_the_attempt(people: People) -> None:
    await people.hired(role=Role.ADMIN)
    await people.enrolled((await people.passed()).token)
    passed = await people.passed()
    member, session = await people.session_of(passed.token)
    results = []
    for _ in range(CODE_TRIES_MAX + 1):
        people.clock.advance(20)
        results.append(await people.sign_in.with_code(member, session, "000000", BROWSER))
    assert results == [*[No.WRONG] * CODE_TRIES_MAX, No.USED_UP]
    assert await people.staff.session(passed.token.reveal()) is None


@pytest.mark.security("S7")
async def test_a_recovery_code_works_once_however_it_is_typed(people: People) -> None:
    await people.hired(role=Role.ADMIN)
    _seed, done = await people.enrolled((await people.passed()).token)
    assert len(done.recovery_codes) == 10
    typed = done.recovery_codes[3].reveal().replace("-", " ").lower()
    member, session = await people.session_of((await people.passed()).token)
    assert isinstance(await people.sign_in.with_code(member, session, typed, BROWSER), Passed)
    member, session = await people.session_of((await people.passed()).token)
    assert await people.sign_in.with_code(member, session, typed, BROWSER) is No.WRONG


@pytest.mark.security("S8")
async def test_an_invitation_works_once(people: People) -> None:
    await people.hired()
    member = await people.known()
    code = await people.staff.new_code(member.staff_id, "welcome", 60)
    other = Secret("another long password, please")
    assert isinstance(await people.sign_in.welcome(code.reveal(), other, BROWSER), Passed)
    assert await people.sign_in.welcome(code.reveal(), PASSWORD, BROWSER) is No.WRONG
    assert (await people.passed(password=other)).stage is Stage.SIGNED_IN


@pytest.mark.security("S8")
async def test_an_invitation_expires(people: People) -> None:
    await people.hired()
    code = await people.staff.new_code((await people.known()).staff_id, "welcome", 60)
    people.clock.advance(3600)
    assert await people.sign_in.welcome(code.reveal(), PASSWORD, BROWSER) is No.WRONG


@pytest.mark.parametrize(
    ("password", "sentence"),
    [
        ("short", "at least 8 characters"),
        ("x" * 200, "at most 128 characters"),
        ("password123", "everybody tries first"),
        ("aaaaaaaaaa", "everybody tries first"),
        ("my-meganodes-login", "must not contain"),
        ("anna likes rain", "must not contain"),
    ],
)
@pytest.mark.security("S5")
async def test_a_poor_password_is_refused_with_a_sentence(
    people: People, password: str, sentence: str
) -> None:
    await people.hired()
    code = await people.staff.new_code((await people.known()).staff_id, "welcome", 60)
    said = await people.sign_in.welcome(code.reveal(), Secret(password), BROWSER)
    assert isinstance(said, str)
    assert sentence in said


async def test_a_demonstrations_link_enters_once(people: People) -> None:
    member = await people.hired()
    code = await people.staff.new_code(member.staff_id, ENTER, 60)
    assert isinstance(await people.sign_in.enter(code.reveal(), BROWSER), Passed)
    assert await people.sign_in.enter(code.reveal(), BROWSER) is No.WRONG


@pytest.mark.parametrize("seconds", [IDLE_MS / 1000, ABSOLUTE_MS / 1000])
@pytest.mark.security("S10")
async def test_a_session_ends_when_idle_or_old(people: People, seconds: float) -> None:
    await people.hired()
    passed = await people.passed()
    people.clock.advance(seconds)
    assert await people.staff.session(passed.token.reveal()) is None


@pytest.mark.security("S10")
async def test_a_session_in_use_ends_after_twelve_hours_all_the_same(people: People) -> None:
    await people.hired()
    passed = await people.passed()
    for _ in range(72):
        assert await people.staff.session(passed.token.reveal()) is not None
        people.clock.advance(600)
    assert await people.staff.session(passed.token.reveal()) is None


async def test_confirming_gives_a_new_token_and_keeps_the_sessions_age(people: People) -> None:
    await people.hired()
    passed = await people.passed()
    member, session = await people.session_of(passed.token)
    people.clock.advance(300)
    confirmed = await people.sign_in.confirm(member, session, PASSWORD, BROWSER)
    assert isinstance(confirmed, Passed)
    now = (await people.session_of(confirmed.token))[1]
    assert now.created_at_ms == session.created_at_ms
    assert now.confirmed_at_ms == people.clock.now_ms()
    assert await people.staff.session(passed.token.reveal()) is None
    assert await people.sign_in.confirm(member, now, WRONG, BROWSER) is No.WRONG


@pytest.mark.security("S10")
async def test_another_password_ends_all_other_sessions(people: People) -> None:
    await people.hired()
    first, second = await people.passed(), await people.passed()
    member, session = await people.session_of(first.token)
    new = Secret("a new password, long and dull")
    assert await people.sign_in.change_password(member, session, new, BROWSER) is None
    assert await people.staff.session(first.token.reveal()) is not None
    assert await people.staff.session(second.token.reveal()) is None


@pytest.mark.security("S26")
async def test_every_step_leaves_one_audit_row(people: People) -> None:
    await people.hired()
    before = len(await tags(people))
    await people.passed()
    await people.sign_in.with_password(ANNA, WRONG, BROWSER)
    assert (await tags(people))[before:] == [
        "office:staff:sign-in",
        "office:staff:sign-in-refused",
    ]


@pytest.mark.security("S16", "S17")
async def test_nothing_stored_opens_a_door(people: People, place: DatabaseUrl) -> None:
    """A copy of the database holds no password, token, code or seed in plain form (S16, S17)."""
    await people.hired(role=Role.ADMIN)
    passed = await people.passed()
    seed, done = await people.enrolled(passed.token)
    code = await people.staff.new_code((await people.known()).staff_id, "welcome", 60)
    stored = await asyncio.to_thread(all_bytes, place)
    for secret in (PASSWORD, passed.token, done.token, seed, code, *done.recovery_codes):
        assert secret.reveal_bytes() not in stored
        assert secret.reveal_bytes().hex().encode() not in stored
