"""What a text in the search box may mean, among the agents somebody can see."""

from __future__ import annotations

from pathlib import Path

from meganodes.hub.office_search import HITS_MAX, Hits, hits_of
from tests.support.builders import a_new_agent
from tests.support.hub_world import World, hub_world


async def hits(world: World, text: str) -> Hits:
    return await hits_of(world.hub, text, world.directory.agents())


async def test_a_whole_name_beats_all_that_only_contain_it(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        for name in ("acme-north", "acme-south"):
            await world.directory.add_agent(a_new_agent(name=name))
        assert [agent.name for agent in (await hits(world, "ACME")).agents] == ["acme"]
        parts = (await hits(world, "me-")).agents
        assert [agent.name for agent in parts] == ["acme-north", "acme-south"]


async def test_hits_of_a_kind_are_bounded(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        for number in range(HITS_MAX + 1):
            await world.directory.add_agent(a_new_agent(name=f"one-of-many-{number}"))
        assert len((await hits(world, "many")).agents) == HITS_MAX


async def test_users_of_one_name_at_several_agents_are_all_found(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        other = await world.directory.add_agent(a_new_agent(name="other"))
        twin, _ = await world.directory.create_user(other.agent_id, "bob")
        found = (await hits(world, "bob")).users
        assert {user.user_code for user in found} == {world.stage.user.user_code, twin.user_code}
        acme = [agent for agent in world.directory.agents() if agent.name == "acme"]
        (only,) = (await hits_of(world.hub, "bob", acme)).users
        assert only.name == "Bob"


async def test_a_session_is_found_by_its_number_in_sight_alone(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        gplay_id = str(world.stage.session.gplay_id)
        assert [each.account for each in (await hits(world, gplay_id)).sessions] == ["Bob"]
        assert (await hits_of(world.hub, gplay_id, ())).count == 0


async def test_an_empty_text_means_nothing(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        assert (await hits(world, "")).count == 0


async def test_a_users_number_finds_it_first_among_agents_in_sight(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        acme = world.stage.agent.agent_id
        number = str(world.stage.user.user_code)
        namesake, _ = await world.directory.create_user(acme, number)
        found = (await hits(world, number)).users
        assert [user.user_code for user in found] == [int(number), namesake.user_code]
        assert (await hits_of(world.hub, number, ())).users == ()
