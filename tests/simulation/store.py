"""The database as nodes see it: one set of tables, commits that are lost, hidden, late or refused.

What was asked for is done by the database, whatever has become meanwhile of who asked. Leases are
judged by the database's own clock.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeVar

from meganodes.domain.round import RoundView
from meganodes.domain.transaction import RoundKey, Transaction, TransactionKey
from meganodes.journal.memory import MemoryJournal, StoreFault
from meganodes.journal.memory_tables import Tables
from meganodes.journal.store import AttemptRecord, CommitUnknown, StoreUnavailable
from tests.simulation.history import History
from tests.simulation.loop import WORLD

_T = TypeVar("_T")

PATIENCE_SECONDS: Final = 2.0
"""A node waits so long for a commit's answer; what it does not know then is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreHabits:
    """How a database behaves: shares of commits from 0 to 1, and seconds.

    ``slow`` ways to it and back take up to ``slow_seconds``, the others up to ``usual_seconds``.
    """

    lost: float = 0.0
    ghost: float = 0.0
    refused: float = 0.0
    slow: float = 0.0
    usual_seconds: float = 0.004
    slow_seconds: float = 1.5


class DatabaseClock:
    """The database's own time: it neither jumps nor agrees exactly with any node's."""

    def __init__(self, monotonic: Callable[[], float], wall_ms: int) -> None:
        """Start at a wall time."""
        self.monotonic = monotonic
        self._started = monotonic()
        self._wall_ms = wall_ms

    def now_ms(self) -> int:
        """Return the database's wall clock."""
        return self._wall_ms + int((self.monotonic() - self._started) * 1_000)

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class Database:
    """The one database of a run. ``habits`` may be changed at any time; `fail` begins an outage.

    ``acting`` is the node whose write is being done.
    """

    def __init__(
        self, tables: Tables, clock: DatabaseClock, rng: random.Random, history: History
    ) -> None:
        """Hold the tables."""
        self.tables = tables
        self.clock = clock
        self.habits = StoreHabits()
        self.acting: int | None = None
        self._random = rng
        self._history = history
        self._loop = asyncio.get_running_loop()
        self._down_until = 0.0

    @property
    def is_down(self) -> bool:
        """Whether nobody is answered now."""
        return self._loop.time() < self._down_until

    def fail(self, seconds: float) -> None:
        """Answer nobody for a while."""
        self._down_until = max(self._down_until, self._loop.time() + seconds)
        self._history.fault("database-outage", seconds=seconds)

    def heal(self) -> None:
        """Answer again, and do nothing wrong from now on."""
        self._down_until = 0.0
        self.habits = StoreHabits()

    def delay(self) -> float:
        """Draw how long one way takes."""
        habits = self.habits
        if habits.slow and self._random.random() < habits.slow:
            return self._random.uniform(habits.usual_seconds, habits.slow_seconds)
        return self._random.random() * habits.usual_seconds

    def draw(self, node: int, what: str) -> StoreFault | None:
        """Draw what becomes of one write; a fault is noted."""
        habits = self.habits
        drawn = self._random.random()
        for fault, share in (
            (StoreFault.LOST, habits.lost),
            (StoreFault.GHOST, habits.ghost),
            (StoreFault.REFUSED, habits.refused),
        ):
            if drawn < share:
                self._history.fault(f"commit-{fault.name.lower()}", node=node, detail=what)
                return fault
            drawn -= share
        return None

    async def write(self, node: int, what: str, work: Callable[[], Any]) -> Any:  # noqa: ANN401 - the store's own generic
        """Do a write for a node and give its result, or CommitUnknown, or StoreUnavailable."""
        fault = self.draw(node, what)
        there, back = self.delay(), self.delay()
        if self.is_down or fault is StoreFault.REFUSED:
            await asyncio.sleep(there)
            raise StoreUnavailable(f"{what}: the database is away")
        answer: asyncio.Future[Any] = self._loop.create_future()
        write = partial(self._do, node, work, answer, fault)
        self._loop.call_later(there, write, context=WORLD)
        asked_at = self._loop.time()
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                result, lost = await answer
                await asyncio.sleep(back)
        except TimeoutError:
            self._history.fault("commit-late", node=node, detail=what)
            raise CommitUnknown(f"{what}: no answer") from None
        if lost or asked_at < self._down_until <= self._loop.time() or self.is_down:
            raise CommitUnknown(f"{what}: the answer was lost")
        if isinstance(result, Exception):
            raise result
        return result

    def _do(
        self,
        node: int,
        work: Callable[[], Any],
        answer: asyncio.Future[Any],
        fault: StoreFault | None,
    ) -> None:
        """As the database: all or nothing, for a node that may be dead by now."""
        result: object = None
        if fault is not StoreFault.LOST and not self.is_down:
            self.acting = node
            try:
                result = work()
            except Exception as refused:  # noqa: BLE001 - handed to who asked
                result = refused
            finally:
                self.acting = None
        if not answer.done():
            answer.set_result((result, fault is not None or self.is_down))


class NodeJournal(MemoryJournal):
    """One node's way to the database: the memory journal over tables that all nodes share."""

    def __init__(self, database: Database, node: int) -> None:
        """Connect a node."""
        super().__init__(clock=database.clock)
        self._tables = database.tables
        self._database = database
        self._node = node

    async def find(self, key: TransactionKey) -> Transaction | None:
        """Read a row by the provider's id; it may have moved on when the answer arrives."""
        return await self._there_and_back(partial(super().find, key))

    async def fetch(self, agent_id: int, trans_id: int) -> Transaction | None:
        """Read a row by the hub's number."""
        return await self._there_and_back(partial(super().fetch, agent_id, trans_id))

    async def round(self, key: RoundKey) -> RoundView:
        """Read a round and its bets."""
        return await self._there_and_back(partial(super().round, key))

    async def attempt(self, agent_id: int, attempt_id: int) -> AttemptRecord | None:
        """Read an attempt."""
        return await self._there_and_back(partial(super().attempt, agent_id, attempt_id))

    async def expired_pending(self, *, limit: int) -> tuple[Transaction, ...]:
        """Read who lost its node; another node may be as quick."""
        found = await super().expired_pending(limit=limit)
        if found:  # the many looks that find nothing take no time
            await asyncio.sleep(self._database.delay())
        return found

    async def overdue(self, *, owed_before_ms: int, limit: int) -> tuple[Transaction, ...]:
        """Read what is owed for too long."""
        found = await super().overdue(owed_before_ms=owed_before_ms, limit=limit)
        if found:
            await asyncio.sleep(self._database.delay())
        return found

    async def _there_and_back(self, reading: Callable[[], Awaitable[_T]]) -> _T:
        await asyncio.sleep(self._database.delay())
        found = await reading()
        await asyncio.sleep(self._database.delay())
        return found

    async def _write(self, name: str, write: Callable[[], _T]) -> _T:
        if not self._is_open:
            raise StoreUnavailable(f"{name}: the journal is closed")
        done: _T = await self._database.write(self._node, name, write)
        return done

    def _require(self, name: str) -> None:
        if not self._is_open or self._database.is_down:
            raise StoreUnavailable(f"{name}: the database is away")

    def _asked(self, name: str) -> StoreFault | None:  # noqa: ARG002 - the hook of the memory journal
        return StoreFault.REFUSED if self._database.is_down else None
