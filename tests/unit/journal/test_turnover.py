"""Windows fall into whole quarters of an hour and edges; sums are put together of two parts."""

from __future__ import annotations

import pytest

from meganodes.journal.turnover import PART_MINOR, QUARTER_MS, Window, whole, whole_days


@pytest.mark.parametrize(
    ("start", "end", "inner"),
    [
        (0, 2 * QUARTER_MS, (0, 2 * QUARTER_MS)),
        (1, 2 * QUARTER_MS, (QUARTER_MS, 2 * QUARTER_MS)),
        (0, 2 * QUARTER_MS - 1, (0, QUARTER_MS)),
        (1, 3 * QUARTER_MS + 5, (QUARTER_MS, 3 * QUARTER_MS)),
        (-QUARTER_MS - 1, 5, (-QUARTER_MS, 0)),
        (1, QUARTER_MS, (QUARTER_MS, QUARTER_MS)),
        (1, 2 * QUARTER_MS - 1, (2 * QUARTER_MS - 1, 2 * QUARTER_MS - 1)),
        (7, 7, (7, 7)),
    ],
)
def test_whole_quarters_of_a_window(start: int, end: int, inner: tuple[int, int]) -> None:
    found = Window(start_ms=start, end_ms=end).whole_quarters
    assert (found.start_ms, found.end_ms) == inner


@pytest.mark.parametrize("amount_minor", [0, 1, PART_MINOR - 1, PART_MINOR, 2**70, -5, -(2**70)])
def test_parts_of_a_sum_make_the_sum(amount_minor: int) -> None:
    high, low = divmod(amount_minor, PART_MINOR)
    assert whole(high, low) == amount_minor
    assert whole(-high, -low) == -amount_minor


@pytest.mark.parametrize(
    ("first", "past", "days"),
    [
        (0, 96, (0, 1)),
        (1, 96, (0, 0)),
        (1, 192, (1, 2)),
        (95, 289, (1, 3)),
        (96, 191, (0, 0)),
        (192, 192, (0, 0)),
        (22, 22 + 3 * 96, (1, 3)),
    ],
)
def test_whole_days_of_a_range_of_quarters(first: int, past: int, days: tuple[int, int]) -> None:
    assert whole_days(first, past) == days
