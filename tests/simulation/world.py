"""One run: bad days while the studios play, then everything heals, then nothing is left to do.

`run` gives all that is left of it as evidence; the judges (`checkers`) say what is wrong with it.
"""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from meganodes.domain.transaction import Step
from meganodes.hub.core import HubSettings
from meganodes.journal import memory_reports
from meganodes.journal.memory import MemoryJournal
from meganodes.journal.memory_tables import Tables
from tests.simulation.captured_logs import captured_logs
from tests.simulation.checkers.evidence import Evidence
from tests.simulation.connections import connect
from tests.simulation.directory import Registry
from tests.simulation.doors import DoorHabits, Doors
from tests.simulation.history import Fault, History
from tests.simulation.loop import OWNER, VirtualLoop
from tests.simulation.network import Network
from tests.simulation.node import Node, NodeClock, Surroundings
from tests.simulation.observed import ObservedTables
from tests.simulation.plan import DAY, Plan
from tests.simulation.population import Population
from tests.simulation.store import Database, DatabaseClock
from tests.simulation.troubles import Bad

WALL_MS: Final = 1_790_000_000_000
"""2026-09-21: the wall clock where a run begins."""

BAD_SECONDS_MAX: Final = 3 * 3_600.0
"""Bad days end then, whether all rounds are played or not."""

QUIET_WITHIN_SECONDS: Final = 9 * DAY
"""What is due later than this is due for ever; owed callbacks are given up after seven days."""

_LOOK_SECONDS: Final = 2.0
_AWAKE_SECONDS: Final = 0.5
"""So long before something is due the node is awake that is to do it."""
_AWAKE_SECONDS_MAX: Final = 20 * 60.0
_NAP_SECONDS: Final = 4 * 3_600.0
_SHORT_NAP_SECONDS: Final = 10 * 60.0
PUNCTUAL_SECONDS: Final = 2 * 3_600.0
"""So long after healing I12 measures how soon what is owed is done: nobody sleeps long then."""
_AWAKE_BETWEEN_NAPS: Final = 30.0


@dataclass(frozen=True, kw_only=True)
class Run:
    """What is left of a run. ``figures`` are counts and durations, for people and for targets."""

    plan: Plan
    evidence: Evidence
    digest: str
    troubles: tuple[str, ...]
    figures: dict[str, float] = field(default_factory=dict)


def run(plan: Plan) -> Run:
    """Play one plan to its end."""
    began = time.process_time()
    loop = VirtualLoop()
    with uncollected(), captured_logs() as logs:
        try:
            world = loop.run_until_complete(_live(loop, plan))
            evidence = world.evidence(bytes(logs.text))
            troubles = (*loop.troubles, *logs.defects)
        finally:
            loop.end()
    figures = world.figures() | {
        "turns": loop.turns,
        "cpu_seconds": round(time.process_time() - began, 3),
    }
    return Run(
        plan=plan,
        evidence=evidence,
        digest=evidence.history.digest(),
        troubles=troubles,
        figures=figures,
    )


@contextmanager
def uncollected() -> Iterator[None]:
    """Leave cycles lying until the block ends: looking for them is a fifth of a run's time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


async def _live(loop: VirtualLoop, plan: Plan) -> World:
    world = World(loop, plan)
    await world.suffer()
    await world.heal()
    await world.come_to_rest()
    return world


def nap_seconds(healed_for: float) -> float:
    """Give how long all nodes may sleep over what is due, so long after healing."""
    return _SHORT_NAP_SECONDS if healed_for < PUNCTUAL_SECONDS else _NAP_SECONDS


class World:
    """All parts of one run, and its three phases."""

    def __init__(self, loop: VirtualLoop, plan: Plan) -> None:
        """Put everything together; nothing runs yet."""
        self.plan = plan
        self._loop = loop
        self.history = History(loop.time, self._acting_node)
        self.tables: Tables = ObservedTables(self.history)
        clock = DatabaseClock(loop.time, WALL_MS + plan.rng("clocks").randrange(-400, 400))
        self.database = Database(self.tables, clock, plan.rng("database"), self.history)
        self.network = Network(plan.rng("network"), self.history)
        loop.connect_by(connect)
        self.registry = Registry(self.history)
        self.population = Population(plan, self.registry, self.network, self.history, WALL_MS)
        self.nodes = self._make_nodes()
        self.doors = Doors(self.nodes, plan.rng("doors"), self.history)
        self.population.open_studios(self.doors)
        self._began_at = self._healed_at = self._ended_at = loop.time()
        self._rest_seconds = 0.0
        self._rests = 0

    def _make_nodes(self) -> tuple[Node, ...]:
        worker, sequencer = self.plan.ticks
        self._around = around = Surroundings(
            loop=self._loop,
            database=self.database,
            network=self.network,
            registry=self.registry,
            history=self.history,
            rng=self.plan.rng,
        )
        return tuple(
            Node(
                number,
                around,
                NodeClock(self._loop, WALL_MS - int(self._loop.time() * 1_000)),
                HubSettings(
                    node=f"node-{number}",
                    worker_tick_seconds=worker,
                    sequencer_tick_seconds=sequencer,
                    turnover_tick_seconds=60.0,
                ),
            )
            for number in range(self.plan.nodes)
        )

    def _acting_node(self) -> int | None:
        if self.database.acting is not None:
            return self.database.acting
        owner = OWNER.get()
        return None if owner is None else owner.number

    # --- the phases -------------------------------------------------------------------------------

    async def suffer(self) -> None:
        """Play while everything fails that the plan lets fail."""
        for node in self.nodes:
            node.start()
        await asyncio.sleep(0.1)
        self.history.phase("faults")
        self.database.habits = self.plan.store
        self.doors.habits = self.plan.doors
        self._bad = Bad(self.plan, self.nodes, self._around, self.population)
        self._bad.begin()
        self._plays = [
            self._loop.create_task(studio.play(provider.rounds))
            for studio, provider in zip(self.population.studios, self.plan.providers, strict=True)
        ]
        await asyncio.wait(self._plays, timeout=BAD_SECONDS_MAX)
        # An outage that outlasts the play goes on, with what is owed to be delivered.
        await asyncio.sleep(self.population.away_seconds(self._loop.time()))

    async def heal(self) -> None:
        """Mend everything, and let the studios finish."""
        await self._bad.end()
        self.doors.habits = DoorHabits()
        self._healed_at = self._loop.time()
        self.history.phase("healed")
        await asyncio.gather(*self._plays)

    async def come_to_rest(self) -> None:
        """Wait until nothing is due and the longest delay is over; idle hours pass in a jump."""
        give_up_at = self._loop.time() + QUIET_WITHIN_SECONDS
        while self._loop.time() < give_up_at:
            await asyncio.sleep(_LOOK_SECONDS)
            if not all(node.owes_nothing() for node in self.nodes):
                continue
            wait = self._idle_seconds()
            if wait is None:
                break
            if wait > _LOOK_SECONDS:
                await self._sleep(wait - _AWAKE_SECONDS)
            elif self._awake_seconds() > _AWAKE_SECONDS_MAX:
                # An operator that fails each repeat is asked for seven days: not all of them here.
                await self._sleep(nap_seconds(self._loop.time() - self._healed_at))
                await asyncio.sleep(_AWAKE_BETWEEN_NAPS)
        self._ended_at = self._loop.time()
        self.history.phase("quiet")

    def _idle_seconds(self) -> float | None:
        """Give how long nothing is due, None when nothing will ever be."""
        tables = self.tables
        if tables.pending or tables.waiting:
            return 0.0
        now_ms = self.database.clock.now_ms()
        waits = [
            ((row.due_at_ms or 0) - now_ms) / 1_000
            for row in (tables.held[place].row for place in tables.due)
            if row.step is not Step.NONE
        ]
        late = self.network.latest_at - self._loop.time()
        if late > 0:
            waits.append(late + 1.0)
        return max(0.0, min(waits)) if waits else None

    async def _sleep(self, seconds: float) -> None:
        """Let the hours pass in which no node has anything to do, without its ticks.

        One node wakes for what is due then, another each time.
        """
        self._rest_seconds += seconds
        for node in self.nodes:
            node.pause()
        await asyncio.sleep(seconds)
        self._rests += 1
        self.nodes[self._rests % len(self.nodes)].resume()

    def _awake_seconds(self) -> float:
        return self._loop.time() - self._healed_at - self._rest_seconds

    def _bad_seconds(self) -> float:
        return self._loop.time() - self._began_at

    # --- what is left -----------------------------------------------------------------------------

    def evidence(self, logs: bytes) -> Evidence:
        """Gather everything the judges may see."""
        tables = self.tables
        journal = MemoryJournal(clock=self.database.clock)
        journal._tables = tables
        return Evidence(
            history=self.history,
            rows=tuple(held.row for held in tables.held.values()),
            events={place: tuple(events) for place, events in tables.events.items()},
            attempts=tuple(tables.attempts.values()),
            listed={
                agent_id: tuple(journal._listed(entry) for entry in entries)
                for agent_id, entries in tables.placed.items()
            },
            open_rounds=memory_reports.open_rounds(tables, 10 * WALL_MS),
            ledgers={
                agent_id: tuple(resident.casino.ledger)
                for agent_id, resident in self.population.residents.items()
            },
            words=tuple(word for studio in self.population.studios for word in studio.words),
            agents=self.population.agent_facts(),
            providers=self.population.provider_facts(),
            logs=logs,
            healed_at=self._healed_at,
            ended_at=self._ended_at,
        )

    def figures(self) -> dict[str, float]:
        """Count what happened."""
        kinds = [fault.kind for fault in self.history.of(Fault)]
        messages = self.network.messages + self.doors.messages
        return {
            "transactions": len(self.tables.held),
            "messages": messages,
            "faults": len(kinds),
            "faults_per_1000": round(1_000 * len(kinds) / max(1, messages), 1),
            "kills": kinds.count("node-killed"),
            "virtual_seconds": round(self._ended_at - self._began_at, 1),
            "rest_seconds": round(self._rest_seconds, 1),
            "bad_seconds": round(self._healed_at - self._began_at, 1),
        }
