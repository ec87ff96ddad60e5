"""The Back Office over a hub that plays: somebody signs in, reads pages and sends forms.

`async with an_office(tmp_path) as office: await office.sign_in(Role.VIEWER, agent_id)`.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qsl

import httpx2
from starlette.applications import Starlette

from meganodes.backoffice.app import make_office_routes
from meganodes.backoffice.cookies import SESSION_COOKIE, csrf_token
from meganodes.backoffice.office import OFFICE_PATH, Office
from meganodes.directory.core import DirectoryPorts
from meganodes.directory.records import User
from meganodes.directory.staff import Staff
from meganodes.directory.staff_records import Role, StaffMember, Stage
from meganodes.directory.staff_sign_in import SignIn
from meganodes.domain.asked import Answer, AskedBet, AskedCancel, AskedWin
from meganodes.domain.transaction import Transaction, TransactionKey
from meganodes.hub import wallet
from meganodes.hub.worker import Worker
from meganodes.kit.clock import ManualClock
from meganodes.kit.identity import SystemIdentity
from meganodes.kit.passwords import Passwords
from meganodes.kit.secrets import Secret
from tests.support.builders import a_launch
from tests.support.directory import MASTER_KEY, open_database
from tests.support.door import CALLER, PUBLIC_URL, World, opened_world
from tests.support.staff import People

PROVIDER_ID = 7
GAME_CODE = "fruits"

_T = TypeVar("_T")


@dataclass(kw_only=True)
class OfficeWorld:
    """An office, its browser, and what happens in the hub behind it.

    ``world`` is the hub with one approved agent "acme", provider 7 and its game "fruits"; the
    backend does as ``world.backend`` is told. The clock is the test's: ``world.clock``.
    """

    world: World
    office: Office
    people: People
    client: httpx2.AsyncClient

    @property
    def agent_id(self) -> int:
        """The number of acme."""
        return self.world.agent.agent_id

    async def sign_in(self, role: Role = Role.ADMIN, agent_id: int | None = None) -> StaffMember:
        """Hire somebody and let the browser be theirs; ``agent_id`` None: the hub's own team."""
        email = (
            f"{role}.{agent_id or 'hub'}.{len(await self.people.staff.members())}@casino.example"
        )
        member = await self.people.hired(email, role, agent_id)
        passed = await self.people.passed(email)
        token = passed.token
        if passed.stage is Stage.ENROL:
            _, enrolled = await self.people.enrolled(token)
            token = enrolled.token
        self.present(token)
        return member

    def present(self, token: Secret) -> None:
        """Let the browser present this session."""
        self.sign_out()
        self.client.cookies.set(SESSION_COOKIE, token.reveal(), domain="hub.example.com", path="/")

    def sign_out(self) -> None:
        """Let the browser forget who it was."""
        self.client.cookies.clear()

    @property
    def csrf(self) -> str:
        """What the forms of this session carry."""
        return csrf_token(self.client.cookies.get(SESSION_COOKIE) or "")

    async def get(self, path: str, **query: str | int) -> httpx2.Response:
        """Ask for a page; ``path`` is below /office. Redirects are not followed."""
        return await self.client.get(OFFICE_PATH + path, params=query or None)

    async def page(self, path: str, **query: str | int) -> str:
        """Ask for a page that must be there; return its HTML."""
        answer = await self.get(path, **query)
        assert answer.status_code == 200, (answer.status_code, answer.headers, answer.text[-3000:])
        return answer.text

    async def post(self, path: str, **fields: str | int) -> httpx2.Response:
        """Send a form from a page of the office's own."""
        values = {name: str(value) for name, value in fields.items()}
        headers = {"origin": PUBLIC_URL, "referer": f"{PUBLIC_URL}{OFFICE_PATH}{path}"}
        return await self.client.post(
            OFFICE_PATH + path, data={"csrf": self.csrf, **values}, headers=headers
        )

    async def player(self, name: str = "alice") -> Player:
        """Let a user of acme open the game."""
        world = self.world
        user = await world.user(name)
        now_ms = world.clock.now_ms()
        launch = a_launch(
            agent_id=user.agent_id,
            user_code=user.user_code,
            account=user.name,
            provider_id=PROVIDER_ID,
            game_code=GAME_CODE,
            created_at_ms=now_ms,
        )
        g_token = await world.directory.create_launch(launch)
        opened = await world.directory.open_launch(g_token.reveal(), user.user_code, now_ms)
        assert isinstance(opened, tuple), opened
        return Player(world=world, user=user, session=opened[1].reveal())

    async def deliver(self) -> None:
        """Let the worker do once what is due by now."""
        hub, clock = self.world.hub, self.world.clock
        await in_time(clock, hub.drain())
        await in_time(clock, Worker(hub).tick())
        await in_time(clock, hub.drain())


@dataclass(frozen=True, kw_only=True)
class Player:
    """Somebody who plays; each call is the provider's."""

    world: World
    user: User
    session: str

    async def bet(
        self, transaction_id: str = "b1", amount: str = "1.50", round_id: str = "r1"
    ) -> Answer:
        return await self._serve(
            AskedBet(
                session=self.session,
                transaction_id=transaction_id,
                round_id=round_id,
                amount=amount,
            )
        )

    async def win(
        self,
        transaction_id: str = "w1",
        amount: str = "2.00",
        round_id: str = "r1",
        *,
        closed: bool = True,
    ) -> Answer:
        return await self._serve(
            AskedWin(
                session=self.session,
                transaction_id=transaction_id,
                round_id=round_id,
                amount=amount,
                round_closed=closed,
            )
        )

    async def cancel(self, bet: str = "b1", transaction_id: str = "c1") -> Answer:
        return await self._serve(
            AskedCancel(
                session=self.session, transaction_id=transaction_id, cancel_transaction_id=bet
            )
        )

    async def row(self, transaction_id: str) -> Transaction:
        """Read what the journal has under the provider's id."""
        key = TransactionKey(
            agent_id=self.user.agent_id, provider_id=PROVIDER_ID, transaction_id=transaction_id
        )
        row = await self.world.journal.find(key)
        assert row is not None, transaction_id
        return row

    async def _serve(self, asked: AskedBet | AskedWin | AskedCancel) -> Answer:
        hub = self.world.hub
        provider = hub.directory.provider(PROVIDER_ID)
        assert provider is not None
        serving = wallet.serve(hub, provider, asked, hub.clock.monotonic())
        return await in_time(self.world.clock, serving)


async def in_time(clock: ManualClock, work: Coroutine[Any, Any, _T]) -> _T:
    """Do work; when it waits for the clock, time goes on.

    What has not ended after a good while waits for the clock; before that it may as well be the
    machine that is busy, and time that went on then would run into deadlines of the hub.
    """
    task = asyncio.ensure_future(work)
    patience = 1.5
    while not (await asyncio.wait({task}, timeout=patience))[0]:
        await clock.pass_time(0.25)
        patience = 0.05
    return task.result()


def query_of(location: str) -> dict[str, str]:
    """Take the query of an address apart."""
    return dict(parse_qsl(location.partition("?")[2], keep_blank_values=True))


@asynccontextmanager
async def an_office(path: Path, passwords: Passwords | None = None) -> AsyncIterator[OfficeWorld]:
    """Open a hub, its Back Office and a browser on a folder of the test."""
    async with opened_world(path) as world:
        people, ports = _people_on(path, world.clock, passwords)
        office = Office(hub=world.hub, staff=people.staff, sign_in=people.sign_in)
        app = Starlette(routes=make_office_routes(office))
        transport = httpx2.ASGITransport(app=app, client=(CALLER, 4711))
        async with httpx2.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
            try:
                yield OfficeWorld(world=world, office=office, people=people, client=client)
            finally:
                await in_time(world.clock, world.hub.drain())
                people.staff.close()
                ports.database.close()


def _people_on(
    path: Path, clock: ManualClock, passwords: Passwords | None
) -> tuple[People, DirectoryPorts]:
    """Open the people of the world's own database, over connections of their own."""

    async def no_check(_url: str) -> str | None:
        return None

    ports = DirectoryPorts(
        database=open_database(path / "hub.db"),
        master_key=MASTER_KEY,
        clock=clock,
        identity=SystemIdentity(clock, 0),
        url_check=no_check,
    )
    staff = Staff(ports, passwords)
    return People(staff=staff, sign_in=SignIn(staff), clock=clock), ports
