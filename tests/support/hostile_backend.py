"""A backend made of raw sockets that does exactly what a script says, however wrong that is.

It plays one script per connection, remembers every byte it was sent, and knows whether the other
side ended a connection.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self, cast

HEAD_END = b"\r\n\r\n"
PIECE_BYTES = 65_536
PLAIN_REPLY = b'{"result":0,"status":"OK","data":{"account":"player_1","balance":100.00}}'


def http(
    body: bytes = PLAIN_REPLY,
    *,
    start: bytes = b"HTTP/1.1 200 OK",
    headers: tuple[bytes, ...] = (b"Content-Type: application/json",),
    length: int | None = -1,
) -> bytes:
    """Render a reply; ``length`` -1 is the true Content-Length, None leaves it out."""
    lines = [start, *headers]
    if length is not None:
        lines.append(b"Content-Length: %d" % (len(body) if length < 0 else length))
    return b"\r\n".join(lines) + HEAD_END + body


def chunked(*chunks: bytes, headers: tuple[bytes, ...] = ()) -> bytes:
    """Render a reply whose body comes in these chunks."""
    coding = (*headers, b"Transfer-Encoding: chunked")
    parts = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return http(parts + b"0\r\n\r\n", headers=coding, length=None)


class Peer:
    """One accepted connection, in the hands of a script."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.requests: list[bytes] = []
        self.was_ended_by_hub = False
        self._given_back = b""
        self._reader = reader
        self._writer = writer

    async def request(self) -> bytes:
        """Read one whole request; b"" when the hub has ended the connection."""
        if self._given_back:
            request, self._given_back = self._given_back, b""
            return request
        try:
            head = await self._reader.readuntil(HEAD_END)
            length = int(head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0])
            body = await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.was_ended_by_hub = True
            return b""
        self.requests.append(head + body)
        return head + body

    def give_back(self, request: bytes) -> None:
        """Let the next `request` bring this one again: another script is to answer it."""
        self._given_back = request

    async def send(self, data: bytes) -> None:
        """Send bytes until the system has taken them; a broken connection is no trouble.

        They go piece by piece: no copy of a large answer lies in this process's memory.
        """
        try:
            for at in range(0, len(data), PIECE_BYTES):
                self._writer.write(data[at : at + PIECE_BYTES])
                await self._writer.drain()
        except ConnectionError:
            self.was_ended_by_hub = True

    async def send_without_reading(self, data: bytes) -> None:
        """Read a little of a request, stop reading altogether, and send."""
        await self._reader.read(100)
        cast("asyncio.ReadTransport", self._writer.transport).pause_reading()
        await self.send(data)

    async def drip(self, data: bytes, every_seconds: float) -> None:
        """Send byte by byte until the hub has had enough."""
        for byte in data:
            await self.send(bytes([byte]))
            await asyncio.sleep(every_seconds)
            if self._writer.transport.is_closing():
                return

    def finish(self) -> None:
        """Send a FIN and keep listening."""
        self._writer.write_eof()

    def reset(self) -> None:
        """End the connection by a RST."""
        link: socket.socket = self._writer.get_extra_info("socket")
        link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()

    def close(self) -> None:
        """End the connection."""
        self._writer.close()

    async def until_ended(self) -> None:
        """Wait until the hub ends the connection."""
        try:
            while await self._reader.read(65_536):
                pass
        except ConnectionError:
            pass
        self.was_ended_by_hub = True

    def drop(self) -> None:
        """End it without ceremony, at the end of the test."""
        self._writer.transport.abort()


Script = Callable[[Peer], Awaitable[None]]


def answers(*replies: bytes) -> Script:
    """Answer the requests of a connection with these bytes, the last one for ever."""

    async def script(peer: Peer) -> None:
        for number in range(1_000_000):
            if not await peer.request():
                return
            await peer.send(replies[min(number, len(replies) - 1)])

    return script


def answers_then_waits(reply: bytes) -> Script:
    """Answer one request and see whether the hub ends the connection."""

    async def script(peer: Peer) -> None:
        if await peer.request():
            await peer.send(reply)
            await peer.until_ended()

    return script


async def says_nothing(peer: Peer) -> None:
    """Take everything and never answer."""
    await peer.until_ended()


class HostileBackend:
    """Listens on 127.0.0.1; connection n plays script n, later ones the last script."""

    def __init__(
        self, *scripts: Script, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
    ) -> None:
        self.peers: list[Peer] = []
        self.port = 0
        self._scripts = scripts
        self._tls = tls
        self._host = host
        self._tasks: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """Where it listens, as a callback URL."""
        return f"http://{self._host}:{self.port}/callback"

    @property
    def requests(self) -> list[bytes]:
        """Every whole request, over all connections."""
        return [request for peer in self.peers for request in peer.requests]

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, self._host, 0, ssl=self._tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._server is not None
        self._server.close()
        await asyncio.sleep(0.005)  # what is being accepted just now gets its script first
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for peer in self.peers:
            peer.drop()
        await asyncio.sleep(0.001)

    async def settled(self) -> None:
        """Wait until every script so far has come to its end."""
        async with asyncio.timeout(5):
            await asyncio.gather(*self._tasks)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        peer = Peer(reader, writer)
        script = self._scripts[min(len(self.peers), len(self._scripts) - 1)]
        self.peers.append(peer)
        task = asyncio.ensure_future(self._play(script, peer))
        self._tasks.add(task)

    async def _play(self, script: Script, peer: Peer) -> None:
        await script(peer)
