"""Group commit on SQLite: all jobs that wait share one transaction and one sync of the disk.

The statements run on the event loop's thread; a thread of its own waits for what blocks: another
process's lock and the disk. A thread that ran the statements too would have to win the interpreter
back from a busy loop after every single one, which costs a hundred times a commit's latency.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any, TypeVar

from meganodes.journal.guards import RowRefused
from meganodes.journal.store import CommitUnknown, StoreUnavailable
from meganodes.kit.metrics import CommitMeters, measured

_T = TypeVar("_T")

Job = Callable[[], _T]
"""What one caller wants done: statements on the writer's connection. It may run more than once,
each time on a connection that knows nothing of the time before."""

_NOTHING_WRITTEN = frozenset({sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY})
"""Codes of a COMMIT after which nothing can be on the disk. After an input/output error the pages
may be there or not: SQLite itself decides that when it opens the file again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriterSettings:
    """``batch_max`` bounds how long the loop is held by one batch, ``waiting_max`` the memory."""

    batch_max: int = 128
    waiting_max: int = 20_000
    busy_timeout_seconds: float = 10.0


@dataclass(frozen=True, slots=True)
class _Fault:
    """What a job's caller gets instead of a result."""

    error: Exception


class _Batch:
    """Jobs that are committed together. ``apart`` runs each in a savepoint of its own."""

    __slots__ = ("apart", "jobs", "results")

    def __init__(self, jobs: list[tuple[Job[Any], asyncio.Future[Any]]]) -> None:
        self.jobs = jobs
        self.apart = False
        self.results: list[Any] = []


class GroupWriter:
    """The one writer of a connection. Jobs are done in the order in which they were handed in."""

    def __init__(
        self,
        connection: sqlite3.Connection,
        settings: WriterSettings,
        meters: CommitMeters | None = None,
    ) -> None:
        """Take a connection in autocommit mode that does not wait for locks (timeout 0)."""
        self.meters = meters or CommitMeters()
        self._connection = connection
        self._settings = settings
        self._waiting: deque[tuple[Job[Any], asyncio.Future[Any]]] = deque()
        self._busy = False
        self._refusing: str | None = None
        self._idle: asyncio.Future[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._orders: SimpleQueue[tuple[Job[object], Callable[..., None]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._serve, name="journal-commit", daemon=True)
        self._thread.start()

    @property
    def refusing(self) -> str | None:
        """Why nothing can be written any more; None while all is well."""
        return self._refusing

    @property
    def waiting(self) -> int:
        """How many jobs wait for their turn."""
        return len(self._waiting)

    def submit(self, job: Job[_T]) -> asyncio.Future[_T]:
        """Queue a job; the future has its result once that is durable.

        Raises StoreUnavailable at once when the writer is closed, broken or flooded. The future
        raises it when nothing was written, CommitUnknown when nobody can tell, RowRefused or the
        job's own exception when the job failed by itself.
        """
        if self._refusing is not None:
            raise StoreUnavailable(self._refusing)
        if len(self._waiting) >= self._settings.waiting_max:
            raise StoreUnavailable(f"{len(self._waiting)} changes wait already: the disk is slow")
        future: asyncio.Future[_T] = self._loop.create_future()
        self._waiting.append((job, future))
        if not self._busy:
            self._busy = True
            self._loop.call_soon(self._next_batch)
        return future

    async def close(self) -> None:
        """Refuse what comes from now on, finish what was handed in, end the thread."""
        self._refusing = self._refusing or "the journal is closed"
        if self._busy:
            self._idle = self._loop.create_future()
            await self._idle
        self._orders.put(None)
        self._thread.join()

    # --- on the loop's thread ---------------------------------------------------------------------

    def _next_batch(self) -> None:
        if not self._waiting:
            self._busy = False
            if self._idle is not None and not self._idle.done():
                self._idle.set_result(None)
            return
        count = min(len(self._waiting), self._settings.batch_max)
        self._begin(_Batch([self._waiting.popleft() for _ in range(count)]))

    def _begin(self, batch: _Batch) -> None:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError as fault:
            if _primary_code(fault) != sqlite3.SQLITE_BUSY:
                self._begun(batch, fault)
                return
            # Another process writes: the thread waits for it, not the loop.
            self._order(self._begin_patiently, batch, self._begun)
        else:
            self._begun(batch, None)

    def _begun(self, batch: _Batch, fault: sqlite3.Error | None) -> None:
        if fault is not None:
            self._refuse(batch, StoreUnavailable(str(fault)))
            return
        try:
            self._fill(batch)
        except sqlite3.Error as unexpected:
            self._break(unexpected)
            self._refuse(batch, StoreUnavailable(str(unexpected)))

    def _fill(self, batch: _Batch) -> None:
        """Run the jobs and order the commit. Only when one of them fails are they kept apart."""
        changes_before = self._connection.total_changes
        if batch.apart:
            self._run_apart(batch)
        elif not self._run_together(batch):
            self._roll_back()
            batch.apart = True
            self._begin(batch)
            return
        if not self._connection.in_transaction:
            self._refuse(batch, StoreUnavailable("SQLite has undone the whole transaction"))
        elif self._connection.total_changes == changes_before:
            self._roll_back()
            self._finish(batch)
        else:
            self._order(self._commit, batch, self._committed)

    def _run_together(self, batch: _Batch) -> bool:
        try:
            batch.results = [job() for job, _ in batch.jobs]
        except Exception:  # noqa: BLE001 - it comes again when the jobs run apart
            return False
        return True

    def _run_apart(self, batch: _Batch) -> None:
        """Run each job in a savepoint, so that its failure undoes nothing but itself."""
        execute = self._connection.execute
        for job, _ in batch.jobs:
            execute("SAVEPOINT job")
            try:
                batch.results.append(job())
            except Exception as error:  # noqa: BLE001 - whatever a job raises is for its own caller
                batch.results.append(_Fault(_explained(error)))
                if not self._connection.in_transaction:
                    return
                execute("ROLLBACK TO job")
            execute("RELEASE job")

    def _committed(self, batch: _Batch, fault: sqlite3.Error | None) -> None:
        if fault is None:
            self.meters.jobs.observe(len(batch.jobs))
            self._finish(batch)
        elif _primary_code(fault) in _NOTHING_WRITTEN:
            self.meters.failed["refused"] += 1
            self._roll_back()
            self._refuse(batch, StoreUnavailable(str(fault)))
        else:
            self.meters.failed["unknown"] += 1
            self._break(fault)
            self._refuse(batch, CommitUnknown(str(fault)))

    def _finish(self, batch: _Batch) -> None:
        """Answer the callers first: what they hand in at once goes into the next batch."""
        for (_, future), result in zip(batch.jobs, batch.results, strict=True):
            if future.done():
                continue
            if isinstance(result, _Fault):
                future.set_exception(result.error)
            else:
                future.set_result(result)
        self._loop.call_soon(self._next_batch)

    def _refuse(self, batch: _Batch, error: Exception) -> None:
        batch.results = [_Fault(error)] * len(batch.jobs)
        self._finish(batch)

    def _break(self, fault: sqlite3.Error) -> None:
        """Write nothing more: what is on the disk is known again when the file is opened anew."""
        self._refusing = f"the database failed ({fault}): restart the server once its disk is well"
        with suppress(sqlite3.Error):
            self._roll_back()
        while self._waiting:
            _, future = self._waiting.popleft()
            if not future.done():
                future.set_exception(StoreUnavailable(self._refusing))

    def _roll_back(self) -> None:
        # After some failures SQLite has rolled back by itself.
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _order(
        self,
        work: Job[object],
        batch: _Batch,
        then: Callable[[_Batch, sqlite3.Error | None], None],
    ) -> None:
        def report(fault: sqlite3.Error | None) -> None:
            then(batch, fault)

        self._orders.put((work, report))

    # --- on the writer's thread -------------------------------------------------------------------

    def _serve(self) -> None:
        while (order := self._orders.get()) is not None:
            work, report = order
            fault: sqlite3.Error | None = None
            try:
                work()
            except sqlite3.Error as error:
                fault = error
            # A loop that was stopped without closing the journal has nobody left to tell.
            with suppress(RuntimeError):
                self._loop.call_soon_threadsafe(report, fault)

    def _commit(self) -> None:
        with measured(self.meters.seconds):
            self._connection.execute("COMMIT")

    def _begin_patiently(self) -> None:
        wait_ms = round(self._settings.busy_timeout_seconds * 1_000)
        self._connection.execute(f"PRAGMA busy_timeout = {wait_ms}")
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        finally:
            self._connection.execute("PRAGMA busy_timeout = 0")


def _primary_code(fault: sqlite3.Error) -> int:
    """Return SQLite's error number without its extension."""
    return int(getattr(fault, "sqlite_errorcode", 0)) & 0xFF


def _explained(error: Exception) -> Exception:
    """Put a failed statement into the words of the port; a job's own exception stays as it is."""
    match error:
        case sqlite3.IntegrityError() | sqlite3.DataError() | OverflowError():
            return RowRefused(str(error))
        case sqlite3.ProgrammingError() | sqlite3.InterfaceError():
            return error
        case sqlite3.Error():
            return StoreUnavailable(str(error))
        case _:
            return error
