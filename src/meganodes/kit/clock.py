"""Time as an argument: wall clock, monotonic clock and sleep behind one port.

Rules compare wall milliseconds (they are stored and shared), deadlines use the monotonic clock
(it never jumps). Tests and the simulation use `ManualClock`, which stands still until told.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from typing import Protocol


class Clock(Protocol):
    """What time it is, and waiting."""

    def now_ms(self) -> int:
        """Return the wall clock: milliseconds since 1970, UTC. It may jump, in both directions."""

    def monotonic(self) -> float:
        """Return seconds since an arbitrary moment. It never goes back."""

    async def sleep(self, seconds: float) -> None:
        """Wait. Zero or less only lets other tasks run."""


class SystemClock:
    """The clocks of the operating system."""

    def now_ms(self) -> int:
        """Return the wall clock in milliseconds."""
        return time.time_ns() // 1_000_000

    def monotonic(self) -> float:
        """Return the monotonic clock in seconds."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait in the running event loop."""
        await asyncio.sleep(max(0.0, seconds))


class SteadyClock:
    """Another clock's wall time at the start, carried on by its monotonic clock.

    What is decided about money must not jump with a wall clock that somebody sets: a win would wait
    for a day, or be given up at once (reliability 2.6). Time stamps for people and for the wire are
    taken from the other clock.
    """

    def __init__(self, clock: Clock, *, ahead_ms: int = 0) -> None:
        """Take the wall time of this moment as the truth for as long as the process lives.

        ``ahead_ms`` is how much later it really is, for who has asked a better clock: times that
        several nodes compare must not depend on which of them was started with a wrong one.
        """
        self._clock = clock
        self._wall_ms = clock.now_ms() + ahead_ms
        self._started = clock.monotonic()

    def now_ms(self) -> int:
        """Return the steady wall time in milliseconds."""
        # By the microsecond first: cut off at once, 12 ms of a float would now and then be 11.
        return self._wall_ms + round((self._clock.monotonic() - self._started) * 1_000_000) // 1_000

    def monotonic(self) -> float:
        """Return the monotonic clock in seconds."""
        return self._clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait as the other clock does."""
        await self._clock.sleep(seconds)


class ManualClock:
    """A clock that moves only when it is told to; whoever sleeps on it wakes in order.

    ``advance`` jumps and wakes everybody who is due. ``pass_time`` moves from one wake-up to the
    next and lets the woken tasks run in between, as real time would.
    """

    def __init__(self, *, now_ms: int = 1_790_000_000_000, monotonic: float = 1_000.0) -> None:
        """Start at the given wall and monotonic time."""
        self._wall_offset_ms = now_ms
        self._elapsed_us = 0
        self._monotonic_start = monotonic
        self._sleepers: list[tuple[int, int, asyncio.Future[None]]] = []
        self._order = itertools.count()

    def now_ms(self) -> int:
        """Return the wall clock in milliseconds."""
        return self._wall_offset_ms + self._elapsed_us // 1_000

    def monotonic(self) -> float:
        """Return the monotonic clock in seconds."""
        return self._monotonic_start + self._elapsed_us / 1_000_000

    async def sleep(self, seconds: float) -> None:
        """Wait until the clock has been moved by that much."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        future = asyncio.get_running_loop().create_future()
        due_us = self._elapsed_us + round(seconds * 1_000_000)
        heapq.heappush(self._sleepers, (due_us, next(self._order), future))
        await future

    def advance(self, seconds: float) -> None:
        """Move both clocks at once and wake every sleeper that is due."""
        self._elapsed_us += round(seconds * 1_000_000)
        self._wake_due()

    async def pass_time(self, seconds: float) -> None:
        """Move both clocks step by step; tasks that wake run before time goes on."""
        end_us = self._elapsed_us + round(seconds * 1_000_000)
        await _let_tasks_run()
        while self._sleepers and self._sleepers[0][0] <= end_us:
            self._elapsed_us = max(self._elapsed_us, self._sleepers[0][0])
            self._wake_due()
            await _let_tasks_run()
        self._elapsed_us = end_us
        await _let_tasks_run()

    def jump_wall(self, seconds: float) -> None:
        """Set the wall clock forward or back without any time passing."""
        self._wall_offset_ms += round(seconds * 1_000)

    def _wake_due(self) -> None:
        while self._sleepers and self._sleepers[0][0] <= self._elapsed_us:
            _, _, future = heapq.heappop(self._sleepers)
            if not future.done():
                future.set_result(None)


async def _let_tasks_run() -> None:
    # A woken task may wake others through queues and locks; a few turns of the loop settle that.
    for _ in range(8):
        await asyncio.sleep(0)
