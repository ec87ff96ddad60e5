"""Times as agents write and read them, in zones whose clocks jump."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meganodes.hub.times import is_too_long, local_days, local_time, read_instant, utc_time

BERLIN = "Europe/Berlin"
NOON_MS = 1_789_992_000_000  # 2026-09-21 12:00:00 UTC
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
JUMPING_ZONES = (
    BERLIN,
    "America/Sao_Paulo",
    "America/St_Johns",
    "America/Havana",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "UTC",
)


def read(text: str, zone: str = "UTC") -> str | None:
    """Read a time and write it in UTC."""
    at_ms = read_instant(text, ZoneInfo(zone))
    return None if at_ms is None else utc_time(at_ms)


# --- reading --------------------------------------------------------------------------------------


@pytest.mark.rule("2.2-transaction-times")
@pytest.mark.parametrize(
    ("text", "zone", "instant"),
    [
        ("2026-09-21 12:00:00", "UTC", "2026-09-21T12:00:00.000Z"),
        ("2026-09-21 12:00:00", BERLIN, "2026-09-21T10:00:00.000Z"),
        ("2026-01-21 12:00:00", BERLIN, "2026-01-21T11:00:00.000Z"),
        ("2026-09-21 12:00:00", "Asia/Kathmandu", "2026-09-21T06:15:00.000Z"),
        ("2026-09-21 12:00:00", "America/St_Johns", "2026-09-21T14:30:00.000Z"),
        ("2026-09-21T12:00:00", BERLIN, "2026-09-21T10:00:00.000Z"),
        ("2026-09-21T12:00:00Z", BERLIN, "2026-09-21T12:00:00.000Z"),
        ("2026-09-21t12:00:00z", BERLIN, "2026-09-21T12:00:00.000Z"),
        ("2026-09-21T12:00:00+02:00", "UTC", "2026-09-21T10:00:00.000Z"),
        ("2026-09-21T12:00:00-0330", "UTC", "2026-09-21T15:30:00.000Z"),
        ("2026-09-21T12:00:00+09", "UTC", "2026-09-21T03:00:00.000Z"),
        ("2026-09-21 12:00:00+00:00", BERLIN, "2026-09-21T12:00:00.000Z"),
        ("2026-09-21T12:00:00-00:00", BERLIN, "2026-09-21T12:00:00.000Z"),
        ("2026-09-21T12:00:00.5Z", "UTC", "2026-09-21T12:00:00.500Z"),
        ("2026-09-21T12:00:00,123Z", "UTC", "2026-09-21T12:00:00.123Z"),
        ("2026-09-21T12:00:00.000001Z", "UTC", "2026-09-21T12:00:00.001Z"),
        ("2026-09-21T12:00:59.999999999Z", "UTC", "2026-09-21T12:01:00.000Z"),
        ("2024-02-29 00:00:00", "UTC", "2024-02-29T00:00:00.000Z"),
        ("1970-01-01 00:00:00", "UTC", "1970-01-01T00:00:00.000Z"),
        ("1970-01-01 00:00:00", "Pacific/Kiritimati", "1970-01-01T10:40:00.000Z"),
        ("9998-12-31T23:59:59-12:00", "UTC", "9999-01-01T11:59:59.000Z"),
    ],
)
def test_time_is_read_in_the_zone_or_by_its_own_offset(text: str, zone: str, instant: str) -> None:
    assert read(text, zone) == instant


@pytest.mark.rule("2.1-repeated-hour")
@pytest.mark.parametrize(
    ("text", "zone", "instant"),
    [
        # Berlin: 03:00 becomes 02:00.
        ("2026-10-25 01:59:59", BERLIN, "2026-10-24T23:59:59.000Z"),
        ("2026-10-25 02:00:00", BERLIN, "2026-10-25T00:00:00.000Z"),
        ("2026-10-25 02:59:59", BERLIN, "2026-10-25T00:59:59.000Z"),
        ("2026-10-25 03:00:00", BERLIN, "2026-10-25T02:00:00.000Z"),
        # Lord Howe puts its clocks back by half an hour.
        ("2026-04-05 01:30:00", "Australia/Lord_Howe", "2026-04-04T14:30:00.000Z"),
        ("2026-04-05 02:00:00", "Australia/Lord_Howe", "2026-04-04T15:30:00.000Z"),
        # The later hour can be named by its offset.
        ("2026-10-25T02:30:00+01:00", BERLIN, "2026-10-25T01:30:00.000Z"),
    ],
)
def test_of_a_repeated_hour_the_earlier_one_counts(text: str, zone: str, instant: str) -> None:
    assert read(text, zone) == instant


@pytest.mark.parametrize(
    ("text", "zone", "instant"),
    [
        # Berlin: 02:00 becomes 03:00.
        ("2026-03-29 01:59:59", BERLIN, "2026-03-29T00:59:59.000Z"),
        ("2026-03-29 02:00:00", BERLIN, "2026-03-29T01:00:00.000Z"),
        ("2026-03-29 02:30:00", BERLIN, "2026-03-29T01:00:00.000Z"),
        ("2026-03-29 02:59:59.9", BERLIN, "2026-03-29T01:00:00.000Z"),
        ("2026-03-29 03:00:00", BERLIN, "2026-03-29T01:00:00.000Z"),
        ("2026-03-29 03:00:01", BERLIN, "2026-03-29T01:00:01.000Z"),
        # Sao Paulo left midnight out.
        ("2018-11-04 00:00:00", "America/Sao_Paulo", "2018-11-04T03:00:00.000Z"),
        ("2018-11-04 00:59:59", "America/Sao_Paulo", "2018-11-04T03:00:00.000Z"),
        # Apia left a whole day out.
        ("2011-12-29 23:59:59", "Pacific/Apia", "2011-12-30T09:59:59.000Z"),
        ("2011-12-30 00:00:00", "Pacific/Apia", "2011-12-30T10:00:00.000Z"),
        ("2011-12-30 17:00:00", "Pacific/Apia", "2011-12-30T10:00:00.000Z"),
        ("2011-12-31 00:00:00", "Pacific/Apia", "2011-12-30T10:00:00.000Z"),
    ],
)
def test_skipped_time_means_the_moment_the_clocks_are_put_forward(
    text: str, zone: str, instant: str
) -> None:
    assert read(text, zone) == instant


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "1790000000",
        "2026-09-21",
        "2026-09-21 12:00",
        "2026-9-21 12:00:00",
        "26-09-21 12:00:00",
        "21.09.2026 12:00:00",
        "09/21/2026 12:00:00",
        "20260921T120000Z",
        "2026-W39-1T12:00:00Z",
        " 2026-09-21 12:00:00",
        "2026-09-21 12:00:00 ",
        "2026-09-21 12:00:00\n",
        "2026-09-21  12:00:00",
        "2026-09-21 12:00:00 UTC",
        "2026-09-21T12:00:00 +02:00",
        "2026-09-21T12:00:00.Z",
        "2026-09-21T12:00:00.1234567890Z",
        "٢٠٢٦-09-21 12:00:00",
        # Days, hours and offsets that do not exist.
        "2026-02-29 12:00:00",
        "2026-13-01 12:00:00",
        "2026-00-01 12:00:00",
        "2026-04-31 12:00:00",
        "2026-09-00 12:00:00",
        "2026-09-21 24:00:00",
        "2026-09-21 12:60:00",
        "2016-12-31 23:59:60",
        "2026-09-21T12:00:00+24:00",
        "2026-09-21T12:00:00+02:60",
        # Years in which there was no hub, or will be no calendar.
        "0000-01-01 00:00:00",
        "0001-01-01 00:00:00",
        "1969-12-31 23:59:59",
        "9999-01-01 00:00:00",
        "-2026-09-21 12:00:00",
    ],
)
def test_anything_else_is_no_time(text: str) -> None:
    assert read(text) is None


seconds = st.integers(86_400, 4_000_000_000)


@given(zone=st.sampled_from(JUMPING_ZONES), times=st.tuples(seconds, seconds))
def test_later_text_never_means_an_earlier_instant(zone: str, times: tuple[int, int]) -> None:
    texts = sorted(datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S") for at in times)
    earlier, later = (read_instant(text, ZoneInfo(zone)) for text in texts)
    assert earlier is not None
    assert later is not None
    assert earlier <= later


@given(zone=st.sampled_from(JUMPING_ZONES), at=seconds)
def test_what_is_written_is_read_as_the_same_time_or_its_earlier_twin(zone: str, at: int) -> None:
    text = local_time(at * 1000, ZoneInfo(zone))
    again = read_instant(text, ZoneInfo(zone))
    assert again is not None
    assert again <= at * 1000
    assert local_time(again, ZoneInfo(zone)) == text


# --- writing --------------------------------------------------------------------------------------


@pytest.mark.rule("2.1-time-zone")
def test_local_time_is_that_of_the_zone() -> None:
    assert local_time(NOON_MS + 999, ZoneInfo("UTC")) == "2026-09-21 12:00:00"
    assert local_time(NOON_MS, ZoneInfo("Asia/Kathmandu")) == "2026-09-21 17:45:00"


def test_both_of_a_repeated_hour_are_written_alike() -> None:
    zone = ZoneInfo(BERLIN)
    assert local_time(1_792_888_200_000, zone) == "2026-10-25 02:30:00"
    assert local_time(1_792_888_200_000 + HOUR_MS, zone) == "2026-10-25 02:30:00"


def test_utc_time_has_milliseconds() -> None:
    assert utc_time(NOON_MS + 7) == "2026-09-21T12:00:00.007Z"


# --- windows --------------------------------------------------------------------------------------


@pytest.mark.rule("2.2-transaction-window")
@pytest.mark.parametrize(
    ("start", "end", "zone", "too_long"),
    [
        ("2026-08-01 00:00:00", "2026-09-01 00:00:00", "UTC", False),
        ("2026-08-01 00:00:00", "2026-09-01 00:00:01", "UTC", True),
        ("2026-08-01 00:00:00", "2026-09-01 00:00:00.001", "UTC", True),
        # A month of 31 days and an hour, by the clock.
        ("2026-10-01 00:00:00", "2026-11-01 00:00:00", BERLIN, False),
        ("2026-10-01 00:00:00", "2026-11-01 00:00:01", BERLIN, True),
        # 31 days by the clock, an hour more by the calendar.
        ("2026-03-01T00:00:00Z", "2026-04-01T00:00:00Z", BERLIN, False),
        ("2026-03-01 00:00:00", "2026-04-01 00:00:00", BERLIN, False),
        ("2026-08-01 00:00:00", "2026-07-01 00:00:00", "UTC", False),
    ],
)
def test_window_has_31_days_by_the_clock_or_by_the_calendar(
    start: str, end: str, zone: str, *, too_long: bool
) -> None:
    start_ms, end_ms = (read_instant(text, ZoneInfo(zone)) for text in (start, end))
    assert start_ms is not None
    assert end_ms is not None
    assert is_too_long(start_ms, end_ms, ZoneInfo(zone)) is too_long


def days(start: str, end: str, zone: str) -> list[tuple[str, float]]:
    """The days of a window, each with its hours."""
    start_ms, end_ms = (read_instant(text, ZoneInfo(zone)) or 0 for text in (start, end))
    return [
        (each.day, (each.end_ms - each.start_ms) / HOUR_MS)
        for each in local_days(start_ms, end_ms, ZoneInfo(zone))
    ]


@pytest.mark.parametrize(
    ("start", "end", "zone", "expected"),
    [
        ("2026-09-21 00:00:00", "2026-09-21 00:00:00", "UTC", []),
        ("2026-09-21 00:00:00", "2026-09-22 00:00:00", "UTC", [("2026-09-21", 24)]),
        (
            "2026-09-21 18:00:00",
            "2026-09-23 06:00:00",
            "Asia/Kathmandu",
            [("2026-09-21", 6), ("2026-09-22", 24), ("2026-09-23", 6)],
        ),
        (
            "2026-10-24 00:00:00",
            "2026-10-27 00:00:00",
            BERLIN,
            [("2026-10-24", 24), ("2026-10-25", 25), ("2026-10-26", 24)],
        ),
        ("2026-03-29 00:00:00", "2026-03-30 00:00:00", BERLIN, [("2026-03-29", 23)]),
        ("2018-11-04 00:00:00", "2018-11-05 00:00:00", "America/Sao_Paulo", [("2018-11-04", 23)]),
        (
            "2011-12-29 00:00:00",
            "2012-01-01 00:00:00",
            "Pacific/Apia",
            [("2011-12-29", 24), ("2011-12-31", 24)],
        ),
    ],
)
def test_window_is_cut_at_the_midnights_of_the_zone(
    start: str, end: str, zone: str, expected: list[tuple[str, float]]
) -> None:
    assert days(start, end, zone) == expected


@given(
    zone=st.sampled_from(JUMPING_ZONES),
    start=seconds,
    length=st.integers(0, 40 * DAY_MS),
)
def test_days_of_a_window_meet_and_are_all_of_it(zone: str, start: int, length: int) -> None:
    start_ms, end_ms = start * 1000, start * 1000 + length
    cut = list(local_days(start_ms, end_ms, ZoneInfo(zone)))
    edges = [edge for each in cut for edge in (each.start_ms, each.end_ms)]
    assert edges == sorted(edges)
    assert edges[1:-1:2] == edges[2::2]
    if length:
        assert (edges[0], edges[-1]) == (start_ms, end_ms)
    assert len({each.day for each in cut}) == len(cut)
