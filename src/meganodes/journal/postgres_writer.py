"""Group commit on PostgreSQL: changes that wait share one transaction and one wait for the disk.

Two connections take turns: while one waits for its COMMIT, the other fills its transaction. A batch
in which a guard fails, or a row is refused, is undone; what is wrong with one change is no business
of the others.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable, Sequence
from functools import partial

from meganodes.journal.guards import RowRefused
from meganodes.journal.postgres_batch import GuardFailed, Ways, judge, touched, write
from meganodes.journal.postgres_faults import DRIVER_FAULTS, Fault, LinkLost, fault_of, sentence_of
from meganodes.journal.postgres_link import Link, Session
from meganodes.journal.store import (
    Change,
    CommitResult,
    Committed,
    CommitUnknown,
    StoreUnavailable,
)
from meganodes.kit.logging import get_logger

_TURN_SECONDS = 0.02
"""A transaction that fills for longer (a row is held elsewhere) no longer keeps the other back."""

_LOOKED_AT = 4
"""So many times a batch are looked at for changes that can go together."""

_log = get_logger("journal.postgres")


class _Job:
    """A change that waits for its result."""

    __slots__ = ("change", "future", "is_done", "touched")

    def __init__(self, change: Change, future: asyncio.Future[CommitResult]) -> None:
        self.change = change
        self.future = future
        self.touched = touched(change)
        self.is_done = False


class _Turn:
    """The right to fill a transaction; it ends once, whoever ends it first."""

    def __init__(self, lock: asyncio.Lock) -> None:
        self._lock = lock
        self._is_held = False

    async def begin(self) -> None:
        await self._lock.acquire()
        self._is_held = True

    def end(self) -> None:
        if self._is_held:
            self._is_held = False
            self._lock.release()


class PostgresWriter:
    """Writes changes in the order in which they came, as far as they touch the same things."""

    def __init__(self, links: Sequence[Link], ways: Ways) -> None:
        """Take connections of its own; ``start`` begins to serve."""
        self._links = links
        self._settings = ways.settings
        self._leases = ways.leases
        self._clock = ways.clock
        self._meters = ways.meters
        self._waiting: deque[_Job] = deque()
        self._busy: set[tuple[object, ...]] = set()
        self._turn = asyncio.Lock()
        self._news: asyncio.Future[None] | None = None
        self._refusing: str | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._loop = asyncio.get_running_loop()

    def start(self) -> None:
        """Begin to serve."""
        self._tasks = [asyncio.create_task(self._serve(link)) for link in self._links]

    @property
    def waiting(self) -> int:
        """How many changes wait for their turn."""
        return len(self._waiting)

    def submit(self, change: Change) -> asyncio.Future[CommitResult]:
        """Queue a change; the future has its result once that is durable.

        Raises StoreUnavailable at once when the writer is closed or flooded. The future raises it
        when nothing was written, CommitUnknown when nobody can tell, RowRefused when the change can
        never be written.
        """
        if self._refusing is not None:
            raise StoreUnavailable(self._refusing)
        if len(self._waiting) >= self._settings.waiting_max:
            waiting = len(self._waiting)
            raise StoreUnavailable(f"{waiting} changes wait already: the database is slow")
        future: asyncio.Future[CommitResult] = self._loop.create_future()
        self._waiting.append(_Job(change, future))
        self._tell()
        return future

    async def close(self) -> None:
        """Refuse what comes from now on, finish what was handed in, hang up."""
        self._refusing = self._refusing or "the journal is closed"
        self._tell()
        await asyncio.gather(*self._tasks)
        for link in self._links:
            await link.close()

    # --- turns ------------------------------------------------------------------------------------

    async def _serve(self, link: Link) -> None:
        while True:
            turn = _Turn(self._turn)
            await turn.begin()
            try:
                jobs = await self._next()
                if not jobs:
                    return
                self._loop.call_later(_TURN_SECONDS, turn.end)
                await self._write(link, jobs, turn)
            finally:
                turn.end()

    async def _next(self) -> list[_Job]:
        """Wait for changes that can go together; none at the end."""
        while True:
            jobs = self._take()
            if jobs or (self._refusing is not None and not self._waiting):
                return jobs
            self._news = self._loop.create_future()
            await self._news

    def _take(self) -> list[_Job]:
        """Take changes that touch nothing that is under way, or that an older one waits for."""
        jobs: list[_Job] = []
        kept: list[_Job] = []
        passed: set[tuple[object, ...]] = set()
        waiting, busy, most = self._waiting, self._busy, self._settings.batch_max
        while waiting and len(jobs) < most and len(kept) < _LOOKED_AT * most:
            job = waiting.popleft()
            together = job.touched or ()
            if busy.isdisjoint(together) and passed.isdisjoint(together):
                busy.update(together)
                jobs.append(job)
            else:
                passed.update(together)
                kept.append(job)
        waiting.extendleft(reversed(kept))
        return jobs

    def _tell(self) -> None:
        if self._news is not None and not self._news.done():
            self._news.set_result(None)

    # --- one batch --------------------------------------------------------------------------------

    async def _write(self, link: Link, jobs: list[_Job], turn: _Turn) -> None:
        """Write jobs together, or in parts when that does not work; each gets its result."""
        give_up = self._clock.monotonic() + self._settings.patience_seconds
        try:
            for job in jobs:
                if job.touched is None:
                    await self._judge(link, job)
            parts = [[job for job in jobs if not job.is_done]]
            while parts:
                part = parts.pop()
                if part:
                    parts += await self._attempt(link, part, turn, give_up)
                # Only the first attempt is worth waiting for.
                turn.end()
        except Exception as defect:  # noqa: BLE001 - it is for those whose changes these were
            _log.exception("batch_failed")
            self._refuse(jobs, defect)

    async def _attempt(
        self, link: Link, jobs: list[_Job], turn: _Turn, give_up: float
    ) -> list[list[_Job]]:
        """Write jobs in one transaction; return in which parts they are to be tried again."""
        try:
            results = await link.transaction(partial(self._fill, jobs, turn))
        except GuardFailed as failed:
            return await self._without_refused(link, jobs, failed.indexes, give_up)
        except LinkLost as lost:
            return self._again(jobs, f"the database was lost: {lost}", give_up)
        except StoreUnavailable as fault:
            self._refuse([*jobs, *self._waiting], fault)
            self._waiting.clear()
        except CommitUnknown as unknown:
            self._refuse(jobs, unknown)
        except DRIVER_FAULTS as error:
            return self._after_fault(jobs, error, give_up)
        else:
            self._meters.jobs.observe(len(jobs))
            for job, result in zip(jobs, results, strict=True):
                self._finish(job, result)
        return []

    async def _fill(self, jobs: list[_Job], turn: _Turn, session: Session) -> list[Committed]:
        results = await write(session, [job.change for job in jobs], self._leases)
        turn.end()
        return results

    async def _without_refused(
        self, link: Link, jobs: list[_Job], refused: frozenset[int], give_up: float
    ) -> list[list[_Job]]:
        """Tell those that a guard refuses; the others are tried again without them."""
        again = []
        for index in sorted(refused):
            await self._judge(link, jobs[index])
            if not jobs[index].is_done:
                # Whoever was in its way has gone meanwhile.
                again += self._again([jobs[index]], "others were always quicker", give_up)
        return [*again, [job for index, job in enumerate(jobs) if index not in refused]]

    async def _judge(self, link: Link, job: _Job) -> None:
        """Give a change that was refused its result, read in one state of the database."""
        try:
            refusal = await link.look(partial(judge, change=job.change))
        except (RowRefused, StoreUnavailable) as fault:
            self._refuse([job], fault)
        else:
            if refusal is not None:
                self._finish(job, refusal)

    def _after_fault(self, jobs: list[_Job], error: Exception, give_up: float) -> list[list[_Job]]:
        """Find out by halves whose fault it is, if it is one's."""
        fault, text = fault_of(error), sentence_of(error)
        if fault is Fault.AGAIN:
            return self._again(jobs, text, give_up)
        if fault in {Fault.ROW, Fault.BLOCKED} and len(jobs) > 1:
            middle = len(jobs) // 2
            return [jobs[middle:], jobs[:middle]]
        self._meters.failed["refused"] += 1
        self._refuse(jobs, RowRefused(text) if fault is Fault.ROW else StoreUnavailable(text))
        return []

    def _again(self, jobs: list[_Job], why: str, give_up: float) -> list[list[_Job]]:
        if self._clock.monotonic() < give_up:
            return [jobs]
        self._meters.failed["refused"] += 1
        self._refuse(jobs, StoreUnavailable(why))
        return []

    # --- results ----------------------------------------------------------------------------------

    def _finish(self, job: _Job, result: CommitResult) -> None:
        self._release(job)
        if not job.future.done():
            job.future.set_result(result)

    def _refuse(self, jobs: Iterable[_Job], fault: Exception) -> None:
        for job in jobs:
            if not job.is_done:
                self._release(job)
                if not job.future.done():
                    job.future.set_exception(fault)

    def _release(self, job: _Job) -> None:
        job.is_done = True
        self._busy.difference_update(job.touched or ())
        self._tell()
