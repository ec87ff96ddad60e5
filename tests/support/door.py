"""The core with a real directory and gateway, a scripted backend, and the agents' door in front."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import repeat
from pathlib import Path
from typing import Any

import httpx2
from msgspec import structs

from meganodes.callbacks.egress import Egress
from meganodes.callbacks.exchange import Exchange, Exchanged
from meganodes.callbacks.gateway import HttpGateway
from meganodes.callbacks.scripted import ScriptedTransport, answered, lost, not_sent
from meganodes.callbacks.settings import CallbackSettings
from meganodes.directory.port import Directory
from meganodes.directory.records import Agent, AgentCredentials, AgentState, User
from meganodes.hub.core import Hub, HubSettings
from meganodes.hub.waiting import Decisions
from meganodes.journal.memory import MemoryJournal
from meganodes.kit.clock import ManualClock
from meganodes.kit.identity import SystemIdentity
from meganodes.main_api.settings import MainApiSettings
from meganodes.main_api.v4.routes import make_app
from meganodes.player_pages.routes import make_routes
from meganodes.protocol.commands import Command
from tests.support.builders import a_game, a_new_agent, a_new_provider
from tests.support.callback_urls import PublicNameService
from tests.support.directory import Surroundings, started_directory

PUBLIC_URL = "https://hub.example.com"
CALLER = "203.0.113.9"

Answering = Callable[[Exchange], Exchanged]


@dataclass
class Backend:
    """A casino's backend. It answers well until told otherwise; `asked` is what reached it.

    Each answer takes ``seconds`` and waits for the ``gate``, if there is one. ``thinks`` says how
    many milliseconds each is said to have taken.
    """

    clock: ManualClock
    token: str
    balance: str = "100.00"
    seconds: float = 0.0
    gate: asyncio.Event | None = None
    thinks: Iterator[int] = field(default_factory=lambda: repeat(0))
    arrivals: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    asked: list[tuple[str, str]] = field(default_factory=list)
    told: dict[str, list[Answering]] = field(default_factory=dict)

    async def answer(self, exchange: Exchange) -> Exchanged:
        """Answer a callback: as told, else with a good reply, or 100 to a wrong token."""
        done = await self._answer(exchange)
        return structs.replace(done, duration_ms=done.duration_ms + next(self.thinks))

    async def _answer(self, exchange: Exchange) -> Exchanged:
        envelope = json.loads(exchange.body)
        command, account = envelope["command"], envelope["data"]["account"]
        self.asked.append((command, account))
        self.arrivals.put_nowait(account)
        if self.gate is not None:
            await self.gate.wait()
        if self.seconds:
            await self.clock.sleep(self.seconds)
        told = self.told.get(command)
        if told:
            return told.pop(0)(exchange)
        if dict(exchange.headers)["Callback-Token"] != self.token:
            return answered(exchange, b'{"result":100,"status":"ERROR","data":{}}')
        return answered(exchange, self.good_reply(account))

    def good_reply(self, account: str, more: str = "") -> bytes:
        """Write a well-formed success of authenticate or balance; ``more`` goes into its data."""
        data = f'{{"account":"{account}","balance":{self.balance}{more}}}'
        return f'{{"result":0,"status":"OK","data":{data}}}'.encode()

    def tell(self, command: Command, *bodies: bytes, status: int = 200) -> None:
        """Have the next callbacks of a command answered with these bodies."""
        self._told(command).extend(
            lambda exchange, body=body: answered(exchange, body, status=status)  # type: ignore[misc]
            for body in bodies
        )

    def permit(self, account: str, more: str) -> None:
        """Have the next authenticate succeed with more in its data, such as permissions."""
        self.tell(Command.AUTHENTICATE, self.good_reply(account, f",{more}"))

    def drop(self, command: Command, times: int = 1) -> None:
        """Have the next callbacks of a command time out."""
        self._told(command).extend([lost] * times)

    def be_down(self, command: Command) -> None:
        """Have the next callback of a command not even connected."""
        self._told(command).append(lambda _exchange: not_sent())

    def _told(self, command: Command) -> list[Answering]:
        return self.told.setdefault(command.value, [])


@dataclass(frozen=True, kw_only=True)
class Envelope:
    """An answer taken apart; numbers with a point come as the text they were written in."""

    code: int
    message: str
    data: Any = None

    @classmethod
    def of(cls, answer: httpx2.Response) -> Envelope:
        """Read an answer, which must be an envelope and nothing else."""
        return cls(**json.loads(answer.content, parse_float=str))


@dataclass
class Drain:
    """Whether the hub is closing down."""

    closing: bool = False

    def is_set(self) -> bool:
        """Say so."""
        return self.closing


@dataclass(kw_only=True)
class World:
    """One approved agent "acme" with provider 7 and its game "fruits", and all that is around."""

    hub: Hub
    clock: ManualClock
    journal: MemoryJournal
    backend: Backend
    credentials: AgentCredentials
    drain: Drain = field(default_factory=Drain)

    @property
    def directory(self) -> Directory:
        return self.hub.directory

    @property
    def agent(self) -> Agent:
        """The agent as it is now."""
        agent = self.directory.agent_by_name("acme")
        assert agent is not None
        return agent

    async def user(self, name: str = "alice") -> User:
        """Create a user of the agent without asking its backend."""
        user, _ = await self.directory.create_user(self.agent.agent_id, name)
        return user

    async def foreign_user(self, name: str = "mallory") -> User:
        """Create a user of another agent."""
        other = await self.directory.add_agent(a_new_agent(name="other"))
        user, _ = await self.directory.create_user(other.agent_id, name)
        return user

    async def set_state(self, state: AgentState) -> None:
        """Approve, suspend or set back the agent."""
        await self.directory.set_agent_state("acme", state)

    @asynccontextmanager
    async def client(
        self, settings: MainApiSettings | None = None, *, peer: str = CALLER
    ) -> AsyncIterator[httpx2.AsyncClient]:
        """Open the door and give a client that has the agent's token."""
        app = make_app(
            self.hub, settings or MainApiSettings(), self.drain, pages=make_routes(self.hub)
        )
        async with httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app=app, client=(peer, 4711)),
            base_url=PUBLIC_URL,
            headers={"authorization": f"Bearer {self.credentials.api_token.reveal()}"},
        ) as client:
            yield client

    async def post(self, path: str, body: object = None) -> Envelope:
        """Make one call of the agent; it must be a business answer."""
        async with self.client() as client:
            answer = await client.post(f"/v4/{path}", json=body)
        assert answer.status_code == 200, answer.content
        return Envelope.of(answer)


@asynccontextmanager
async def opened_world(folder: Path) -> AsyncIterator[World]:
    """Set everything up in a folder of the test."""
    clock = ManualClock()
    file = folder / "hub.db"
    credentials = await _prepared.put_into(file)
    async with started_directory(file, Surroundings(clock=clock)) as directory:
        backend = Backend(clock, credentials.callback_token.reveal())
        world = _world(directory, clock, backend, credentials)
        await world.journal.start()
        yield world


class _Prepared:
    """The database that every world starts with, made once in a process: each commit is a sync."""

    def __init__(self) -> None:
        self._content = b""
        self._credentials: AgentCredentials | None = None

    async def put_into(self, file: Path) -> AgentCredentials:
        """Write the database into a file and give the secrets of its agent."""
        if self._credentials is None:
            self._credentials = await _made_database(file)
            self._content = _content_of(file)
        else:
            _write(file, self._content)
        return self._credentials


async def _made_database(file: Path) -> AgentCredentials:
    async with started_directory(file) as directory:
        credentials = await directory.add_agent(a_new_agent())
        await directory.set_agent_state("acme", AgentState.APPROVED)
        await directory.add_provider(a_new_provider())
        await directory.import_games(7, [a_game()])
        await directory.assign("acme", 7)
    return credentials


def _content_of(file: Path) -> bytes:
    return file.read_bytes()


def _write(file: Path, content: bytes) -> None:
    file.write_bytes(content)


_prepared = _Prepared()


def _world(
    directory: Directory, clock: ManualClock, backend: Backend, credentials: AgentCredentials
) -> World:
    identity = SystemIdentity(clock, 0)
    settings = CallbackSettings()
    egress = Egress(settings.egress_rules(), PublicNameService())
    journal = MemoryJournal(clock=clock)
    hub = Hub(
        directory=directory,
        journal=journal,
        reads=journal,
        gateway=HttpGateway(
            ScriptedTransport(backend.answer, clock), egress, clock, identity, settings
        ),
        clock=clock,
        identity=identity,
        decisions=Decisions(),
        settings=HubSettings(public_url=PUBLIC_URL),
    )
    return World(hub=hub, clock=clock, journal=journal, backend=backend, credentials=credentials)
