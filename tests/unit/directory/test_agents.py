"""Agents: set up whole or not at all, a tree, one currency for ever, seen providers."""

import re
from pathlib import Path

import pytest

import meganodes.directory
from meganodes.directory.agents import ALL
from meganodes.directory.faults import DirectoryFault
from meganodes.directory.port import Directory
from meganodes.directory.records import AgentState
from meganodes.protocol.commands import Revision
from tests.support.builders import a_game, a_new_agent, a_new_provider
from tests.unit.directory.conftest import REFUSED_URL


def _fields(fault: DirectoryFault) -> list[str]:
    return [each.field for each in fault.faults]


@pytest.mark.rule("3-revision-default-guid")
async def test_new_agent_is_unapproved_with_the_given_settings(directory: Directory) -> None:
    new = a_new_agent(time_zone="Europe/Vienna", allow_list=("203.0.113.7", " ", "2001:db8::/32"))
    made = await directory.add_agent(new)
    agent = directory.agent(made.agent_id)
    assert agent is not None
    assert agent == directory.agent_by_name("acme")
    assert agent.state is AgentState.UNAPPROVED
    assert agent.currency.code == "EUR"
    assert agent.revision is Revision.GUID
    assert agent.time_zone == "Europe/Vienna"
    assert agent.allow_list == ("203.0.113.7", "2001:db8::/32")
    assert agent.callback_token == made.callback_token
    assert not agent.overdraft_allowed
    assert not agent.tombstones_shown
    assert agent.in_flight_max is None


async def test_every_bad_field_of_a_new_agent_is_named_at_once(directory: Directory) -> None:
    new = a_new_agent(
        name="x",
        currency="EURO",
        callback_url=REFUSED_URL,
        parent="nobody",
        time_zone="Mars/Olympus",
        allow_list=("10.0.0.300",),
        in_flight_max=0,
    )
    with pytest.raises(DirectoryFault) as refused:
        await directory.add_agent(new)
    assert sorted(_fields(refused.value)) == [
        "allow_list",
        "callback_url",
        "currency",
        "in_flight_max",
        "name",
        "parent",
        "time_zone",
    ]
    assert directory.agents() == ()


@pytest.mark.parametrize("taken", ["acme", "ACME"])
async def test_name_is_unique_whatever_its_case(directory: Directory, taken: str) -> None:
    await directory.add_agent(a_new_agent())
    with pytest.raises(DirectoryFault) as refused:
        await directory.add_agent(a_new_agent(name=taken))
    assert _fields(refused.value) == ["name"]
    assert len(directory.agents()) == 1


@pytest.mark.rule("1-agent-one-currency")
async def test_currency_is_set_once(directory: Directory) -> None:
    made = await directory.add_agent(a_new_agent())
    with pytest.raises(DirectoryFault) as refused:
        await directory.set_agent("acme", {"currency": "USD", "time_zone": "Asia/Tokyo"})
    assert _fields(refused.value) == ["currency"]
    agent = directory.agent(made.agent_id)
    assert agent is not None
    assert (agent.currency.code, agent.time_zone) == ("EUR", "UTC")
    await directory.set_agent("acme", {"currency": "EUR"})
    assert agent == directory.agent(made.agent_id)


@pytest.mark.rule("1-agent-tree", "1-parent-subtree")
async def test_subtree_reaches_children_of_any_depth_and_nobody_else(directory: Directory) -> None:
    ids = {}
    for name, parent in (
        ("root", None),
        ("left", "root"),
        ("right", "root"),
        ("leaf", "left"),
        ("deep", "leaf"),
        ("stranger", None),
    ):
        made = await directory.add_agent(a_new_agent(name=name, parent=parent))
        ids[name] = made.agent_id
    reached = {name: set(directory.subtree(agent_id)) for name, agent_id in ids.items()}
    assert reached["root"] == {ids[n] for n in ("root", "left", "right", "leaf", "deep")}
    assert reached["left"] == {ids[n] for n in ("left", "leaf", "deep")}
    assert reached["right"] == {ids["right"]}
    assert reached["stranger"] == {ids["stranger"]}
    assert directory.subtree(999) == ()


async def test_settings_change_together_and_raise_the_version(directory: Directory) -> None:
    made = await directory.add_agent(a_new_agent())
    before = directory.agent(made.agent_id)
    await directory.set_agent(
        "acme",
        {
            "callback_url": "https://new.example.com/cb",
            "revision": Revision.ID,
            "time_zone": "Asia/Tokyo",
            "allow_list": ("198.51.100.0/24", ""),
            "overdraft_allowed": True,
            "tombstones_shown": True,
            "in_flight_max": 32,
        },
    )
    agent = directory.agent(made.agent_id)
    assert agent is not None
    assert before is not None
    assert agent.callback_url == "https://new.example.com/cb"
    assert agent.revision is Revision.ID
    assert agent.time_zone == "Asia/Tokyo"
    assert agent.allow_list == ("198.51.100.0/24",)
    assert (agent.overdraft_allowed, agent.tombstones_shown, agent.in_flight_max) == (
        True,
        True,
        32,
    )
    assert agent.version > before.version


async def test_bad_changes_are_all_named_and_none_is_made(directory: Directory) -> None:
    made = await directory.add_agent(a_new_agent())
    before = directory.agent(made.agent_id)
    bad = {
        "callback_url": REFUSED_URL,
        "time_zone": "nowhere",
        "name": "other",
        "in_flight_max": 5,
    }
    with pytest.raises(DirectoryFault) as refused:
        await directory.set_agent("acme", bad)  # type: ignore[arg-type]  # what a form may send
    assert sorted(_fields(refused.value)) == ["callback_url", "name", "time_zone"]
    assert directory.agent(made.agent_id) == before


async def test_unknown_agent_is_named(directory: Directory) -> None:
    with pytest.raises(DirectoryFault, match="there is no agent called ghost"):
        await directory.set_agent("ghost", {"time_zone": "UTC"})
    with pytest.raises(DirectoryFault, match="there is no agent called ghost"):
        await directory.set_agent_state("ghost", AgentState.APPROVED)


async def test_states_follow_one_another(directory: Directory) -> None:
    made = await directory.add_agent(a_new_agent())
    for state in (AgentState.APPROVED, AgentState.SUSPENDED, AgentState.APPROVED):
        await directory.set_agent_state("acme", state, reason="by phone")
        agent = directory.agent(made.agent_id)
        assert agent is not None
        assert agent.state is state


async def test_agent_sees_only_providers_assigned_to_it(directory: Directory) -> None:
    made = await directory.add_agent(a_new_agent())
    for provider_id in (7, 8, 9):
        new = a_new_provider(name=f"Provider {provider_id}", provider_id=provider_id)
        await directory.add_provider(new)
    await directory.import_games(7, [a_game()])
    assert directory.providers_of(made.agent_id) == ()
    assert await directory.assign("acme", 8) == (8,)
    assert [each.provider_id for each in directory.providers_of(made.agent_id)] == [8]
    assert directory.is_assigned(made.agent_id, 8)
    assert not directory.is_assigned(made.agent_id, 7)
    assert await directory.assign("acme", ALL) == (7, 9)
    assert await directory.assign("acme", ALL) == ()
    await directory.withdraw("acme", 8)
    assert [each.provider_id for each in directory.providers_of(made.agent_id)] == [7, 9]


async def test_unknown_provider_cannot_be_assigned(directory: Directory) -> None:
    await directory.add_agent(a_new_agent())
    with pytest.raises(DirectoryFault, match="there is no provider 5"):
        await directory.assign("acme", 5)


async def test_all_means_the_providers_of_that_moment(directory: Directory) -> None:
    made = await directory.add_agent(a_new_agent())
    await directory.add_provider(a_new_provider(provider_id=7))
    await directory.assign("acme", ALL)
    await directory.add_provider(a_new_provider(name="Later", provider_id=8))
    assert not directory.is_assigned(made.agent_id, 8)


@pytest.mark.reliability("2.6-cancel-agent-out-of-business")
def test_no_agent_is_ever_deleted() -> None:
    """Its wins and cancels may be due for a week, and its rows are kept for years."""
    (folder,) = meganodes.directory.__path__
    texts = [path.read_text() for path in Path(folder).glob("*.py")]
    emptied = {table for text in texts for table in re.findall(r"\bdelete\((\w+)\)", text)}
    assert "assignments" in emptied, "this is how the directory deletes"
    assert not emptied & {"agents", "users"}
    assert not [text for text in texts if re.search(r"\bDELETE FROM\b", text)]
