"""What befalls nodes, database and operators while a run is in its bad days: one task per kind."""

from __future__ import annotations

import asyncio
import math
import random
from collections.abc import Awaitable, Callable
from typing import Final

from meganodes.directory.records import AgentState
from meganodes.kit.secrets import Secret
from tests.simulation.network import OUTAGES, healed
from tests.simulation.node import Node, Surroundings
from tests.simulation.plan import SCHEDULES, Plan
from tests.simulation.population import (
    Population,
    Resident,
    callback_token,
    host_of,
    signing_secret,
)

PAUSE_SECONDS_MIN: Final = 0.1


class Bad:
    """Brings trouble until it is stopped. Each kind draws from a stream of its own."""

    def __init__(
        self,
        plan: Plan,
        nodes: tuple[Node, ...],
        around: Surroundings,
        population: Population,
    ) -> None:
        """Take those who will be in trouble."""
        self._plan = plan
        self._nodes = nodes
        self._database = around.database
        self._residents = tuple(population.residents.values())
        self._registry = around.registry
        self._history = around.history
        self._loop = asyncio.get_running_loop()
        self._is_over = False
        self._tasks: list[asyncio.Task[None]] = []

    def begin(self) -> None:
        """Start all kinds that the plan has."""
        troubles = self._plan.troubles
        for name, every, strike in (
            ("kill", troubles.kill_every, self._kill),
            ("pause", troubles.pause_every, self._pause),
            ("database", troubles.database_every, self._database_outage),
            ("operator", troubles.operator_every, self._operator_outage),
            ("restart", troubles.restart_every, self._operator_restart),
            ("lock", troubles.lock_every, self._lock),
            ("jump", troubles.jump_every, self._jump),
            ("change", troubles.change_every, self._change),
        ):
            if every:
                rng = self._plan.rng(f"troubles/{name}")
                self._tasks.append(self._loop.create_task(self._strikes(rng, every, strike)))

    async def end(self) -> None:
        """Stop, and mend what was broken."""
        self._is_over = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._database.heal()
        for node in self._nodes:
            node.resume()
            node.clock.set_right()
            if not node.is_alive:
                node.start()
        for resident in self._residents:
            self._mend(resident)

    async def _strikes(
        self,
        rng: random.Random,
        every: float,
        strike: Callable[[random.Random], Awaitable[None]],
    ) -> None:
        while not self._is_over:
            await asyncio.sleep(rng.expovariate(1.0 / every))
            await strike(rng)

    # --- nodes ------------------------------------------------------------------------------------

    async def _kill(self, rng: random.Random) -> None:
        alive = [node for node in self._nodes if node.is_alive]
        if not alive:
            return
        node = rng.choice(alive)
        seconds = rng.uniform(0.05, self._plan.troubles.down_seconds)
        self._history.fault("node-killed", node=node.number, seconds=seconds)
        node.kill()
        self._later(seconds, self._start, node)

    def _start(self, node: Node) -> None:
        if not node.is_alive:
            node.start()

    async def _pause(self, rng: random.Random) -> None:
        up = [node for node in self._nodes if node.is_up]
        if not up:
            return
        node = rng.choice(up)
        seconds = _spread(rng, PAUSE_SECONDS_MIN, self._plan.troubles.pause_seconds)
        self._history.fault("node-paused", node=node.number, seconds=seconds)
        node.pause()
        self._later(seconds, node.resume_life, node.lives)

    async def _jump(self, rng: random.Random) -> None:
        node = rng.choice(self._nodes)
        seconds = _spread(rng, 1.0, self._plan.troubles.jump_seconds) * rng.choice((-1, 1))
        self._history.fault("clock-jumped", node=node.number, detail=f"{seconds:.0f} s")
        node.clock.jump(seconds)
        if rng.random() < 0.7:
            self._later(rng.uniform(1.0, 120.0), node.clock.set_right)

    # --- database and operators -------------------------------------------------------------------

    async def _database_outage(self, rng: random.Random) -> None:
        seconds = _spread(rng, 0.1, self._plan.troubles.database_seconds)
        self._database.fail(seconds)
        await asyncio.sleep(seconds)

    async def _operator_outage(self, rng: random.Random) -> None:
        resident = rng.choice(self._residents)
        seconds = _spread(rng, 1.0, self._plan.troubles.operator_seconds)
        resident.operator.away = rng.choice(OUTAGES)
        resident.away_until = self._loop.time() + seconds
        self._history.fault(
            "operator-outage",
            agent_id=resident.plan.agent_id,
            seconds=seconds,
            detail=resident.operator.away,
        )
        await asyncio.sleep(seconds)
        resident.operator.away = None

    async def _operator_restart(self, rng: random.Random) -> None:
        rng.choice(self._residents).casino.restart()

    async def _lock(self, rng: random.Random) -> None:
        casino = rng.choice(self._residents).casino
        account = rng.choice(sorted(casino.balances))
        casino.lock(account)
        self._later(rng.uniform(1.0, 60.0), casino.unlock, account)

    # --- settings ---------------------------------------------------------------------------------

    async def _change(self, rng: random.Random) -> None:
        resident = rng.choice(self._residents)
        change = rng.choice(
            (self._move, self._reissue, self._reissue, self._reschedule, self._suspend, self._limit)
        )
        change(resident, rng)

    def _move(self, resident: Resident, rng: random.Random) -> None:
        """Move the backend to its other place; the old one answers on."""
        resident.place = 1 - resident.place
        url = f"http://{host_of(resident.plan.agent_id, resident.place)}/v{rng.randrange(10)}"
        self._registry.change_agent(resident.plan.agent_id, "url", callback_url=url)

    def _reissue(self, resident: Resident, rng: random.Random) -> None:
        """Reissue token and secret; the operator takes the old ones a while longer, or not."""
        agent_id = resident.plan.agent_id
        resident.issue += 1
        tokens = resident.casino.tokens
        old = set(tokens)
        tokens.add(callback_token(agent_id, resident.issue).encode())
        self._registry.change_agent(
            agent_id,
            "token",
            callback_token=Secret(callback_token(agent_id, resident.issue)),
            signing_secrets=(Secret(signing_secret(agent_id, resident.issue)),),
        )
        self._later(rng.choice((0.0, 0.5, 30.0)), tokens.difference_update, old)

    def _reschedule(self, resident: Resident, rng: random.Random) -> None:
        self._registry.change_agent(
            resident.plan.agent_id, "retry schedule", retry=rng.choice(SCHEDULES)
        )

    def _suspend(self, resident: Resident, rng: random.Random) -> None:
        agent_id = resident.plan.agent_id
        self._registry.change_agent(agent_id, "suspended", state=AgentState.SUSPENDED)
        self._later(rng.uniform(0.5, 20.0), self._approve, agent_id)

    def _approve(self, agent_id: int) -> None:
        if not self._is_over:
            self._registry.change_agent(agent_id, "approved", state=AgentState.APPROVED)

    def _limit(self, resident: Resident, rng: random.Random) -> None:
        limit = rng.choice((None, 1, 4, 64))
        self._registry.change_agent(resident.plan.agent_id, "in_flight_max", in_flight_max=limit)

    def _mend(self, resident: Resident) -> None:
        agent_id = resident.plan.agent_id
        resident.operator.away = None
        resident.operator.habits = healed(resident.plan.line)
        resident.casino.heal()
        resident.casino.tokens.add(callback_token(agent_id, resident.issue).encode())
        self._registry.change_agent(
            agent_id, "healed", state=AgentState.APPROVED, in_flight_max=None, retry={}
        )

    def _later(self, seconds: float, work: Callable[..., object], *args: object) -> None:
        self._loop.call_later(seconds, work, *args)


def _spread(rng: random.Random, least: float, most: float) -> float:
    """Draw seconds, the short as likely as the long."""
    return least * math.exp(rng.random() * math.log(max(most, least) / least))
