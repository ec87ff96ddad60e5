"""A studio and a casino with a real hub core between them, without faults and on the usual clock.

What a test breaks on purpose it breaks here: ``casino`` may be another class, and ``telling`` may
change what the studio hears.
"""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from meganodes.callbacks.egress import Egress
from meganodes.callbacks.exchange import Exchange, Exchanged
from meganodes.callbacks.gateway import HttpGateway
from meganodes.callbacks.scripted import ScriptedTransport, answered
from meganodes.callbacks.settings import CallbackSettings
from meganodes.domain.transaction import State, Step
from meganodes.hub import wallet
from meganodes.journal import memory_reports
from meganodes.provider_api.inbound import ProviderDoor
from meganodes.provider_api.messages import DoorRequest
from tests.simulation.casino import Casino, Operator
from tests.simulation.checkers.evidence import AgentFacts, Evidence, ProviderFacts
from tests.simulation.history import History, Sent
from tests.simulation.observed import ObservedTables
from tests.simulation.personality import Personality
from tests.simulation.studio import Company, Habits, Seat, Studio
from tests.support.callback_urls import PublicNameService
from tests.support.hub_world import World, hub_world

Telling = Callable[[str, int, bytes], tuple[int, bytes]]
"""Path, status and body of an answer to what the studio gets instead."""

PLAYER = "Bob"
QUICK = Habits(
    lanes=3,
    cancels=0.25,
    cancels_first=0.1,
    cancels_paid=0.1,
    conflicts=0.1,
    parallel=0.2,
    breaks_off=0.0,
    thinking_seconds=(0.0, 0.001),
    pause_seconds=(0.0, 0.002),
    patience=20,
)


def honestly(path: str, status: int, body: bytes) -> tuple[int, bytes]:
    """Tell the studio what the hub answered."""
    del path
    return status, body


@dataclass(kw_only=True)
class Table:
    """One hub, one casino, one studio, and what was seen of them."""

    world: World
    history: History
    casino: Casino
    door: ProviderDoor
    telling: Telling = honestly
    sent: int = 0
    studio: Studio = field(init=False)

    def script(self, send: Callable[[Exchange], Awaitable[Exchanged]]) -> None:
        """Let the hub's callbacks go this way."""
        hub, settings = self.world.hub, CallbackSettings()
        egress = Egress(settings.egress_rules(), PublicNameService())
        transport = ScriptedTransport(send, hub.clock)
        hub.gateway = HttpGateway(transport, egress, hub.clock, hub.identity, settings)

    async def send(self, exchange: Exchange) -> Exchanged:
        """Let the casino execute a callback at once."""
        self.sent += 1
        headers = tuple((name.encode(), value.encode()) for name, value in exchange.headers)
        self.history.append(
            Sent(
                at=self.history.now(),
                node=0,
                agent_id=exchange.agent_id,
                exchange=self.sent,
                headers=headers,
                body=exchange.body,
            )
        )
        replied = self.casino.execute(dict(headers), exchange.body)
        return answered(exchange, replied.body, status=replied.status)

    async def call(
        self, node: int | None, path: str, body: bytes, token: str
    ) -> tuple[int, bytes] | None:
        """Bring a provider's request to the door."""
        del node
        headers = [(b"authorization", b"Bearer " + token.encode())]
        request = DoorRequest(
            method="POST", path=path, headers=headers, body=body, peer_ip="192.0.2.1"
        )
        response = await self.door.handle(request)
        return self.telling(path, response.status, response.body)

    def seats(self, provider_id: int) -> Sequence[Seat]:
        """Give the one seat of the stage."""
        assert provider_id == self.world.provider.provider_id
        session = self.world.stage.session
        return [
            Seat(
                agent_id=session.agent_id,
                gplay_id=session.gplay_id,
                session=self.world.session,
                exponent=2,
            )
        ]

    async def renew(self, seat: Seat) -> Seat:
        """Let nobody stand up."""
        raise AssertionError(seat)

    async def play(self, rounds: int) -> Evidence:
        """Play, let the hub bring everything to its end, and gather the evidence."""
        self.history.phase("faults")
        await self.studio.play(rounds)
        self.history.phase("healed")
        healed_at = self.history.now()
        await self._settle()
        self.history.phase("quiet")
        return self._evidence(healed_at)

    async def _settle(self) -> None:
        for _ in range(200):
            await self.world.settle(ticks=1)
            await self.world.worker.place_listings()
            tables = self.world.journal._tables
            rows = [held.row for held in tables.held.values()]
            if not tables.waiting and not any(
                row.step is not Step.NONE or row.state is State.PENDING for row in rows
            ):
                return

    def _evidence(self, healed_at: float) -> Evidence:
        world, tables = self.world, self.world.journal._tables
        agent = world.directory.agent(world.stage.agent.agent_id)
        assert agent is not None
        return Evidence(
            history=self.history,
            rows=tuple(held.row for held in tables.held.values()),
            events={place: tuple(events) for place, events in tables.events.items()},
            attempts=tuple(tables.attempts.values()),
            listed={
                agent_id: tuple(world.journal._listed(entry) for entry in entries)
                for agent_id, entries in tables.placed.items()
            },
            open_rounds=memory_reports.open_rounds(tables, world.hub.clock.now_ms() + 1),
            ledgers={self.casino.agent_id: tuple(self.casino.ledger)},
            words=self.studio.words,
            agents={
                agent.agent_id: AgentFacts(
                    agent_id=agent.agent_id,
                    revision=agent.revision.value,
                    exponent=agent.currency.exponent,
                    accounts=frozenset({PLAYER}),
                    secrets=(agent.callback_token.reveal().encode(),),
                    flags=self.casino.personality.flags,
                )
            },
            providers={7: ProviderFacts(provider_id=7, secrets=(world.session.encode(),))},
            healed_at=healed_at,
            ended_at=self.history.now(),
        )


@asynccontextmanager
async def a_table(
    folder: Path,
    *,
    seed: int = 1,
    personality: Personality | None = None,
    casino: type[Casino] = Casino,
    telling: Telling = honestly,
) -> AsyncIterator[Table]:
    """Lay a table: the hub of `hub_world` with its real gateway, before it a real door."""
    async with hub_world(folder) as world:
        clock = world.hub.clock
        history = History(clock.monotonic)
        world.journal._tables = ObservedTables(history)
        agent = world.stage.agent
        operator = Operator(
            agent_id=agent.agent_id,
            personality=personality or Personality(),
            exponent=2,
            accounts=(PLAYER,),
        )
        backend = casino(operator, history, _random(f"{seed}/casino"))
        backend.tokens.add(agent.callback_token.reveal().encode())
        door = ProviderDoor(
            providers=world.directory,
            serve=partial(wallet.serve, world.hub),
            clock=clock,
            identity=world.hub.identity,
        )
        table = Table(world=world, history=history, casino=backend, door=door, telling=telling)
        table.script(table.send)
        company = Company(
            provider_id=7, token=world.stage.provider.provider_token.reveal(), habits=QUICK
        )
        table.studio = Studio(company, _random(f"{seed}/studio"), table, table, history)
        yield table


def _random(name: str) -> random.Random:
    return random.Random(name)  # noqa: S311 - replay is the point
