"""No packet reaches a refused address: real listeners on loopback, the real dial, bad targets.

The ports are those of the listeners, so that nothing but the guard stands in the way.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from meganodes.callbacks.egress import Egress, EgressRules, Target
from meganodes.callbacks.exchange import Exchange, Headers
from meganodes.callbacks.settings import CallbackSettings
from meganodes.callbacks.transport import HttpTransport
from meganodes.domain.outcome import Phase
from meganodes.kit.clock import SystemClock
from tests.support.callback_urls import BAD_URLS, NameService, naive_target
from tests.support.hostile_backend import HostileBackend, answers, http

CLOCK = SystemClock()
LOOPBACKS = ("127.0.0.1", "127.0.0.2", "::1")
LEADS_OUT = {"good.example", "both.example", "mixed.example", "families.example", "crowd.example"}
HOSTS = sorted({naive_target(url.text).host for url in BAD_URLS if "://" in url.text} - LEADS_OUT)


class LoopbackService(NameService):
    """Leads every name there is to the loopback addresses, and addresses to themselves."""

    async def resolve(self, host: str) -> tuple[str, ...]:
        """Answer with all of loopback for names."""
        self.asked.append(host)
        return LOOPBACKS


@pytest.fixture
async def listeners() -> AsyncIterator[list[HostileBackend]]:
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(HostileBackend(answers(http()), host=address))
            for address in LOOPBACKS
        ]


def exchange(scheme: str, host: str, port: int) -> Exchange:
    return Exchange(
        agent_id=1,
        target=Target(scheme=scheme, host=host, port=port, path_and_query="/callback"),
        headers=Headers.of(()),
        body=b"{}",
        deadline=CLOCK.monotonic() + 1.0,
    )


@pytest.mark.rule("3.3-not-sent")
async def test_refused_targets_see_no_packet(listeners: list[HostileBackend]) -> None:
    ports = frozenset(listener.port for listener in listeners)
    egress = Egress(EgressRules(allow_http=True, allowed_ports=ports), LoopbackService())
    transport = HttpTransport(CallbackSettings(), CLOCK, egress)
    assert len(HOSTS) > 100
    for host in (*HOSTS, *LOOPBACKS, "casino.example"):
        for port in ports:
            exchanged = await transport.send(exchange("http", host, port))
            assert exchanged.phase is Phase.BEFORE_SEND, host
            assert exchanged.held_back, f"{host}: {exchanged.fault}"
    await transport.close()
    assert [listener.peers for listener in listeners] == [[], [], []]


async def test_same_listeners_are_reached_where_private_targets_are_allowed(
    listeners: list[HostileBackend],
) -> None:
    """The counter-proof: with the guard open the packets do arrive."""
    egress = Egress(EgressRules(allow_private_targets=True), LoopbackService())
    transport = HttpTransport(CallbackSettings(), CLOCK, egress)
    for address, listener in zip(LOOPBACKS, listeners, strict=True):
        exchanged = await transport.send(exchange("http", address, listener.port))
        assert exchanged.phase is Phase.COMPLETE
        assert exchanged.peer_address == address
    await transport.close()
    assert [len(listener.requests) for listener in listeners] == [1, 1, 1]
