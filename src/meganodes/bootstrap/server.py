"""The one listener: its sockets, its life from start to a drained end, and its event loop.

`serve` knows nothing of the hub: it gets an ASGI application, the thin handler of the provider door
and two callbacks, and ends when it is told to (docs/adr/0011).
"""

from __future__ import annotations

import asyncio
import gc
import resource
import signal
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager, suppress
from email.utils import formatdate
from typing import Final, TypeVar

import uvloop

from meganodes.bootstrap.server_connection import Connection
from meganodes.bootstrap.server_peer import CallerAddress
from meganodes.bootstrap.server_settings import App, Door, ServerSettings, Shared
from meganodes.kit.logging import get_logger

log = get_logger("bootstrap.server")

_SIGNALS: Final = (signal.SIGTERM, signal.SIGINT)
_FILES_BESIDE_CONNECTIONS: Final = 200
_POLL_SECONDS: Final = 0.02
SWITCH_INTERVAL_SECONDS: Final = 0.0005
"""The writer's thread waits for commits only; Python's 5 ms would be the tail of every bet."""
_T = TypeVar("_T")


class CannotListen(Exception):
    """The address cannot be listened on; the text is a sentence for people."""


class Listening:
    """A running listener, handed to `on_started`."""

    def __init__(self, shared: Shared, listening_socket: socket.socket) -> None:
        """Wrap the open socket; nothing is accepted yet."""
        self._shared = shared
        self._socket = listening_socket
        self._stop_asked = asyncio.Event()
        self._is_retiring = False
        self._is_ending = False
        self.is_accepting = True
        """Whether new callers are taken from the socket."""
        self._force_asked = asyncio.Event()
        self.host: str
        self.port: int
        self.host, self.port = listening_socket.getsockname()[:2]

    @property
    def is_draining(self) -> bool:
        """True once the listener has begun to end: readiness must say no."""
        return self._is_ending

    @property
    def shares_socket(self) -> bool:
        """Whether other processes take connections from the same socket."""
        return self._shared.settings.descriptor is not None

    @property
    def connections(self) -> int:
        """How many callers are connected."""
        return len(self._shared.connections)

    def stop(self) -> None:
        """Drain and end; told a second time, end at once."""
        if self._stop_asked.is_set():
            self._force_asked.set()
        self._stop_asked.set()

    def retire(self) -> None:
        """End as one of several on a shared socket: the others take what comes, nobody is refused.

        Told to stop already, or told again, it goes on as it does.
        """
        if not self._stop_asked.is_set():
            self._is_retiring = True
            self._stop_asked.set()

    async def run(self, on_started: Callable[[Listening], None]) -> bool:
        """Serve until told to stop, then drain; False when the end was forced."""
        accepting = await self._shared.loop.create_server(
            lambda: Connection(self._shared),
            sock=self._socket,
            backlog=self._shared.settings.backlog,
        )
        sweeper = asyncio.create_task(self._sweep())
        try:
            log.info("listener_started", host=self.host, port=self.port)
            on_started(self)
            _freeze_garbage(self._shared.settings)
            await self._stop_asked.wait()
            return await self._drain(accepting)
        finally:
            sweeper.cancel()
            accepting.close()
            for connection in tuple(self._shared.connections):
                connection.abort()

    async def until_forced(self) -> None:
        """Wait for the second call of `stop`."""
        await self._force_asked.wait()

    async def _drain(self, accepting: asyncio.Server) -> bool:
        shared, settings = self._shared, self._shared.settings
        log.info("listener_draining", connections=len(shared.connections), tasks=len(shared.tasks))
        if self._is_retiring:
            self._close(accepting)
        else:
            self._is_ending = True
            await self._give_notice(settings.notice_seconds)
        shared.is_draining = True
        for connection in tuple(shared.connections):
            connection.drain()
        # The kernel has connected callers that we have not met yet: closing now would reset them.
        await asyncio.sleep(_POLL_SECONDS)
        await self._wait(settings.linger_seconds)
        self._close(accepting)
        if not self._is_retiring:
            shared.door.drain()
        for connection in tuple(shared.connections):
            connection.close_if_idle()
        await self._wait(settings.drain_seconds)
        left = len(shared.tasks)
        log.info("listener_drained", unanswered=left, forced=self._force_asked.is_set())
        return not self._force_asked.is_set()

    def _close(self, accepting: asyncio.Server) -> None:
        self.is_accepting = False
        accepting.close()

    async def _give_notice(self, seconds: float) -> None:
        """Go on as before, so that balancers see that the next caller is not welcome here."""
        if seconds:
            with suppress(TimeoutError):
                await asyncio.wait_for(self._force_asked.wait(), seconds)

    async def _wait(self, seconds: float) -> None:
        """Wait until every connection has ended, at most so long, or until forced."""
        loop, shared = self._shared.loop, self._shared
        end = loop.time() + seconds
        while shared.connections or shared.tasks:
            if self._force_asked.is_set() or loop.time() >= end:
                return
            await asyncio.sleep(_POLL_SECONDS)

    async def _sweep(self) -> None:
        """Enforce time limits of all connections with one timer, and keep the date fresh."""
        shared = self._shared
        while True:
            date = formatdate(usegmt=True).encode()
            shared.default_headers[:] = [(b"date", date)]
            await asyncio.sleep(shared.settings.sweep_seconds)
            now = shared.loop.time()
            for connection in tuple(shared.connections):
                connection.check(now)


async def serve(
    app: App,
    door: Door,
    settings: ServerSettings,
    on_started: Callable[[Listening], None],
    on_drained: Callable[[], Awaitable[None]],
) -> bool:
    """Listen until SIGTERM, SIGINT or `Listening.stop`, answer what was asked, then `on_drained`.

    False when a second signal forced the end; `on_drained` may then not have ended. Raises
    `CannotListen`.
    """
    listening = Listening(
        Shared(
            settings=settings,
            app=app,
            door=door,
            loop=asyncio.get_running_loop(),
            callers=CallerAddress(settings.trusted_proxies),
            connections_max=_raise_file_limit(settings.connections_max),
        ),
        open_socket(settings),
    )
    with _signals_stop(listening):
        drained = await listening.run(on_started)
        return drained and await _finish(listening, on_drained)


def run(main: Coroutine[object, object, _T]) -> _T:
    """Run the program on uvloop, to its end."""
    sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(main)


def open_socket(settings: ServerSettings) -> socket.socket:
    """Bind the address, IPv4 or IPv6; a name is looked up and its first address taken.

    Raises `CannotListen`. A socket that was inherited is bound already.
    """
    if settings.descriptor is not None:
        return socket.socket(fileno=settings.descriptor)
    try:
        found = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
        return _bound(*found[0])
    except OSError as error:
        place = f"{settings.host}:{settings.port}"
        raise CannotListen(f"Cannot listen on {place}: {error.strerror}.") from None


def _bound(
    family: int, kind: int, protocol: int, _name: str, address: tuple[object, ...]
) -> socket.socket:
    opened = socket.socket(family, kind, protocol)
    try:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        opened.setblocking(False)  # noqa: FBT003 - the standard library's own signature
        opened.bind(address)
    except OSError:
        opened.close()
        raise
    return opened


async def _finish(listening: Listening, on_drained: Callable[[], Awaitable[None]]) -> bool:
    finishing = asyncio.ensure_future(on_drained())
    forced = asyncio.create_task(listening.until_forced())
    await asyncio.wait({finishing, forced}, return_when=asyncio.FIRST_COMPLETED)
    forced.cancel()
    if finishing.done():
        finishing.result()
        return True
    finishing.cancel()
    return False


@contextmanager
def _signals_stop(listening: Listening) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    is_main = threading.current_thread() is threading.main_thread()
    for each in _SIGNALS if is_main else ():
        # Whoever shares its socket is told by its parent; a signal beside that forces nothing.
        shares = listening.shares_socket
        loop.add_signal_handler(each, listening.retire if shares else listening.stop)
    try:
        yield
    finally:
        for each in _SIGNALS if is_main else ():
            loop.remove_signal_handler(each)


def _raise_file_limit(connections_max: int) -> int:
    """Allow as many open files as the system permits; give the connections that fit under it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections_max + _FILES_BESIDE_CONNECTIONS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        return max(soft - _FILES_BESIDE_CONNECTIONS, 1)
    return connections_max


def _freeze_garbage(settings: ServerSettings) -> None:
    """Take what start-up made out of every later collection: it lives as long as the process."""
    if settings.freezes_garbage:
        gc.collect()
        gc.freeze()
