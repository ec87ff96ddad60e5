"""From when to when: moments of a browser's fields, in the time zone of whoever looks."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from meganodes.backoffice.periods import moment_of

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("text", "at_ms"),
    [
        ("1970-01-01T01:00", 0),
        ("2026-07-01T12:00", 1_782_900_000_000),
        ("2026-07-01T10:00:00+00:00", 1_782_900_000_000),
        ("", None),
        ("yesterday", None),
        ("0001-01-01T00:00+23:00", -62_135_679_600_000),
    ],
)
def test_moment_is_of_the_zone_or_none(text: str, at_ms: int | None) -> None:
    assert moment_of(text, BERLIN) == at_ms
