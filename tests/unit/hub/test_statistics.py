"""Sums by user, game and day: what is asked of the journal, and what is made of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.hub import statistics
from meganodes.hub.statistics import CategorySums, DayLine, GameLine, Report, UserLine
from meganodes.journal.turnover import Page, Window
from meganodes.protocol.commands import Category
from tests.support.builders import NOW_MS, a_game
from tests.support.door import World, opened_world
from tests.support.transactions import settled_bet, settled_win

ALL = Page(offset=0, limit=2_000)
HOUR_MS = 3_600_000
AROUND = Window(start_ms=NOW_MS - HOUR_MS, end_ms=NOW_MS + HOUR_MS)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        yield made


def sums(slots: int = 0, live: int = 0, mini: int = 0) -> CategorySums:
    """Bets of these categories and no wins."""
    bets = {Category.SLOTS: slots, Category.LIVE: live, Category.MINI: mini}
    return CategorySums(bets_minor=bets, wins_minor=dict.fromkeys(Category, 0))


async def bet(world: World, amount_minor: int, **changes: object) -> None:
    await settled_bet(
        world.journal, agent_id=world.agent.agent_id, amount_minor=amount_minor, **changes
    )
    await world.journal.sequence(now_ms=NOW_MS, limit=10)


async def test_user_s_games_fall_into_categories(world: World) -> None:
    await world.directory.import_games(
        7, [a_game(), a_game(game_code="wheel", category=Category.LIVE)]
    )
    user = await world.user("alice")
    await bet(world, 5, user_code=user.user_code)
    await bet(world, 70, user_code=user.user_code, game_code="wheel")
    await bet(world, 900, user_code=user.user_code, game_code="gone")
    assert await statistics.by_user(world.hub, world.agent, AROUND, ALL) == Report(
        total=1,
        lines=(
            UserLine(
                user_code=user.user_code,
                user_name="alice",
                sums=sums(slots=5, live=70, mini=900),
            ),
        ),
    )


async def test_category_of_a_game_is_that_of_now(world: World) -> None:
    await bet(world, 5)
    await world.directory.import_games(7, [a_game(name="Fruits Live", category=Category.LIVE)])
    report = await statistics.by_game(world.hub, world.agent, AROUND, ALL)
    assert report.lines == (
        GameLine(
            provider_id=7,
            provider_name="Pixel Works",
            game_code="fruits",
            game_name="Fruits Live",
            category=Category.LIVE,
            sums=sums(live=5),
        ),
    )


async def test_day_is_cut_off_where_the_window_ends(world: World) -> None:
    await bet(world, 5)
    await settled_win(world.journal, agent_id=world.agent.agent_id, amount_minor=3)
    await world.journal.sequence(now_ms=NOW_MS + HOUR_MS, limit=10)
    report = await statistics.by_day(world.hub, world.agent, AROUND, ALL)
    assert report == Report(total=1, lines=(DayLine(day="2026-09-21", sums=sums(slots=5)),))


async def test_window_without_length_has_no_day(world: World) -> None:
    empty = Window(start_ms=NOW_MS, end_ms=NOW_MS)
    report = await statistics.by_day(world.hub, world.agent, empty, ALL)
    assert (report.total, report.lines) == (0, ())


async def test_window_is_closed_before_it_is_read(world: World) -> None:
    for ask in (statistics.by_user, statistics.by_game, statistics.by_day):
        world.clock.advance(1)
        await ask(world.hub, world.agent, AROUND, ALL)
        await settled_bet(world.journal, agent_id=world.agent.agent_id)
        await world.journal.sequence(now_ms=1, limit=10)
        (*_, last) = await world.journal.listed_after(world.agent.agent_id, 0, 10)
        assert last.listed_at_ms == world.clock.now_ms()
