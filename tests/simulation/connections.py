"""Connections without sockets, beneath the hub's real HTTP client: bytes, FIN, reset, each late.

A `Wire` is what the hub takes for a socket. What happens at its other end is the network's matter.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Any, cast

from tests.simulation.loop import OWNER, Process

FIN = b""
"""Arrives where the other end has closed."""


class Wire:
    """One connection. ``receive`` is given what the hub writes; ``arrive`` brings what it reads.

    ``brought_at`` is the moment at which the last bytes sent from there are here.
    """

    def __init__(self, agent_id: int, host: str, receive: Callable[[Wire, bytes], None]) -> None:
        """Open it, for the process that is running."""
        self.agent_id = agent_id
        self.host = host
        self.owner: Process | None = OWNER.get()
        self.is_closed_there = False
        self.is_closed_here = False
        self.exchanges = 0
        self.brought_at = 0.0
        self._receive = receive
        self._inbox: deque[bytes | ConnectionError] = deque()
        self._protocol: asyncio.Protocol | None = None
        self._loop = asyncio.get_running_loop()

    def close(self) -> None:
        """Close this end, as a socket is closed that no protocol has."""
        self.is_closed_here = True

    def is_silent(self) -> bool:
        """Tell whether nothing waits to be read."""
        return not self._inbox

    def arrive(self, what: bytes | ConnectionError) -> None:
        """Bring bytes, FIN or a reset into the hub's socket; its process reads when it runs."""
        if self.is_closed_here:
            return
        self._inbox.append(what)
        if self.owner is None:
            self._loop.call_soon(self._hand_over)
        else:
            self.owner.call(self._loop.call_soon, self._hand_over)

    def carry(self, protocol: asyncio.Protocol) -> WireTransport:
        """Put a protocol on this connection."""
        self._protocol = protocol
        transport = WireTransport(self)
        protocol.connection_made(transport)
        return transport

    def write(self, data: bytes) -> None:
        """Take what the hub sends."""
        if not self.is_closed_here:
            self._receive(self, data)

    def end(self, why: Exception | None) -> None:
        """Close this end and tell the protocol, once."""
        if not self.is_closed_here:
            self.is_closed_here = True
            self._inbox.clear()
            if self._protocol is not None:
                self._loop.call_soon(self._protocol.connection_lost, why)

    def _hand_over(self) -> None:
        if self.is_closed_here or not self._inbox or self._protocol is None:
            return
        what = self._inbox.popleft()
        if isinstance(what, ConnectionError):
            self.end(what)
        elif what == FIN:
            if not self._protocol.eof_received():
                self.end(None)
        else:
            self._protocol.data_received(what)


class WireTransport(asyncio.Transport):
    """What a protocol writes to."""

    def __init__(self, wire: Wire) -> None:
        """Stand between a protocol and its wire."""
        super().__init__()
        self._wire = wire

    def write(self, data: Any) -> None:  # noqa: ANN401 - bytes of any kind
        """Send at once."""
        self._wire.write(bytes(data))

    def get_write_buffer_size(self) -> int:
        """Return 0: whatever is written has left."""
        return 0

    def abort(self) -> None:
        """Close without a word."""
        self._wire.end(None)

    def close(self) -> None:
        """Close."""
        self._wire.end(None)

    def is_closing(self) -> bool:
        """Tell whether it is over."""
        return self._wire.is_closed_here


class WireLink:
    """What the hub's `Connection` knows of a wire."""

    def __init__(self, wire: object, address: str) -> None:
        """Look at a wire that is connected to this address."""
        self._wire = cast("Wire", wire)
        self.address = address

    def is_silent(self) -> bool:
        """Tell whether neither a byte nor a FIN waits."""
        return self._wire.is_silent()


async def connect(factory: Callable[[], asyncio.Protocol], *, sock: Wire, **_: Any) -> Any:  # noqa: ANN401 - as create_connection
    """Do for a wire what the event loop does for a socket."""
    protocol = factory()
    return sock.carry(protocol), protocol
