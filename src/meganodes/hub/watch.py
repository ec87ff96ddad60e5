"""A look at what is open, every so often: metrics and alerts read what it found, never the journal.

So a question from outside costs the database nothing, however often it is asked.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from meganodes.domain.reconciliation import DayResult
from meganodes.domain.retry import HOUR_MS
from meganodes.domain.round import OpenRound
from meganodes.journal.store import JournalReads, OpenWork, StoreUnavailable
from meganodes.kit.clock import Clock
from meganodes.kit.logging import get_logger

log = get_logger("hub.watch")

OPEN_ROUNDS_EVERY_SECONDS = 3_600.0
OPEN_ROUNDS_LOOKED_AT = 1_000
"""Nobody reads a longer list; the report of the command line has all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchSettings:
    """``open_rounds_hours`` 0 looks at no rounds."""

    look_seconds: float = 15.0
    open_rounds_hours: int = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """What one look found. ``at_ms`` is the steady wall clock of that moment."""

    at_ms: int
    open_work: tuple[OpenWork, ...] = ()
    unplaced: int = 0
    sealed_to_ms: int = 0
    open_rounds: tuple[OpenRound, ...] = ()
    reconciled: tuple[DayResult, ...] = ()


Told = Callable[[Sight], Awaitable[None]]


class Watch:
    """Looks, keeps what it saw, and tells whoever wants to know. ``start`` once, then ``stop``."""

    def __init__(self, reads: JournalReads, clock: Clock, settings: WatchSettings) -> None:
        """Prepare; nothing was seen yet."""
        self.last: Sight | None = None
        self.told: list[Told] = []
        self.reconciled: Callable[[], tuple[DayResult, ...]] = tuple
        """Gives what the daily reconciliation has found, where there is one."""
        self._reads = reads
        self._clock = clock
        self._settings = settings
        self._rounds: tuple[OpenRound, ...] = ()
        self._rounds_at: float | None = None
        self._stopping = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Look now, and again and again."""
        self._loop = asyncio.get_running_loop().create_task(self._repeat())

    async def stop(self) -> None:
        """End after the look under way."""
        self._stopping.set()
        if self._loop is not None:
            await self._loop

    async def look(self) -> Sight | None:
        """Look once and tell everybody; None when the journal does not answer."""
        try:
            sight = await self._seen()
        except StoreUnavailable as fault:
            log.warning("open_work_not_seen", fault=repr(fault))
            return None
        self.last = sight
        for tell in self.told:
            await tell(sight)
        return sight

    async def _seen(self) -> Sight:
        at_ms = self._clock.now_ms()
        return Sight(
            at_ms=at_ms,
            open_work=await self._reads.open_work(),
            unplaced=await self._reads.unplaced(),
            sealed_to_ms=await self._reads.sealed_to(),
            open_rounds=await self._open_rounds(at_ms),
            reconciled=self.reconciled(),
        )

    async def _open_rounds(self, at_ms: int) -> tuple[OpenRound, ...]:
        """Ask rarely: where providers never close their rounds there are many."""
        hours, now = self._settings.open_rounds_hours, self._clock.monotonic()
        is_fresh = self._rounds_at is not None and now - self._rounds_at < OPEN_ROUNDS_EVERY_SECONDS
        if hours and not is_fresh:
            self._rounds = await self._reads.open_rounds(
                opened_before_ms=at_ms - hours * HOUR_MS, limit=OPEN_ROUNDS_LOOKED_AT
            )
            self._rounds_at = now
        return self._rounds

    async def _repeat(self) -> None:
        while not self._stopping.is_set():
            try:
                await self.look()
            except Exception:
                # Whoever watches must outlive any defect in what it tells; the log is an alarm.
                log.exception("look_failed")
            with suppress(TimeoutError):
                async with asyncio.timeout(self._settings.look_seconds):
                    await self._stopping.wait()
