"""Counting: buckets, waiting for others, and series that stay few."""

from __future__ import annotations

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from meganodes.kit.metrics import SECONDS_BOUNDS, WAITING, Bounded, Histogram, Waiting


def test_a_value_on_a_bound_belongs_to_it() -> None:
    histogram = Histogram((1.0, 2.0))
    for value in (0.5, 1.0, 1.5, 2.0, 2.5):
        histogram.observe(value)
    seen = histogram.distribution()
    assert seen.bounds == (1.0, 2.0)
    assert seen.counts == (2, 4, 5)
    assert seen.total == 7.5


@given(st.lists(st.floats(0, 10)))
def test_the_last_count_is_everything_and_counts_only_rise(values: list[float]) -> None:
    histogram = Histogram()
    for value in values:
        histogram.observe(value)
    seen = histogram.distribution()
    assert seen.counts[-1] == len(values)
    assert list(seen.counts) == sorted(seen.counts)
    for bound, count in zip(SECONDS_BOUNDS, seen.counts, strict=False):
        assert count == sum(value <= bound for value in values)


def test_waiting_counts_time_with_two_asked_at_once_only_once() -> None:
    waiting = Waiting()
    waiting.begin(10.0)
    waiting.begin(11.0)
    waiting.end(12.0)
    assert waiting.seconds(13.0) == 3.0
    waiting.end(14.0)
    waiting.begin(20.0)
    waiting.end(21.0)
    assert waiting.seconds(99.0) == 5.0


async def test_tasks_started_for_a_piece_of_work_share_its_waiting() -> None:
    waiting = Waiting()
    WAITING.set(waiting)

    async def asked() -> Waiting | None:
        return WAITING.get()

    assert await asyncio.create_task(asked()) is waiting


def test_the_first_keys_get_series_of_their_own_and_the_rest_share_one() -> None:
    series: Bounded[str, list[str]] = Bounded(2, list)
    for key in ("a", "b", "c", "d", "a"):
        series.of(key).append(key)
    assert series.own() == {"a": ["a", "a"], "b": ["b"]}
    assert series.other == ["c", "d"]


def test_a_key_that_is_twice_as_busy_takes_the_place_of_a_quiet_one() -> None:
    series: Bounded[str, list[str]] = Bounded(1, list)
    for key in ("a", "b", "b"):
        series.of(key).append(key)
    series.rebalance()
    assert series.own() == {"b": []}
    assert series.other == ["b", "b"], "what it counted among the others stays there"
    series.of("a").append("a")
    assert series.other == ["b", "b", "a"]


def test_a_key_that_is_only_a_little_busier_waits() -> None:
    series: Bounded[str, list[str]] = Bounded(1, list)
    for key in ("a", "a", "b", "b", "b"):
        series.of(key)
    series.rebalance()
    assert list(series.own()) == ["a"]


def test_weighing_begins_anew_after_each_rebalance() -> None:
    series: Bounded[str, list[str]] = Bounded(1, list)
    for key in "a" * 100:
        series.of(key)
    series.rebalance()
    series.of("b")
    series.of("b")
    series.rebalance()
    assert list(series.own()) == ["b"], "the past of a quiet key does not hold its place"
