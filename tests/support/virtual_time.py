"""An event loop in which waiting takes no time: the clock jumps to whatever is due next.

For tests whose code sleeps, waits and times out for minutes and days. There is no I/O in it.
"""

from __future__ import annotations

import asyncio
import selectors

LEAST_SECONDS = 1e-6
"""Less would be lost in a float that counts weeks, and the loop would wait for ever."""

NOW_MS = 1_790_000_000_000


class _NothingToRead(selectors.SelectSelector):
    """Reads nothing, and passes the time the loop is willing to wait."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1_000.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        """Jump over the wait; waiting for nothing at all would never end."""
        if timeout is None:
            raise RuntimeError("everybody waits, and nothing will ever happen")
        if timeout > 0:
            self.now += max(timeout, LEAST_SECONDS)
        return []


class VirtualLoop(asyncio.SelectorEventLoop):
    """The loop; its `time` moves only when nobody can run."""

    def __init__(self) -> None:
        self._nothing = _NothingToRead()
        super().__init__(self._nothing)

    def time(self) -> float:
        """Return the virtual seconds."""
        return self._nothing.now

    def end(self) -> None:
        """Cancel whatever still runs, and close."""
        while tasks := asyncio.all_tasks(self):
            for task in tasks:
                task.cancel()
            self.run_until_complete(asyncio.wait(tasks))
        self.close()


class VirtualClock:
    """The clock of a loop, as the hub knows clocks."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._loop = loop

    def now_ms(self) -> int:
        """Return the wall clock in milliseconds."""
        return NOW_MS + round(self._loop.time() * 1_000)

    def monotonic(self) -> float:
        """Return the virtual seconds."""
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        """Wait in the virtual loop."""
        await asyncio.sleep(max(0.0, seconds))
