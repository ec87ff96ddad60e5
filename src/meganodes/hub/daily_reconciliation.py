"""The daily reconciliation: each agent's last UTC day beside its backend, without anybody's asking.

`status` is asked about a part of a large day, first of all about what did not simply go well. A day
on which something differs is compared again every hour, until it is equal or a week old: what was
mended is over by itself, what nobody mends stays an alert.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from meganodes.domain.reconciliation import DayResult
from meganodes.domain.retry import DAY_MS, HOUR_MS
from meganodes.hub.reconciliation import Order, Report, reconcile
from meganodes.journal.store import StoreUnavailable
from meganodes.journal.turnover import Window
from meganodes.kit.logging import get_logger

if TYPE_CHECKING:
    from meganodes.directory.records import Agent
    from meganodes.hub.core import Hub

log = get_logger("hub.daily_reconciliation")

AGENTS_AT_ONCE: Final = 8
KEPT_MS: Final = 7 * DAY_MS
"""So long a day on which something differs is compared again."""

_TICK_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DailySettings:
    """From which hour (UTC) on the day before is compared, and how many an agent is asked about."""

    at_hour: int = 3
    statuses_max: int = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class DailyPorts:
    """What the run works with.

    ``note`` writes a report into the audit log and gives its number, ``is_ours`` says whether this
    node is the one that compares, ``keep`` remembers the results beyond the process (in a thread).
    """

    hub: Hub
    note: Callable[[int, Mapping[str, object]], Awaitable[int]]
    is_ours: Callable[[], Awaitable[bool]]
    keep: Callable[[tuple[DayResult, ...]], None]


class DailyReconciliation:
    """Compares when it is time. ``start`` once, then ``stop``."""

    def __init__(
        self, ports: DailyPorts, settings: DailySettings, results: Iterable[DayResult] = ()
    ) -> None:
        """Go on from the results of an earlier run."""
        self._ports = ports
        self._settings = settings
        self._results = {(each.agent_id, each.day_ms): each for each in results}
        self._failed_at_ms: dict[tuple[int, int], int] = {}
        self._keeping = asyncio.Lock()
        self._loop: asyncio.Task[None] | None = None

    @property
    def results(self) -> tuple[DayResult, ...]:
        """Give each agent's last day, and older ones that differ."""
        return tuple(self._results.values())

    def start(self) -> None:
        """Begin to look at the clock."""
        self._loop = asyncio.get_running_loop().create_task(self._repeat())

    async def stop(self) -> None:
        """Compare no more: what was not compared to its end is begun anew after the next start."""
        if self._loop is not None:
            self._loop.cancel()
            with suppress(asyncio.CancelledError):
                await self._loop

    async def tick(self) -> None:
        """Compare all that is due now."""
        now_ms = self._ports.hub.clock.now_ms()
        due = self._due(now_ms)
        if not due or not await self._ports.is_ours():
            return
        room = asyncio.Semaphore(AGENTS_AT_ONCE)
        await asyncio.gather(*(self._compare(agent, day_ms, room) for agent, day_ms in due))
        await self._remember()

    def _due(self, now_ms: int) -> list[tuple[Agent, int]]:
        last_ms = (now_ms - self._settings.at_hour * HOUR_MS) // DAY_MS * DAY_MS - DAY_MS
        agents = {agent.agent_id: agent for agent in self._ports.hub.directory.agents()}
        new = [
            (each, last_ms) for key, each in agents.items() if (key, last_ms) not in self._results
        ]
        again = [
            (agents[each.agent_id], each.day_ms)
            for each in self._results.values()
            if each.differences and now_ms - each.at_ms >= HOUR_MS and each.agent_id in agents
        ]
        return [
            (agent, day_ms)
            for agent, day_ms in new + again
            if now_ms - self._failed_at_ms.get((agent.agent_id, day_ms), 0) >= HOUR_MS
        ]

    async def _compare(self, agent: Agent, day_ms: int, room: asyncio.Semaphore) -> None:
        async with room:
            try:
                report, number = await self._report(agent, day_ms)
            except StoreUnavailable as fault:
                log.warning("reconciliation_put_off", agent=agent.name, fault=repr(fault))
                return
            except Exception:
                # One agent's defect must not keep the others from being compared, nor be met again
                # every minute.
                self._failed_at_ms[agent.agent_id, day_ms] = self._ports.hub.clock.now_ms()
                log.exception("reconciliation_failed", agent=agent.name)
                return
        now_ms = self._ports.hub.clock.now_ms()
        self._place(_result(agent, day_ms, (now_ms, number), report))
        if report.differences:
            log.error("reconciliation_differs", agent=agent.name, report=number, day_ms=day_ms)
        if report.rows:  # of agents without play there may be very many: they are kept at the end
            await self._remember()

    async def _remember(self) -> None:
        async with self._keeping:
            await asyncio.to_thread(self._ports.keep, self.results)

    async def _report(self, agent: Agent, day_ms: int) -> tuple[Report, int | None]:
        with tempfile.TemporaryDirectory(prefix="meganodes-") as folder:
            order = Order(
                agent=agent,
                window=Window(start_ms=day_ms, end_ms=day_ms + DAY_MS),
                folder=Path(folder),
                entries={},
                asks_backend=True,
                statuses_max=self._settings.statuses_max,
            )
            report = await reconcile(self._ports.hub, order, lambda *_: None)
        if not report.rows:
            return report, None
        return report, await self._ports.note(agent.agent_id, _noted(order, report))

    def _place(self, result: DayResult) -> None:
        """Put a result in its place; days that are equal give way to the agent's next one."""
        self._results[result.agent_id, result.day_ms] = result
        days = [key for key in self._results if key[0] == result.agent_id]
        newest_ms = max(day_ms for _, day_ms in days)
        for key in days:
            is_over = not self._results[key].differences or newest_ms - key[1] >= KEPT_MS
            if key[1] != newest_ms and is_over:
                del self._results[key]

    async def _repeat(self) -> None:
        while True:
            try:
                await self.tick()
            except Exception:
                # Whoever compares must outlive any defect of a day; the log is an alarm.
                log.exception("reconciliation_run_failed")
            await self._ports.hub.clock.sleep(_TICK_SECONDS)


def _noted(order: Order, report: Report) -> dict[str, object]:
    return {
        "from_ms": order.window.start_ms,
        "to_ms": order.window.end_ms,
        "files": {},
        "rows": report.rows,
        "left_out": report.left_out,
        "differences": report.differences,
        "unanswered": report.unanswered,
        "digest": report.digest,
    }


def _result(agent: Agent, day_ms: int, done: tuple[int, int | None], report: Report) -> DayResult:
    at_ms, number = done
    return DayResult(
        agent_id=agent.agent_id,
        day_ms=day_ms,
        at_ms=at_ms,
        number=number,
        rows=report.rows,
        differences=report.differences,
        unanswered=report.unanswered,
        left_out=report.left_out,
    )
