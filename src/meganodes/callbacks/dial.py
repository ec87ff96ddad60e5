"""Opening a connection: to an address that was checked a moment ago, and to nothing else."""

from __future__ import annotations

import asyncio
import select
import socket
import ssl
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path

from meganodes.callbacks.addresses import parse_address
from meganodes.callbacks.connection import Link
from meganodes.callbacks.egress import BadTarget

Dial = Callable[[str, int], Awaitable[socket.socket]]
"""Connects to an address and a port; raises OSError."""

LinkOf = Callable[[socket.socket, str], Link]
"""Makes what a connection knows of its socket; raises BadTarget for another end than this one."""


async def dial_tcp(address: str, port: int) -> socket.socket:
    """Connect a plain socket to exactly this address."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    connecting = socket.socket(family, socket.SOCK_STREAM)
    try:
        connecting.settimeout(0)
        connecting.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(connecting, (address, port))
    except BaseException:
        connecting.close()
        raise
    return connecting


class SocketLink:
    """A connected socket beneath the event loop, which owns it."""

    __slots__ = ("_poll", "_socket", "address")

    def __init__(self, connected: socket.socket, address: str) -> None:
        """Raise BadTarget unless the other end is the address that was checked."""
        peer = parse_address(str(connected.getpeername()[0]))
        if peer is None or peer != parse_address(address):
            raise BadTarget(f"the connection to {address} leads to another address")
        self.address = address
        self._socket = connected
        self._poll = select.poll()
        self._poll.register(connected, select.POLLIN)

    def is_silent(self) -> bool:
        """Look into the socket for what the event loop has not seen yet.

        A byte nobody asked for, a FIN and a RST all make it speak. Asked by `poll`, which needs a
        fifth of the time of a read that finds nothing.
        """
        return self._socket.fileno() >= 0 and not self._poll.poll(0)


@cache
def tls_context(ca_file: Path | None = None) -> ssl.SSLContext:
    """Return the one TLS configuration: TLS 1.2 or newer, chain and name verified.

    ``ca_file`` adds authorities to those of the system. There is no way to turn verification off.
    Kept for the process, because reading the system's authorities takes its time.
    """
    # What ssl.create_default_context does, without its look at SSLKEYLOGFILE in the environment.
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if ca_file is not None:
        context.load_verify_locations(cafile=ca_file)
    return context
