"""Hub, toy casino and toy studio as real processes, set up by the command line, for whole stories.

The hub can be killed and started again; the casino and the studio stay, with their own ledgers. On
PostgreSQL the hub may be several nodes, which the studio calls in turn.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import meganodes
from meganodes.demo.children import Children
from meganodes.demo.http_client import get_json, post_json
from meganodes.demo.provider_door import ProviderDoor
from meganodes.demo.reading_records import Places, read_records
from meganodes.demo.three_records import Comparison, compare
from meganodes.kit.clock import SystemClock
from meganodes.protocol.commands import Revision
from tests.support.warm_start import WarmChildren, WarmProcess, start_warm

HURRIED: Mapping[str, str] = {
    "MEGANODES_RETRY__QUICK_MIN_MS": "100",
    "MEGANODES_RETRY__QUICK_MAX_MS": "200",
    "MEGANODES_RETRY__NOT_SEEN_MS": "[200, 300]",
    "MEGANODES_RETRY__NOT_SEEN_WINDOW_MS": "3500",
    "MEGANODES_LEASES__BET_MS": "3000",
    "MEGANODES_LEASES__DELIVERY_MS": "5000",
    "MEGANODES_WORKER__TICK_MS": "50",
}
"""Settings that shorten what a test would have to wait for; the order of things stays."""

FIRST_NODE = "hub"
"""The node whose address is the hub's own, and that is meant when none is named."""

_READY_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class EveningOptions:
    """How the evening is set up."""

    revision: Revision = Revision.GUID
    duplicates: int = 41
    numeric_text: bool = False
    settings: Mapping[str, str] = field(default_factory=lambda: HURRIED)
    callback_url: str | None = None
    studio_module: str = "meganodes.demo.toy_studio"
    database_url: str | None = None
    nodes: tuple[str, ...] = (FIRST_NODE,)


@dataclass(kw_only=True)
class Evening:
    """The three programs and what opens their doors."""

    folder: Path
    options: EveningOptions
    children: Children
    environment: dict[str, str]
    ports: dict[str, int]
    agent: dict[str, Any] = field(default_factory=dict)
    provider: dict[str, Any] = field(default_factory=dict)
    running: dict[str, WarmProcess] = field(default_factory=dict)

    @property
    def hub(self) -> WarmProcess | None:
        """The process of the first node, as it was started last."""
        return self.running.get(FIRST_NODE)

    def alive(self) -> list[str]:
        """Name the nodes whose processes have not ended."""
        return [name for name, process in self.running.items() if process.returncode is None]

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self.ports[name]}"

    @property
    def places(self) -> Places:
        return Places(
            casino_url=self.url("casino"),
            studio_url=self.url("studio"),
            hub_url=self.url("hub"),
            api_token=self.agent["api_token"],
            door=ProviderDoor(self.url("hub"), self.provider["provider_token"]),
            exponent=2,
        )

    async def main_api(
        self, path: str, fields: Mapping[str, object] | None = None, *, node: str = FIRST_NODE
    ) -> Any:  # noqa: ANN401 - JSON of any kind
        """Call the Main API with the agent's token."""
        return await post_json(
            f"{self.url(node)}/v4/{path}", dict(fields or {}), token=self.agent["api_token"]
        )

    async def ask(self, command: str, *, node: str = FIRST_NODE, **fields: object) -> Any:  # noqa: ANN401 - JSON of any kind
        """Call the Provider API with the provider's token."""
        return await post_json(
            f"{self.url(node)}/provider/v1/{command}",
            fields,
            token=self.provider["provider_token"],
            timeout_seconds=8,
        )

    async def casino(self, path: str, fields: Mapping[str, object] | None = None) -> Any:  # noqa: ANN401 - JSON of any kind
        """Use the casino's control pages."""
        url = f"{self.url('casino')}/control{path}"
        return await (get_json(url) if fields is None else post_json(url, dict(fields)))

    async def start_hub(self, node: str = FIRST_NODE) -> None:
        """Start the hub, or one node of it, and wait until it is ready."""
        process = self.launch_hub(node)
        written = self.folder / f"{node}.log"
        for _ in range(int(_READY_SECONDS * 20)):
            assert process.returncode is None, written.read_text()[-4000:]
            if await _is_ready(self.url(node)):
                return
            await asyncio.sleep(0.05)
        raise AssertionError(f"{node} was not ready in time: {written.read_text()[-4000:]}")

    def launch_hub(
        self, node: str = FIRST_NODE, *, module: str = "meganodes", **settings: str
    ) -> WarmProcess:
        """Start the hub's process and do not wait for it; ``module`` may be one that wraps it."""
        words = (module, "serve", "--port", str(self.ports[node]))
        output = self.folder / f"{node}.log"
        process = start_warm(words, {**self.environment, **settings}, output=output)
        self.running[node] = process
        return process

    async def kill_hub(self, node: str = FIRST_NODE) -> None:
        """Kill the hub, or one node of it, without a warning."""
        process = self.running[node]
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()

    async def stop_hub(self, node: str = FIRST_NODE) -> int:
        """Ask the hub, or one node of it, to end and give its exit status."""
        process = self.running[node]
        os.kill(process.pid, signal.SIGTERM)
        return await asyncio.wait_for(process.wait(), 30)

    async def open_session(self, name: str, balance: str = "100.00") -> str:
        """Create a user with money at the casino, launch a game and give the session."""
        return await session_behind(await self.launch_link(name, balance))

    async def launch_link(self, name: str, balance: str = "100.00") -> str:
        """Create a user with money at the casino, and have a launch link made at the first node."""
        await self.casino("/players", {"account": name, "deposit": balance})
        created = await self.main_api("user/create", {"name": name})
        assert created["code"] == 0, created
        wanted = {
            "user_code": created["data"]["user_code"],
            "provider_id": self.provider["provider_id"],
            "game_symbol": "toy-slot",
        }
        launched = await self.main_api("game/game-url", wanted)
        assert launched["code"] == 0, launched
        link: str = launched["data"]["game_url"]
        return link

    async def play(self, session: str, rounds: int) -> None:
        """Let the studio play rounds of every style in this session."""
        order = {"session": session, "rounds": rounds, "stake": "1.00"}
        await post_json(f"{self.url('studio')}/control/play", order, timeout_seconds=300)

    async def agreed(self, within_seconds: float = 60.0) -> Comparison:
        """Wait until nothing is open and the three records agree; give the last comparison."""
        comparison = compare(await read_records(self.places))
        for _ in range(int(within_seconds * 2)):
            if comparison.agrees:
                break
            await asyncio.sleep(0.5)
            comparison = compare(await read_records(self.places))
        return comparison


async def _is_ready(hub_url: str) -> bool:
    host, port = hub_url.removeprefix("http://").split(":")
    try:
        reader, writer = await asyncio.open_connection(host, int(port))
    except OSError:
        return False
    try:
        writer.write(b"GET /health/ready HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n")
        line = await reader.readline()
        return b" 200 " in line
    except OSError:
        return False
    finally:
        writer.close()


async def session_behind(game_url: str) -> str:
    """Open a launch link as a browser does, up to the game's door, and read the session."""
    host, _, path = game_url.removeprefix("http://").partition("/")
    name, port = host.split(":")
    reader, writer = await asyncio.open_connection(name, int(port))
    writer.write(f"GET /{path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n".encode())
    answer = (await reader.read()).decode()
    writer.close()
    assert " 302 " in answer.splitlines()[0], answer
    heads = (line.partition(":") for line in answer.splitlines())
    location = next(value.strip() for name, _, value in heads if name.lower() == "location")
    await get_json(location)
    return location.split("session=")[1].split("&")[0]


def _free_ports(*names: str) -> dict[str, int]:
    held = []
    ports = {}
    for name in names:
        taken = socket.socket()
        taken.bind(("127.0.0.1", 0))
        held.append(taken)
        ports[name] = taken.getsockname()[1]
    for taken in held:
        taken.close()
    return ports


@asynccontextmanager
async def an_evening(folder: Path, options: EveningOptions | None = None) -> AsyncIterator[Evening]:
    """Set everything up, give it to the test, and end every process by its id."""
    chosen = options or EveningOptions()
    ports = _free_ports(*chosen.nodes, "casino", "studio")
    database_url = chosen.database_url or f"sqlite:///{folder / 'hub.db'}"
    environment = {
        "PYTHONPATH": str(Path(meganodes.__file__).parents[1]),
        "PATH": os.environ.get("PATH", ""),
        "LOGNAME": "test",
        "MEGANODES_DATABASE_URL": database_url,
        "MEGANODES_MASTER_KEY_FILE": str(folder / "master.key"),
        "MEGANODES_PUBLIC_URL": f"http://127.0.0.1:{ports['hub']}",
        "MEGANODES_CALLBACKS__ALLOW_PRIVATE_TARGETS": "true",
        **chosen.settings,
    }
    async with WarmChildren(folder, SystemClock(), environment) as children:
        evening = Evening(
            folder=folder,
            options=chosen,
            children=children,
            environment=environment,
            ports=ports,
        )
        await _provision(evening)
        await _start_toys(evening)
        try:
            await asyncio.gather(*map(evening.start_hub, chosen.nodes))
            yield evening
        finally:
            for node in evening.alive():
                await evening.kill_hub(node)


async def _provision(evening: Evening) -> None:
    run, folder = evening.children.run, evening.folder
    await run("key", "create", str(folder / "master.key"))
    query = "session={session}&game_code={game_code}&lang={lang}&return_url={return_url}"
    launch_url = f"{evening.url('studio')}/play?{query}"
    replay_url = evening.url("studio") + "/replay?round_id={round_id}"
    addresses = ("--launch-url", launch_url, "--replay-url", replay_url)
    made = await run("provider", "add", "Toy Studio", *addresses, "--json")
    (folder / "provider.json").write_text(made)
    evening.provider = json.loads(made)
    game = {"game_code": "toy-slot", "name": "Toy Slot", "category": "Slots"}
    number = evening.provider["provider_id"]
    catalogue = {"providers": [{"provider_id": number, "name": "Toy Studio", "games": [game]}]}
    (folder / "games.json").write_text(json.dumps(catalogue))
    await run("catalog", "import", str(folder / "games.json"))
    callback_url = evening.options.callback_url or f"{evening.url('casino')}/callback"
    options = ("--currency", "EUR", "--callback-url", callback_url)
    revision = ("--revision", evening.options.revision.value)
    made = await run("agent", "add", "toy-casino", *options, *revision, "--json")
    (folder / "agent.json").write_text(made)
    evening.agent = json.loads(made)
    await run("agent", "assign", "toy-casino", "--all")
    await run("agent", "approve", "toy-casino", "--force", "--reason", "a test")


async def _start_toys(evening: Evening) -> None:
    folder, options = evening.folder, evening.options
    await evening.children.start(
        "casino",
        "meganodes.demo.toy_casino",
        *("--agent", str(folder / "agent.json"), "--database", str(folder / "casino.db")),
        *("--port", str(evening.ports["casino"]), "--revision", options.revision.value),
        *("--hub", evening.url("hub")),
        *("--currency", "EUR", "--duplicates", str(options.duplicates)),
        *(["--numeric-text"] if options.numeric_text else []),
    )
    await evening.children.start(
        "studio",
        options.studio_module,
        *("--provider", str(folder / "provider.json")),
        *(word for node in options.nodes for word in ("--hub", evening.url(node))),
        *("--database", str(folder / "studio.db"), "--port", str(evening.ports["studio"])),
        *("--currency", "EUR"),
    )
    await evening.children.ready("casino", f"{evening.url('casino')}/health", _READY_SECONDS)
    await evening.children.ready("studio", f"{evening.url('studio')}/health", _READY_SECONDS)
