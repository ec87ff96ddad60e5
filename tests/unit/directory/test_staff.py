"""Members of staff: invited, changed, shut out; each change leaves a row in the audit log."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from meganodes.directory.audit import audit_rows, first_broken_audit_row
from meganodes.directory.faults import DirectoryFault
from meganodes.directory.records import Actor
from meganodes.directory.staff import NewMember
from meganodes.directory.staff_records import Role, StaffState
from meganodes.kit.database import DatabaseUrl
from tests.support.staff import ANNA, People, people_on

BOSS = Actor(source="test", name="boss")


@pytest.fixture
async def people(place: DatabaseUrl) -> AsyncIterator[People]:
    async with people_on(place) as opened:
        yield opened


@pytest.mark.security("S8")
async def test_an_invited_member_has_no_password_and_no_session(people: People) -> None:
    await people.staff.invite(NewMember(email=ANNA, role=Role.VIEWER), BOSS)
    member = await people.known()
    assert (member.state, member.has_totp, member.agent_id) == (StaffState.INVITED, False, None)
    assert await people.staff.sessions_of(member.staff_id) == []


@pytest.mark.parametrize("email", ["", "anna", "@x.y", "anna@casino", "a b@c.d", "anna@cäsino.de"])
async def test_an_address_that_is_none_is_refused(people: People, email: str) -> None:
    with pytest.raises(DirectoryFault, match=r"anna@casino\.example"):
        await people.staff.invite(NewMember(email=email, role=Role.VIEWER))


async def test_an_address_is_invited_once_in_any_letter_case(people: People) -> None:
    await people.hired()
    with pytest.raises(DirectoryFault, match="is a member of staff already"):
        await people.staff.invite(NewMember(email=ANNA.upper(), role=Role.VIEWER))


async def test_a_time_zone_must_exist(people: People) -> None:
    member = await people.hired()
    with pytest.raises(DirectoryFault, match="Europe/Madrid"):
        await people.staff.set_time_zone(member.staff_id, "Moon/Tranquility", BOSS)
    await people.staff.set_time_zone(member.staff_id, "Asia/Seoul", BOSS)
    assert (await people.known()).time_zone == "Asia/Seoul"


@pytest.mark.security("S10")
async def test_ones_sessions_are_listed_and_ended_one_by_one(people: People) -> None:
    member = await people.hired()
    first, second = await people.passed(), await people.passed()
    _member, kept = await people.session_of(first.token)
    _member, gone = await people.session_of(second.token)
    before = await people.staff.sessions_of(member.staff_id)
    await people.staff.end_session(member.staff_id, gone.session_id)
    left = await people.staff.sessions_of(member.staff_id)
    assert len(left) == len(before) - 1
    assert kept.session_id in {each.session_id for each in left}
    assert await people.staff.session(second.token.reveal()) is None


async def test_nobody_ends_another_members_session(people: People) -> None:
    await people.hired()
    other = await people.hired("bob@casino.example")
    passed = await people.passed()
    _member, session = await people.session_of(passed.token)
    await people.staff.end_session(other.staff_id, session.session_id)
    assert await people.staff.session(passed.token.reveal()) is not None


async def test_a_lost_app_is_taken_away_and_sessions_end(people: People) -> None:
    member = await people.hired(role=Role.ADMIN)
    _seed, done = await people.enrolled((await people.passed()).token)
    await people.staff.forget_second_factor(member.staff_id, BOSS)
    assert not (await people.known()).has_totp
    assert await people.staff.session(done.token.reveal()) is None


async def test_changes_are_in_the_chain_of_the_audit_log(people: People) -> None:
    member = await people.hired()
    await people.staff.set_role(member.staff_id, Role.VIEWER, BOSS)
    await people.staff.set_state(member.staff_id, StaffState.DISABLED, BOSS)
    database = people.staff.ports.database
    rows = await database.read(audit_rows, 2)
    assert [row.tag for row in rows] == ["test:staff:set-disabled", "test:staff:set-role"]
    assert (rows[1].old, rows[1].new) == ('{"role": "operator"}', '{"role": "viewer"}')
    assert await database.read(first_broken_audit_row) is None
