"""Waking those who wait for a transaction's decision on this node."""

from __future__ import annotations

import asyncio


class Decisions:
    """Waiters by transaction number. Only a hint: whoever wakes up reads the row."""

    def __init__(self) -> None:
        """Start with nobody waiting."""
        # Who came first is woken first, in a simulated run each time in the same order.
        self._waiting: dict[int, dict[asyncio.Future[None], None]] = {}

    def announce(self, trans_id: int) -> None:
        """Wake everybody who waits for this row on this node."""
        for waiter in self._waiting.pop(trans_id, ()):
            waiter.set_result(None)

    def waiting_for(self) -> tuple[int, ...]:
        """Name the rows somebody waits for on this node."""
        return tuple(self._waiting)

    async def wait(self, trans_id: int, seconds: float) -> None:
        """Wait for an announcement, at most this long; returning says nothing about the row."""
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(trans_id, {})[waiter] = None
        try:
            await asyncio.wait((waiter,), timeout=seconds)
        finally:
            waiting = self._waiting.get(trans_id)
            if waiting is not None:
                waiting.pop(waiter, None)
                if not waiting:
                    del self._waiting[trans_id]
