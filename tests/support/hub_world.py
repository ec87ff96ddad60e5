"""The core with all around it in memory: a directory, a journal, a backend that can fail.

`Line` stands where the gateway stands: an honest wallet, unless a test scripts what comes next.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

from meganodes.callbacks.gateway import AgentView, Attempt, Call, CallbackGateway
from meganodes.directory.port import Directory
from meganodes.directory.records import AgentState, Provider
from meganodes.domain.asked import (
    Answer,
    AskedBet,
    AskedBetWin,
    AskedCancel,
    AskedItem,
    AskedRound,
    AskedWin,
)
from meganodes.domain.outcome import (
    Accepted,
    Duplicate,
    NotSeen,
    NotSent,
    Outcome,
    Phase,
    Refused,
    Unknown,
)
from meganodes.domain.retry import RetrySchedule
from meganodes.domain.transaction import Transaction, TransactionKey
from meganodes.hub import wallet
from meganodes.hub.core import Hub, HubSettings
from meganodes.hub.waiting import Decisions
from meganodes.hub.worker import Worker
from meganodes.journal.memory import MemoryJournal, StoreFault
from meganodes.journal.store import JournalStore
from meganodes.kit.clock import Clock, SystemClock
from meganodes.kit.identity import SystemIdentity
from meganodes.protocol.commands import Command
from meganodes.protocol.replies import Reply
from meganodes.protocol.wire import load_json
from tests.support.builders import a_launch
from tests.support.directory import Stage, Surroundings, set_the_stage, started_directory

TIME_OUT = Unknown(reason="nothing complete at the deadline")
DRAINED_WITHIN_SECONDS = 20.0
LOST_REPLY = "lost reply"
"""Scripted: the backend acts, its reply is lost."""

Step = Outcome | str | Callable[[Call], Awaitable[Outcome]]

FAST = RetrySchedule(
    quick_min_ms=1, quick_max_ms=2, not_seen_ms=(1, 1), not_seen_window_ms=1, recheck_ms=1
)
"""The contract's schedule in a hurry."""


class Line(CallbackGateway):
    """A backend's wallet as the gateway shows it; balances in minor units, by account."""

    def __init__(self) -> None:
        self.balances: dict[str, int] = defaultdict(lambda: 1_000)
        self.booked: dict[str, int] = {}
        self.cancelled: set[str] = set()
        self.script: dict[Command, deque[Step]] = defaultdict(deque)
        self.sent: list[Call] = []
        self.open: set[int] = set()
        self.reply: Reply | None = None

    def next(self, command: Command, *steps: Step) -> None:
        """Script what the next calls of a command bring."""
        self.script[command].extend(steps)

    def commands(self) -> list[str]:
        """Name the commands sent so far, in order."""
        return [call.command.value for call in self.sent]

    async def send(self, agent: AgentView, call: Call) -> Attempt:
        if agent.agent_id in self.open and not call.ignore_circuit and call.lane != "delivery":
            return self._attempt(call, NotSent(reason="the circuit is open", counted=False))
        self.sent.append(call)
        queue = self.script[call.command]
        step: Step | None = queue.popleft() if queue else None
        if step is None:
            outcome = self.execute(call)
        elif step == LOST_REPLY:
            self.execute(call)
            outcome = TIME_OUT
        elif isinstance(step, str):
            raise AssertionError(step)
        elif callable(step):
            outcome = await step(call)
        else:
            outcome = step
        return self._attempt(call, outcome)

    def _attempt(self, call: Call, outcome: Outcome) -> Attempt:
        return Attempt(
            command=call.command,
            attempt=call.attempt,
            outcome=outcome,
            phase=Phase.COMPLETE,
            started_at_ms=1,
            reply=self.reply,
        )

    def execute(self, call: Call) -> Outcome:
        """Do what an honest backend with tombstones does."""
        data = load_json(call.data)
        assert isinstance(data, dict)
        balance = self.balances[call.account]
        if call.command in {Command.AUTHENTICATE, Command.BALANCE}:
            return Accepted(balance_minor=balance)
        guid = str(data["trans_guid"])
        if call.command is Command.STATUS:
            return self._status(guid)
        if call.command is Command.CANCEL:
            return self._cancel(call.account, str(data["cancel_trans_guid"]))
        if guid in self.booked or guid in self.cancelled:
            return Duplicate(balance_minor=balance)
        amount = minor(data["amount"])
        delta = -amount if call.command is Command.BET else amount
        if balance + delta < 0:
            return Refused(result=31, balance_minor=balance)
        return self._book(call.account, guid, delta)

    def _book(self, account: str, guid: str, delta: int) -> Outcome:
        self.booked[guid] = delta
        self.balances[account] += delta
        return Accepted(balance_minor=self.balances[account])

    def _status(self, guid: str) -> Outcome:
        if guid in self.cancelled:
            return Accepted(trans_status="CANCELED")
        return Accepted(trans_status="OK") if guid in self.booked else NotSeen(result=42)

    def _cancel(self, account: str, guid: str) -> Outcome:
        if guid in self.cancelled:
            return Duplicate(balance_minor=self.balances[account])
        if guid not in self.booked:
            return NotSeen(result=43, balance_minor=self.balances[account])
        self.cancelled.add(guid)
        self.balances[account] -= self.booked.pop(guid)
        return Accepted(balance_minor=self.balances[account])

    def is_open(self, agent_id: int) -> bool:
        return agent_id in self.open

    def may_deliver(self, agent_id: int) -> bool:
        return self.delivery_room(agent_id) > 0

    def delivery_room(self, agent_id: int) -> int:
        return 1 if agent_id in self.open else 16

    def probe_wanted(self, agent_id: int, now: float | None = None) -> bool:  # noqa: ARG002
        return agent_id in self.open

    def probes_wanted(self) -> tuple[int, ...]:
        return tuple(self.open)

    async def close(self) -> None:
        pass


def minor(amount: object) -> int:
    """Read an amount of euros exactly."""
    whole, _, cents = str(getattr(amount, "text", amount)).partition(".")
    return int(whole) * 100 + int((cents + "00")[:2])


@dataclass(kw_only=True)
class World:
    """A hub whose provider and backend are in the test's hands."""

    hub: Hub
    line: Line
    journal: MemoryJournal
    directory: Directory
    stage: Stage
    worker: Worker
    faults: deque[StoreFault]

    @property
    def provider(self) -> Provider:
        provider = self.directory.provider(7)
        assert provider is not None
        return provider

    @property
    def session(self) -> str:
        return self.stage.session_token.reveal()

    @property
    def balance(self) -> int:
        return self.line.balances["Bob"]

    async def serve(self, asked: object) -> Answer:
        """Hand a request to the core as the door does."""
        return await wallet.serve(self.hub, self.provider, asked, self.hub.clock.monotonic())  # type: ignore[arg-type]

    async def bet(self, transaction_id: str = "b1", amount: str = "1.50", **more: str) -> Answer:
        usual = {"session": self.session, "round_id": "r1"}
        return await self.serve(
            AskedBet(transaction_id=transaction_id, amount=amount, **usual | more)
        )

    async def win(
        self,
        transaction_id: str = "w1",
        amount: str = "2.00",
        *,
        closed: bool = False,
        **more: str,
    ) -> Answer:
        usual = {"session": self.session, "round_id": "r1"}
        return await self.serve(
            AskedWin(
                transaction_id=transaction_id,
                amount=amount,
                round_closed=closed,
                **usual | more,
            )
        )

    async def betwin(self, *wins: tuple[str, str], bet: str = "b1", stake: str = "1.50") -> Answer:
        return await self.serve(
            AskedBetWin(
                session=self.session,
                round_id="r1",
                bet=AskedItem(transaction_id=bet, amount=stake),
                wins=tuple(AskedItem(transaction_id=key, amount=amount) for key, amount in wins),
                round_closed=True,
            )
        )

    async def cancel(self, bet: str = "b1", transaction_id: str = "c1", **more: str) -> Answer:
        usual = {"session": self.session}
        return await self.serve(
            AskedCancel(transaction_id=transaction_id, cancel_transaction_id=bet, **usual | more)
        )

    async def round(self, round_id: str = "r1") -> Answer:
        return await self.serve(AskedRound(session=self.session, round_id=round_id))

    async def row(self, transaction_id: str) -> Transaction:

        key = TransactionKey(
            agent_id=self.stage.agent.agent_id, provider_id=7, transaction_id=transaction_id
        )
        row = await self.journal.find(key)
        assert row is not None, transaction_id
        return row

    async def settle(self, *, ticks: int = 30) -> None:
        """Let everything under way end and the worker do what is due, in a hurry."""
        for _ in range(ticks):
            await self.hub.drain()
            await asyncio.sleep(0.003)
            await self.worker.tick()
        await self.hub.drain()


async def session_of_today(directory: Directory, stage: Stage, clock: Clock) -> Stage:
    """The stage's own session is of the builders' day; the hub's clock here is the real one."""
    now_ms = clock.now_ms()
    launch = a_launch(
        agent_id=stage.agent.agent_id,
        user_code=stage.user.user_code,
        account=stage.user.name,
        created_at_ms=now_ms,
    )
    g_token = await directory.create_launch(launch)
    opened = await directory.open_launch(g_token.reveal(), stage.user.user_code, now_ms)
    assert isinstance(opened, tuple), opened
    session, token = opened
    return replace(stage, session=session, session_token=token)


StoreOf = Callable[[Clock], JournalStore]
"""Makes the journal of a world on somebody's database."""

GatewayOf = Callable[[Clock], CallbackGateway]
"""Makes the gateway of a world whose backend is behind a real socket."""


@asynccontextmanager
async def hub_world(
    path: Path,
    *,
    answer_within_seconds: float = 2.0,
    store_of: StoreOf | None = None,
    gateway_of: GatewayOf | None = None,
    **settings: object,
) -> AsyncIterator[World]:
    """Build a world on a directory file in `path`; the agent acme is approved.

    Its journal is in memory, where a test can make it fail, unless ``store_of`` makes another; its
    backend is `Line`, unless ``gateway_of`` makes a way to somebody else's.
    """
    clock = SystemClock()
    async with started_directory(path / "directory.db", Surroundings(clock=clock)) as directory:
        stage = await session_of_today(directory, await set_the_stage(directory), clock)
        await directory.set_agent_state("acme", AgentState.APPROVED)
        faults: deque[StoreFault] = deque()

        def fault(method: str) -> StoreFault | None:
            return faults.popleft() if method == "commit" and faults else None

        store = MemoryJournal(clock=clock, fault=fault) if store_of is None else store_of(clock)
        journal = cast("MemoryJournal", store)
        await journal.start()
        line = Line()
        hub = Hub(
            directory=directory,
            journal=journal,
            reads=journal.reads,
            gateway=line if gateway_of is None else gateway_of(clock),
            clock=clock,
            identity=SystemIdentity(clock, 0),
            decisions=Decisions(),
            settings=replace(
                HubSettings(schedule=FAST, answer_within_seconds=answer_within_seconds),
                **settings,  # type: ignore[arg-type]
            ),
        )
        yield World(
            hub=hub,
            line=line,
            journal=journal,
            directory=directory,
            stage=stage,
            worker=Worker(hub),
            faults=faults,
        )
        try:
            async with asyncio.timeout(DRAINED_WITHIN_SECONDS):
                await hub.drain()
        finally:  # a test that failed half-way may have left a backend that never answers
            for task in hub.tasks:
                task.cancel()
            await journal.close()
