"""The hub's core over a real database, between a provider and a wallet that keep their own records.

The provider repeats each request until its answer is definite; the wallet is honest, and its
answers get lost now and then. What all three say of every cent is compared at the end.
"""

from __future__ import annotations

import asyncio
import itertools
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from meganodes.callbacks.gateway import AgentView, Attempt, Call
from meganodes.demo.three_records import (
    Comparison,
    Fate,
    HubState,
    Kind,
    Movement,
    Played,
    Records,
    compare,
)
from meganodes.directory.records import AgentState, Provider
from meganodes.domain.answers import is_delivered, shown_state
from meganodes.domain.asked import Answer, Asked, AskedBet, AskedCancel, AskedWin
from meganodes.domain.outcome import Accepted, Outcome
from meganodes.domain.transaction import RoundKey
from meganodes.hub import wallet
from meganodes.hub.core import Hub, HubSettings
from meganodes.hub.waiting import Decisions
from meganodes.hub.worker import Worker
from meganodes.journal.postgres import PostgresJournal
from meganodes.kit.clock import SystemClock
from meganodes.kit.database import DatabaseUrl
from meganodes.kit.identity import SystemIdentity
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.commands import Command, TransType
from meganodes.protocol.wire import load_json
from tests.support.directory import Stage, Surroundings, set_the_stage, started_directory
from tests.support.hub_world import FAST, LOST_REPLY, TIME_OUT, Line, minor, session_of_today

BET_LEASE_MS = 3_000
SETTLED_WITHIN_SECONDS = 120.0
STATES_AT_ONCE = 8

_INDEFINITE = frozenset({ApiCode.TRY_AGAIN, ApiCode.INTERNAL_SERVER_ERROR})
_KINDS = {Command.BET: Kind.BET, Command.WIN: Kind.WIN}
_LISTED = {TransType.BET: Kind.BET, TransType.WIN: Kind.WIN, TransType.CANCEL: Kind.CANCEL}


class Wallet(Line):
    """An honest wallet with a ledger; some calls are lost on their way, and some answers."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__()
        self.movements: list[Movement] = []
        self._chance = chance
        self.balances["Bob"] = 10**12

    async def send(self, agent: AgentView, call: Call) -> Attempt:
        """Lose one call in fifty, and one answer in fifty."""
        if call.command in {Command.BET, Command.WIN, Command.CANCEL}:
            lost = self._chance.random()
            if lost < 0.02:
                self.next(call.command, TIME_OUT)
            elif lost < 0.04:
                self.next(call.command, LOST_REPLY)
        return await super().send(agent, call)

    def execute(self, call: Call) -> Outcome:
        """Do it, and put down what moved money."""
        outcome = super().execute(call)
        data = load_json(call.data)
        if not isinstance(outcome, Accepted) or not isinstance(data, dict):
            return outcome
        if call.command in _KINDS:
            self.movements.append(
                Movement(
                    kind=_KINDS[call.command],
                    key=str(data["trans_guid"]),
                    round_id=str(data["round_id"]),
                    amount_minor=minor(data["amount"]),
                )
            )
        elif call.command is Command.CANCEL:
            key = str(data["cancel_trans_guid"])
            (bet,) = (each for each in self.movements if each.key == key)
            undone = Movement(
                kind=Kind.CANCEL, key=key, round_id=bet.round_id, amount_minor=bet.amount_minor
            )
            self.movements.append(undone)
        return outcome


@dataclass(kw_only=True)
class MoneyWorld:
    """The hub and its surroundings. ``accepted_at`` are the moments of fresh OKs to bets."""

    hub: Hub
    wallet: Wallet
    stage: Stage
    journal: PostgresJournal
    chance: random.Random
    played: dict[str, Played] = field(default_factory=dict)
    accepted_at: list[float] = field(default_factory=list)
    repeated: int = 0
    slowest_seconds: float = 0.0
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _playing: asyncio.TaskGroup | None = None
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def provider(self) -> Provider:
        provider = self.hub.directory.provider(7)
        assert provider is not None
        return provider

    # --- the provider -----------------------------------------------------------------------------

    @asynccontextmanager
    async def play(self, players: int) -> AsyncIterator[None]:
        """Let so many play until the block ends, and their last rounds end after it."""
        enough = asyncio.Event()

        async def go_on() -> None:
            while not enough.is_set():
                await self._round()

        async with asyncio.TaskGroup() as playing:
            self._playing = playing
            for _ in range(players):
                playing.create_task(go_on())
            try:
                yield
            finally:
                enough.set()

    async def ask(self, asked: Asked) -> Answer:
        """Ask once, and note how long the answer took."""
        began = time.monotonic()
        answer = await wallet.serve(self.hub, self.provider, asked, self.hub.clock.monotonic())
        self.slowest_seconds = max(self.slowest_seconds, time.monotonic() - began)
        return answer

    def a_bet(self) -> AskedBet:
        """Make a bet of a round of its own."""
        number = next(self._numbers)
        return AskedBet(
            session=self.stage.session_token.reveal(),
            transaction_id=f"b-{number}",
            round_id=f"r-{number}",
            amount=f"{self.chance.randint(1, 9)}.{self.chance.randint(10, 99)}",
        )

    async def _round(self) -> None:
        bet = self.a_bet()
        answer = await self._definite(bet)
        fate = Fate.STANDS if answer.code is ApiCode.OK else Fate.VOID
        if fate is Fate.STANDS:
            if not answer.replay:
                self.accepted_at.append(time.monotonic())
                self._news.set()
            lot = self.chance.random()
            if lot < 0.15:
                fate = await self._cancelled(bet)
            elif lot < 0.6:
                await self._win(bet)
        self._note(Kind.BET, bet, fate)

    async def _cancelled(self, bet: AskedBet) -> Fate:
        cancel = AskedCancel(
            session=bet.session,
            transaction_id=f"c-{bet.transaction_id}",
            cancel_transaction_id=bet.transaction_id,
        )
        answer = await self._definite(cancel)
        assert answer.code is ApiCode.OK, answer
        return Fate.UNDONE

    async def _win(self, bet: AskedBet) -> None:
        win = AskedWin(
            session=bet.session,
            transaction_id=f"w-{bet.transaction_id}",
            round_id=bet.round_id,
            amount=f"{self.chance.randint(0, 20)}.{self.chance.randint(10, 99)}",
            round_closed=True,
        )
        answer = await self._definite(win)
        assert answer.code is ApiCode.OK, answer
        self._note(Kind.WIN, win, Fate.STANDS)

    def _note(self, kind: Kind, asked: AskedBet | AskedWin, fate: Fate) -> None:
        self.played[asked.transaction_id] = Played(
            kind=kind,
            transaction_id=asked.transaction_id,
            round_id=asked.round_id,
            amount_minor=minor(asked.amount),
            fate=fate,
        )

    async def _definite(self, asked: Asked) -> Answer:
        while (answer := await self.ask(asked)).code in _INDEFINITE:
            self.repeated += 1
            self._news.set()
            await asyncio.sleep(self.chance.uniform(0.02, 0.1))
        return answer

    # --- what tests wait for ----------------------------------------------------------------------

    async def accepted(self, more: int, *, within_seconds: float = 120.0) -> None:
        """Wait until so many bets more were accepted."""
        aim = len(self.accepted_at) + more
        async with asyncio.timeout(within_seconds):
            while len(self.accepted_at) < aim:
                self._news.clear()
                await self._news.wait()

    async def told_to_repeat(self, more: int, *, within_seconds: float = 120.0) -> None:
        """Wait until the provider was told so many times more to try again."""
        aim = self.repeated + more
        async with asyncio.timeout(within_seconds):
            while self.repeated < aim:
                self._news.clear()
                await self._news.wait()

    async def seconds_to_next_bet(self, since: float, *, after: float) -> float:
        """Send new bets until one is accepted after a moment; give the seconds since another one.

        Those who play already may have to wait for what becomes of the bets they have.
        """
        assert self._playing is not None
        async with asyncio.timeout(120):
            while not self.accepted_at or self.accepted_at[-1] <= after:
                self._playing.create_task(self._round())
                await self.hub.clock.sleep(0.1)
        return next(each for each in self.accepted_at if each > after) - since

    # --- the three records ------------------------------------------------------------------------

    async def agreed(self) -> Comparison:
        """Wait until nothing is owed any more, and compare the three records."""
        async with asyncio.timeout(SETTLED_WITHIN_SECONDS):
            while await self._is_open():
                await self.hub.clock.sleep(0.1)
        comparison = compare(await self._records())
        assert comparison.agrees, (comparison.differences[:5], comparison.open_ids[:5])
        assert {"bet", "cancel"} <= {each.kind.value for each in self.wallet.movements}
        return comparison

    async def _is_open(self) -> bool:
        reads = self.journal.reads
        balances = await self.journal.unlisted_balances(limit=1)
        return bool(await reads.open_work() or await reads.unplaced() or balances)

    async def _records(self) -> Records:
        agent_id = self.stage.agent.agent_id
        hub = [
            Movement(
                kind=_LISTED[entry.trans_type],
                key=entry.row.guid,
                round_id=entry.row.round_id,
                amount_minor=entry.row.amount_minor,
            )
            for entry in await self.journal.reads.listed_after(agent_id, 0, 10**6)
        ]
        states: dict[str, HubState] = {}
        rounds = iter(sorted({each.round_id for each in self.played.values()}))

        async def read() -> None:
            for round_id in rounds:
                states.update(await self._states(round_id))

        await asyncio.gather(*(read() for _ in range(STATES_AT_ONCE)))
        return Records(
            casino=self.wallet.movements,
            hub=hub,
            studio=tuple(self.played.values()),
            states=states,
        )

    async def _states(self, round_id: str) -> dict[str, HubState]:
        key = RoundKey(
            agent_id=self.stage.agent.agent_id,
            provider_id=7,
            user_code=self.stage.user.user_code,
            round_id=round_id,
        )
        return {
            row.transaction_id: HubState(state=shown_state(row).value, delivered=is_delivered(row))
            for row in await self.journal.round_rows(key)
        }


@asynccontextmanager
async def money_world(folder: Path, url: DatabaseUrl, *, seed: str) -> AsyncIterator[MoneyWorld]:
    """Run a hub on this database. Its settings are the usual ones, its waits are shortened."""
    clock = SystemClock()
    chance = random.Random(seed)  # noqa: S311 - a seed to repeat
    journal = PostgresJournal(url, clock=clock, owner="node-1")
    line = Wallet(chance)
    async with started_directory(folder / "directory.db", Surroundings(clock=clock)) as directory:
        stage = await session_of_today(directory, await set_the_stage(directory), clock)
        await directory.set_agent_state("acme", AgentState.APPROVED)
        await journal.start()
        hub = Hub(
            directory=directory,
            journal=journal,
            reads=journal.reads,
            gateway=line,
            clock=clock,
            identity=SystemIdentity(clock, 0),
            decisions=Decisions(),
            settings=HubSettings(schedule=FAST, bet_lease_ms=BET_LEASE_MS),
        )
        worker = Worker(hub)
        worker.start()
        try:
            yield MoneyWorld(hub=hub, wallet=line, stage=stage, journal=journal, chance=chance)
        finally:
            await worker.stop()
            await hub.drain()
            await journal.close()
