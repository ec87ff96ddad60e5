"""Maintenance as agents, browsers and providers meet it (contract 2.2, 4)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.directory.records import LaunchFault, NewWindow
from meganodes.hub.launch import NotPlayable, open_launch
from tests.support.builders import NOW_MS, a_game, a_launch
from tests.support.door import World, opened_world
from tests.support.hub_world import hub_world

WANTED = {"user_code": 400_000_001, "provider_id": 7, "game_symbol": "fruits"}
HOUR_MS = 3_600_000


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        await made.user()
        yield made


async def _status(world: World) -> object:
    answer = await world.post("game/providers")
    return answer.data[0]["status"]


@pytest.mark.rule("2.2-providers-data", "2.2-game-url-maintenance")
async def test_a_planned_window_is_maintenance_from_its_first_moment_to_its_end(
    world: World,
) -> None:
    window = NewWindow(provider_id=7, from_ms=NOW_MS + HOUR_MS, to_ms=NOW_MS + 2 * HOUR_MS)
    await world.directory.plan_maintenance(window)
    seen = []
    for seconds in (0, 3_599, 1, 3_599, 1):
        world.clock.advance(seconds)
        seen.append((await _status(world), (await world.post("game/game-url", WANTED)).code))
    assert seen == [(1, 0), (1, 0), (2, 1), (2, 1), (1, 0)]


@pytest.mark.rule("2.2-game-url-maintenance")
async def test_maintenance_of_one_game_leaves_the_provider_and_its_other_games(
    world: World,
) -> None:
    await world.directory.import_games(7, [a_game(game_code="dice")])
    await world.directory.plan_maintenance(NewWindow(provider_id=7, game_code="fruits"))
    assert await _status(world) == 1
    assert (await world.post("game/game-url", WANTED)).code == 1
    assert (await world.post("game/game-url", {**WANTED, "game_symbol": "dice"})).code == 0
    await world.directory.end_maintenance(7, "fruits")
    assert (await world.post("game/game-url", WANTED)).code == 0


@pytest.mark.rule("2.2-game-url-maintenance")
async def test_what_is_open_goes_on_and_nothing_new_is_opened(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        user = world.stage.user
        launch = a_launch(
            agent_id=user.agent_id,
            user_code=user.user_code,
            account=user.name,
            created_at_ms=world.hub.clock.now_ms(),
        )
        g_token = (await world.directory.create_launch(launch)).reveal()
        await world.directory.plan_maintenance(NewWindow(provider_id=7))
        assert (await world.bet("b1")).code == 0
        assert (await world.win("w1")).code == 0
        assert (await world.cancel("b2")).code == 0
        refused = await open_launch(world.hub, user.user_code, g_token)
        assert isinstance(refused, NotPlayable)
        await world.directory.end_maintenance(7)
        opened = await open_launch(world.hub, user.user_code, g_token)
        assert not isinstance(opened, NotPlayable | LaunchFault)
