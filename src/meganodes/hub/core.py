"""What every use case gets in hand: the ports and the settings, wired once in ``bootstrap``."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

from meganodes.domain.cancellation import Moment
from meganodes.domain.retention import RetentionPolicy
from meganodes.domain.retry import CONTRACT_SCHEDULE, RetrySchedule, with_changes
from meganodes.hub.list_numbers import ListNumbers
from meganodes.hub.meters import Meters
from meganodes.hub.uses import USUAL_RATES, Use, Uses
from meganodes.kit.logging import get_logger

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

    from meganodes.callbacks.gateway import CallbackGateway
    from meganodes.directory.port import Directory
    from meganodes.directory.records import Agent
    from meganodes.hub.waiting import Decisions
    from meganodes.journal.store import JournalReads, JournalStore
    from meganodes.kit.clock import Clock
    from meganodes.kit.identity import Identity
    from meganodes.kit.rate_limit import Rate

log = get_logger("hub.core")

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True, kw_only=True)
class HubSettings:
    """Settings of the core.

    ``installation`` goes into every trans_guid and must never change. ``public_url`` is where
    players' browsers reach the hub. ``answer_within_seconds`` bounds an answer to a provider,
    ``bet_lease_ms`` and ``delivery_lease_ms`` the ownership of a row (reliability 2.3). ``rates``
    bound how often callers may use what is costly.
    """

    installation: str = "meganodes"
    public_url: str = "http://127.0.0.1:8700"
    node: str = "node-0"
    answer_within_seconds: float = 3.0
    bet_lease_ms: int = 5_000
    delivery_lease_ms: int = 9_000
    worker_tick_seconds: float = 0.25
    sequencer_tick_seconds: float = 0.1
    turnover_tick_seconds: float = 5.0
    session_hours: int = 24
    session_idle_minutes: int = 60
    schedule: RetrySchedule = CONTRACT_SCHEDULE
    retention: RetentionPolicy = field(default_factory=RetentionPolicy)
    rates: Mapping[Use, Rate] = field(default_factory=lambda: USUAL_RATES)


@dataclass(slots=True, kw_only=True)
class Hub:
    """The core's ports. ``tasks`` are callbacks under way that no caller waits for any more.

    ``last_api_calls`` are the moments (ms) of agents' last Main API calls since this process began.
    """

    directory: Directory
    journal: JournalStore
    reads: JournalReads
    gateway: CallbackGateway
    clock: Clock
    identity: Identity
    decisions: Decisions
    settings: HubSettings
    list_numbers: ListNumbers = field(default_factory=ListNumbers)
    meters: Meters = field(default_factory=Meters)
    last_api_calls: dict[int, int] = field(default_factory=dict)
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    worker_wanted: asyncio.Event = field(default_factory=asyncio.Event)
    _uses: Uses = field(init=False)

    def __post_init__(self) -> None:
        """Begin to count what callers use."""
        self._uses = Uses(self.settings.rates)

    def take(self, use: Use, who: int) -> int:
        """Count one use by an agent or a person: 0 when it may be, else the seconds to wait."""
        return self._uses.take(use, who, self.clock.monotonic())

    def moment(self, agent: Agent | None = None) -> Moment:
        """Take the time and a random share for one decision about this agent's row."""
        return Moment(
            now_ms=self.clock.now_ms(),
            jitter=self.identity.uniform(0.0, 1.0),
            schedule=self.schedule_of(agent),
            tombstones_shown=agent.tombstones_shown if agent else False,
        )

    def schedule_of(self, agent: Agent | None) -> RetrySchedule:
        """Give the retry schedule of an agent: the installation's with what is its own."""
        if agent is None or not agent.retry:
            return self.settings.schedule
        return with_changes(self.settings.schedule, agent.retry)

    def spawn(self, work: Coroutine[object, object, _T]) -> asyncio.Task[_T]:
        """Run work to its end whatever becomes of the caller: money is never abandoned."""
        task = asyncio.get_running_loop().create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self.tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("task_failed", exc_info=task.exception())

    def wake_worker(self) -> None:
        """Let the worker look for due rows now instead of at its next tick."""
        self.worker_wanted.set()

    async def drain(self) -> None:
        """Wait until every callback under way has been recorded."""
        while self.tasks:
            await asyncio.wait(set(self.tasks))
