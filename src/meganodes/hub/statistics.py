"""What was staked and won, by user, by game and by day (contract 2.2, statistics).

Everything counts at the moment of listing. A listed cancel takes its bet's amount out of the bets
of the window that it was listed in, so that sums of windows that meet add up; a window that has the
cancel but not the bet may have a sum below zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, Generic, TypeVar
from zoneinfo import ZoneInfo

from meganodes.hub.history import close_window
from meganodes.hub.times import local_days
from meganodes.journal.turnover import Page, Window
from meganodes.protocol.commands import Category

if TYPE_CHECKING:
    from meganodes.directory.records import Agent
    from meganodes.hub.core import Hub
    from meganodes.journal.turnover import Turnover


@dataclass(frozen=True, slots=True, kw_only=True)
class CategorySums:
    """Bets and wins in minor units, by category; each category has its sum, also one of 0."""

    bets_minor: Mapping[Category, int]
    wins_minor: Mapping[Category, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLine:
    """What one user staked and won."""

    user_code: int
    user_name: str
    sums: CategorySums


@dataclass(frozen=True, slots=True, kw_only=True)
class GameLine:
    """What was staked and won in one game."""

    provider_id: int
    provider_name: str
    game_code: str
    game_name: str
    category: Category
    sums: CategorySums


@dataclass(frozen=True, slots=True, kw_only=True)
class DayLine:
    """What was staked and won on one day (`YYYY-MM-DD`) of the agent's time zone."""

    day: str
    sums: CategorySums


LineT = TypeVar("LineT", UserLine, GameLine, DayLine)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report(Generic[LineT]):
    """A page of a report, and how many lines the whole of it has."""

    total: int
    lines: tuple[LineT, ...]


async def by_user(hub: Hub, agent: Agent, window: Window, page: Page) -> Report[UserLine]:
    """Report the users with a transaction in a window, by their numbers."""
    await close_window(hub, agent, window)
    found = await hub.reads.turnover_by_user(agent.agent_id, window, page)
    names = await hub.directory.user_names({_user_code(each) for each in found.turnovers})
    lines = (
        UserLine(
            user_code=user_code,
            user_name=names.get(user_code, str(user_code)),
            sums=_sums(hub, turnovers),
        )
        for user_code, turnovers in groupby(found.turnovers, _user_code)
    )
    return Report(total=found.total, lines=tuple(lines))


async def by_game(hub: Hub, agent: Agent, window: Window, page: Page) -> Report[GameLine]:
    """Report the games with a transaction in a window, by provider and code."""
    await close_window(hub, agent, window)
    found = await hub.reads.turnover_by_game(agent.agent_id, window)
    wanted = found[page.offset : page.offset + page.limit]
    return Report(total=len(found), lines=tuple(_game_line(hub, each) for each in wanted))


async def by_day(hub: Hub, agent: Agent, window: Window, page: Page) -> Report[DayLine]:
    """Report every day of the agent's calendar that a window touches, as far as it does."""
    await close_window(hub, agent, window)
    days = tuple(local_days(window.start_ms, window.end_ms, ZoneInfo(agent.time_zone)))
    lines = []
    for each in days[page.offset : page.offset + page.limit]:
        part = Window(start_ms=each.start_ms, end_ms=each.end_ms)
        turnovers = await hub.reads.turnover_by_game(agent.agent_id, part)
        lines.append(DayLine(day=each.day, sums=_sums(hub, turnovers)))
    return Report(total=len(days), lines=tuple(lines))


def _user_code(turnover: Turnover) -> int:
    assert turnover.user_code is not None, "a report by user tells users apart"
    return turnover.user_code


def _game_line(hub: Hub, turnover: Turnover) -> GameLine:
    provider = hub.directory.provider(turnover.provider_id)
    game = hub.directory.game(turnover.provider_id, turnover.game_code)
    return GameLine(
        provider_id=turnover.provider_id,
        provider_name=provider.name if provider else str(turnover.provider_id),
        game_code=turnover.game_code,
        game_name=game.name if game else turnover.game_code,
        category=_category(hub, turnover),
        sums=_sums(hub, (turnover,)),
    )


def _sums(hub: Hub, turnovers: Iterable[Turnover]) -> CategorySums:
    bets = dict.fromkeys(Category, 0)
    wins = dict.fromkeys(Category, 0)
    for each in turnovers:
        category = _category(hub, each)
        bets[category] += each.bet_minor
        wins[category] += each.win_minor
    return CategorySums(bets_minor=bets, wins_minor=wins)


def _category(hub: Hub, turnover: Turnover) -> Category:
    """Give a game's category of now; what no catalogue knows any more is neither slot nor live."""
    game = hub.directory.game(turnover.provider_id, turnover.game_code)
    return game.category if game else Category.MINI
