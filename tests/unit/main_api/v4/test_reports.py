"""The body that all reports share, and the page they answer with."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from meganodes.journal.turnover import Page, Window
from meganodes.main_api.v4.errors import BadRequest
from meganodes.main_api.v4.reports import ReportBody, page_of
from meganodes.main_api.v4.schemas import read_fields

SEOUL = ZoneInfo("Asia/Seoul")
GOOD = {
    "start_time": "2026-09-21 00:00:00",
    "end_time": "2026-09-21T00:00:00Z",
    "offset": "20",
    "limit": 10,
}
DAY_MS = 86_400_000
MIDNIGHT_MS = 1_789_948_800_000


def refused(**changes: object) -> dict[str, str]:
    with pytest.raises(BadRequest) as caught:
        read_fields(ReportBody, {**GOOD, **changes}, SEOUL)
    return {fault.field: fault.message for fault in caught.value.faults}


def test_body_is_a_window_in_the_agent_s_zone_and_a_page() -> None:
    body = read_fields(ReportBody, GOOD, SEOUL)
    assert body.window == Window(start_ms=MIDNIGHT_MS - 9 * 3_600_000, end_ms=MIDNIGHT_MS)
    assert body.page == Page(offset=20, limit=10)


def test_end_is_judged_by_the_start_across_both_forms() -> None:
    assert refused(end_time="2026-09-20T14:59:59Z") == {
        "end_time": "end_time must be at or after start_time."
    }
    assert refused(end_time="2026-10-21T15:00:00.001Z") == {
        "end_time": "end_time must be at most 31 days after start_time."
    }
    longest = read_fields(ReportBody, {**GOOD, "end_time": "2026-10-21T15:00:00Z"}, SEOUL)
    assert longest.window.end_ms - longest.window.start_ms == 31 * DAY_MS


def test_end_is_taken_by_itself_when_the_start_is_no_time() -> None:
    assert list(refused(start_time="soon")) == ["start_time"]


def test_schema_shows_times_as_text() -> None:
    schema = ReportBody.model_json_schema()
    assert schema["properties"]["start_time"]["type"] == "string"
    assert schema["properties"]["end_time"]["examples"] == ["2026-09-21 14:00:00"]
    assert schema["required"] == ["start_time", "end_time", "offset", "limit"]


def test_page_counts_its_items() -> None:
    body = read_fields(ReportBody, GOOD, SEOUL)
    assert page_of(body, 25, [1, 2, 3]) == {
        "total": 25,
        "offset": 20,
        "count": 3,
        "list": [1, 2, 3],
    }
