"""Retention while play goes on: old bytes of attempts are packed, older ones go (domain/retention).

Small steps with rests between them, in a thread of its own. A run may end anywhere: the next one
goes on where it stood.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self, TypeVar

from meganodes.domain.retention import Limits, RetentionPolicy, is_run_due
from meganodes.hub.meters import RetentionMeters
from meganodes.journal.retention import Shelf, Step, Tally
from meganodes.journal.store import StoreUnavailable
from meganodes.kit.identity import first_trans_id, time_of
from meganodes.kit.logging import get_logger

if TYPE_CHECKING:
    from meganodes.kit.clock import Clock

log = get_logger("hub.retention")

_T = TypeVar("_T")
Tell = Callable[[str, int, int], None]
"""Hears what is being done, how much of it is done, and how much there is (0: unknown)."""

LOOK_SECONDS: Final = 600.0
_ROWS_LEAST: Final = 20
_STEP_SECONDS: Final = 0.1
"""A step that took longer is followed by one of half as many rows."""


class NotAlone(Exception):
    """Another run is under way: it does what this one would."""


def _silent(_title: str, _done: int, _total: int) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """One run: who hears of it, what it leaves alone, and how it is told to end early."""

    tell: Tell = _silent
    until_ms: int | None = None
    ending: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """``rows`` of a step at most, and the ``percent`` of the time that steps may take."""

    rows: int = 500
    percent: int = 20

    def rest_seconds(self, step_seconds: float) -> float:
        """Say how long to rest after a step."""
        return step_seconds * (100 - self.percent) / self.percent

    def next_rows(self, rows: int, step_seconds: float) -> int:
        """Say how many rows the next step takes after one of ``rows``."""
        if step_seconds > _STEP_SECONDS:
            return max(min(_ROWS_LEAST, self.rows), rows // 2)
        return min(self.rows, rows * 2)


@dataclass(slots=True, kw_only=True)
class RetentionReport:
    """What a run did or, of a look ahead, would do, by agent."""

    limits: Limits
    packed: dict[int, Tally] = field(default_factory=dict)
    retired: dict[int, Tally] = field(default_factory=dict)
    kept_back: int = 0
    oldest_ms: int | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing was to be done."""
        return not (self.packed or self.retired)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """What a run needs. ``open_shelf`` runs in the run's thread; ``now_ms`` is the wall clock."""

    open_shelf: Callable[[], Shelf]
    clock: Clock
    policy: RetentionPolicy = field(default_factory=RetentionPolicy)
    pace: Pace = field(default_factory=Pace)
    meters: RetentionMeters = field(default_factory=RetentionMeters)

    async def prepare(self) -> None:
        """Make room ahead of time."""
        with _Hands(self.open_shelf) as hands:
            await hands.do(lambda shelf: shelf.prepare(self.clock.now_ms()))

    async def look(self, until_ms: int | None = None) -> RetentionReport:
        """Say what a run would do; changes nothing."""
        report = RetentionReport(limits=self.policy.limits(self.clock.now_ms(), until_ms))
        pack_below, retire_below = _numbers(report.limits)
        with _Hands(self.open_shelf) as hands:
            report.packed, report.retired = await hands.do(
                lambda shelf: shelf.planned(packed_below=pack_below, retired_below=retire_below)
            )
            await self._see_oldest(hands, report)
        return report

    async def run(self, order: Order) -> RetentionReport:
        """Do what is due, the oldest first, until it is done or is to end.

        Raises NotAlone, and StoreUnavailable.
        """
        report = RetentionReport(limits=self.policy.limits(self.clock.now_ms(), order.until_ms))
        pack_below, retire_below = _numbers(report.limits)
        tell, ending = order.tell, order.ending
        with _Hands(self.open_shelf) as hands:
            if not await hands.do(lambda shelf: shelf.is_alone()):
                raise NotAlone
            await hands.do(lambda shelf: shelf.prepare(self.clock.now_ms()))
            async for step in self._steps(hands, _retire, retire_below, ending):
                self.meters.retired += _add(report.retired, step)
                report.kept_back += step.kept_back
                tell("Retiring", _rows(report.retired), 0)
            async for step in self._steps(hands, _pack, pack_below, ending):
                self.meters.packed += _add(report.packed, step)
                tell("Packing", _rows(report.packed), 0)
            await self._see_oldest(hands, report)
        self.meters.last_run_ms = self.clock.now_ms()
        return report

    async def _steps(
        self,
        hands: _Hands,
        work: Callable[[Shelf, int, int], Step | None],
        below: int,
        ending: asyncio.Event,
    ) -> AsyncIterator[Step]:
        rows = self.pace.rows
        while not ending.is_set():
            began = self.clock.monotonic()
            step = await hands.do(lambda shelf, rows=rows: work(shelf, below, rows))  # type: ignore[misc]
            if step is None:
                return
            seconds = self.clock.monotonic() - began
            yield step
            rows = self.pace.next_rows(rows, seconds)
            await self.clock.sleep(self.pace.rest_seconds(seconds))

    async def _see_oldest(self, hands: _Hands, report: RetentionReport) -> None:
        oldest = await hands.do(lambda shelf: shelf.oldest())
        report.oldest_ms = None if oldest is None else time_of(oldest)
        self.meters.oldest_full_ms = report.oldest_ms


class DailyRetention:
    """Runs the retention every day at an hour (UTC). ``start`` once, then ``stop``."""

    def __init__(
        self, retention: Retention, hour: int, run: Callable[[asyncio.Event], Awaitable[None]]
    ) -> None:
        """Prepare; ``run`` makes one run, audited, until the event it gets is set."""
        self._retention = retention
        self._hour = hour
        self._run = run
        self._last_ms: int | None = None
        self._ending = asyncio.Event()
        self._loop: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Make room at once, and run when it is time."""
        self._loop = asyncio.get_running_loop().create_task(self._repeat())

    async def stop(self) -> None:
        """End after the step under way."""
        self._ending.set()
        if self._loop is not None:
            await self._loop

    async def look(self) -> None:
        """Run when it is time; make room in any case."""
        now_ms = self._retention.clock.now_ms()
        try:
            await self._retention.prepare()
            if is_run_due(now_ms, self._last_ms, self._hour):
                await self._run(self._ending)
                self._last_ms = now_ms
        except NotAlone:
            self._last_ms = now_ms
        except StoreUnavailable as fault:
            log.warning("retention_waits", fault=str(fault))
        except Exception:
            # The loop must outlive any defect in a run; the log is an alarm.
            log.exception("retention_failed")

    async def _repeat(self) -> None:
        while not self._ending.is_set():
            await self.look()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._ending.wait()


class _Hands:
    """A shelf in a thread of its own: what it does never holds the loop."""

    def __init__(self, open_shelf: Callable[[], Shelf]) -> None:
        self._open_shelf = open_shelf
        self._shelf: Shelf | None = None
        self._thread = ThreadPoolExecutor(1, "retention")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._shelf is not None:
            self._thread.submit(self._shelf.close)
        self._thread.shutdown()

    async def do(self, work: Callable[[Shelf], _T]) -> _T:
        """Do one thing, and let nobody who is cancelled leave it half awaited."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._now, work)

    def _now(self, work: Callable[[Shelf], _T]) -> _T:
        if self._shelf is None:
            self._shelf = self._open_shelf()
        return work(self._shelf)


def as_document(report: RetentionReport, names: Callable[[int], str]) -> dict[str, object]:
    """Say what a report holds with the names of agents: for machines, and for the audit."""
    agents = sorted(report.packed.keys() | report.retired.keys())
    return {
        "packed_before_ms": report.limits.pack_before_ms,
        "retired_before_ms": report.limits.retire_before_ms,
        "oldest_full_ms": report.oldest_ms,
        "kept_back": report.kept_back,
        "agents": [
            {
                "agent": names(agent_id),
                "packed": _counted(report.packed.get(agent_id, Tally())),
                "retired": _counted(report.retired.get(agent_id, Tally())),
            }
            for agent_id in agents
        ],
    }


def _counted(tally: Tally) -> dict[str, int]:
    return {
        "attempts": tally.rows,
        "bytes_before": tally.bytes_before,
        "bytes_after": tally.bytes_after,
    }


def _retire(shelf: Shelf, below: int, limit: int) -> Step | None:
    return shelf.retire(below, limit)


def _pack(shelf: Shelf, below: int, limit: int) -> Step | None:
    return shelf.pack(below, limit)


def _numbers(limits: Limits) -> tuple[int, int]:
    return first_trans_id(limits.pack_before_ms), first_trans_id(limits.retire_before_ms)


def _rows(tallies: dict[int, Tally]) -> int:
    return sum(each.rows for each in tallies.values())


def _add(into: dict[int, Tally], step: Step) -> int:
    for agent_id, tally in step.by_agent.items():
        into.setdefault(agent_id, Tally()).add(tally)
    return _rows(step.by_agent)
