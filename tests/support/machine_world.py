"""Two nodes of the hub's core over one journal in memory, in virtual time; any may die at an await.

A dead node's code goes nowhere any more: not even its `finally` runs (reliability 2.1).
"""

from __future__ import annotations

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, cast

from meganodes.callbacks.gateway import AgentView, Attempt, Call, CallbackGateway
from meganodes.directory.port import Directory
from meganodes.directory.records import Agent, Game, Provider, Session, User
from meganodes.domain.asked import Answer, Asked
from meganodes.domain.transaction import Kind, State, Transaction
from meganodes.hub import wallet
from meganodes.hub.core import Hub, HubSettings
from meganodes.hub.waiting import Decisions
from meganodes.hub.worker import Worker
from meganodes.journal.memory import MemoryJournal, StoreFault
from meganodes.journal.store import CommitUnknown, JournalReads, JournalStore, StoreUnavailable
from meganodes.kit.identity import SeededIdentity
from meganodes.protocol.commands import Command
from meganodes.protocol.wire import load_json
from tests.support.builders import a_game, a_provider, a_session, a_user, an_agent
from tests.support.machine_operator import Operator
from tests.support.virtual_time import VirtualClock, VirtualLoop

NODES = 2
SESSION = "s"


class StillDirectory:
    """The part of the directory that money needs, and nothing of it changes."""

    def __init__(self) -> None:
        self._agent, self._provider, self._game = an_agent(), a_provider(), a_game()
        self._user, self._session = a_user(), a_session()

    def agent(self, agent_id: int) -> Agent | None:
        return self._agent if agent_id == self._agent.agent_id else None

    def agents(self) -> tuple[Agent, ...]:
        return (self._agent,)

    def provider(self, provider_id: int) -> Provider:
        assert provider_id == self._provider.provider_id
        return self._provider

    def game(self, provider_id: int, game_code: str) -> Game | None:
        known = (self._game.provider_id, self._game.game_code)
        return self._game if (provider_id, game_code) == known else None

    async def session(self, token: str, provider_id: int) -> Session | None:
        assert provider_id == self._provider.provider_id
        return self._session if token == SESSION else None

    async def user(self, user_code: int) -> User | None:
        return self._user if user_code == self._user.user_code else None

    def touch_session(self, gplay_id: int, now_ms: int) -> None:
        """Sessions of a machine last for ever."""


class Mortal:
    """Stands before a port of a node: once the node is dead, nothing comes back from it."""

    def __init__(self, port: Any, node: Node) -> None:  # noqa: ANN401 - any port
        self._port = port
        self._node = node

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the port has
        member = getattr(self._port, name)
        if not asyncio.iscoroutinefunction(member):
            return member

        async def guarded(*given: Any, **named: Any) -> Any:  # noqa: ANN401 - the port's
            await self._node.breathe()
            result = await member(*given, **named)
            await self._node.breathe()
            return result

        return guarded


class MortalGateway(CallbackGateway):
    """The operator as one node sees it."""

    def __init__(self, operator: Operator, node: Node) -> None:
        self._operator = operator
        self._node = node

    async def send(self, agent: AgentView, call: Call) -> Attempt:
        await self._node.breathe()
        attempt = await self._operator.send(agent, call)
        await self._node.breathe()
        return attempt

    def is_open(self, agent_id: int) -> bool:
        return self._operator.is_open(agent_id)

    def may_deliver(self, agent_id: int) -> bool:
        return self._operator.may_deliver(agent_id)

    def delivery_room(self, agent_id: int) -> int:
        return self._operator.delivery_room(agent_id)

    def probe_wanted(self, agent_id: int, now: float | None = None) -> bool:
        return self._operator.probe_wanted(agent_id, now)

    def probes_wanted(self) -> tuple[int, ...]:
        return self._operator.probes_wanted()

    async def close(self) -> None:
        await self._operator.close()


@dataclass(eq=False)
class Node:
    """One life of one node."""

    is_alive: bool = True
    hub: Hub = field(init=False)
    worker: Worker = field(init=False)

    async def breathe(self) -> None:
        """Go on, unless the node is dead: then never."""
        if not self.is_alive:
            await asyncio.Event().wait()


class MachineWorld:
    """Nodes, journal and operator. ``said`` are the answers providers got, in order."""

    def __init__(self, loop: VirtualLoop, *, tombstones: bool) -> None:
        self.loop = loop
        self.clock = VirtualClock(loop)
        self.faults: deque[StoreFault] = deque()
        self.journal = MemoryJournal(clock=self.clock, fault=self._fault)
        self.operator = Operator(self._is_recorded, tombstones=tombstones)
        self.directory = StillDirectory()
        self.said: list[tuple[Asked, Answer]] = []
        self.births = 0
        self._kept: list[object] = []
        """What nobody else holds on to: tasks of dead nodes wait for ever and must not vanish."""
        loop.run_until_complete(self.journal.start())
        self.nodes = [self._born() for _ in range(NODES)]

    def _fault(self, method: str) -> StoreFault | None:
        return self.faults.popleft() if method == "commit" and self.faults else None

    def _born(self) -> Node:
        node = Node()
        self.births += 1
        journal = Mortal(self.journal, node)
        node.hub = Hub(
            directory=cast("Directory", self.directory),
            journal=cast("JournalStore", journal),
            reads=cast("JournalReads", journal),
            gateway=MortalGateway(self.operator, node),
            clock=self.clock,
            identity=SeededIdentity(1, self.births),
            decisions=Decisions(),
            settings=HubSettings(session_hours=10**6, session_idle_minutes=10**6),
        )
        node.worker = Worker(node.hub)
        self._kept.append(node)
        return node

    def kill(self, number: int) -> None:
        """Let a node die where it stands, and another be started in its place."""
        self.nodes[number].is_alive = False
        self.nodes[number] = self._born()

    def ask(self, number: int, asked: Asked) -> None:
        """Let a provider ask a node, without waiting for its answer."""
        node = self.nodes[number]

        async def served() -> None:
            provider = self.directory.provider(7)
            answer = await wallet.serve(node.hub, provider, asked, self.clock.monotonic())
            await node.breathe()
            self.said.append((asked, answer))

        self._kept.append(self.loop.create_task(served()))

    def pass_time(self, seconds: float) -> None:
        """Let the world go on for a while."""
        self.loop.run_until_complete(asyncio.sleep(seconds))

    def tick(self, number: int) -> None:
        """Let a node's worker look around once, and what it sends begin."""

        async def looked() -> None:
            with suppress(StoreUnavailable, CommitUnknown):  # as the worker's own loop does
                await self.nodes[number].worker.tick()

        self._kept.append(self.loop.create_task(looked()))
        self.pass_time(0.01)

    def rows(self) -> list[Transaction]:
        """Give every row of the journal."""
        return [held.row for held in self.journal._tables.held.values()]

    def next_due_seconds(self) -> float | None:
        """Give how long nothing is due, None when nothing ever will be."""
        due = [row.due_at_ms for row in self.rows() if row.due_at_ms is not None]
        is_pending = any(row.state is State.PENDING for row in self.rows())
        if is_pending:
            return 6.0
        return max(0.0, (min(due) - self.clock.now_ms()) / 1000) if due else None

    async def _is_recorded(self, call: Call) -> None:
        data = load_json(call.data)
        assert isinstance(data, dict)
        is_cancel = call.command is Command.CANCEL
        guid = data["cancel_trans_guid"] if is_cancel else data["trans_guid"]
        moving = (each for each in self.rows() if each.kind is not Kind.CANCEL)
        (row,) = (each for each in moving if each.guid == guid)
        allowed = {
            Command.BET: {State.PENDING},
            Command.WIN: {State.OWED, State.CREDITED, State.PARKED, State.UNDELIVERED},
            Command.CANCEL: {
                State.CANCELLING,
                State.NOT_SEEN_WAIT,
                State.CANCELLED,
                State.VOID,
                State.PARKED,
            },
        }
        assert row.state in allowed[call.command], (call.command, row.state)
