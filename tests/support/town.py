"""Both doors of one hub over real parts, with two agents who have played: for tests of everything.

Directory and journal are real, on SQLite, and the backends are scripted: each is an honest wallet
without end, unless a transaction's amount tells it to fail (see `FAILING_CENTS`).
"""

from __future__ import annotations

import asyncio
import functools
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import httpx2

from meganodes.callbacks.egress import Egress
from meganodes.callbacks.exchange import Exchange, Exchanged
from meganodes.callbacks.gateway import HttpGateway
from meganodes.callbacks.scripted import ScriptedTransport, answered, lost, not_sent
from meganodes.callbacks.settings import CallbackSettings
from meganodes.directory.port import Directory
from meganodes.directory.records import AgentCredentials, AgentState, ProviderCredentials, User
from meganodes.hub import wallet
from meganodes.hub.core import Hub, HubSettings
from meganodes.hub.uses import USUAL_RATES, Use
from meganodes.hub.waiting import Decisions
from meganodes.hub.worker import Worker
from meganodes.journal.schema import upgrade
from meganodes.journal.sqlite import SqliteJournal
from meganodes.kit.clock import Clock
from meganodes.kit.database import parse_database_url
from meganodes.kit.identity import SystemIdentity
from meganodes.kit.rate_limit import Rate
from meganodes.kit.secrets import Secret
from meganodes.main_api.settings import MainApiSettings
from meganodes.main_api.v4.routes import make_app
from meganodes.player_pages.routes import make_routes
from meganodes.provider_api.inbound import ProviderDoor
from meganodes.provider_api.messages import DoorRequest, DoorResponse
from tests.support.builders import a_game, a_launch, a_new_agent, a_new_provider
from tests.support.callback_urls import PublicNameService
from tests.support.directory import Surroundings, started_directory
from tests.support.door import CALLER, PUBLIC_URL, Drain

FAILING_CENTS: Final = {
    ".21": b'{"result":21,"status":"ERROR","data":{}}',
    ".22": b'{"result":22,"status":"ERROR","data":{}}',
    ".31": b'{"result":31,"status":"ERROR","data":{"balance":1.00}}',
    ".41": b'{"result":41,"status":"ERROR","data":{"balance":1.00}}',
    ".99": b'{"result":99,"status":"ERROR","data":{}}',
    ".77": b"<html>Bad gateway</html>",
}
"""What a backend answers to a bet of such an amount; a bet of .50 gets no answer at all."""


class HurriedClock:
    """A real clock until it is told to hurry: then what waits three seconds waits 3 / pace."""

    def __init__(self) -> None:
        """Start at the present moment."""
        self._pace = 1.0
        self._wall_start_ms = time.time_ns() // 1_000_000
        self._start = self._real_start = self._told_at = time.monotonic()

    def hurry(self, pace: float) -> None:
        """Go on from now at another pace."""
        self._told_at = self.monotonic()
        self._real_start = time.monotonic()
        self._pace = pace

    def now_ms(self) -> int:
        """Return the hurried wall time."""
        return self._wall_start_ms + int((self.monotonic() - self._start) * 1_000)

    def monotonic(self) -> float:
        """Return the hurried monotonic time."""
        return self._told_at + (time.monotonic() - self._real_start) * self._pace

    async def sleep(self, seconds: float) -> None:
        """Wait for so many hurried seconds."""
        await asyncio.sleep(max(0.0, seconds) / self._pace)


@dataclass(kw_only=True)
class Backends:
    """The wallets of all agents, by callback token."""

    tokens: set[str] = field(default_factory=set)

    async def answer(self, exchange: Exchange) -> Exchanged:
        """Answer a callback."""
        if dict(exchange.headers)["Callback-Token"] not in self.tokens:
            return answered(exchange, b'{"result":100,"status":"ERROR","data":{}}')
        envelope = json.loads(exchange.body, parse_float=str)
        command, data = envelope["command"], envelope["data"]
        if command == "bet":
            cents = str(data["amount"])[-3:]
            if cents == ".50":
                return lost(exchange)
            if cents == ".60":
                return not_sent()
            if cents in FAILING_CENTS:
                return answered(exchange, FAILING_CENTS[cents])
        told = {"account": data.get("account"), "balance": 100}
        if command == "status":
            told = {name: data[name] for name in data} | {"trans_status": "OK"}
        return answered(exchange, json.dumps({"result": 0, "status": "OK", "data": told}).encode())


@dataclass(kw_only=True)
class Resident:
    """An agent with a user, an open session of it, and a round that was played."""

    credentials: AgentCredentials
    user: User
    session: str
    round_id: str

    @property
    def api_token(self) -> str:
        return self.credentials.api_token.reveal()


@dataclass(kw_only=True)
class Town:
    """The hub, its doors, and who lives around it: "acme" tests, "rival" must not be seen."""

    hub: Hub
    worker: Worker
    door: ProviderDoor
    backends: Backends
    studio: ProviderCredentials
    other_studio: ProviderCredentials
    acme: Resident
    rival: Resident
    drain: Drain = field(default_factory=Drain)

    @property
    def directory(self) -> Directory:
        return self.hub.directory

    def app(self, settings: MainApiSettings | None = None) -> Any:  # noqa: ANN401 - an ASGI app
        """Make the application of the Main API and the players' pages."""
        pages = make_routes(self.hub)
        return make_app(self.hub, settings or MainApiSettings(), self.drain, pages=pages)

    @asynccontextmanager
    async def client(
        self, token: str | None = None, *, peer: str = CALLER
    ) -> AsyncIterator[httpx2.AsyncClient]:
        """Give a client of the Main API with this token, else acme's."""
        transport = httpx2.ASGITransport(app=self.app(), client=(peer, 4711))
        headers = {"authorization": f"Bearer {token or self.acme.api_token}"}
        async with httpx2.AsyncClient(
            transport=transport, base_url=PUBLIC_URL, headers=headers
        ) as client:
            yield client

    async def ask(
        self,
        command: str,
        fields: object,
        *,
        authorization: str | None = None,
        peer: str = CALLER,
    ) -> DoorResponse:
        """Make a provider's call as the listener hands it over, with the studio's token."""
        given = authorization or f"Bearer {self.studio.provider_token.reveal()}"
        body = fields if isinstance(fields, bytes) else json.dumps(fields).encode()
        headers = [(b"host", b"hub"), (b"authorization", given.encode("latin-1"))]
        return await self.door.handle(
            DoorRequest("POST", f"/provider/v1/{command}", headers, body, peer)
        )

    async def settle(self) -> None:
        """Let the worker do what is due, and put what is settled into the lists."""
        await self.hub.drain()
        await self.worker.tick()
        await self.hub.drain()
        await self.worker.place_listings()


@asynccontextmanager
async def a_town(folder: Path, pace: float = 1.0) -> AsyncIterator[Town]:
    """Build it on a directory file in a folder of the test; it hurries once everything stands."""
    clock = HurriedClock()
    async with started_directory(folder / "town.db", Surroundings(clock=clock)) as directory:
        backends = Backends()
        (folder / "journal.db").write_bytes(_empty_journal())
        journal = SqliteJournal(folder / "journal.db", clock=clock, owner="node-0")
        await journal.start()
        hub = _hub(directory, journal, clock, backends)
        studio = await _add_studio(directory, 7, "Pixel Works")
        other_studio = await _add_studio(directory, 8, "Rival Works")
        acme = await _settle_in(hub, "acme", "alice")
        rival = await _settle_in(hub, "rival", "mallory_the_rival")
        backends.tokens = {each.credentials.callback_token.reveal() for each in (acme, rival)}
        town = Town(
            hub=hub,
            worker=Worker(hub),
            door=ProviderDoor(
                providers=directory,
                serve=partial(wallet.serve, hub),
                clock=clock,
                identity=hub.identity,
            ),
            backends=backends,
            studio=studio,
            other_studio=other_studio,
            acme=acme,
            rival=rival,
        )
        for resident in (acme, rival):
            await _play_a_round(town, resident)
        clock.hurry(pace)
        yield town
        await hub.drain()
        await hub.gateway.close()
        await journal.close()


_RATES = {**USUAL_RATES, Use.CALLBACK_TEST: Rate(100_000, 60)}
"""A fuzzer asks for the callback test all the time, and wants to see more of it than its 429."""


@functools.cache
def _empty_journal() -> bytes:
    """Make the tables once; every town gets a copy."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "journal.db")
        upgrade(parse_database_url(f"sqlite:///{path}"))
        return path.read_bytes()


def _hub(directory: Directory, journal: SqliteJournal, clock: Clock, backends: Backends) -> Hub:
    identity = SystemIdentity(clock, 0)
    settings = CallbackSettings()
    egress = Egress(settings.egress_rules(), PublicNameService())
    transport = ScriptedTransport(backends.answer, clock)
    return Hub(
        directory=directory,
        journal=journal,
        reads=journal.reads,
        gateway=HttpGateway(transport, egress, clock, identity, settings),
        clock=clock,
        identity=identity,
        decisions=Decisions(),
        settings=HubSettings(public_url=PUBLIC_URL, rates=_RATES),
    )


async def _add_studio(directory: Directory, number: int, name: str) -> ProviderCredentials:
    credentials = await directory.add_provider(a_new_provider(provider_id=number, name=name))
    games = [a_game(provider_id=number), a_game(provider_id=number, game_code="roulette")]
    await directory.import_games(number, games)
    return credentials


async def _settle_in(hub: Hub, name: str, account: str) -> Resident:
    directory = hub.directory
    credentials = await directory.add_agent(a_new_agent(name=name))
    await directory.set_agent_state(name, AgentState.APPROVED)
    await directory.assign(name, 7)
    user, _ = await directory.create_user(credentials.agent_id, account)
    return Resident(
        credentials=credentials,
        user=user,
        session=(await open_session(hub, user)).reveal(),
        round_id=f"round-of-{name}",
    )


async def open_session(hub: Hub, user: User) -> Secret:
    """Launch fruits for a user and open it now; gives the session."""
    now_ms = hub.clock.now_ms()
    launch = a_launch(
        agent_id=user.agent_id,
        user_code=user.user_code,
        account=user.name,
        created_at_ms=now_ms,
    )
    g_token = await hub.directory.create_launch(launch)
    opened = await hub.directory.open_launch(g_token.reveal(), user.user_code, now_ms)
    assert isinstance(opened, tuple), opened
    return opened.token


async def _play_a_round(town: Town, resident: Resident) -> None:
    """Play, again under another id where the machine stood still and a bet came too late."""
    common = {"session": resident.session, "round_id": resident.round_id}
    movements: list[tuple[str, dict[str, object]]] = [
        ("bet", {"amount": "1.00"}),
        ("win", {"amount": "2.00", "round_closed": False}),
    ]
    for command, fields in movements:
        for number in range(20):
            key = f"{command}-{resident.round_id}" + f"-{number}" * bool(number)
            answer = await town.ask(command, {**common, **fields, "transaction_id": key})
            if answer.body.startswith(b'{"code":0,'):
                break
        else:
            raise AssertionError(answer.body)
    await town.settle()
