"""Users and game connections: found, looked at, blocked, ended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.directory.staff_records import Role
from tests.support.office import OfficeWorld, an_office


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[OfficeWorld]:
    async with an_office(tmp_path) as opened:
        yield opened


async def test_users_are_listed_by_name_and_found_by_its_beginning(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    for name in ("zoe", "Anna", "annabel", "bob"):
        await office.world.user(name)
    every = await office.page(f"/a/{office.agent_id}/users")
    assert every.index(">Anna<") < every.index(">annabel<") < every.index(">bob<")
    found = await office.page(f"/a/{office.agent_id}/users", q="AN")
    assert ">annabel<" in found
    assert ">bob<" not in found
    assert "Nobody found" in await office.page(f"/a/{office.agent_id}/users", q="x%")


async def test_a_long_list_goes_on_where_it_stopped(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    for number in range(55):
        await office.world.user(f"user{number:02d}")
    first = await office.page(f"/a/{office.agent_id}/users")
    assert ">user49<" in first
    assert ">user50<" not in first
    assert "?after=user49" in first
    further = await office.page(f"/a/{office.agent_id}/users", after="user49")
    assert ">user50<" in further
    assert ">user49<" not in further


async def test_a_number_leads_to_its_user(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    user = await office.world.user("alice")
    answer = await office.get(f"/a/{office.agent_id}/users", q=user.user_code)
    assert answer.headers["location"] == f"/office/a/{office.agent_id}/users/{user.user_code}"


async def test_another_agents_user_is_missing(office: OfficeWorld) -> None:
    await office.sign_in(Role.ADMIN)
    foreign = await office.world.foreign_user()
    path = f"/a/{office.agent_id}/users/{foreign.user_code}"
    assert (await office.get(path)).status_code == 404
    assert (await office.post(f"{path}/block", reason="because")).status_code == 404
    unharmed = await office.world.directory.user(foreign.user_code)
    assert unharmed is not None
    assert not unharmed.blocked


async def test_blocking_says_who_and_why_in_the_audit_log(office: OfficeWorld) -> None:
    member = await office.sign_in(Role.OPERATOR, office.agent_id)
    user = await office.world.user("alice")
    path = f"/a/{office.agent_id}/users/{user.user_code}"
    answer = await office.post(f"{path}/block", reason="asked us to")
    assert answer.headers["location"] == f"/office{path}"
    blocked = await office.world.directory.user(user.user_code)
    assert blocked is not None
    assert blocked.blocked
    (row,) = await office.world.directory.audit_trail(1)
    assert (row.tag, row.target, row.reason) == (
        "office:user:block",
        f"user:{user.user_code}",
        "asked us to",
    )
    assert member.email in row.actor


async def test_a_viewer_blocks_nobody(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    user = await office.world.user("alice")
    path = f"/a/{office.agent_id}/users/{user.user_code}"
    assert "Block" not in (await office.page(path))
    assert (await office.post(f"{path}/block", reason="because")).status_code == 403


async def test_games_in_use_are_shown_and_ended(office: OfficeWorld) -> None:
    await office.sign_in(Role.OPERATOR)
    await office.player("alice")
    page = await office.page(f"/a/{office.agent_id}/connections")
    assert ">alice<" in page
    (session,) = await office.world.directory.active_sessions(office.agent_id, 0)
    answer = await office.post(f"/a/{office.agent_id}/connections/{session.gplay_id}/end")
    assert answer.status_code == 303
    assert "Nobody is playing" in await office.page(f"/a/{office.agent_id}/connections")


async def test_a_session_that_is_not_ones_own_cannot_be_ended(office: OfficeWorld) -> None:
    await office.sign_in(Role.ADMIN)
    answer = await office.post(f"/a/{office.agent_id}/connections/999/end")
    assert answer.status_code == 404
