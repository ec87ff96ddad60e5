"""Sessions in use: which quarters are summed, and what a session without entries has."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from pathlib import Path

import pytest

from meganodes.hub.online import online_games
from meganodes.journal.turnover import QUARTER_MS, SessionTurnover, Window
from tests.support.directory import open_session
from tests.support.door import World, opened_world
from tests.support.races import with_methods


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        yield made


async def test_sums_are_asked_for_in_whole_quarters_since_the_first_opening(world: World) -> None:
    """Whole quarters are summed up already, so that a long evening costs like a short one."""
    session, _ = await open_session(world.directory, await world.user())
    asked: list[tuple[int, list[int], Window]] = []

    async def turnover_by_session(
        agent_id: int, gplay_ids: Collection[int], window: Window
    ) -> tuple[SessionTurnover, ...]:
        asked.append((agent_id, list(gplay_ids), window))
        return ()

    world.hub.reads = with_methods(world.journal, turnover_by_session=turnover_by_session)
    (game,) = await online_games(world.hub, world.agent)
    ((agent_id, gplay_ids, window),) = asked
    assert (agent_id, gplay_ids) == (world.agent.agent_id, [session.gplay_id])
    assert window.whole_quarters == window
    assert 0 <= session.opened_at_ms - window.start_ms < QUARTER_MS
    assert (game.bet_minor, game.win_minor, game.last_round_bet_minor) == (0, 0, 0)


async def test_journal_is_not_asked_when_nobody_plays(world: World) -> None:
    world.hub.reads = with_methods(world.journal, turnover_by_session=None)  # type: ignore[arg-type]
    assert await online_games(world.hub, world.agent) == ()
