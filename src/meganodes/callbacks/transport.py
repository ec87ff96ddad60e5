"""The hub's own HTTP/1.1 client towards agents' backends (contract 3.3, performance.md section 1).

Own, because no library gives all of: connect to the very address that was checked, one total
deadline, no hidden retry, no redirect, exact header casing, the raw bytes of both sides, "was a
byte sent", and an end of the connection after any irregularity. No proxies, no cookies, no
environment.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Final

from meganodes.callbacks.connection import Connection
from meganodes.callbacks.dial import Dial, LinkOf, SocketLink, dial_tcp, tls_context
from meganodes.callbacks.egress import BadTarget, Egress, Target, Unresolved
from meganodes.callbacks.exchange import Exchange, Exchanged, Headers, Transport
from meganodes.callbacks.pool import Pool
from meganodes.callbacks.settings import CallbackSettings
from meganodes.domain.outcome import Phase
from meganodes.kit.clock import Clock
from meganodes.protocol.replies import HttpReply

__all__ = ["Exchange", "Exchanged", "Headers", "HttpTransport", "Transport"]

ADDRESSES_TRIED_MAX: Final = 3
"""Of a name's addresses this many are tried, each with its share of the time that is left."""


class HttpTransport:
    """Sends each exchange once, over a kept connection of that agent or over a new one."""

    def __init__(
        self,
        settings: CallbackSettings,
        clock: Clock,
        egress: Egress,
        *,
        dial: Dial = dial_tcp,
        link_of: LinkOf = SocketLink,
    ) -> None:
        """Read the certificate authorities; a wrong ``ca_file`` raises OSError here.

        ``dial`` and ``link_of`` are the network: the simulation brings its own.
        """
        self._settings = settings
        self._monotonic = clock.monotonic
        self._egress = egress
        self._dial = dial
        self._link_of = link_of
        self._tls = tls_context(settings.ca_file)
        self._pools: dict[int, Pool] = {}
        self._is_closing = False

    async def send(self, exchange: Exchange) -> Exchanged:
        """Send once and tell what happened; no trouble of network or backend raises."""
        began = self._monotonic()
        if self._is_closing:
            return _held_back("the hub is closing down")
        if began >= _latest_start(exchange):
            return _held_back("it was too late for the first byte")
        pool = self._pools.get(exchange.agent_id)
        if pool is None:
            pool = self._pools[exchange.agent_id] = Pool()
        connection = pool.take(exchange.target, began)
        if connection is None:
            opened = await self._open(pool, exchange)
            if isinstance(opened, Exchanged):
                return opened
            connection = opened
        return await self._converse(pool, connection, exchange, began)

    async def close(self) -> None:
        """End every connection; what is asked for afterwards is held back."""
        self._is_closing = True
        for pool in self._pools.values():
            pool.abort_all()
        await asyncio.sleep(0)  # lets the event loop close the sockets

    def sockets(self, agent_id: int) -> int:
        """Return how many connections to this agent's backend are open or being opened."""
        pool = self._pools.get(agent_id)
        return 0 if pool is None else pool.sockets

    async def _converse(
        self, pool: Pool, connection: Connection, exchange: Exchange, began: float
    ) -> Exchanged:
        if connection.is_closed:
            return _not_sent("the backend closed the connection, or spoke, before the request")
        if self._monotonic() >= _latest_start(exchange):
            connection.abort()
            return _not_sent("it was too late for the first byte once the connection was open")
        waiter = connection.start(exchange.request_bytes(), exchange.deadline)
        try:
            fault = await waiter
        except asyncio.CancelledError:
            connection.abort()
            raise
        reply = None
        if fault is None:
            reply = connection.reader.reply()
            pool.put_back(connection, self._idle_seconds(connection, exchange, reply))
        return Exchanged(
            phase=Phase.COMPLETE if fault is None else Phase.SENT,
            fault=fault,
            reply=reply,
            request_bytes=exchange.stored_bytes(),
            reply_bytes=connection.reader.kept,
            peer_address=connection.peer_address,
            notes=connection.reader.notes,
            duration_ms=round((self._monotonic() - began) * 1000),
        )

    def _idle_seconds(self, connection: Connection, exchange: Exchange, reply: HttpReply) -> float:
        if not exchange.is_clean(reply):
            return 0.0
        settings = self._settings
        return connection.reader.keep_seconds(settings.idle_seconds, settings.idle_seconds_max)

    async def _open(self, pool: Pool, exchange: Exchange) -> Connection | Exchanged:
        if pool.sockets >= self._settings.bulkhead.sockets_max:
            return _held_back("too many connections to this backend are in use")
        began = self._monotonic()
        connection = None
        pool.opening()
        try:
            async with asyncio.timeout(_latest_start(exchange) - began):
                addresses = await self._egress.check(exchange.target)
                connection = await self._connect(pool, exchange, addresses)
        except Unresolved as trouble:
            return _not_sent(trouble.reason, self._monotonic() - began)
        except BadTarget as refusal:
            return _held_back(refusal.reason)
        except OSError as error:
            return _not_sent(_sentence(exchange.target, error), self._monotonic() - began)
        finally:
            pool.opened(connection)
        return connection

    async def _connect(
        self, pool: Pool, exchange: Exchange, addresses: tuple[str, ...]
    ) -> Connection:
        *earlier, last = addresses[:ADDRESSES_TRIED_MAX]
        for position, address in enumerate(earlier):
            left = _latest_start(exchange) - self._monotonic()
            with contextlib.suppress(OSError):
                async with asyncio.timeout(left / (len(earlier) + 1 - position)):
                    return await self._connect_to(pool, exchange.target, address)
        return await self._connect_to(pool, exchange.target, last)

    async def _connect_to(self, pool: Pool, target: Target, address: str) -> Connection:
        peer = await self._dial(address, target.port)
        try:
            link = self._link_of(peer, address)
            is_tls = target.scheme == "https"
            _, connection = await asyncio.get_running_loop().create_connection(
                lambda: Connection(target, link, self._monotonic, pool.forget),
                sock=peer,
                ssl=self._tls if is_tls else None,
                server_hostname=target.host if is_tls else None,
            )
        except BaseException:
            peer.close()
            raise
        return connection


def _latest_start(exchange: Exchange) -> float:
    if exchange.first_byte_before is None:
        return exchange.deadline
    return min(exchange.deadline, exchange.first_byte_before)


def _held_back(reason: str) -> Exchanged:
    return Exchanged(phase=Phase.BEFORE_SEND, fault=reason, held_back=True)


def _not_sent(reason: str, seconds: float = 0.0) -> Exchanged:
    return Exchanged(phase=Phase.BEFORE_SEND, fault=reason, duration_ms=round(seconds * 1000))


def _sentence(target: Target, error: OSError) -> str:
    place = f"{target.host} port {target.port}"
    if isinstance(error, TimeoutError):
        return f"no connection to {place} in time"
    why = getattr(error, "verify_message", None) or getattr(error, "reason", None)
    if why is not None:
        return f"TLS with {place} failed: {why}"
    plain = error.strerror or str(error) or "it was closed while it was being opened"
    return f"no connection to {place}: {plain}"
