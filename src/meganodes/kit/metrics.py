"""Numbers that are kept up all the time and cost a bet nearly nothing.

Whoever has something to count holds plain numbers and updates them in place on the event loop;
text is made of them only when somebody asks. Reading from another thread is safe: a copy of a list
or a dictionary is one step of the interpreter.
"""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from itertools import accumulate
from typing import Final, Generic, TypeVar

SECONDS_BOUNDS: Final = (
    0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0,
)  # fmt: skip
"""From half a millisecond to what no answer may take; 2 s and 3 s are deadlines of the contract."""

SIZE_BOUNDS: Final = (1, 2, 4, 8, 16, 32, 64, 128)
"""Numbers of things done together."""

_Key = TypeVar("_Key", bound=Hashable)
_Series = TypeVar("_Series")


@dataclass(frozen=True, slots=True)
class Distribution:
    """What a histogram has seen: for each bound how many were not above it, then all, then the sum.

    ``counts`` has one number more than ``bounds``: the last one counts everything.
    """

    bounds: tuple[float, ...]
    counts: tuple[int, ...]
    total: float


class Histogram:
    """How large things were, in buckets."""

    __slots__ = ("_bounds", "_counts", "_total")

    def __init__(self, bounds: tuple[float, ...] = SECONDS_BOUNDS) -> None:
        """Start empty; a value belongs to the first bound that is not below it."""
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._total = 0.0

    def observe(self, value: float) -> None:
        """Count one value; the clock never goes back, so none is below zero."""
        self._counts[bisect_left(self._bounds, value)] += 1
        self._total += value

    def distribution(self) -> Distribution:
        """Copy what was seen so far."""
        return Distribution(self._bounds, tuple(accumulate(tuple(self._counts))), self._total)


@contextmanager
def measured(seconds: Histogram) -> Iterator[None]:
    """Measure a piece of work that may block, in whatever thread; a failure counts too."""
    started = time.perf_counter()
    try:
        yield
    finally:
        seconds.observe(time.perf_counter() - started)


class CommitMeters:
    """What the commits of a store have cost: seconds each, and how many changes shared one."""

    __slots__ = ("failed", "jobs", "reconnects", "seconds")

    def __init__(self) -> None:
        """Start empty."""
        self.seconds = Histogram()
        self.jobs = Histogram(SIZE_BOUNDS)
        self.failed: Counter[str] = Counter()
        """Commits that did not succeed, by whether it is known: ``refused`` or ``unknown``."""
        self.reconnects = 0
        """How often a connection to the database was opened anew."""


class Waiting:
    """How long one piece of work has waited for others, however many it asked at the same time.

    All moments are seconds of the monotonic clock.
    """

    __slots__ = ("_asked", "_seconds", "_since")

    def __init__(self) -> None:
        """Nobody has been asked yet."""
        self._asked = 0
        self._since = 0.0
        self._seconds = 0.0

    def begin(self, now: float) -> None:
        """Note that somebody else has been asked."""
        if not self._asked:
            self._since = now
        self._asked += 1

    def end(self, now: float) -> None:
        """Note that one of them has answered."""
        self._asked -= 1
        assert self._asked >= 0, "who ends has begun"
        if not self._asked:
            self._seconds += now - self._since

    def seconds(self, now: float) -> float:
        """Return the time in which at least one answer was awaited."""
        return self._seconds + (now - self._since if self._asked else 0.0)


WAITING: Final[ContextVar[Waiting | None]] = ContextVar("meganodes_waiting", default=None)
"""Set by whoever measures a piece of work; tasks started for it inherit it."""


class Bounded(Generic[_Key, _Series]):
    """A series for each of the busiest keys, and one for all others together.

    The first ``most`` keys have series of their own as they come. Later `rebalance` gives the place
    of a key that has fallen quiet to one that is at least twice as busy: what it counted until then
    stays with the others, so that no series ever goes back.
    """

    __slots__ = ("_busy", "_make", "_most", "_own", "other")

    def __init__(self, most: int, make: Callable[[], _Series]) -> None:
        """Keep at most so many series; ``make`` gives an empty one."""
        self._most = most
        self._make = make
        self._own: dict[_Key, _Series] = {}
        self._busy: dict[_Key, int] = {}
        self.other = make()

    def of(self, key: _Key) -> _Series:
        """Return the series that counts for this key now."""
        busy = self._busy
        busy[key] = busy.get(key, 0) + 1
        series = self._own.get(key)
        if series is not None:
            return series
        if len(self._own) >= self._most:
            return self.other
        series = self._own[key] = self._make()
        return series

    def own(self) -> dict[_Key, _Series]:
        """Copy which keys have series of their own."""
        return dict(self._own)

    def rebalance(self) -> None:
        """Let busier keys take places, and begin to weigh anew."""
        quiet = sorted(self._own, key=lambda key: self._busy.get(key, 0))
        others = [key for key in self._busy if key not in self._own]
        busiest = sorted(others, key=lambda key: self._busy[key], reverse=True)
        for leaving, coming in zip(quiet, busiest, strict=False):
            if self._busy[coming] < 2 * max(self._busy.get(leaving, 0), 1):
                break
            del self._own[leaving]
            self._own[coming] = self._make()
        self._busy.clear()
