"""Reports: windows of an agent's list, and sums over them.

Each function runs in a thread, on a connection of its own, and sees one state of the tables. Whole
quarters come from the turnovers; the list itself is read for the edges of a window only, and for
the few entries that are not summed up yet.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from meganodes.journal import rows
from meganodes.journal.reader import Reader
from meganodes.journal.store import ListedPage
from meganodes.journal.turnover import (
    QUARTER_MS,
    Page,
    SessionTurnover,
    Turnover,
    TurnoverCourse,
    UserTurnovers,
    Window,
    whole,
)

Values = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class EntrySums:
    """Sums of an agent's entries after one position and up to another, as rows of turnovers."""

    agent_id: int
    after: int
    until: int
    turnovers: list[Values]


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
        moved = _moved(reader, agent_id, window)
        found = reader.all("moved_users", (*moved, page.limit, page.offset))
        users = [user_code for _, user_code in found if user_code is not None]
        sums = []
        if users:
            sums = reader.all("turnovers_of_users", (*moved, users[0], users[-1]))
    return UserTurnovers(total=found[0][0], turnovers=tuple(map(rows.turnover, sums)))


def turnover_by_game(reader: Reader, agent_id: int, window: Window) -> tuple[Turnover, ...]:
    """Sum up a window by game."""
    with reader.one_state():
        found = reader.all("turnovers_of_games", _moved(reader, agent_id, window))
    return tuple(map(rows.turnover, found))


def turnover_course(reader: Reader, agent_id: int, window: Window) -> TurnoverCourse:
    """Sum up a window by quarter, and the same entries by game."""
    with reader.one_state():
        moved = _moved(reader, agent_id, window)
        quarters = reader.all("turnovers_of_quarters", moved)
        games = reader.all("turnovers_of_games", moved)
    return TurnoverCourse(
        quarters=tuple(map(rows.quarter_turnover, quarters)), games=tuple(map(rows.turnover, games))
    )


def turnover_by_session(
    reader: Reader, agent_id: int, gplay_ids: Collection[int], window: Window
) -> tuple[SessionTurnover, ...]:
    """Sum up a window by session, and look at the last round of each."""
    with reader.one_state():
        moved = _moved(reader, agent_id, window)
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
            EntrySums(
                agent_id=agent_id,
                after=after,
                until=until,
                turnovers=reader.all("turnovers_of_entries", (agent_id, after, until)),
            )
            for agent_id, after, until in reader.all("unsummed", (limit, limit))
        ]


def _moved(reader: Reader, agent_id: int, window: Window) -> Values:
    """Give the values of the fragment `moved` for a window."""
    inner = window.whole_quarters
    first, past = _positions(reader, agent_id, window)
    inner_first, inner_past = _positions(reader, agent_id, inner)
    summed = reader.all("summed_position", (agent_id,))
    unsummed_first = summed[0][0] + 1 if summed else 1
    tail = min(max(unsummed_first, inner_first), inner_past)
    return (
        *(agent_id, inner.start_ms // QUARTER_MS, inner.end_ms // QUARTER_MS),
        *(first, inner_first),
        *(tail, past),
        agent_id,
    )


def _positions(reader: Reader, agent_id: int, window: Window) -> tuple[int, int]:
    first = _position_at(reader, agent_id, window.start_ms)
    return first, max(first, _position_at(reader, agent_id, window.end_ms))


def _position_at(reader: Reader, agent_id: int, at_ms: int) -> int:
    found = reader.all("position_at", (agent_id, at_ms, agent_id))
    return int(found[0][0]) if found else 1
