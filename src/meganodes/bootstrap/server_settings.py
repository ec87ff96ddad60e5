"""Settings of the listener, and what all its connections share."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from meganodes.bootstrap.server_peer import CallerAddress
from meganodes.provider_api.messages import DoorRequest, DoorResponse
from meganodes.providers.fields import BODY_BYTES_MAX

if TYPE_CHECKING:
    from meganodes.bootstrap.server_connection import Connection

Message = MutableMapping[str, Any]  # ASGI's own type: what a message carries depends on its "type"
App = Callable[
    [Message, Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]
"""An ASGI 3 application."""


class Door(Protocol):
    """The thin handler in front of the hot paths."""

    async def handle(self, request: DoorRequest) -> DoorResponse:
        """Answer one request; raising is a defect and closes the connection."""

    def drain(self) -> None:
        """From now on refuse what is new with 503."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSettings:
    """How the one listener behaves.

    ``port`` 0 takes a free one. A request's head must be complete within ``headers_seconds`` of its
    first byte, the whole of it within ``request_seconds``; an idle connection is closed after
    ``keep_alive_seconds``, one whose peer takes no answer bytes after ``stalled_write_seconds``.
    ``notice_seconds``: how long a listener that was told to stop goes on before it drains;
    ``linger_seconds``: how long a draining listener still serves what arrives on open connections;
    ``drain_seconds``: how long it then waits for answers under way; ``close_seconds``: how long a
    closing connection waits for the peer, so that the last answer is not torn by a reset.
    Bodies above ``body_bytes_max`` (door) or ``app_body_bytes_max`` (everything else) are refused
    while they are read. Forwarding headers count only from ``trusted_proxies`` (addresses, CIDR).
    ``descriptor``: a bound socket that somebody else has opened and shares among several processes.
    """

    host: str = "127.0.0.1"
    port: int = 8700
    backlog: int = 2_048
    connections_max: int = 10_000
    head_bytes_max: int = 32_768
    body_bytes_max: int = BODY_BYTES_MAX
    app_body_bytes_max: int = 8_388_608
    headers_seconds: float = 10.0
    request_seconds: float = 20.0
    keep_alive_seconds: float = 75.0
    stalled_write_seconds: float = 60.0
    sweep_seconds: float = 0.5
    notice_seconds: float = 0.0
    linger_seconds: float = 1.0
    drain_seconds: float = 15.0
    close_seconds: float = 2.0
    trusted_proxies: tuple[str, ...] = ()
    descriptor: int | None = None
    freezes_garbage: bool = True


@dataclass(slots=True, kw_only=True)
class Shared:
    """What the connections of one listener have in common.

    ``tasks`` are requests being answered; they hold the only strong reference to their work.
    ``default_headers`` go with every answer of the application (the date).
    """

    settings: ServerSettings
    app: App
    door: Door
    loop: asyncio.AbstractEventLoop
    callers: CallerAddress
    connections_max: int
    is_draining: bool = False
    connections: set[Connection] = field(default_factory=set)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)
    default_headers: list[tuple[bytes, bytes]] = field(default_factory=list)
