"""Reports: windows of an agent's list, and sums over them.

Each function runs in a thread, on a connection of its own, and sees one state of the tables. Whole
quarters come from the turnovers, whole days by game from sums of their own; the list itself is read
for the edges of a window only, and for the few entries that are not summed up yet.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from meganodes.journal import rows
from meganodes.journal.reader import Reader
from meganodes.journal.store import ListedPage
from meganodes.journal.turnover import (
    QUARTER_MS,
    QUARTERS_OF_DAY,
    Page,
    SessionTurnover,
    Turnover,
    TurnoverCourse,
    UserTurnovers,
    Window,
    whole,
    whole_days,
)

Values = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrySums:
    """Sums of an agent's entries after one position and up to another, as rows of turnovers.

    ``are_days_summed`` says that the turnovers of days kept so far are of all entries up to
    ``after``; otherwise they are to be made anew from those of quarters.
    """

    agent_id: int
    after: int
    until: int
    are_days_summed: bool
    turnovers: list[Values]
    day_turnovers: list[Values]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ranges:
    """Where a window's sums are read: ``quarters`` of turnovers, and positions of the list.

    Entries are read from ``first`` to ``inner_first`` and from ``tail`` to ``past``. ``days`` are
    those of the quarters that may be read as turnovers of days; of none both ends are 0.
    """

    agent_id: int
    quarters: tuple[int, int]
    days: tuple[int, int]
    entries: tuple[int, int, int, int]

    @property
    def values(self) -> Values:
        """The values of the fragment `moved`."""
        return (self.agent_id, *self.quarters, *self.entries, self.agent_id)

    @property
    def values_by_day(self) -> Values:
        """The values of a statement that reads whole days, and the quarters before and after."""
        first, past = self.quarters
        around = (first, past, past, past)
        if any(self.days):
            before, after = (day * QUARTERS_OF_DAY for day in self.days)
            around = (first, before, after, past)
        return (self.agent_id, *self.days, *around, self.agent_id, *self.entries, self.agent_id)


def listed_between(reader: Reader, agent_id: int, window: Window, page: Page) -> ListedPage:
    """Read a page of the entries listed in a window: they are neighbours, so this is one range."""
    with reader.one_state():
        first = _position_at(reader, agent_id, window.start_ms)
        past = max(first, _position_at(reader, agent_id, window.end_ms))
        begin = min(first + page.offset, past)
        wanted = (agent_id, begin, min(begin + page.limit, past))
        found = reader.all("listed_range", wanted)
    return ListedPage(total=past - first, entries=tuple(map(rows.listed, found)))


def turnover_by_user(reader: Reader, agent_id: int, window: Window, page: Page) -> UserTurnovers:
    """Sum up a window by user and game, for a page of its users."""
    with reader.one_state():
        moved = _ranges(reader, agent_id, window).values
        found = reader.all("moved_users", (*moved, page.limit, page.offset))
        users = [user_code for _, user_code in found if user_code is not None]
        sums = []
        if users:
            sums = reader.all("turnovers_of_users", (*moved, users[0], users[-1]))
    return UserTurnovers(total=found[0][0], turnovers=tuple(map(rows.turnover, sums)))


def turnover_by_game(reader: Reader, agent_id: int, window: Window) -> tuple[Turnover, ...]:
    """Sum up a window by game."""
    with reader.one_state():
        found = reader.all("turnovers_of_games", _ranges(reader, agent_id, window).values_by_day)
    return tuple(map(rows.turnover, found))


def turnover_course(reader: Reader, agent_id: int, window: Window) -> TurnoverCourse:
    """Sum up a window by quarter, and the same entries by game."""
    with reader.one_state():
        ranges = _ranges(reader, agent_id, window)
        quarters = reader.all("turnovers_of_quarters", ranges.values)
        games = reader.all("turnovers_of_games", ranges.values_by_day)
    return TurnoverCourse(
        quarters=tuple(map(rows.quarter_turnover, quarters)), games=tuple(map(rows.turnover, games))
    )


def turnover_by_session(
    reader: Reader, agent_id: int, gplay_ids: Collection[int], window: Window
) -> tuple[SessionTurnover, ...]:
    """Sum up a window by session, and look at the last round of each."""
    with reader.one_state():
        moved = _ranges(reader, agent_id, window).values
        sums = reader.all("turnovers_of_sessions", (*moved, json.dumps(sorted(gplay_ids))))
        positions = json.dumps([last_bet for *_, last_bet in sums if last_bet])
        found = reader.all("last_round_bets", (positions, agent_id))
    bets = {position: whole(high, low) for position, high, low in found}
    return tuple(
        SessionTurnover(
            gplay_id=gplay_id,
            bet_minor=whole(bet_high, bet_low),
            win_minor=whole(win_high, win_low),
            last_round_bet_minor=bets.get(last_bet, 0),
        )
        for gplay_id, bet_high, bet_low, win_high, win_low, last_bet in sums
    )


def unsummed(reader: Reader, limit: int) -> list[EntrySums]:
    """Sum up the oldest entries that are in no turnover yet, ``limit`` of all agents together."""
    with reader.one_state():
        return [
            _sums(reader, *found, are_days_summed=bool(are_days_summed))
            for *found, are_days_summed in reader.all("unsummed", (limit, limit))
        ]


def _sums(
    reader: Reader, agent_id: int, after: int, until: int, *, are_days_summed: bool
) -> EntrySums:
    turnovers = reader.all("turnovers_of_entries", (agent_id, after, until))
    return EntrySums(
        agent_id=agent_id,
        after=after,
        until=until,
        turnovers=turnovers,
        are_days_summed=are_days_summed,
        day_turnovers=_by_day(turnovers),
    )


def _by_day(turnovers: Iterable[Values]) -> list[Values]:
    """Add turnovers up by day and game, in the order of the key of turnovers of days."""
    days: dict[Values, list[int]] = {}
    for agent_id, quarter, _, _, provider_id, game_code, *sums, _ in turnovers:
        key = (agent_id, quarter // QUARTERS_OF_DAY, provider_id, game_code)
        before = days.setdefault(key, [0, 0, 0, 0])
        days[key] = [part + more for part, more in zip(before, sums, strict=True)]
    return [(*key, *days[key]) for key in sorted(days)]


def _ranges(reader: Reader, agent_id: int, window: Window) -> _Ranges:
    inner = window.whole_quarters
    first, past = _positions(reader, agent_id, window)
    inner_first, inner_past = _positions(reader, agent_id, inner)
    summed = reader.all("summed_position", (agent_id,))
    summed_position, are_days_summed = summed[0] if summed else (0, False)
    tail = min(max(summed_position + 1, inner_first), inner_past)
    quarters = (inner.start_ms // QUARTER_MS, inner.end_ms // QUARTER_MS)
    return _Ranges(
        agent_id=agent_id,
        quarters=quarters,
        days=whole_days(*quarters) if are_days_summed else (0, 0),
        entries=(first, inner_first, tail, past),
    )


def _positions(reader: Reader, agent_id: int, window: Window) -> tuple[int, int]:
    first = _position_at(reader, agent_id, window.start_ms)
    return first, max(first, _position_at(reader, agent_id, window.end_ms))


def _position_at(reader: Reader, agent_id: int, at_ms: int) -> int:
    found = reader.all("position_at", (agent_id, at_ms, agent_id))
    return int(found[0][0]) if found else 1
