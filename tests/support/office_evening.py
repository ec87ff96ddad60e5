"""The Back Office with an evening's work in it, over real HTTP, for a browser to look at.

The hub's clock stands still when the evening is over; a browser that shows relative times is told
the same moment. The event loop runs in a thread of its own: Playwright's occupies the test's.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import BrowserContext
from starlette.applications import Starlette

from meganodes.backoffice.app import make_office_routes
from meganodes.backoffice.cookies import SESSION_COOKIE
from meganodes.backoffice.office import OFFICE_PATH
from meganodes.backoffice.page import AnyPage, Method
from meganodes.backoffice.pages import PAGES
from meganodes.directory.records import Actor, AgentState
from meganodes.directory.settlements import SettledAs, Settlements
from meganodes.directory.staff import NewMember
from meganodes.directory.staff_records import Role, StaffState, Stage
from meganodes.hub import settling
from meganodes.hub.meters import DoorName
from meganodes.hub.open_work import parked_items
from meganodes.hub.worker import Worker
from meganodes.kit.clock import ManualClock
from meganodes.kit.secrets import Secret
from meganodes.protocol.commands import Command
from tests.support.builders import a_game, a_new_agent
from tests.support.office import OfficeWorld, Player, an_office, in_time
from tests.support.page_server import served

WAIT_SECONDS: Final = 120
ADMIN: Final = "ada.lindqvist@hub.example"
LONG_NAME: Final = "player-with-a-rather-long-account-name-0123456789"
LONG_ROUND: Final = "7c9e6679-7425-40de-944b-e07fc1f90ae7/bonus/3"
NOT_HTML: Final = frozenset({"/a/{agent_id}/log/live", "/a/{agent_id}/transactions.csv"})
"""Pages that answer with a stream or a file: nothing for the eye."""
_ACTOR: Final = Actor(source="office", name=f"{ADMIN} from 203.0.113.9")
_PARAMETER: Final = re.compile(r"\{([a-z_]+)(?::[a-z]+)?\}")


@dataclass(frozen=True, kw_only=True)
class Shot:
    """A page that a browser can be sent to: where, and how far its visitor has signed in."""

    name: str
    address: str
    stage: Stage | None


@dataclass(kw_only=True)
class OfficeEvening:
    """The served office: its addresses, the sessions of its visitors, and what runs behind it."""

    loop: asyncio.AbstractEventLoop
    origin: str
    office: OfficeWorld
    seed: Secret
    sessions: dict[Stage, str]
    parameters: dict[str, str]
    queries: dict[str, str]
    now_ms: int

    def run(self, doing: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - whatever it gives
        """Do something of the evening and wait for it."""
        return asyncio.run_coroutine_threadsafe(doing, self.loop).result(WAIT_SECONDS)

    def url(self, path: str) -> str:
        """Return the address of a page; ``path`` is below /office, with its parameters."""
        return self.origin + OFFICE_PATH + self.path(path)

    def path(self, path: str) -> str:
        """Fill a page's parameters; one that nobody seeded is a KeyError."""
        return _PARAMETER.sub(lambda found: self.parameters[found[1]], path)

    def present(self, context: BrowserContext, stage: Stage) -> None:
        """Let a browser present the session of somebody who has got so far."""
        context.add_cookies(
            [
                {
                    "name": SESSION_COOKIE,
                    "value": self.sessions[stage],
                    "url": self.origin.replace("http://", "https://"),
                    "secure": True,
                    "httpOnly": True,
                    "sameSite": "Lax",
                }
            ]
        )

    def shots(self) -> list[Shot]:
        """Give every page that can be looked at, made from the list of pages."""
        return [
            Shot(
                name=name_of(page),
                address=self.url(page.path) + self.queries.get(page.path, ""),
                stage=page.stage,
            )
            for page in shown_pages()
        ]

    def next_code(self) -> str:
        """Wait for the authenticator app's next code."""

        async def wait() -> str:
            return self.office.people.next_code(self.seed)

        code: str = self.run(wait())
        return code


def shown_pages() -> list[AnyPage]:
    """Return the pages of the office that show something."""
    return [each for each in PAGES if each.method is Method.GET and each.path not in NOT_HTML]


def name_of(page: AnyPage) -> str:
    """Name a page by its path: `a-transactions-trans_id`."""
    words = re.findall(r"[a-z_-]+", page.path.replace("/a/{agent_id}", "").replace(":path", ""))
    return "-".join(words).replace("_", "-") or "start"


@contextmanager
def an_office_evening(folder: Path) -> Iterator[OfficeEvening]:
    """Open the office, let an evening pass in it, serve it, and end it."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="office", daemon=True)
    thread.start()

    def run(doing: Coroutine[Any, Any, Any]) -> Any:  # noqa: ANN401 - whatever it gives
        return asyncio.run_coroutine_threadsafe(doing, loop).result(WAIT_SECONDS)

    stack = AsyncExitStack()
    try:
        yield run(stack.enter_async_context(_opened(folder)))
    finally:
        run(stack.aclose())
        loop.call_soon_threadsafe(loop.stop)
        thread.join(WAIT_SECONDS)
        loop.close()


@asynccontextmanager
async def _opened(folder: Path) -> AsyncIterator[OfficeEvening]:
    async with an_office(folder) as office:
        parameters = await _evening(office)
        app = Starlette(routes=make_office_routes(office.office))
        async with served(app) as origin:
            evening = await _with_visitors(office, origin, parameters)
            try:
                yield evening
            finally:
                office.office.ending.set()


async def _evening(office: OfficeWorld) -> dict[str, str]:
    """Let people play, and the backend do whatever backends do."""
    world, clock = office.world, office.world.clock
    await _agents(office)
    world.backend.thinks = cycle((11, 14, 12, 38, 13, 17, 11, 96))
    for number in range(40):
        world.hub.meters.own_seconds[DoorName.PROVIDER_API].observe((1 + number % 7) / 1000)
    await world.directory.import_games(
        7, [a_game(name="Lucky Fruits"), a_game(game_code="roulette", name="Grand Roulette Deluxe")]
    )
    alice = await office.player("alice")
    await _play(alice, clock)
    await alice.cancel("bet-that-never-came", "cancel-that-came-first")
    long = await office.player(LONG_NAME)
    world.backend.tell(Command.BET, b'{"result":31,"status":"ERROR","data":{}}')
    await long.bet("bet-of-a-provider-that-likes-long-ids-000001", "12345678.90", LONG_ROUND)
    await _troubles(office, alice)
    await in_time(clock, Worker(world.hub).place_listings())
    blocked = await world.user("carol")
    await world.directory.block_user(blocked.user_code, _ACTOR, "asked for a pause")
    return await _parameters(office, alice)


async def _agents(office: OfficeWorld) -> None:
    directory = office.world.directory
    for name, parent, state in (
        ("nordic-group", None, AgentState.APPROVED),
        ("nordic-riga-casino-and-sportsbook", "nordic-group", AgentState.APPROVED),
        ("nordic-tallinn", "nordic-group", AgentState.SUSPENDED),
        ("newcomer", None, None),
    ):
        await directory.add_agent(a_new_agent(name=name, parent=parent), _ACTOR)
        if state is not None:
            await directory.set_agent_state(name, state, _ACTOR)


async def _play(player: Player, clock: ManualClock) -> None:
    for number in range(8):
        await player.bet(f"bet-{number}", f"{number + 1}.50", f"round-{number}")
        if number % 3:
            await player.win(f"win-{number}", f"{number * 2}.00", f"round-{number}")
        elif number:
            await player.cancel(f"bet-{number}", f"cancel-{number}")
        clock.advance(1500)


async def _troubles(office: OfficeWorld, player: Player) -> None:
    backend, clock = office.world.backend, office.world.clock
    bodies = (
        b'{"result":31,"status":"ERROR","data":{}}',
        b'{"result":99,"status":"ERROR","data":{}}',
        b"<html><body>It works!</body></html>",
        b'{"result":0,"status":"OK","data":{"account":"somebody-else","balance":1.00}}',
    )
    for number, body in enumerate(bodies):
        backend.tell(Command.BET, body)
        await player.bet(f"no-{number}", "5.00", f"refused-{number}")
        clock.advance(30)
    backend.drop(Command.BET)
    await player.bet("lost-1", "7.25", "lost")
    await office.deliver()
    backend.tell(Command.WIN, b'{"result":41,"status":"ERROR","data":{}}')
    backend.tell(Command.STATUS, b'{"result":42,"status":"ERROR","data":{}}')
    await player.bet("bet-p", "3.00", "parked")
    await player.win("win-p", "80.00", "parked")
    backend.drop(Command.WIN, 40)
    await player.bet("bet-o", "4.00", "owed")
    await player.win("win-o", "16.00", "owed")
    clock.advance(60)
    await office.deliver()


async def _parameters(office: OfficeWorld, player: Player) -> dict[str, str]:
    won = await player.row("win-o")
    log = await office.world.journal.attempts(won.agent_id, won.trans_id)
    return {
        "agent_id": str(office.agent_id),
        "user_code": str(player.user.user_code),
        "provider_id": "7",
        "round_id": "owed",
        "trans_id": str(won.trans_id),
        "attempt_id": str(log[0].attempt_id),
        "cause": "no-reply-in-time",
    }


async def _with_visitors(
    office: OfficeWorld, origin: str, parameters: dict[str, str]
) -> OfficeEvening:
    people = office.people
    await people.hired(ADMIN, Role.ADMIN)
    enrolling = await people.passed(ADMIN)
    seed, enrolled = await people.enrolled(enrolling.token)
    office.world.clock.advance(60)
    await _colleagues(office)
    await _proposal(office)
    half = await people.passed(ADMIN)
    newcomer = await _stopped_at_enrolment(office)
    invitation = await people.staff.invite(
        NewMember(email="invited@casino.example", role=Role.VIEWER, agent_id=office.agent_id)
    )
    invited = f"?code={invitation.reveal()}"
    sessions = {
        Stage.SIGNED_IN: enrolled.token.reveal(),
        Stage.CODE: half.token.reveal(),
        Stage.ENROL: newcomer.reveal(),
    }
    return OfficeEvening(
        loop=asyncio.get_running_loop(),
        origin=origin,
        office=office,
        seed=seed,
        sessions=sessions,
        parameters=parameters,
        queries={"/welcome": invited, "/search": "?q=a"},
        now_ms=office.world.clock.now_ms(),
    )


async def _colleagues(office: OfficeWorld) -> None:
    people = office.people
    await people.hired("support@casino.example", Role.OPERATOR, office.agent_id)
    await people.hired("auditor.with.a.long.address@accountants.example", Role.VIEWER)
    gone = await people.hired("gone@casino.example", Role.OPERATOR, office.agent_id)
    await people.staff.set_state(gone.staff_id, StaffState.DISABLED, _ACTOR)


async def _proposal(office: OfficeWorld) -> None:
    """Somebody else says that a parked win was paid by hand."""
    people = office.people
    (item,) = await parked_items(office.world.hub, office.agent_id, after=0, limit=5)
    proposer = await people.hired("olga@hub.example", Role.ADMIN)
    says = (SettledAs.BOOKED_BY_HAND, "paid by wire on Monday, receipt 4711")
    fault = await settling.propose(Settlements(people.staff), item.row, says, proposer, _ACTOR)
    assert fault is None, fault


async def _stopped_at_enrolment(office: OfficeWorld) -> Secret:
    await office.people.hired("new.admin@hub.example", Role.ADMIN)
    return (await office.people.passed("new.admin@hub.example")).token
