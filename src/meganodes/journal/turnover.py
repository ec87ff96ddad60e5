"""What reports ask of the journal, and the records they get: windows of time, sums of money.

A window is [start, end) by the moment of listing. A cancel that was listed in a window takes its
bet's amount out of the bets of that window, wherever the bet itself stands: windows add up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

QUARTER_MS: Final = 900_000
"""Sums are kept by quarters of an hour: the offset of every time zone is a multiple of it."""

QUARTERS_OF_DAY: Final = 96
"""By game, sums are kept by days of UTC too: a report over weeks in any time zone has many."""

PART_MINOR: Final = 100_000_000
"""A sum is kept in two parts, so many minor units and the rest: no database's integers overflow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """From ``start_ms`` on and before ``end_ms``."""

    start_ms: int
    end_ms: int

    @property
    def whole_quarters(self) -> Window:
        """The quarters that lie in the window from end to end; of none its end, which is empty."""
        start_ms = -(-self.start_ms // QUARTER_MS) * QUARTER_MS
        end_ms = self.end_ms // QUARTER_MS * QUARTER_MS
        if start_ms >= end_ms:
            return Window(start_ms=self.end_ms, end_ms=self.end_ms)
        return Window(start_ms=start_ms, end_ms=end_ms)


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which part of a report is wanted."""

    offset: int
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnover:
    """What was staked and won in a game, in minor units; ``bet_minor`` is less what was cancelled.

    ``user_code`` is None in a report that does not tell users apart.
    """

    user_code: int | None
    provider_id: int
    game_code: str
    bet_minor: int
    win_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterTurnover:
    """What was staked and won in a quarter of an hour, in minor units, as in a turnover."""

    start_ms: int
    bet_minor: int
    win_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TurnoverCourse:
    """A window by quarter and by game: both are sums of the same entries.

    Quarters without an entry are left out. The first and the last have only what is in the window.
    """

    quarters: tuple[QuarterTurnover, ...]
    games: tuple[Turnover, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UserTurnovers:
    """A page of users: all that they turned over, and how many users there are in the window."""

    total: int
    turnovers: tuple[Turnover, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionTurnover:
    """What was staked and won in a session, and what its last round's standing bets come to."""

    gplay_id: int
    bet_minor: int
    win_minor: int
    last_round_bet_minor: int


def whole_days(first: int, past: int) -> tuple[int, int]:
    """Give the first day that lies in a range of quarters from end to end, and the one past all.

    Days are of UTC, numbered from 1970. Without a whole one both are 0.
    """
    days = -(-first // QUARTERS_OF_DAY), past // QUARTERS_OF_DAY
    return days if days[0] < days[1] else (0, 0)


def whole(high: int, low: int) -> int:
    """Put the two parts of a sum together."""
    return high * PART_MINOR + low
