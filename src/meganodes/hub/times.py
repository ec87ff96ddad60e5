"""Times as agents write and read them: text to instants and back, in any time zone (contract 2.1).

Reading never goes backwards: a later local time never means an earlier instant, whatever the clocks
of the zone do, so that windows which meet on paper meet in the list too.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from typing import Final
from zoneinfo import ZoneInfo

WINDOW_DAYS_MAX: Final = 31
"""Days of the longest window of a report (contract 2.2)."""

YEARS: Final = range(1970, 9999)
"""Years that a time may be of. Without the very last one no zone leads out of the calendar."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_DAY: Final = timedelta(days=1)
_TO_THE_SECOND: Final = len("2026-09-21 14:13:20")
_WRITTEN: Final = re.compile(
    r"(\d{4})-(\d{2})-(\d{2})[ Tt](\d{2}):(\d{2}):(\d{2})(?:[.,](?P<fraction>\d{1,9}))?"
    r"(?P<offset>[Zz]|(?P<sign>[+-])(?P<hours>\d{2})(?::?(?P<minutes>[0-5]\d))?)?",
    re.ASCII,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalDay:
    """A day of a time zone's calendar (`YYYY-MM-DD`), as far as it lies in a window."""

    day: str
    start_ms: int
    end_ms: int


def read_instant(text: str, zone: ZoneInfo) -> int | None:
    """Read `2026-09-21 14:13:20` of the zone, or ISO 8601 with an offset; None for anything else.

    Of a repeated local hour the earlier one counts (contract 2.1). A local time that the clocks
    skip means the moment at which they are put forward. A part of a millisecond counts as a whole
    one: lists know milliseconds, and none of them lies between.
    """
    found = _WRITTEN.fullmatch(text)
    if found is None:
        return None
    try:
        year, month, day, hour, minute, second = map(int, found.groups()[:6])
        # The face of the clock; UTC stands for no zone at all until the offset is known.
        face = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        offset = _offset(found)
    except ValueError:
        return None
    if face.year not in YEARS:
        return None
    fraction_ms = -(-int((found["fraction"] or "0").ljust(9, "0")) // 1_000_000)
    if offset is None:
        return _first_instant(face, fraction_ms, zone)
    return _seconds(face.replace(tzinfo=offset)) * 1000 + fraction_ms


def local_time(at_ms: int, zone: ZoneInfo) -> str:
    """Write an instant as `YYYY-MM-DD HH:MM:SS` in a time zone (contract 2.1)."""
    # ISO's own form without offset and fraction; strftime takes six times as long.
    return _local(at_ms, zone).isoformat(" ")[:_TO_THE_SECOND]


def utc_time(at_ms: int) -> str:
    """Write an instant as `YYYY-MM-DDTHH:MM:SS.mmmZ`."""
    whole = datetime.fromtimestamp(at_ms // 1000, UTC).isoformat()[:_TO_THE_SECOND]
    return f"{whole}.{at_ms % 1000:03d}Z"


def is_too_long(start_ms: int, end_ms: int, zone: ZoneInfo) -> bool:
    """Tell whether a window is above 31 days, by the clock and by the calendar.

    A month of 31 days in which the clocks are put back is one hour longer, by the clock alone.
    """
    by_clock = timedelta(milliseconds=end_ms - start_ms)
    by_calendar = _face(_local(end_ms, zone)) - _face(_local(start_ms, zone))
    return min(by_clock, by_calendar) > WINDOW_DAYS_MAX * _DAY


def local_days(start_ms: int, end_ms: int, zone: ZoneInfo) -> Iterator[LocalDay]:
    """Cut a window at the midnights of a time zone. A day that the zone left out is left out."""
    midnight = _face(_local(start_ms, zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    begin_ms = _first_instant(midnight, 0, zone)
    while begin_ms < end_ms:
        next_ms = _first_instant(midnight + _DAY, 0, zone)
        from_ms, until_ms = max(begin_ms, start_ms), min(next_ms, end_ms)
        if from_ms < until_ms:
            yield LocalDay(day=midnight.strftime("%Y-%m-%d"), start_ms=from_ms, end_ms=until_ms)
        midnight, begin_ms = midnight + _DAY, next_ms


def _offset(found: re.Match[str]) -> timezone | None:
    """Give the written offset, None for none; ValueError when it is a day or more."""
    if found["sign"] is None:
        return UTC if found["offset"] else None
    size = timedelta(hours=int(found["hours"]), minutes=int(found["minutes"] or 0))
    return timezone(-size if found["sign"] == "-" else size)


def _first_instant(face: datetime, fraction_ms: int, zone: ZoneInfo) -> int:
    """Find the first instant at which the zone's clocks show this time, or have passed it by."""
    before = _offset_seconds(face.replace(tzinfo=zone, fold=0))
    after = _offset_seconds(face.replace(tzinfo=zone, fold=1))
    shown = _seconds(face)
    if before >= after:
        return (shown - before) * 1000 + fraction_ms
    # The clocks never show it. Somewhere in between they go from one offset to the other.
    between = range(shown - after, shown - before + 1)
    skipped = bisect_left(
        between,
        after,
        key=lambda at: _offset_seconds(datetime.fromtimestamp(at, zone)),
    )
    return between[skipped] * 1000


def _local(at_ms: int, zone: ZoneInfo) -> datetime:
    at = datetime.fromtimestamp(at_ms // 1000, zone)
    return at.replace(microsecond=at_ms % 1000 * 1000)


def _face(local: datetime) -> datetime:
    return local.replace(tzinfo=UTC)


def _seconds(at: datetime) -> int:
    return (at - _EPOCH) // _SECOND


def _offset_seconds(local: datetime) -> int:
    offset = local.utcoffset()
    assert offset is not None, "a zone has an offset at any time"
    return offset // _SECOND
