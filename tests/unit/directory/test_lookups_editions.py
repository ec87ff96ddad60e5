"""Editions of games: the same number as long as the games are the same, in this process."""

from __future__ import annotations

import pytest

from meganodes.directory.port import Directory
from meganodes.kit.database import DatabaseUrl
from tests.support.builders import a_game, a_new_agent, a_new_provider
from tests.support.directory import started_directory


@pytest.fixture
async def agent_id(directory: Directory) -> int:
    """An agent with providers 3 and 7; provider 8 is nobody's."""
    made = await directory.add_agent(a_new_agent())
    for provider_id in (3, 7, 8):
        await directory.add_provider(
            a_new_provider(provider_id=provider_id, name=f"No. {provider_id}")
        )
    await directory.assign("acme", 3)
    await directory.assign("acme", 7)
    return made.agent_id


async def test_editions_are_those_of_the_agent_s_providers(
    directory: Directory, agent_id: int
) -> None:
    assert [provider_id for provider_id, _ in directory.editions_of(agent_id)] == [3, 7]
    assert directory.editions_of(999) == ()


async def test_change_of_games_is_a_new_edition_of_that_provider_only(
    directory: Directory, agent_id: int
) -> None:
    before = dict(directory.editions_of(agent_id))
    await directory.import_games(7, [a_game()])
    after = dict(directory.editions_of(agent_id))
    assert after[3] == before[3]
    assert after[7] > before[7]


async def test_other_changes_leave_the_editions(directory: Directory, agent_id: int) -> None:
    before = directory.editions_of(agent_id)
    await directory.set_agent("acme", {"time_zone": "Asia/Seoul"})
    await directory.create_user(agent_id, "anna")
    await directory.import_games(8, [a_game(provider_id=8)])
    assert directory.editions_of(agent_id) == before


async def test_change_made_elsewhere_is_a_new_edition_once_it_is_seen(place: DatabaseUrl) -> None:
    async with started_directory(place) as here, started_directory(place) as there:
        made = await here.add_agent(a_new_agent())
        await here.add_provider(a_new_provider())
        await here.assign("acme", 7)
        before = here.editions_of(made.agent_id)
        await there.refresh()
        await there.import_games(7, [a_game()])
        await here.refresh()
        assert here.editions_of(made.agent_id) > before
