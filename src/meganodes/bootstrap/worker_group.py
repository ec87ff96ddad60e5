"""The parent of `serve --workers`: keeps workers on one listening socket, and knows nothing else.

It serves no call, opens no database, and holds the socket, so that no caller is turned away while a
worker is replaced (docs/adr/0019).
"""

from __future__ import annotations

import asyncio
import itertools
import signal
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from meganodes.bootstrap.worker_line import About
from meganodes.bootstrap.worker_process import WorkerProcess, start_worker
from meganodes.bootstrap.worker_sight import GroupSight
from meganodes.kit.clock import Clock
from meganodes.kit.logging import get_logger

START_SECONDS: Final = 60.0
"""A worker that takes no calls after so long is not going to."""
STEADY_SECONDS: Final = 30.0
"""A worker that lived so long did not die of its start."""
PAUSES: Final = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 30.0)
"""Seconds before a worker is started anew, by how often in a row it died; the last one repeats."""
STARTS_MAX: Final = 5
"""Starts of one seat that failed in a row while nobody serves: the group gives up."""
_FAILED: Final = 1

log = get_logger("bootstrap.worker_group")


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupSettings:
    """``command`` is what the interpreter is told to run as a worker.

    ``drain_seconds``: how long a worker that was replaced may take to end before it is killed.
    """

    workers: int
    command: Sequence[str]
    drain_seconds: float
    pauses: Sequence[float] = PAUSES


@dataclass(slots=True)
class _Seat:
    """A place in the group; whoever puts somebody there holds the lock."""

    number: int
    worker: WorkerProcess | None = None
    failures: int = 0
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class WorkerGroup:
    """Run once, by `run`."""

    def __init__(self, settings: GroupSettings, listener: socket.socket, clock: Clock) -> None:
        """Prepare; nothing is started yet."""
        self._settings = settings
        self._listener = listener
        self._clock = clock
        self._numbers = itertools.count(1)
        self._seats = [_Seat(number) for number in range(settings.workers)]
        self._sight = GroupSight()
        self._tasks: set[asyncio.Task[None]] = set()
        self._spawning: set[asyncio.Task[WorkerProcess]] = set()
        self._end_asked = asyncio.Event()
        self._force_asked = asyncio.Event()
        self._renewal_asked = asyncio.Event()
        self._last_failure = _FAILED
        self._has_given_up = False

    def stop(self) -> None:
        """Drain all workers and end; told a second time, end them at once."""
        if self._end_asked.is_set():
            self._force_asked.set()
        self._end_asked.set()

    def renew(self) -> None:
        """Replace all workers one by one: new program, new settings, no call refused."""
        self._renewal_asked.set()

    async def run(self, on_ready: Callable[[], None]) -> int:
        """Serve until told to stop; return the exit status of the whole.

        A worker that cannot start at the beginning ends the group with that worker's status.
        """
        keepers: list[asyncio.Task[None]] = []
        with self._signals():
            try:
                if await self._start_all():
                    on_ready()
                    keepers = [asyncio.create_task(self._keep(seat)) for seat in self._seats]
                    keepers.append(asyncio.create_task(self._renew_when_asked()))
                    await self._end_asked.wait()
            finally:
                for keeper in keepers:
                    keeper.cancel()
                await asyncio.gather(*keepers, return_exceptions=True)
            return await self._end()

    # --- start and end --------------------------------------------------------------------------

    async def _start_all(self) -> bool:
        """Start everybody at once; False when told to end meanwhile, or when one cannot start."""
        starting = {asyncio.create_task(self._fill(seat)) for seat in self._seats}
        ending = asyncio.create_task(self._until_end_asked())
        waiting = {*starting, ending}
        try:
            while waiting != {ending}:
                done, waiting = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                if ending in done:
                    return False
                if not all(each.result() for each in done):
                    self._has_given_up = True
                    return False
            return True
        finally:
            for each in waiting:
                each.cancel()
            await asyncio.gather(*waiting, return_exceptions=True)

    async def _until_end_asked(self) -> bool:
        return await self._end_asked.wait()

    async def _end(self) -> int:
        await asyncio.gather(*self._spawning)
        workers = self._sight.workers()
        log.info("group_ending", workers=len(workers))
        self._sight.is_ending = True
        for worker in workers:
            worker.stop()
        forcing = asyncio.create_task(self._kill_when_forced(workers))
        statuses = [await worker.ended() for worker in workers]
        forcing.cancel()
        while self._tasks:
            await asyncio.gather(*self._tasks)
        log.info("group_ended", statuses=statuses, forced=self._force_asked.is_set())
        if self._has_given_up:
            return self._last_failure
        torn = any(
            status for worker, status in zip(workers, statuses, strict=True) if worker.has_served
        )
        return _FAILED if torn else 0

    async def _kill_when_forced(self, workers: Sequence[WorkerProcess]) -> None:
        await self._force_asked.wait()
        for worker in workers:
            worker.kill()

    # --- seats ----------------------------------------------------------------------------------

    async def _keep(self, seat: _Seat) -> None:
        """Put somebody into a seat whenever it is empty."""
        while True:
            worker = seat.worker
            if worker is None:
                await self._refill(seat)
                continue
            status = await worker.ended()
            if seat.worker is worker:
                self._mourn(seat, worker, status)

    def _mourn(self, seat: _Seat, worker: WorkerProcess, status: int) -> None:
        """Note that a worker died that nobody told to."""
        lived = self._clock.monotonic() - worker.started_at
        seat.failures = 1 if lived > STEADY_SECONDS else seat.failures + 1
        seat.worker = None
        self._sight.restarts += 1
        log.error("worker_died", seat=seat.number, node=worker.node, pid=worker.pid, status=status)

    async def _refill(self, seat: _Seat) -> None:
        async with seat.lock:
            if seat.worker is not None:
                return
            pauses = self._settings.pauses
            await self._clock.sleep(pauses[min(seat.failures, len(pauses)) - 1])
            if await self._fill(seat) or self._sight.serving() or seat.failures < STARTS_MAX:
                return
        log.critical("group_gave_up", seat=seat.number, status=self._last_failure)
        self._has_given_up = True
        self._end_asked.set()

    async def _fill(self, seat: _Seat) -> bool:
        """Start somebody for a seat; tell whether somebody sits there now."""
        worker = await self._started(seat)
        if worker is None:
            seat.failures += 1
            return False
        seat.worker = worker
        return True

    async def _started(self, seat: _Seat) -> WorkerProcess | None:
        """Start a worker and wait until it takes calls."""
        spawning = asyncio.create_task(self._spawn(seat))
        self._spawning.add(spawning)
        spawning.add_done_callback(self._spawning.discard)
        worker = await asyncio.shield(spawning)
        if await worker.ready(START_SECONDS):
            log.info("worker_ready", seat=seat.number, node=worker.node, pid=worker.pid)
            return worker
        self._last_failure = await worker.ended() or _FAILED
        log.error("worker_did_not_start", seat=seat.number, status=self._last_failure)
        return None

    async def _spawn(self, seat: _Seat) -> WorkerProcess:
        worker = await start_worker(
            (next(self._numbers), seat.number),
            self._listener,
            self._settings.command,
            self._answer,
        )
        worker.started_at = self._clock.monotonic()
        self._sight.add(worker)
        watching = asyncio.create_task(self._watch(worker))
        self._tasks.add(watching)
        watching.add_done_callback(self._tasks.discard)
        return worker

    async def _watch(self, worker: WorkerProcess) -> None:
        await worker.ended()
        self._sight.remove(worker)

    # --- one by one -----------------------------------------------------------------------------

    async def _renew_when_asked(self) -> None:
        while True:
            await self._renewal_asked.wait()
            self._renewal_asked.clear()
            log.info("renewal_started")
            for seat in self._seats:
                if not await self._renew(seat):
                    log.error("renewal_stopped", seat=seat.number, status=self._last_failure)
                    break
            else:
                log.info("renewal_ended")

    async def _renew(self, seat: _Seat) -> bool:
        """Replace who sits there; False when nobody new could start, then the old one goes on."""
        async with seat.lock:
            fresh = await self._started(seat)
            if fresh is None:
                return False
            old, seat.worker = seat.worker, fresh
        if old is not None:
            old.retire()
            ended = asyncio.create_task(old.ended())
            _, late = await asyncio.wait({ended}, timeout=self._settings.drain_seconds)
            if late:
                log.error("worker_killed", seat=seat.number, pid=old.pid, reason="it did not end")
                old.kill()
                await ended
        return True

    # --- what it is asked -----------------------------------------------------------------------

    async def _answer(self, about: About) -> object:
        if about is About.HEALTH:
            return await self._sight.health()
        return await self._sight.metrics()

    @contextmanager
    def _signals(self) -> Iterator[None]:
        loop = asyncio.get_running_loop()
        handlers = {
            signal.SIGTERM: self.stop,
            signal.SIGINT: self.stop,
            signal.SIGHUP: self.renew,
        }
        for number, handler in handlers.items():
            loop.add_signal_handler(number, handler)
        try:
            yield
        finally:
            for number in handlers:
                loop.remove_signal_handler(number)
