"""From when to when a list is asked for, in the time zone of whoever looks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from meganodes.backoffice.page import Visit

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """[from, to) in milliseconds, None where it is open, and the texts the form shows again."""

    from_ms: int | None
    to_ms: int | None
    from_text: str
    to_text: str


def asked_period(visit: Visit) -> Period:
    """Read the fields ``from`` and ``to`` of the address; what is no moment counts as open."""
    zone = ZoneInfo(visit.staff.time_zone)
    from_text, to_text = visit.query("from"), visit.query("to")
    from_ms, to_ms = moment_of(from_text, zone), moment_of(to_text, zone)
    return Period(
        from_ms=from_ms,
        to_ms=to_ms,
        from_text=from_text if from_ms is not None else "",
        to_text=to_text if to_ms is not None else "",
    )


def moment_of(text: str, zone: ZoneInfo) -> int | None:
    """Read a moment as a browser's date and time field writes it: 2026-11-22T19:05."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    aware = moment if moment.tzinfo else moment.replace(tzinfo=zone)
    return (aware - _EPOCH) // timedelta(milliseconds=1)
