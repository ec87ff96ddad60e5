"""The names of time zones: the machine's, read once, and UTC whatever else is missing."""

from __future__ import annotations

from zoneinfo import available_timezones

from meganodes.kit.time_zones import time_zones


def test_all_names_of_the_machine_are_there_and_utc_always() -> None:
    assert time_zones() == available_timezones() | {"UTC"}


def test_they_are_read_once() -> None:
    assert time_zones() is time_zones()
