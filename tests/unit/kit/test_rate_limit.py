"""So many times within a sliding window, for each key by itself, in bounded memory (S19)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meganodes.kit.rate_limit import Rate, RateLimit

THREE_IN_TEN = Rate(3, 10)


@pytest.mark.parametrize(
    ("moments", "waits"),
    [
        ([0, 0, 0], [0, 0, 0]),
        ([0, 0, 0, 0], [0, 0, 0, 10]),
        ([0, 0, 0, 9.5], [0, 0, 0, 1]),
        ([0, 0, 0, 10], [0, 0, 0, 0]),
        ([0, 4, 8, 9, 10, 11], [0, 0, 0, 1, 0, 3]),
        ([0, 1, 2, 3, 3, 3, 10], [0, 0, 0, 7, 7, 7, 0]),
        ([0, 100, 200, 300], [0, 0, 0, 0]),
    ],
)
def test_the_one_too_many_is_told_how_long_to_wait(moments: list[float], waits: list[int]) -> None:
    limit: RateLimit[str] = RateLimit(THREE_IN_TEN)
    assert [limit.take("a", each) for each in moments] == waits


def test_each_key_is_counted_by_itself() -> None:
    limit: RateLimit[int] = RateLimit(Rate(1, 60))
    assert [limit.take(key, 0.0) for key in (1, 2, 1, 2)] == [0, 0, 60, 60]


def test_so_many_keys_are_remembered_and_the_quietest_is_forgotten_first() -> None:
    limit: RateLimit[int] = RateLimit(Rate(1, 60), keys_max=100)
    for key in range(10_000):
        limit.take(key, 0.0)
        limit.take(-1, 0.0)
    assert len(limit) == 100
    assert limit.take(-1, 1.0) == 59, "the busy one is not washed out by the many"
    assert limit.take(0, 1.0) == 0


@given(st.lists(st.floats(0, 5, allow_nan=False), max_size=60), st.integers(1, 5))
def test_no_window_ever_holds_more_than_it_may(pauses: list[float], times: int) -> None:
    limit: RateLimit[str] = RateLimit(Rate(times, 10))
    now, taken = 0.0, []
    for pause in pauses:
        now += pause
        if limit.take("a", now) == 0:
            taken.append(now)
    for first, beyond in zip(taken, taken[times:], strict=False):
        assert beyond - first >= 10 - 1e-6


@given(st.integers(1, 10), st.floats(0, 1000))
def test_who_waits_as_long_as_told_is_let_in(times: int, start: float) -> None:
    limit: RateLimit[str] = RateLimit(Rate(times, 60))
    assert [limit.take("a", start) for _ in range(times)] == [0] * times
    assert limit.take("a", start + limit.take("a", start)) == 0
