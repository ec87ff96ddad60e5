"""The finished hub, set up through its own command line and doors as an operator would do it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from benchmarks.nginx import ACCOUNT
from benchmarks.processes import ROOT, BenchmarkFault, Program, free_port, last_words, running

PROVIDER_ID = 7
GAME_CODE = "bench_slot"
SESSIONS = 64
_CALL_SECONDS = 10.0
CATALOGUE = {
    "providers": [
        {
            "provider_id": PROVIDER_ID,
            "name": "Bench Games",
            "games": [{"game_code": GAME_CODE, "name": "Bench Slot", "category": "Slots"}],
        }
    ]
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Hub:
    """A running hub: the token of its one provider, and open sessions for each agent's name."""

    program: Program
    provider_token: str
    sessions: Mapping[str, tuple[str, ...]]


@contextmanager
def running_hub(
    parent: Path, backends: Mapping[str, Program], database_url: str | None = None
) -> Iterator[Hub]:
    """Set up an agent for each backend, serve, open sessions; all in a folder of its own.

    Without an address the database is a file of SQLite in that folder.
    """
    name = "hub" if database_url is None else "hub-on-postgresql"
    folder = parent / name
    folder.mkdir()
    port = free_port()
    office = _Office(folder, port, database_url or f"sqlite:///{folder / 'hub.db'}")
    provider_token = office.add_provider()
    tokens = {name: office.add_agent(name, backend) for name, backend in backends.items()}
    command = [*_MEGANODES, "serve", "--port", str(port), "--allow-private-targets"]
    with running(
        name, command, port=port, folder=folder, environment=office.environment
    ) as program:
        yield Hub(
            program=program,
            provider_token=provider_token,
            sessions={name: _open_sessions(port, token) for name, token in tokens.items()},
        )


_MEGANODES = (sys.executable, "-m", "meganodes")


class _Office:
    """The commands that set a hub up, with its files in a folder."""

    def __init__(self, folder: Path, port: int, database_url: str) -> None:
        self._folder = folder
        key = folder / "master.key"
        self.environment = {
            **{name: at for name, at in os.environ.items() if not name.startswith("MEGANODES_")},
            "MEGANODES_DATABASE_URL": database_url,
            "MEGANODES_MASTER_KEY_FILE": str(key),
            "MEGANODES_PUBLIC_URL": f"http://127.0.0.1:{port}",
            "MEGANODES_CALLBACKS__ALLOW_PRIVATE_TARGETS": "true",
        }
        self._run("key", "create", str(key))
        self._run("migrate")

    def add_provider(self) -> str:
        """Set the provider with its one game up and give its token."""
        made = self._run_for_json(
            "provider", "add", "Bench Games", "--id", str(PROVIDER_ID), "--launch-url",
            "http://127.0.0.1/play?session={session}&game={game_code}",
        )  # fmt: skip
        catalogue = self._folder / "catalogue.json"
        catalogue.write_text(json.dumps(CATALOGUE))
        self._run("catalog", "import", str(catalogue))
        return str(made["provider_token"])

    def add_agent(self, name: str, backend: Program) -> str:
        """Set an agent with this backend up, in business, and give its API token."""
        url = f"http://127.0.0.1:{backend.port}/callback"
        made = self._run_for_json("agent", "add", name, "--currency", "EUR", "--callback-url", url)
        self._run("agent", "assign", name, "--all")
        self._run("agent", "approve", name, "--force", "--reason", "measures the hub")
        return str(made["api_token"])

    def _run_for_json(self, *words: str) -> dict[str, object]:
        made: dict[str, object] = json.loads(self._run(*words, "--json"))
        return made

    def _run(self, *words: str) -> str:
        done = subprocess.run(
            [*_MEGANODES, *words],
            cwd=ROOT,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0:
            raise BenchmarkFault(f"meganodes {words[0]} {words[1:2]}: {last_words(done.stderr)}")
        return done.stdout


def _open_sessions(port: int, api_token: str) -> tuple[str, ...]:
    """Launch the game as often as there are connections at most, as a casino and a browser do."""
    connection = HTTPConnection("127.0.0.1", port, timeout=_CALL_SECONDS)
    try:
        user = _ask(connection, api_token, "user/create", {"name": ACCOUNT})
        wish = {
            "user_code": user["user_code"],
            "provider_id": PROVIDER_ID,
            "game_symbol": GAME_CODE,
        }
        return tuple(
            _launch(connection, str(_ask(connection, api_token, "game/game-url", wish)["game_url"]))
            for _ in range(SESSIONS)
        )
    finally:
        connection.close()


def _ask(
    connection: HTTPConnection, api_token: str, path: str, fields: Mapping[str, object]
) -> dict[str, object]:
    headers = {"Authorization": f"Bearer {api_token}", "Content-Type": "application/json"}
    connection.request("POST", f"/v4/{path}", json.dumps(fields), headers)
    answer = connection.getresponse().read()
    envelope = json.loads(answer)
    if envelope["code"] != 0:
        raise BenchmarkFault(f"{path} is answered {answer.decode()}")
    data: dict[str, object] = envelope["data"]
    return data


def _launch(connection: HTTPConnection, game_url: str) -> str:
    """Open a launch link and give the session that stands in the provider's address."""
    parts = urlsplit(game_url)
    connection.request("GET", f"{parts.path}?{parts.query}")
    response = connection.getresponse()
    response.read()
    location = response.headers.get("Location")
    if response.status != 302 or location is None:
        raise BenchmarkFault(f"the launch link is answered with status {response.status}")
    return parse_qs(urlsplit(location).query)["session"][0]
