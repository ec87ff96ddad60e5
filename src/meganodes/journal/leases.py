"""The clock by which leases begin and end, out of reach of whoever sets the wall clock."""

from __future__ import annotations

from meganodes.kit.clock import Clock


class LeaseClock:
    """Wall time at the start, carried on by the monotonic clock.

    Leases are stored, so they need wall time; but a wall clock that is set forward must not end
    them all, nor one that is set back make them last for hours (reliability 2.6, database and
    clock).
    """

    def __init__(self, clock: Clock) -> None:
        """Take the wall time of this moment as the truth for as long as the process lives."""
        self._clock = clock
        self._wall_ms = clock.now_ms()
        self._started = clock.monotonic()

    def now_ms(self) -> int:
        """Return the time that leases are compared with, in milliseconds."""
        return self._wall_ms + int((self._clock.monotonic() - self._started) * 1_000)
