"""Agents: the tree in somebody's sight; set up, approved, suspended, by those above alone."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.directory.records import SYSTEM, AgentState
from meganodes.directory.staff_records import Role
from tests.support.builders import a_new_agent
from tests.support.office import OfficeWorld, an_office

NEW = {
    "name": "casino-lisboa",
    "currency": "EUR",
    "callback_url": "https://casino.example/callback",
    "revision": "guid",
    "time_zone": "Europe/Lisbon",
}


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[OfficeWorld]:
    async with an_office(tmp_path) as opened:
        yield opened


async def test_each_agent_stands_below_its_parent(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    await office.world.directory.add_agent(a_new_agent(name="zebra"))
    await office.world.directory.add_agent(a_new_agent(name="child", parent="acme"))
    page = await office.page("/agents")
    names = re.findall(r'class="depth depth-(\d)"><a[^>]*>([a-z]+)<', page)
    assert names == [("0", "acme"), ("1", "child"), ("0", "zebra")]


async def test_an_agents_staff_see_it_and_those_below_only(office: OfficeWorld) -> None:
    await office.world.directory.add_agent(a_new_agent(name="stranger"))
    await office.world.directory.add_agent(a_new_agent(name="child", parent="acme"))
    await office.sign_in(Role.VIEWER, office.agent_id)
    page = await office.page("/agents")
    assert ">child<" in page
    assert "stranger" not in page


async def test_a_thousand_agents_come_in_pages(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    for number in range(60):
        await office.world.directory.add_agent(a_new_agent(name=f"agent{number:02d}"))
    page = await office.page("/agents", q="agent")
    assert "1 to 50 of 60" in page
    assert "51 to 60 of 60" in await office.page("/agents", q="agent", after=50)


async def test_a_new_agent_gets_its_secrets_once(office: OfficeWorld) -> None:
    await office.sign_in(Role.ADMIN)
    answer = await office.post("/agents/new", **NEW)
    (token,) = set(re.findall(r"mna_[0-9A-Za-z]{57}", answer.text))
    made = office.world.directory.agent_by_api_token(token)
    assert made is not None
    assert (made.name, made.state, made.time_zone) == (
        "casino-lisboa",
        AgentState.UNAPPROVED,
        "Europe/Lisbon",
    )


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "x"), ("currency", "XXX"), ("time_zone", "Moon/Base")],
)
async def test_a_field_that_cannot_be_taken_is_named_and_nothing_is_made(
    office: OfficeWorld, field: str, value: str
) -> None:
    await office.sign_in(Role.ADMIN)
    answer = await office.post("/agents/new", **{**NEW, field: value})
    assert answer.status_code == 422
    assert len(office.world.directory.agents()) == 1


async def test_an_agents_admin_makes_agents_below_its_own_only(office: OfficeWorld) -> None:
    await office.world.directory.add_agent(a_new_agent(name="stranger"))
    await office.sign_in(Role.ADMIN, office.agent_id)
    for parent in ("", "stranger"):
        answer = await office.post("/agents/new", **NEW, parent=parent)
        assert answer.status_code == 422
    answer = await office.post("/agents/new", **NEW, parent="acme")
    assert answer.status_code == 200
    made = office.world.directory.agent_by_name("casino-lisboa")
    assert made is not None
    assert made.parent_id == office.agent_id


async def test_suspending_needs_a_reason_that_is_kept(office: OfficeWorld) -> None:
    await office.sign_in(Role.ADMIN)
    path = f"/a/{office.agent_id}/suspend"
    assert (await office.post(path, reason="")).status_code == 422
    assert (await office.post(path, reason="licence ended")).status_code == 303
    assert office.world.agent.state is AgentState.SUSPENDED
    (row,) = await office.world.directory.audit_trail(1)
    assert row.reason == "licence ended"


async def test_nobody_approves_the_agent_they_work_for(office: OfficeWorld) -> None:
    await office.world.set_state(AgentState.UNAPPROVED)
    await office.sign_in(Role.ADMIN, office.agent_id)
    answer = await office.post(f"/a/{office.agent_id}/approve", reason="because I can")
    assert answer.status_code == 422
    assert office.world.agent.state is AgentState.UNAPPROVED


async def test_a_parent_may_suspend_its_child_and_only_the_hubs_team_approves_it(
    office: OfficeWorld,
) -> None:
    child = await office.world.directory.add_agent(
        a_new_agent(name="shop", parent=office.world.agent.name), SYSTEM
    )
    await office.sign_in(Role.ADMIN, office.agent_id)
    answer = await office.post(f"/a/{child.agent_id}/approve", reason="they are well")
    assert answer.status_code == 422
    assert "hub&#39;s own team" in answer.text
    found = office.world.directory.agent(child.agent_id)
    assert found is not None
    assert found.state is AgentState.UNAPPROVED
    assert f"/a/{child.agent_id}/approve" not in await office.page("/agents")
    answer = await office.post(f"/a/{child.agent_id}/suspend", reason="they owe us")
    assert answer.status_code < 400
    found = office.world.directory.agent(child.agent_id)
    assert found is not None
    assert found.state is AgentState.SUSPENDED


async def test_an_agent_that_is_sought_says_below_whom_it_stands(office: OfficeWorld) -> None:
    await office.sign_in(Role.ADMIN)
    directory = office.world.directory
    for name, parent in (("group", None), ("shop-in-riga", "group")):
        await directory.add_agent(a_new_agent(name=name, parent=parent), SYSTEM)
    assert "group / " in await office.page("/agents", q="riga")
    assert "group / " not in await office.page("/agents")
