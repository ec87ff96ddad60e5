"""The names of time zones: those of the machine, looked for once."""

from __future__ import annotations

from zoneinfo import available_timezones

from meganodes.kit.time_zones import time_zones


def test_every_zone_of_the_machine_is_there_and_utc_always() -> None:
    assert time_zones() == available_timezones() | {"UTC"}
    assert {"UTC", "Europe/Riga"} <= time_zones()
    assert "Europe/Atlantis" not in time_zones()


def test_they_are_looked_for_once() -> None:
    assert time_zones() is time_zones()
