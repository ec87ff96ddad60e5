"""How late the event loop is: what every answer of this process waits for besides its own work."""

from __future__ import annotations

import asyncio
import time

from meganodes.kit.metrics import Histogram

TICK_SECONDS = 0.1


class LoopLag:
    """Wakes up ten times a second and notes by how much that came too late."""

    def __init__(self) -> None:
        """Nothing was measured yet."""
        self.seconds = Histogram()
        self._handle: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Measure on the running event loop until `stop`."""
        self._expect()

    def stop(self) -> None:
        """Measure no more."""
        if self._handle is not None:
            self._handle.cancel()
            self._handle = None

    def _expect(self) -> None:
        # Not the loop's own clock: uvloop's stands still within a turn and has whole milliseconds.
        due = time.perf_counter() + TICK_SECONDS
        self._handle = asyncio.get_running_loop().call_later(TICK_SECONDS, self._wake, due)

    def _wake(self, due: float) -> None:
        self.seconds.observe(max(0.0, time.perf_counter() - due))
        self._expect()
