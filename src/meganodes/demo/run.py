"""Starts hub, casino and toy studio on this machine, sets them up, and runs the tour.

Everything lives in one fresh folder below ``.demo``; nothing else is touched, nothing is deleted.
"""

from __future__ import annotations

import asyncio
import json
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.panel import Panel

from meganodes.demo.backends import Backend, BackendMissing, command_of
from meganodes.demo.casino_programs import CasinoPlan, start_casino
from meganodes.demo.children import ChildFault, Children
from meganodes.demo.http_client import NoAnswer
from meganodes.demo.narrator import Narrator
from meganodes.demo.provider_door import ProviderDoor
from meganodes.demo.reading_records import HubAnswerFault, Places
from meganodes.demo.serving import PortTaken, bind
from meganodes.demo.tour import run_tour
from meganodes.kit.clock import Clock, SystemClock
from meganodes.protocol.commands import Revision
from meganodes.protocol.currency import currency

AGENT = "toy-casino"
PROVIDER = "Toy Studio"
CURRENCY = "EUR"
STAFF = "staff@toy-casino.example"
_READY_SECONDS = 30.0
_GAMES = (
    ("toy-slot", "Toy Slot", "Slots", "video"),
    ("toy-crash", "Toy Crash", "mini", "crash"),
    ("toy-roulette", "Toy Roulette", "Live", "roulette"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoOptions:
    """How to run the demo.

    ``backend`` takes the toy casino's place, on ``backend_port`` and behind the casino's own port.
    ``postgresql`` puts the hub on a server of its own, which ends with the demo.
    ``environment`` is handed to the child processes; what the demo itself sets goes before it.
    """

    folder: Path = Path(".demo")
    hub_port: int = 8700
    casino_port: int = 8701
    studio_port: int = 8702
    backend_port: int = 8703
    backend: Backend | None = None
    revision: Revision = Revision.GUID
    duplicates: int = 41
    numeric_text: bool = False
    once: bool = False
    postgresql: bool = False
    environment: Mapping[str, str] = field(default_factory=dict)


async def run_demo(options: DemoOptions, console: Console | None = None) -> int:
    """Run the demo; 0 when the tour came out and the three records agree, 1 otherwise."""
    told = console or Console()
    narrator = Narrator(told)
    try:
        _check_ports(options)
        if options.backend is not None:
            await command_of(options.backend, options.backend_port)
        folder = _fresh_folder(options.folder)
        with _database(options, folder, told) as address:
            demo = _Demo(options, folder, told, narrator, SystemClock())
            demo.database_url = address
            return await demo.run()
    except PortTaken as taken:
        option = _port_options(options)[taken.port]
        narrator.bad(
            f"port {taken.port} is taken: stop the program that listens there, "
            f"or choose another with {option}"
        )
    except (BackendMissing, ChildFault, NoAnswer, HubAnswerFault) as fault:
        narrator.bad(str(fault))
    return 1


@contextmanager
def _database(options: DemoOptions, folder: Path, console: Console) -> Iterator[str]:
    """Give the hub's database: a file in the folder, or a server that is thrown away afterwards."""
    if not options.postgresql:
        yield f"sqlite:///{folder / 'hub.db'}"
        return
    # The hub needs no psycopg to stand on a file, and the demo none to show that.
    from meganodes.kit.postgres_server import PostgresServer  # noqa: PLC0415

    server = PostgresServer()
    try:
        with console.status("Starting a PostgreSQL for this demo ..."):
            server.start()
            address = server.create("meganodes")
        console.print("The hub's database is a PostgreSQL of its own, gone when the demo ends.")
        yield address
    finally:
        server.remove()


def _port_options(options: DemoOptions) -> dict[int, str]:
    ports = {
        options.hub_port: "--port",
        options.casino_port: "--casino-port",
        options.studio_port: "--studio-port",
    }
    if options.backend is not None:
        ports[options.backend_port] = "--backend-port"
    return ports


def _check_ports(options: DemoOptions) -> None:
    for port in _port_options(options):
        bind("127.0.0.1", port).close()


def _fresh_folder(parent: Path) -> Path:
    """Make the next numbered folder; earlier runs stay for whoever wants to look into them."""
    parent.mkdir(parents=True, exist_ok=True)
    number = 1
    while True:
        folder = parent.resolve() / f"run-{number:04d}"
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            return folder
        number += 1


class _Demo:
    """One run, from the empty folder to the last child's end."""

    def __init__(
        self,
        options: DemoOptions,
        folder: Path,
        console: Console,
        narrator: Narrator,
        clock: Clock,
    ) -> None:
        self._options = options
        self._folder = folder
        self._console = console
        self._narrator = narrator
        self._clock = clock
        self.database_url = ""
        self._hub_url = f"http://127.0.0.1:{options.hub_port}"
        self._casino_url = f"http://127.0.0.1:{options.casino_port}"
        self._studio_url = f"http://127.0.0.1:{options.studio_port}"
        self._backend_url = f"http://127.0.0.1:{options.backend_port}"

    async def run(self) -> int:
        """Set up, tour, and stay until told to stop unless it is to run once."""
        environment = {**self._options.environment, **self._hub_settings()}
        async with Children(self._folder, self._clock, environment) as children:
            stop = _stop_event()
            with self._console.status("Setting up hub, casino and studio ..."):
                agent, provider = await self._provision(children)
                await self._start(children)
            self._introduce()
            places = self._places(agent, provider)
            touring = asyncio.ensure_future(run_tour(places, self._narrator, self._clock))
            stopping = asyncio.ensure_future(stop.wait())
            await asyncio.wait({touring, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not touring.done():
                touring.cancel()
                return 1
            came_out = touring.result()
            if not self._options.once:
                office_link = await self._office_link(children)
                self._tell_what_to_try(agent)
                self._show_doors(office_link)
                came_out &= await self._stay(children, stop)
            stopping.cancel()
            return 0 if came_out else 1

    async def _stay(self, children: Children, stop: asyncio.Event) -> bool:
        """Wait to be told to stop; False when a child ended by itself."""
        while not stop.is_set():
            ended = children.ended_by_themselves()
            if ended:
                self._narrator.bad(f"{' and '.join(ended)} ended by itself; see the log")
                return False
            await self._clock.sleep(0.5)
        return True

    def _hub_settings(self) -> dict[str, str]:
        return {
            "MEGANODES_DATABASE_URL": self.database_url,
            "MEGANODES_MASTER_KEY_FILE": str(self._folder / "master.key"),
            "MEGANODES_PUBLIC_URL": self._hub_url,
            "MEGANODES_CALLBACKS__ALLOW_PRIVATE_TARGETS": "true",
        }

    async def _provision(self, children: Children) -> tuple[dict[str, Any], dict[str, Any]]:
        """Set up agent, provider and games by the command line, as an operator would."""
        await children.run("key", "create", str(self._folder / "master.key"))
        await children.run("migrate")
        provider = await self._made(children, "provider", *self._provider_options())
        catalogue = self._folder / "games.json"
        catalogue.write_text(json.dumps(_catalogue(provider["provider_id"]), indent=2))
        await children.run("catalog", "import", str(catalogue))
        agent = await self._made(children, "agent", *self._agent_options())
        await children.run("agent", "assign", AGENT, "--all")
        reason = "the demo's own casino, nobody's money"
        await children.run("agent", "approve", AGENT, "--force", "--reason", reason)
        return agent, provider

    async def _made(self, children: Children, kind: str, *options: str) -> dict[str, Any]:
        """Add something, and keep what is shown once in a file that only its owner can read."""
        printed = await children.run(kind, "add", *options, "--json")
        file = self._folder / f"{kind}.json"
        file.touch(mode=0o600)
        file.write_text(printed)
        made: dict[str, Any] = json.loads(printed)
        return made

    def _provider_options(self) -> tuple[str, ...]:
        launch = "/play?session={session}&game_code={game_code}&lang={lang}&return_url={return_url}"
        return (
            PROVIDER,
            *("--launch-url", self._studio_url + launch),
            *("--replay-url", self._studio_url + "/replay?round_id={round_id}"),
        )

    def _agent_options(self) -> tuple[str, ...]:
        callback_url = f"{self._casino_url}/callback"
        revision = self._options.revision.value
        return (
            *(AGENT, "--currency", CURRENCY),
            *("--callback-url", callback_url, "--revision", revision),
        )

    async def _start(self, children: Children) -> None:
        options = self._options
        await start_casino(children, self._casino_plan())
        await children.start(
            "studio",
            "meganodes.demo.toy_studio",
            *("--provider", str(self._folder / "provider.json"), "--hub", self._hub_url),
            *("--database", str(self._folder / "studio.db"), "--port", str(options.studio_port)),
            *("--currency", CURRENCY),
        )
        port = str(options.hub_port)
        await children.start("hub", "meganodes", "serve", "--port", port, "--allow-private-targets")
        await children.ready("casino", f"{self._casino_url}/health", _READY_SECONDS)
        await children.ready("studio", f"{self._studio_url}/health", _READY_SECONDS)
        await children.ready("hub", f"{self._hub_url}/health/ready", _READY_SECONDS)

    def _casino_plan(self) -> CasinoPlan:
        options = self._options
        return CasinoPlan(
            folder=self._folder,
            agent=self._folder / "agent.json",
            hub_url=self._hub_url,
            port=options.casino_port,
            backend=options.backend,
            backend_port=options.backend_port,
            revision=options.revision,
            currency=CURRENCY,
            duplicates=options.duplicates,
            numeric_text=options.numeric_text,
        )

    def _places(self, agent: Mapping[str, Any], provider: Mapping[str, Any]) -> Places:
        return Places(
            casino_url=self._casino_url,
            studio_url=self._studio_url,
            hub_url=self._hub_url,
            api_token=agent["api_token"],
            door=ProviderDoor(self._hub_url, provider["provider_token"]),
            exponent=currency(CURRENCY).exponent,
        )

    def _introduce(self) -> None:
        revision = self._options.revision.value
        backend = self._options.backend
        rows = [
            ("hub", self._hub_url, str(self._folder / "hub.log")),
            (f"toy casino ({revision})", self._casino_url, str(self._folder / "casino.log")),
            ("toy studio", self._studio_url, str(self._folder / "studio.log")),
        ]
        if backend is not None:
            casino = f"casino in {backend.language.value} ({revision})"
            rows[1:2] = [
                (casino, self._backend_url, str(self._folder / "backend.log")),
                ("what spoils it", self._casino_url, str(self._folder / "casino.log")),
            ]
        self._narrator.table(("what", "where", "log"), rows)

    async def _office_link(self, children: Children) -> str:
        """Invite the casino's own staff, and return the link that opens the Back Office once."""
        await children.run("staff", "add", STAFF, "--role", "operator", "--agent", AGENT, "--json")
        printed = await children.run("staff", "link", STAFF, "--enter", "--json")
        link: str = json.loads(printed)["link"]
        return link

    def _show_doors(self, office_link: str) -> None:
        for name, link in (
            ("The API reference", f"{self._hub_url}/docs"),
            ("The Back Office, by a link that works once", office_link),
        ):
            self._console.print(f"\n{name}:", style="bold")
            self._console.print(f"  {link}", markup=False, highlight=False, soft_wrap=True)
        link = f"Play the game yourself:  [bold]{self._casino_url}/play[/bold]"
        self._console.print()
        self._console.print(Panel(link, padding=(1, 3), expand=False, style="green"))

    def _tell_what_to_try(self, agent: Mapping[str, Any]) -> None:
        token = agent["api_token"]
        bearer = f"-H 'Authorization: Bearer {token}'"
        first_ten = '{"last_id": 0, "limit": 10}'
        more = '{"rounds": 5, "stake": "1.00"}'
        lost = '{"next": [{"command": "bet", "fault": "drop"}]}'
        self._console.print("\nAll of them stay up until Ctrl-C. Things to try:", style="bold")
        for line in (
            f"curl -X POST {bearer} {self._hub_url}/v4/agent/info",
            f"curl -X POST {bearer} {self._hub_url}/v4/agent/callback-test",
            f"curl --json '{first_ten}' {bearer} {self._hub_url}/v4/game/transaction-id",
            f"curl {self._casino_url}/control/ledger      # the casino's books",
            f"curl {self._casino_url}/control/requests    # every callback, byte for byte",
            f"curl {self._studio_url}/control/record      # what the studio remembers",
            f"curl {self._studio_url}/odds                # what the toy game pays",
            f"curl --json '{lost}' {self._casino_url}/control   # lose the next answer",
            f"curl --json '{more}' {self._studio_url}/control/play   # and play on",
        ):
            self._console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)


def _catalogue(provider_id: int) -> dict[str, object]:
    games = [
        {"game_code": code, "name": name, "category": category, "sub_category": sub_category}
        for code, name, category, sub_category in _GAMES
    ]
    return {"providers": [{"provider_id": provider_id, "name": PROVIDER, "games": games}]}


def _stop_event() -> asyncio.Event:
    """Return an event that Ctrl-C, a TERM signal or the end of the terminal sets."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        with suppress(NotImplementedError, ValueError, RuntimeError):
            loop.add_signal_handler(number, stop.set)
    return stop
