"""A transport without a network: what comes back is what a script says.

It ships with the product for tests and the simulation, and keeps the promises of the port that do
not need a socket: nothing is "sent" after its moment, and an exchange is answered once.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from meganodes.callbacks.exchange import Exchange, Exchanged
from meganodes.domain.outcome import Phase
from meganodes.kit.clock import Clock
from meganodes.protocol.replies import HttpReply

Script = Callable[[Exchange], Awaitable[Exchanged]]

_JSON: tuple[tuple[bytes, bytes], ...] = ((b"Content-Type", b"application/json"),)


class ScriptedTransport:
    """Asks ``script`` about every exchange and keeps them in ``exchanges``, in order."""

    def __init__(self, script: Script, clock: Clock) -> None:
        self.exchanges: list[Exchange] = []
        self._script = script
        self._monotonic = clock.monotonic
        self._is_closed = False

    async def send(self, exchange: Exchange) -> Exchanged:
        """Let the script answer, unless the port's rules forbid to send at all."""
        latest = exchange.deadline
        if exchange.first_byte_before is not None:
            latest = min(latest, exchange.first_byte_before)
        if self._is_closed:
            return not_sent("the hub is closing down", held_back=True)
        if self._monotonic() >= latest:
            return not_sent("it was too late for the first byte", held_back=True)
        self.exchanges.append(exchange)
        exchanged = await self._script(exchange)
        if exchanged.reply is not None:
            exchange.is_clean(exchanged.reply)
        return exchanged

    async def close(self) -> None:
        """Hold back what is asked for afterwards."""
        self._is_closed = True


def answered(
    exchange: Exchange,
    body: bytes,
    *,
    status: int = 200,
    headers: tuple[tuple[bytes, bytes], ...] = _JSON,
) -> Exchanged:
    """Return a complete reply with this body."""
    return Exchanged(
        phase=Phase.COMPLETE,
        reply=HttpReply(status=status, headers=headers, body=body),
        request_bytes=exchange.stored_bytes(),
        reply_bytes=b"HTTP/1.1 %d\r\n\r\n%b" % (status, body),
        peer_address="192.0.2.1",
    )


def lost(exchange: Exchange, fault: str = "nothing complete at the deadline") -> Exchanged:
    """Return the end of a request that was sent and never answered in a way that counts."""
    return Exchanged(
        phase=Phase.SENT,
        fault=fault,
        request_bytes=exchange.stored_bytes(),
        peer_address="192.0.2.1",
    )


def not_sent(fault: str = "connection refused", *, held_back: bool = False) -> Exchanged:
    """Return the end of a request of which no byte left."""
    return Exchanged(phase=Phase.BEFORE_SEND, fault=fault, held_back=held_back)
