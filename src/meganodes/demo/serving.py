"""Serves the toys with uvicorn, and lets an application see and cut its wire.

uvicorn gives an application lower-case header names and no way to hang up. The tour shows callbacks
byte for byte, and a faulty backend must be able to drop a connection: `Wire` gives both.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, MutableMapping
from dataclasses import dataclass
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
AsgiApp = Callable[[Message, Receive, Send], Awaitable[None]]

_EXTENSION = "meganodes.wire"
_GRACE_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Wire:
    """One request as it came over the socket, and the way to cut the connection."""

    received: bytearray
    hang_up: Callable[[], None]


class PortTaken(Exception):
    """Somebody else listens on the port."""

    def __init__(self, port: int) -> None:
        super().__init__(f"port {port} is taken")
        self.port = port


def wire_of(scope: Message) -> Wire | None:
    """Return the wire of a request; None when the application is called without a socket."""
    wire: Wire | None = scope.get("extensions", {}).get(_EXTENSION, {}).get("wire")
    return wire


def bind(host: str, port: int) -> socket.socket:
    """Listen; raise PortTaken when the port is not free. Port 0 takes any that is."""
    # asyncio switches Nagle's delay off only where the protocol is named; 40 ms a reply otherwise.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(port) from error
        raise
    return listener


def serve(app: AsgiApp, host: str, port: int) -> None:
    """Serve until SIGINT or SIGTERM."""
    uvicorn.Server(_config(app)).run(sockets=[bind(host, port)])


@contextlib.asynccontextmanager
async def running(app: AsgiApp, port: int = 0) -> AsyncIterator[str]:
    """Serve on 127.0.0.1 inside the running event loop; gives the base address."""
    listener = bind("127.0.0.1", port)
    address = f"http://127.0.0.1:{listener.getsockname()[1]}"
    server = _EmbeddedServer(_config(app))
    serving = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        # The socket listens once the server has started; until then connections wait in it.
        listener.listen()
        yield address
    finally:
        server.should_exit = True
        await serving


class _EmbeddedServer(uvicorn.Server):
    """A server that leaves the signals of its process alone."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _WiredProtocol(HttpToolsProtocol):
    """Keeps each request's bytes, exactly as they came."""

    _received = bytearray()
    _is_complete = True

    def data_received(self, data: bytes) -> None:
        if self._is_complete:
            self._received = bytearray()
            self._is_complete = False
        self._received += data
        super().data_received(data)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        wire = Wire(self._received, self.transport.abort)
        self.scope["extensions"] = {_EXTENSION: {"wire": wire}}

    def on_message_complete(self) -> None:
        self._is_complete = True
        super().on_message_complete()


def _config(app: AsgiApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=_WiredProtocol,
        loop="asyncio",
        lifespan="on",
        log_level="warning",
        access_log=False,
        ws="none",
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
