"""The line of a certification that the hub runs: the hub's own client, guarded like callbacks.

It has connections of its own, so that nothing of it counts for an agent's circuit or takes a place
from play (contract 3.4).
"""

from __future__ import annotations

from itertools import count
from typing import Final, Self

from meganodes.callbacks.egress import Target
from meganodes.callbacks.exchange import Exchange, Exchanged, Headers, Transport
from meganodes.certification.transport import Answer, NoAnswer, Request
from meganodes.domain.outcome import Phase
from meganodes.kit.clock import Clock

_KEPT: Final = 0
"""The key of the connections that are used again; each new one has a key of its own."""


class CertificationLine:
    """Carries a certification's requests to one target; it closes the transport with itself."""

    def __init__(self, transport: Transport, target: Target, clock: Clock) -> None:
        """Take a transport that nobody else uses."""
        self._transport = transport
        self._target = target
        self._clock = clock
        self._keys = count(1)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._transport.close()

    async def send(self, request: Request) -> Answer | NoAnswer:
        """Send once and tell what came."""
        began = self._clock.monotonic()
        exchange = Exchange(
            agent_id=next(self._keys) if request.new_connection else _KEPT,
            target=self._target,
            headers=Headers.of(request.headers),
            body=request.body,
            deadline=began + request.timeout_seconds,
        )
        exchanged = await self._transport.send(exchange)
        return _told(exchanged, self._clock.monotonic() - began)


def _told(exchanged: Exchanged, seconds: float) -> Answer | NoAnswer:
    reply = exchanged.reply
    if reply is not None and exchanged.phase is Phase.COMPLETE:
        return Answer(
            status=reply.status, headers=reply.headers, body=reply.body, duration_seconds=seconds
        )
    fault = exchanged.fault or "no reply came"
    return NoAnswer(
        sentence=f"{fault[:1].upper()}{fault[1:]}.",
        duration_seconds=seconds,
        sent=exchanged.phase is not Phase.BEFORE_SEND,
    )
