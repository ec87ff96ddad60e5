"""The names of all time zones, read once: looking for them goes through hundreds of files."""

from __future__ import annotations

from functools import cache
from zoneinfo import available_timezones


@cache
def time_zones() -> frozenset[str]:
    """Return every IANA name there is on this machine, UTC always among them."""
    return frozenset(available_timezones() | {"UTC"})
