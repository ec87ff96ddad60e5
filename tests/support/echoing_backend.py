"""A wallet's backend that gives away what it knows: it sends back the headers it was sent.

As careless backends do: notes in their replies, debugging pages with their whole environment, a
redirect with a token in its address, and a reply that ends in the middle of one.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final

from tests.support.hostile_backend import http

REFUSED: Final = ".31"
FAILING: Final = ".99"
REDIRECTING: Final = ".77"
TORN: Final = ".55"
CUT: Final = ".66"
"""Cents of a bet that make it answer so; every other bet is accepted."""
_PAGE_BYTES: Final = 60_000
_KEPT_BYTES: Final = 65_536


@dataclass(kw_only=True)
class EchoingBackend:
    """What it knows is in `environment`; `served` counts the callbacks."""

    port: int = 0
    served: int = 0
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/callback"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                lines = [each.partition(": ") for each in head.decode().split("\r\n")[1:] if each]
                headers = {name: value for name, _, value in lines}
                body = await reader.readexactly(int(headers["Content-Length"]))
                self.served += 1
                reply, is_last = self._reply(head, headers, json.loads(body, parse_float=str))
                writer.write(reply)
                await writer.drain()
                if is_last:
                    return
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()

    def _reply(
        self, head: bytes, headers: Mapping[str, str], envelope: Mapping[str, object]
    ) -> tuple[bytes, bool]:
        token = headers["Callback-Token"]
        data = envelope["data"]
        assert isinstance(data, dict)
        cents = str(data.get("amount", ""))[-3:] if envelope["command"] == "bet" else ""
        if cents == FAILING:
            page = self._debugging_page(head, 5_000)
            return http(page, start=b"HTTP/1.1 500 Internal Server Error"), False
        if cents == REDIRECTING:
            away = f"Location: https://casino.example/callback?token={token}".encode()
            return http(b"", start=b"HTTP/1.1 302 Found", headers=(away,)), False
        if cents == TORN:
            return http(b'{"token":"' + token[:50].encode(), length=4_000), True
        if cents == CUT:
            start = http(b"", length=70_000)
            filler = b" " * (_KEPT_BYTES - len(start) - 40)
            return (start + filler + token.encode()).ljust(len(start) + 70_000), False
        return http(self._polite(head, token, data, is_refused=cents == REFUSED)), False

    def _polite(
        self, head: bytes, token: str, data: dict[str, object], *, is_refused: bool
    ) -> bytes:
        told: dict[str, object] = {"account": data.get("account"), "balance": 1000, token: 1}
        if "trans_guid" in data and "amount" not in data:
            told = {**data, "trans_status": "OK"}
        size = _PAGE_BYTES if is_refused else 500
        reply: dict[str, object] = {
            "result": 31 if is_refused else 0,
            "status": f"{'ERROR' if is_refused else 'OK'}",
            "data": {"balance": "1 " + token} if is_refused else told,
            token: "a key",
            "debug": self._debugging_page(head, size).decode(),
        }
        return json.dumps(reply).encode()

    def _debugging_page(self, head: bytes, size: int) -> bytes:
        known = "".join(f"<tr><td>{name}<td>{text}" for name, text in self.environment.items())
        entry = f"<h1>Debugger</h1><pre>{head.decode()}</pre><table>{known}</table>".encode()
        return entry * max(1, size // (len(entry) + 120))


@asynccontextmanager
async def an_echoing_backend() -> AsyncIterator[EchoingBackend]:
    """Serve on a free port of this machine until the block ends."""
    backend = EchoingBackend()
    server = await asyncio.start_server(backend.serve, "127.0.0.1", 0)
    backend.port = server.sockets[0].getsockname()[1]
    try:
        yield backend
    finally:
        server.close()


@dataclass(kw_only=True)
class Sink:
    """Takes whatever is posted to it: a collector of spans, a receiver of alerts."""

    port: int = 0
    taken: list[bytes] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/in"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
                self.taken.append(head + await reader.readexactly(length))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


@asynccontextmanager
async def a_sink() -> AsyncIterator[Sink]:
    """Serve on a free port of this machine until the block ends."""
    sink = Sink()
    server = await asyncio.start_server(sink.serve, "127.0.0.1", 0)
    sink.port = server.sockets[0].getsockname()[1]
    try:
        yield sink
    finally:
        server.close()
