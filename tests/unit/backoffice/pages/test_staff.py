"""Staff: invited, given roles, shut out, by administrators and never by oneself."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.backoffice.pages.staff import PAGE_SIZE
from meganodes.directory.staff import NewMember
from meganodes.directory.staff_records import Role, StaffState
from tests.support.office import OfficeWorld, an_office

BOB = "bob@casino.example"


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[OfficeWorld]:
    async with an_office(tmp_path) as opened:
        yield opened


async def test_an_invitation_is_a_link_shown_once(office: OfficeWorld) -> None:
    await office.sign_in(Role.ADMIN)
    answer = await office.post("/staff/invite", email=BOB, role="viewer", agent="acme")
    text = html.unescape(answer.text)
    (code,) = set(re.findall(r"/office/welcome\?code=(mnw_[0-9A-Za-z]{57})", text))
    found = await office.office.sign_in.code_purpose(code)
    assert found is not None
    assert (found[0].email, found[0].agent_id) == (BOB, office.agent_id)
    assert code not in await office.page("/staff")


async def test_an_agents_admin_invites_nobody_into_the_hubs_team(office: OfficeWorld) -> None:
    await office.sign_in(Role.ADMIN, office.agent_id)
    answer = await office.post("/staff/invite", email=BOB, role="admin")
    assert answer.status_code == 422
    assert all(each.email != BOB for each in await office.people.staff.members())


async def test_an_agents_admin_sees_and_touches_none_of_the_hubs_team(office: OfficeWorld) -> None:
    boss = await office.people.hired("boss@hub.example", Role.OPERATOR)
    await office.sign_in(Role.ADMIN, office.agent_id)
    assert "boss@hub.example" not in await office.page("/staff")
    for action in ("disable", "enable", "link", "forget-second-factor"):
        answer = await office.post(f"/staff/{boss.staff_id}/{action}")
        assert answer.status_code == 422, action
        assert "There is no such member" in answer.text
    assert (await office.people.known("boss@hub.example")).state is StaffState.ACTIVE


async def test_nobody_changes_or_disables_themselves(office: OfficeWorld) -> None:
    member = await office.sign_in(Role.ADMIN)
    for action, fields in (("disable", {}), ("role", {"role": "viewer"})):
        answer = await office.post(f"/staff/{member.staff_id}/{action}", **fields)
        assert answer.status_code == 422
        assert "another administrator does it" in answer.text


async def test_disabled_means_out_at_once(office: OfficeWorld) -> None:
    bob = await office.people.hired(BOB)
    token = (await office.people.passed(BOB)).token
    await office.sign_in(Role.ADMIN)
    assert (await office.post(f"/staff/{bob.staff_id}/disable")).status_code == 303
    assert await office.people.staff.session(token.reveal()) is None
    await office.post(f"/staff/{bob.staff_id}/enable")
    assert (await office.people.known(BOB)).state is StaffState.ACTIVE


@pytest.mark.parametrize("staff_id", ["999", "x", "-1", "%C2%B2", "9" * 30])
async def test_a_member_that_is_not_there_changes_nothing(
    office: OfficeWorld, staff_id: str
) -> None:
    await office.sign_in(Role.ADMIN)
    assert (await office.post(f"/staff/{staff_id}/disable")).status_code == 422


async def test_many_members_come_a_page_at_a_time_and_are_found_by_address(
    office: OfficeWorld,
) -> None:
    await office.sign_in(Role.ADMIN)
    for number in range(PAGE_SIZE + 5):
        new = NewMember(email=f"m{number:03d}@casino.example", role=Role.VIEWER)
        await office.people.staff.invite(new)
    first = await office.page("/staff")
    last = await office.page("/staff", after=PAGE_SIZE)
    assert [len(members_on(page)) for page in (first, last)] == [PAGE_SIZE, 6]
    assert not members_on(first) & members_on(last)
    refused = await office.post("/staff/999/disable")
    for page in (first, refused.text):
        assert f'href="/office/staff?q=&amp;after={PAGE_SIZE}"' in page
    assert members_on(await office.page("/staff", q="M007@")) == {"m007@casino.example"}
    assert "Nobody has such an address." in await office.page("/staff", q="nobody-here")


def members_on(page: str) -> set[str]:
    """Read whose addresses stand in the list."""
    return set(re.findall(r'<td data-name="E-mail address">([^<]+)</td>', page))
