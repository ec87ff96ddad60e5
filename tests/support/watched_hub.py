"""A hub as a process of its own, all of whose secrets are canaries and all of whose words are kept.

Whoever uses it says which answers are meant to show a secret; everything else goes onto the pile
that is searched in the end.
"""

from __future__ import annotations

import asyncio
import json
import re
import socket
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import httpx2
import pyotp

from meganodes.backoffice.cookies import SESSION_COOKIE, csrf_token
from tests.support.canaries import Hit, Hunt
from tests.support.command_line import CommandLine, Ended
from tests.support.echoing_backend import EchoingBackend, Sink, a_sink, an_echoing_backend
from tests.support.warm_start import WarmProcess, start_warm

_READY_TRIES: Final = 600
_SEED: Final = re.compile(r"\b(?:[A-Z2-7]{4}-){7}[A-Z2-7]{4}\b")
_RECOVERY: Final = re.compile(r"<code>((?:[A-Z2-7]{4}-){5}[A-Z2-7]{4})</code>")
_CODE: Final = re.compile(r"code=(mnw_\w+)")


@dataclass(frozen=True, slots=True)
class WatchedCommandLine(CommandLine):
    """The command line with settings of the test's own."""

    settings: Mapping[str, str] = field(default_factory=dict)

    @property
    def environment(self) -> Mapping[str, str]:
        """What a command's process is given."""
        return {**CommandLine.environment.fget(self), **self.settings}  # type: ignore[attr-defined]


@dataclass(kw_only=True)
class WatchedHub:
    """The hub, its surroundings, and the pile."""

    folder: Path
    port: int
    commands: WatchedCommandLine
    backend: EchoingBackend
    spans: Sink
    alerts: Sink
    client: httpx2.AsyncClient
    hunt: Hunt = field(default_factory=Hunt)
    pile: list[tuple[str, bytes, tuple[str, ...]]] = field(default_factory=list)
    process: WarmProcess | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def keep(self, where: str, content: bytes, *, but: tuple[str, ...] = ()) -> None:
        """Put something that was written onto the pile."""
        self.pile.append((where, content, but))

    async def command(self, *words: str, meant: bool = False, **settings: str) -> Ended:
        """Run a command; ``meant`` to show a secret: it does not go onto the pile."""
        line = WatchedCommandLine(self.folder, settings={**self.commands.settings, **settings})
        ended = await asyncio.to_thread(line.run_here, *words)
        if not meant:
            self.keep(f"meganodes {' '.join(words)}", f"{ended.stdout}{ended.stderr}".encode())
        return ended

    async def made(self, *words: str) -> dict[str, Any]:
        """Run a command that prints secrets as JSON; they are canaries from now on."""
        ended = await self.command(*words, "--json", meant=True)
        assert ended.status == 0, ended.stderr
        made: dict[str, Any] = json.loads(ended.stdout)
        for name, text in made.items():
            if isinstance(text, str) and text.startswith(("mn", "whsec_")):
                self.hunt.plant(f"{name} of {words[2]}", text)
        return made

    async def ask(
        self,
        method: str,
        path: str,
        *,
        meant: bool = False,
        **options: Any,  # noqa: ANN401 - those of the client
    ) -> httpx2.Response:
        """Make a request and keep its answer."""
        answer = await self.client.request(method, self.url + path, **options)
        self.keep_answer(f"{method} {path}", answer, meant=meant)
        return answer

    def keep_answer(
        self, where: str, answer: httpx2.Response, *, meant: bool = False, but: tuple[str, ...] = ()
    ) -> None:
        """Keep an answer, head and body; cookies are the browser's and its alone."""
        lines = [f"{name}: {value}" for name, value in answer.headers.items()]
        head = "\n".join(line for line in lines if not line.lower().startswith("set-cookie"))
        if not meant:
            self.keep(where, head.encode() + b"\n\n" + answer.content, but=but)

    async def start(self) -> None:
        """Start the hub and wait until it is ready."""
        self.process = start_warm(
            ("meganodes", "serve", "--port", str(self.port)),
            self.commands.environment,
            output=self.folder / "hub.log",
        )
        for _ in range(_READY_TRIES):
            assert self.process.returncode is None, (self.folder / "hub.log").read_text()[-3000:]
            try:
                if (await self.client.get(f"{self.url}/health/ready")).status_code == 200:
                    return
            except httpx2.TransportError:
                pass
            await asyncio.sleep(0.1)
        raise AssertionError("the hub was not ready in time")

    async def stop(self) -> None:
        """Ask the hub to end and wait for it."""
        assert self.process is not None
        if self.process.returncode is None:
            self.process.terminate()
            await asyncio.wait_for(self.process.wait(), 60)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """Read the hub's database from beside it."""
        with closing(sqlite3.connect(self.folder / "hub.db", timeout=30)) as connection:
            return connection.execute(statement).fetchall()

    def rename_table(self, old: str, new: str) -> None:
        """Take a table away from the running hub, or give it back."""
        with closing(sqlite3.connect(self.folder / "hub.db", timeout=30)) as connection:
            connection.execute("PRAGMA legacy_alter_table = ON")
            connection.execute(f"ALTER TABLE {old} RENAME TO {new}")
            connection.commit()

    def keep_files(self) -> None:
        """Put every file there is onto the pile, and every value of the database."""
        for path in sorted(self.folder.iterdir()):
            if path.is_file() and path.name not in {"master.key", "alert.secret"}:
                self.keep(f"file {path.name}", path.read_bytes())
        names = self.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
        for (name,) in names:
            values = [_bytes_of(each) for row in self.rows(f"SELECT * FROM {name}") for each in row]  # noqa: S608 - names of our own tables
            self.keep(f"table {name}", b"\n".join(values))

    def hits(self) -> list[Hit]:
        """Search the whole pile."""
        return [
            hit
            for where, content, but in self.pile
            for hit in self.hunt.find(where, content, but=but)
        ]


def _bytes_of(value: object) -> bytes:
    return value if isinstance(value, bytes) else str(value).encode()


@dataclass(kw_only=True)
class Visitor:
    """Somebody at the Back Office; every session and form token of theirs is a canary."""

    hub: WatchedHub
    name: str
    password: str
    session: str = ""
    seed: str = ""
    recovery: list[str] = field(default_factory=list)
    own: list[str] = field(default_factory=list)

    async def get(self, path: str, *, meant: bool = False, **headers: str) -> httpx2.Response:
        """Look at a page; it may show this visitor's own form token and no other secret."""
        return await self._ask("GET", path, meant=meant, headers=headers)

    async def post(self, path: str, *, meant: bool = False, **fields: str) -> httpx2.Response:
        """Send a form."""
        data = {"csrf": csrf_token(self.session), **fields}
        return await self._ask("POST", path, meant=meant, data=data, headers={})

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        meant: bool,
        headers: dict[str, str],
        **options: Any,  # noqa: ANN401 - those of the client
    ) -> httpx2.Response:
        headers |= {"origin": self.hub.url, "referer": f"{self.hub.url}/office/"}
        if self.session:
            headers["cookie"] = f"{SESSION_COOKIE}={self.session}"
        answer = await self.hub.client.request(
            method, f"{self.hub.url}/office{path}", headers=headers, **options
        )
        where = f"{self.name}: {method} {path}"
        self._note_session(answer)
        self.hub.keep_answer(where, answer, meant=meant, but=tuple(self.own))
        return answer

    def _note_session(self, answer: httpx2.Response) -> None:
        for line in answer.headers.get_list("set-cookie"):
            found = re.match(rf"{SESSION_COOKIE}=(mno_\w+)", line)
            if found:
                self.session = found[1]
                self.hub.hunt.plant(f"session {len(self.own)} of {self.name}", self.session)
                self.own.append(f"form token {len(self.own)} of {self.name}")
                self.hub.hunt.plant(self.own[-1], csrf_token(self.session))

    async def accept(self, link: str) -> None:
        """Take an invitation, and set up a second factor where one is asked for."""
        found = _CODE.search(link)
        assert found is not None, link
        code = self.hub.hunt.plant(f"invitation of {self.name}", found[1])
        shown = await self.get(f"/welcome?code={code}", meant=True)
        assert code in shown.text
        answer = await self.post("/welcome", code=code, password=self.password, again=self.password)
        assert answer.status_code == 303, answer.text
        if answer.headers["location"].endswith("/enrol"):
            await self._enrol()

    async def _enrol(self) -> None:
        page = await self.get("/enrol", meant=True)
        self._note_seed(page.text)
        done = await self.post("/enrol", meant=True, code=self.code())
        self.recovery = _RECOVERY.findall(done.text)
        assert len(self.recovery) == 10, done.text[-2000:]
        for number, each in enumerate(self.recovery):
            self.hub.hunt.plant(f"recovery code {number} of {self.name}", each)
            self.hub.hunt.plant(
                f"bare recovery code {number} of {self.name}", each.replace("-", "")
            )

    def _note_seed(self, text: str) -> None:
        found = _SEED.search(text)
        assert found is not None, text[-2000:]
        self.seed = found[0].replace("-", "")
        self.hub.hunt.plant(f"seed of {self.name}", self.seed)
        self.hub.hunt.plant(f"grouped seed of {self.name}", found[0])
        self.hub.hunt.plant(f"raw seed of {self.name}", pyotp.TOTP(self.seed).byte_secret())

    def code(self) -> str:
        """What the authenticator app shows now."""
        return pyotp.TOTP(self.seed).now()


def _free_port() -> int:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


@asynccontextmanager
async def a_watched_hub(folder: Path) -> AsyncIterator[WatchedHub]:
    """Start everything around a hub, and give it; whoever has set it up starts it."""
    port = _free_port()
    async with (
        an_echoing_backend() as backend,
        a_sink() as spans,
        a_sink() as alerts,
        httpx2.AsyncClient(timeout=60) as client,
    ):
        settings = {
            "MEGANODES_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "MEGANODES_LOGGING__LEVEL": "debug",
            "MEGANODES_OPERATIONS__TRACING_ENDPOINT": spans.url,
            "MEGANODES_OPERATIONS__ALERT_URL": alerts.url,
            "MEGANODES_OPERATIONS__ALERT_SECRET_FILE": str(folder / "alert.secret"),
            "MEGANODES_OPERATIONS__LOOK_SECONDS": "1",
            "MEGANODES_WORKER__TICK_MS": "100",
            "LOGNAME": "test",
        }
        hub = WatchedHub(
            folder=folder,
            port=port,
            commands=WatchedCommandLine(folder, settings=settings),
            backend=backend,
            spans=spans,
            alerts=alerts,
            client=client,
        )
        try:
            yield hub
        finally:
            if hub.process is not None:
                await hub.stop()
