"""Backends of many agents on real sockets: honest ledgers, until they are told to be dead.

Each answers on a port of its own. While it is well it books what it is told, once: a bet, a win, a
cancel of what it has. The five ways to be dead are those of reliability 3.8.
"""

from __future__ import annotations

import asyncio
import json
import socket
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

HEAD_END: Final = b"\r\n\r\n"
DRIP_SECONDS: Final = 0.5
BALANCE: Final = "1000000.00"


class Health(StrEnum):
    """What a backend does with its callers."""

    WELL = "well"
    REFUSES = "refuses connections"
    BLACK_HOLE = "lets nobody connect"
    SILENT = "accepts and never answers"
    DRIPS = "sends a byte now and then"
    ANSWERS_99 = "answers 99"


DEAD: Final = tuple(each for each in Health if each is not Health.WELL)
LISTENING: Final = frozenset(Health) - {Health.REFUSES, Health.BLACK_HOLE}


@dataclass
class Ledger:
    """What a backend has booked, in minor units by transaction."""

    bets: dict[str, int] = field(default_factory=dict)
    wins: dict[str, int] = field(default_factory=dict)
    cancelled: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    arrivals: Counter[str] = field(default_factory=Counter)
    """How often each bet came in: more than once is a fault of the hub."""

    def book(self, command: str, data: dict[str, Any]) -> int:
        """Book a command and give its result."""
        guid = data.get("trans_guid", "")
        match command:
            case "bet":
                self.arrivals[guid] += 1
                if guid in self.bets or guid in self.refused:
                    return 41
                self.bets[guid] = _minor(data["amount"])
            case "win":
                if guid in self.wins:
                    return 41
                self.wins[guid] = _minor(data["amount"])
            case "cancel":
                original = data["cancel_trans_guid"]
                if original in self.cancelled:
                    return 41
                if original not in self.bets:
                    self.refused.add(original)  # A tombstone: the late bet is not booked.
                    return 43
                self.cancelled.add(original)
            case _:  # What moves no money is always taken.
                pass
        return 0

    @property
    def stakes_minor(self) -> int:
        """Add up the bets that stand."""
        return sum(amount for guid, amount in self.bets.items() if guid not in self.cancelled)


class Backend:
    """One agent's backend; ``requests`` are the moments (monotonic) at which any came in."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.requests: list[float] = []
        self.health = Health.WELL
        self.port = 0
        self._server: asyncio.Server | None = None
        self._plugs: list[socket.socket] = []
        self._writers: set[asyncio.StreamWriter] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/callback"

    async def become(self, health: Health) -> None:
        """Change what it does with its callers, those that are connected too."""
        self.health = health
        if health in LISTENING:
            self._unplug()
            if self._server is None:
                await self._listen()
            return
        await self._stop_listening()
        self._unplug()
        if health is Health.BLACK_HOLE:
            self._plug()

    async def close(self) -> None:
        await self._stop_listening()
        self._unplug()

    async def _listen(self) -> None:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self.port, backlog=1_024
        )
        self.port = self._server.sockets[0].getsockname()[1]

    async def _stop_listening(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        for writer in tuple(self._writers):
            writer.transport.abort()

    def _plug(self) -> None:
        """Listen and take nobody: once the queue is full the kernel answers no caller any more."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(0)
        self._plugs.append(listener)
        for _ in range(4):
            plug = socket.socket()
            plug.setblocking(False)  # noqa: FBT003 - the standard library's own signature
            with suppress(BlockingIOError):
                plug.connect(("127.0.0.1", self.port))
            self._plugs.append(plug)

    def _unplug(self) -> None:
        while self._plugs:
            self._plugs.pop().close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            while True:
                body = await _request(reader)
                self.requests.append(time.monotonic())
                await self._answer(body, writer)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # Whoever called has gone, or the test is over.
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _answer(self, body: bytes, writer: asyncio.StreamWriter) -> None:
        match self.health:
            case Health.WELL:
                writer.write(_reply(self._result(body)))
            case Health.ANSWERS_99:
                writer.write(_reply({"result": 99, "status": "ERROR", "data": {}}))
            case Health.DRIPS:
                for byte in _reply(self._result(body)):
                    writer.write(bytes([byte]))
                    await writer.drain()
                    await asyncio.sleep(DRIP_SECONDS)
            case _:
                await asyncio.Event().wait()

    def _result(self, body: bytes) -> dict[str, Any]:
        envelope = json.loads(body, parse_float=str)
        command, data = envelope["command"], envelope["data"]
        told: dict[str, Any] = {"account": data.get("account"), "balance": BALANCE}
        if command == "status":
            return {"result": 42, "status": "ERROR", "data": told}
        result = self.ledger.book(command, data)
        return {"result": result, "status": "ERROR" if result else "OK", "data": told}


async def _request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(HEAD_END)
    length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
    return await reader.readexactly(length)


def _reply(value: dict[str, Any]) -> bytes:
    body = json.dumps(value).encode()
    return b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n%b" % (len(body), body)


def _minor(amount: object) -> int:
    """Read an amount with two decimals as it stands in JSON, without a float."""
    whole, _, cents = str(amount).partition(".")
    return int(whole) * 100 + int(cents.ljust(2, "0"))


@asynccontextmanager
async def backends(count: int) -> AsyncIterator[list[Backend]]:
    """Give so many well backends, each on a port of its own."""
    made = [Backend() for _ in range(count)]
    try:
        for each in made:
            await each.become(Health.WELL)
        yield made
    finally:
        for each in made:
            await each.close()
