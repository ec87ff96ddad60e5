"""How an agent is doing: its backend's answers, the money, and what is open. For people to look at.

Times come from the newest attempts of the API log, a bounded look; money from the sums that reports
use. Nothing here decides anything.
"""

from __future__ import annotations

import asyncio
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from meganodes.hub.meters import DoorName
from meganodes.journal.attempt_log import AttemptFilter
from meganodes.journal.turnover import QUARTER_MS, QuarterTurnover, Turnover, Window
from meganodes.kit.identity import EPOCH_MS

if TYPE_CHECKING:
    from meganodes.directory.records import Agent
    from meganodes.hub.core import Hub
    from meganodes.journal.store import AttemptRecord, OpenWork
    from meganodes.kit.metrics import Distribution

ATTEMPTS_MAX: Final = 2_000
"""At most so many attempts are looked at for speeds and shares."""

SHARES: Final = (50, 95, 99)
CALLS_PART_MS: Final = 300_000
"""How long a column of the chart of calls is."""
_ID_SHIFT: Final = 12
_HOUR_MS: Final = 3_600_000
_DAY_MS: Final = 24 * _HOUR_MS
_PERCENT: Final = 100
_SECOND_MS: Final = 1_000


@dataclass(frozen=True, slots=True)
class Range:
    """A stretch of time until now, cut into equal parts for a chart."""

    name: str
    title: str
    length_ms: int
    part_ms: int


RANGES: Final = (
    Range("6h", "6 hours", 6 * _HOUR_MS, QUARTER_MS),
    Range("24h", "24 hours", _DAY_MS, _HOUR_MS),
    Range("7d", "7 days", 7 * _DAY_MS, 6 * _HOUR_MS),
    Range("30d", "30 days", 30 * _DAY_MS, _DAY_MS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Speed:
    """How quick answers were: the time (ms) that 50, 95 and 99 of a hundred did not exceed."""

    count: int
    p50_ms: int
    p95_ms: int
    p99_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One column of the chart: bets (less what was cancelled) and wins listed in it."""

    start_ms: int
    bet_minor: int
    win_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPart:
    """One column of the chart of calls: how many began in it, accepted and not."""

    start_ms: int
    accepted: int
    not_accepted: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dashboard:
    """All that the page shows.

    ``per_second_thousandths`` are calls to the backend in thousandths a second over the span of the
    attempts looked at; ``accepted_thousandths`` those accepted, of a thousand. ``own`` is the hub's
    own share of providers' calls since this process began, None before the first. ``call_parts``
    cover the attempts looked at: the last hour, or less where there were too many.
    """

    calls: int
    call_parts: tuple[CallPart, ...]
    per_second_thousandths: int
    accepted_thousandths: int | None
    backend: Speed | None
    own: Speed | None
    parts: tuple[Part, ...]
    games: tuple[Turnover, ...]
    bet_minor: int
    win_minor: int
    open_work: tuple[OpenWork, ...]


def range_of(name: str) -> Range:
    """Return a range by its name, 24 hours for any other."""
    return next((each for each in RANGES if each.name == name), RANGES[1])


async def dashboard(hub: Hub, agent: Agent, wanted: Range) -> Dashboard:
    """Look at everything at once."""
    now_ms = hub.clock.now_ms()
    windows = tuple(_windows(now_ms, wanted, ZoneInfo(agent.time_zone)))
    shown = Window(start_ms=windows[0].start_ms, end_ms=windows[-1].end_ms)
    course, attempts, open_work = await asyncio.gather(
        hub.reads.turnover_course(agent.agent_id, shown),
        _newest_attempts(hub, agent, now_ms - _HOUR_MS),
        hub.reads.open_work(),
    )
    games = tuple(sorted(course.games, key=lambda each: -each.bet_minor))
    return Dashboard(
        calls=len(attempts),
        call_parts=_call_parts(attempts, now_ms),
        per_second_thousandths=_rate(attempts, now_ms),
        accepted_thousandths=_accepted(attempts),
        backend=_speed([each.duration_ms for each in attempts if each.http_status is not None]),
        own=_speed_of(hub.meters.own_seconds[DoorName.PROVIDER_API].distribution()),
        parts=tuple(_parts(windows, course.quarters)),
        games=games,
        bet_minor=_bets(games),
        win_minor=_wins(games),
        open_work=tuple(each for each in open_work if each.agent_id == agent.agent_id),
    )


def _windows(now_ms: int, wanted: Range, zone: ZoneInfo) -> Iterator[Window]:
    """Cut the range into parts that end with the quarter, hour or local day at hand."""
    if wanted.part_ms == _DAY_MS:
        today = datetime.fromtimestamp(now_ms // _SECOND_MS, zone).date()
        days = wanted.length_ms // _DAY_MS
        first = today - timedelta(days=days - 1)
        starts = [
            _local_midnight_ms(first + timedelta(days=number), zone) for number in range(days + 1)
        ]
        for start_ms, end_ms in pairwise(starts):
            yield Window(start_ms=start_ms, end_ms=end_ms)
        return
    end_ms = -(-now_ms // wanted.part_ms) * wanted.part_ms
    for number in range(wanted.length_ms // wanted.part_ms, 0, -1):
        start_ms = end_ms - number * wanted.part_ms
        yield Window(start_ms=start_ms, end_ms=start_ms + wanted.part_ms)


def _local_midnight_ms(day: object, zone: ZoneInfo) -> int:
    midnight = datetime.fromisoformat(f"{day}T00:00:00").replace(tzinfo=zone)
    return int(midnight.timestamp()) * _SECOND_MS


async def _newest_attempts(hub: Hub, agent: Agent, since_ms: int) -> Sequence[AttemptRecord]:
    wanted = AttemptFilter(above=max(0, since_ms - EPOCH_MS) << _ID_SHIFT)
    page = await hub.reads.attempts_page(
        agent.agent_id, wanted, limit=ATTEMPTS_MAX, rows_max=ATTEMPTS_MAX
    )
    return page.attempts


def _call_parts(attempts: Sequence[AttemptRecord], now_ms: int) -> tuple[CallPart, ...]:
    """Count by stretches of the last hour; what is older than a cut-off look is left out."""
    since_ms = now_ms - _HOUR_MS
    if len(attempts) == ATTEMPTS_MAX:
        since_ms = max(since_ms, min(each.started_at_ms for each in attempts))
    parts: dict[int, list[int]] = {
        number: [0, 0]
        for number in range(since_ms // CALLS_PART_MS + 1, now_ms // CALLS_PART_MS + 1)
    }
    for each in attempts:
        part = parts.get(each.started_at_ms // CALLS_PART_MS)
        if part is not None:
            part[each.outcome != "accepted"] += 1
    return tuple(
        CallPart(start_ms=number * CALLS_PART_MS, accepted=accepted, not_accepted=other)
        for number, (accepted, other) in parts.items()
    )


def _rate(attempts: Sequence[AttemptRecord], now_ms: int) -> int:
    if not attempts:
        return 0
    first_ms = min(each.started_at_ms for each in attempts)
    span_ms = max(_SECOND_MS, now_ms - first_ms) if len(attempts) == ATTEMPTS_MAX else _HOUR_MS
    return len(attempts) * _SECOND_MS * _SECOND_MS // span_ms


def _accepted(attempts: Sequence[AttemptRecord]) -> int | None:
    if not attempts:
        return None
    accepted = sum(each.outcome == "accepted" for each in attempts)
    return accepted * _SECOND_MS // len(attempts)


def _speed(durations_ms: list[int]) -> Speed | None:
    if not durations_ms:
        return None
    ordered = sorted(durations_ms)
    p50, p95, p99 = (ordered[_place(share, len(ordered))] for share in SHARES)
    return Speed(count=len(ordered), p50_ms=p50, p95_ms=p95, p99_ms=p99)


def _speed_of(seen: Distribution) -> Speed | None:
    """Read shares off a histogram: the bound of the bucket that holds each."""
    count = seen.counts[-1]
    if not count:
        return None
    bounds_ms = [round(bound * _SECOND_MS) for bound in seen.bounds]
    p50, p95, p99 = (
        next(
            (
                bound
                for bound, below in zip(bounds_ms, seen.counts, strict=False)
                if below > _place(share, count)
            ),
            bounds_ms[-1],
        )
        for share in SHARES
    )
    return Speed(count=count, p50_ms=p50, p95_ms=p95, p99_ms=p99)


def _place(share: int, count: int) -> int:
    return max(0, -(-share * count // _PERCENT) - 1)


def _parts(windows: Sequence[Window], quarters: Sequence[QuarterTurnover]) -> Iterator[Part]:
    """Add the quarters of each part up; every part begins with a quarter."""
    begins = [each.start_ms for each in quarters]
    for window in windows:
        inside = quarters[bisect_left(begins, window.start_ms) : bisect_left(begins, window.end_ms)]
        yield Part(start_ms=window.start_ms, bet_minor=_bets(inside), win_minor=_wins(inside))


def _bets(turnovers: Sequence[Turnover | QuarterTurnover]) -> int:
    return sum(each.bet_minor for each in turnovers)


def _wins(turnovers: Sequence[Turnover | QuarterTurnover]) -> int:
    return sum(each.win_minor for each in turnovers)
