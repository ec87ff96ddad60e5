"""How much may be under way towards one agent, so that none of it can sink the others.

Nothing waits here: who finds no place is told so at once (reliability 3.8).
"""

from __future__ import annotations

from collections import deque
from enum import StrEnum
from typing import Final

from meganodes.callbacks.settings import HEADROOM, BulkheadSettings

BURST: Final = 10
"""Deliveries that may leave together: a tenth of a second's, so that none of the rate is lost when
somebody looks for room every 50 ms or a little less often. More would come to the backend, and to
others' calls, in clumps: with 24 a backend saw 115 in one second on a busy machine."""


class Lane(StrEnum):
    """Who waits for a callback.

    PLAY: a provider or an agent's server waits for the answer. DELIVERY: the worker repeats what
    is owed. TEST: callback-test and certification, which count for nothing.
    """

    PLAY = "play"
    DELIVERY = "delivery"
    TEST = "test"


class Bulkhead:
    """The places of one agent. Moments are seconds of the monotonic clock."""

    __slots__ = (
        "_in_flight",
        "_left_at",
        "_limit",
        "_settings",
        "_tokens",
        "_tokens_at",
        "_total",
    )

    def __init__(self, settings: BulkheadSettings) -> None:
        self._settings = settings.part()
        self._in_flight = dict.fromkeys(Lane, 0)
        self._total = 0
        self._limit = self._settings.delivery_usual
        self._tokens = float(BURST)
        self._tokens_at = 0.0
        self._left_at: deque[float] = deque()  # the deliveries of the last second

    def enter(self, lane: Lane, now: float, play_max: int | None = None) -> str | None:
        """Take a place, or say why there is none. ``play_max`` is the agent's own limit."""
        if self._total >= self._settings.sockets_max:
            return "too many callbacks to this backend are under way"
        if not self._has_place(lane, play_max):
            return f"too many callbacks of the {lane} lane are under way"
        if lane is Lane.DELIVERY:
            if self._allowance(now) < 1:
                return f"deliveries are held to {self._settings.delivery_per_second} a second"
            self._tokens -= 1
            self._left_at.append(now)
        self._in_flight[lane] += 1
        self._total += 1
        return None

    def leave(self, lane: Lane, *, alive: bool | None) -> None:
        """Give the place back and learn from it; None says nothing about the backend.

        A delivery that succeeds while every place is taken makes room for one more, a failure
        halves the room. When nothing is owed any more the room is the usual one at most.
        """
        settings = self._settings
        if lane is Lane.DELIVERY:
            is_full = self._in_flight[lane] >= self._limit
            if alive and is_full:
                self._limit = min(self._limit + 1, settings.delivery_max)
            elif alive is False:
                self._limit = max(self._limit // 2, settings.delivery_min)
        self._in_flight[lane] -= 1
        self._total -= 1
        assert self._in_flight[lane] >= 0, "who leaves has entered"
        if lane is Lane.DELIVERY and self._in_flight[lane] == 0:
            self._limit = min(self._limit, settings.delivery_usual)

    @property
    def in_flight(self) -> int:
        """How many calls are under way, of all lanes."""
        return self._total

    def begin_anew(self) -> None:
        """Start with the smallest room: the backend has just come back."""
        self._limit = self._settings.delivery_min

    def delivery_room(self, now: float) -> int:
        """Return how many deliveries could be started at this moment."""
        places = self._delivery_limit() - self._in_flight[Lane.DELIVERY]
        sockets = self._settings.sockets_max - self._total
        return max(0, min(places, sockets, self._allowance(now)))

    def _has_place(self, lane: Lane, play_max: int | None) -> bool:
        limit = self._settings.test_max
        if lane is Lane.DELIVERY:
            limit = self._delivery_limit()
        elif lane is Lane.PLAY:
            settings = self._settings
            limit = settings.play_max if play_max is None else settings.of_places(play_max)
        return self._in_flight[lane] < limit

    def _delivery_limit(self) -> int:
        # Above its usual room the lane grows only into places that play does not use.
        settings = self._settings
        unused = settings.delivery_max - self._in_flight[Lane.PLAY]
        return min(self._limit, max(settings.delivery_usual, unused))

    def _allowance(self, now: float) -> int:
        """Return how many deliveries the rate allows now, a little of what was unused included."""
        rate = self._settings.delivery_per_second
        elapsed = max(0.0, now - self._tokens_at)
        self._tokens_at = now
        self._tokens = min(BURST, self._tokens + elapsed * rate)
        while self._left_at and now - self._left_at[0] >= 1:
            self._left_at.popleft()
        return min(int(self._tokens), rate + HEADROOM - len(self._left_at))
