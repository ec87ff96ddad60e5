"""How often something may be done: so many times within a sliding window, for each key by itself.

Exact rather than smoothed: "five a minute" never lets a sixth through within any sixty seconds. A
caller that is told to wait loses nothing by having asked; what it holds in memory is bounded.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass
from math import ceil
from typing import Final, Generic, TypeVar

KEYS_MAX: Final = 10_000
"""Of so many keys the last uses are remembered; beyond it the key that was quiet longest is new."""

_Key = TypeVar("_Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Rate:
    """So many times within so many seconds."""

    times: int
    seconds: int


class RateLimit(Generic[_Key]):
    """Counts the uses of each key against one rate. All moments are of the monotonic clock."""

    __slots__ = ("_keys_max", "_rate", "_uses")

    def __init__(self, rate: Rate, keys_max: int = KEYS_MAX) -> None:
        """Remember at most ``rate.times`` moments for each of at most ``keys_max`` keys."""
        assert rate.times > 0, "what may never be done needs no limit"
        self._rate = rate
        self._keys_max = keys_max
        self._uses: dict[_Key, deque[float]] = {}

    def take(self, key: _Key, now: float) -> int:
        """Use it once: 0 when that may be, else the whole seconds until it may; nothing counts."""
        uses = self._uses.pop(key, None)
        if uses is None:
            uses = deque(maxlen=self._rate.times)
        self._uses[key] = uses  # the one that was asked for last stands last
        if len(self._uses) > self._keys_max:
            del self._uses[next(iter(self._uses))]
        if len(uses) == self._rate.times:
            wait = uses[0] + self._rate.seconds - now
            if wait > 0:
                return ceil(wait)
        uses.append(now)
        return 0

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._uses)
