"""Wallet backends as real programs: the toy casino and the examples, over the wire.

All are started, asked, killed and started again in the same way.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import meganodes
from meganodes.demo.backends import BackendSettings, command_of, environment_of, read_casino
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.signature import parse_secret, sign
from tests.support.fake_backend import SECRET, TOKEN, Play, callback

KINDS = ("python", "node", "php", "sdk")
EXAMPLES = ("node", "php")
_CURRENCIES = {0: "JPY", 2: "EUR", 8: "BTC"}
_REPLY_SECONDS = 60.0
_READY_SECONDS = 120.0
T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class WalletOptions:
    """How a wallet is set up. ``environment`` is for the examples only."""

    kind: str
    revision: Revision = Revision.GUID
    duplicates: int = 41
    decimals: int = 2
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """One HTTP reply; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:  # noqa: ANN401 - a reply of any command
        """The body, with numbers that have a fraction as text: no float comes near an amount."""
        return json.loads(self.body, parse_float=str)


class Wallet:
    """One running program and what it keeps in its folder."""

    def __init__(self, options: WalletOptions, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.options = options
        self.folder = folder
        self.books = folder / "wallet"
        self.port = free_port()
        self._log = folder / "wallet.log"
        self._process: subprocess.Popen[bytes] | None = None

    # --- the program ---------------------------------------------------------------------------

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = self.spawn(self.port)
        until_answering(self._process, self.port, "/health", self._log)

    def spawn(self, port: int) -> subprocess.Popen[bytes]:
        """Start a program over the same books, without waiting for it."""
        command, environment = self._command(port)
        with self._log.open("ab") as output:
            return subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )

    def kill(self) -> None:
        """End it and its workers without a warning, as kill -9 does."""
        if self._process is not None:
            end_group(self._process)
            self._process = None

    def log(self) -> str:
        """What it has printed."""
        return self._log.read_text("utf-8", "replace")

    def _command(self, port: int) -> tuple[list[str], dict[str, str]]:
        options = self.options
        agent = {"callback_token": TOKEN, "signing_secret": SECRET}
        backend = read_casino(options.kind)
        if backend is None:
            file = self.folder / "agent.json"
            file.write_text(json.dumps(agent))
            return self._toy_casino(file, port), {
                "PYTHONPATH": str(Path(meganodes.__file__).parents[1])
            }
        settings = BackendSettings(
            agent=agent,
            revision=options.revision,
            decimals=options.decimals,
            duplicates=options.duplicates,
            folder=self.books,
            port=port,
        )
        command = asyncio.run(command_of(backend, port))
        return command, {**environment_of(settings), **options.environment}

    def _toy_casino(self, agent: Path, port: int) -> list[str]:
        options = self.options
        return [
            *(sys.executable, "-m", "meganodes.demo.toy_casino", "--agent", str(agent)),
            *("--database", str(self.folder / "casino.db"), "--port", str(port)),
            *("--revision", options.revision.value, "--duplicates", str(options.duplicates)),
            *("--currency", _CURRENCIES[options.decimals]),
        ]

    # --- what it is asked ----------------------------------------------------------------------

    def ask_http(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Ask over a connection of its own; raises OSError when no complete reply comes."""
        line = self.connect()
        try:
            return ask_over(line, method, path, body, headers)
        finally:
            line.close()

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=_REPLY_SECONDS)

    def post(self, body: bytes, headers: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401
        """Send a callback's body, signed now unless headers are given; returns the reply."""
        given = signed(body) if headers is None else headers
        reply = self.ask_http("POST", "/callback", body, given)
        assert reply.status == 200
        assert reply.headers["content-type"] == "application/json"
        assert int(reply.headers["content-length"]) == len(reply.body)
        return reply.json()

    def ask(self, command: Command, play: Play) -> Any:  # noqa: ANN401 - a reply of any command
        """Send a callback as the hub does."""
        return self.post(callback(command, play, self.options.revision))

    def at_once(self, times: int, ask: Callable[[int], T]) -> list[T]:
        """Ask from many threads at the same time."""
        with ThreadPoolExecutor(times) as pool:
            return list(pool.map(ask, range(times)))

    # --- its books -----------------------------------------------------------------------------

    def open(self, account: str, deposit: str = "100.00", **fields: object) -> None:
        """Open an account or add to it; ``fields`` as the wallet's control takes them."""
        order = {"account": account, "deposit": deposit, **fields}
        reply = self.ask_http("POST", "/control/players", json.dumps(order).encode())
        assert reply.status == 200, reply.body

    def ledger(self) -> Any:  # noqa: ANN401 - the books as the tour reads them
        return self.ask_http("GET", "/control/ledger").json()

    def balance_minor(self, account: str) -> int:
        (player,) = [one for one in self.ledger()["players"] if one["account"] == account]
        balance: int = player["balance_minor"]
        return balance

    def rows(self, account: str) -> list[tuple[str, int, str]]:
        """The account's entries, oldest first: kind, amount, state."""
        return [
            (row["kind"], row["amount_minor"], row["state"])
            for row in self.ledger()["rows"]
            if row["account"] == account
        ]


def end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill a program that was started with a session of its own, and all its workers."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def until_answering(process: subprocess.Popen[bytes], port: int, path: str, log: Path) -> None:
    """Wait until a started program answers a GET of this path with 200."""
    end = time.monotonic() + _READY_SECONDS
    while True:
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=_READY_SECONDS)
        try:
            line.request("GET", path)
            if line.getresponse().status == 200:
                return
        except (OSError, http.client.HTTPException):
            assert process.poll() is None, log.read_text("utf-8", "replace")
        finally:
            line.close()
        assert time.monotonic() < end, log.read_text("utf-8", "replace")
        time.sleep(0.05)


def signed(body: bytes, *, secret: str = SECRET, age_seconds: int = 0) -> dict[str, str]:
    """Give the headers of a callback that is sent now."""
    timestamp = int(time.time()) - age_seconds
    return {
        "Callback-Token": TOKEN,
        "Accept": "application/json",
        "Content-Type": "application/json",
        "webhook-id": "msg_1",
        "webhook-timestamp": str(timestamp),
        "webhook-signature": sign(parse_secret(secret), "msg_1", timestamp, body),
        "MegaNodes-Attempt": "1",
    }


def ask_over(
    line: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """Ask over a connection that is there; one that ends early raises OSError."""
    try:
        line.request(method, path, body, dict(headers or {}))
        answer = line.getresponse()
        content = answer.read()
    except http.client.HTTPException as error:
        raise ConnectionResetError(str(error)) from error
    names = {name.lower(): value for name, value in answer.getheaders()}
    return Reply(status=answer.status, headers=names, body=content)


def free_port() -> int:
    (port,) = free_ports(1)
    return port


def free_ports(count: int) -> list[int]:
    """Find ports that nobody listens on, all different."""
    with contextlib.ExitStack() as held:
        listeners = [held.enter_context(socket.socket()) for _ in range(count)]
        for listener in listeners:
            listener.bind(("127.0.0.1", 0))
        return [listener.getsockname()[1] for listener in listeners]


class Wallets:
    """Starts wallets, and ends them all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._running: list[Wallet] = []
        self._shared: list[Wallet] = []

    def get(self, **options: Any) -> Wallet:  # noqa: ANN401 - fields of WalletOptions
        """Give the wallet with these options that all tests of a file share."""
        wanted = WalletOptions(**options)
        for wallet in self._shared:
            if wallet.options == wanted:
                return wallet
        self._shared.append(self.started(wanted))
        return self._shared[-1]

    def started(self, options: WalletOptions) -> Wallet:
        """Give a wallet of one's own."""
        return self._start(Wallet(options, self._folder / f"wallet-{len(self._running)}"))

    def beside(self, wallet: Wallet) -> Wallet:
        """Give a second program over the same books, which nobody should start."""
        return self._start(Wallet(wallet.options, wallet.folder))

    def _start(self, wallet: Wallet) -> Wallet:
        self._running.append(wallet)
        wallet.start()
        return wallet

    def end(self) -> None:
        """End what still runs."""
        for wallet in self._running:
            wallet.kill()
