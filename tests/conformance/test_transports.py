"""The Transport port: one suite over every implementation, real sockets and the shipped fake."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from enum import Enum, auto

import pytest

from meganodes.callbacks.egress import Egress, EgressRules, Target
from meganodes.callbacks.exchange import Exchange, Exchanged, Headers, Transport
from meganodes.callbacks.scripted import ScriptedTransport, answered, lost, not_sent
from meganodes.callbacks.settings import CallbackSettings
from meganodes.callbacks.transport import HttpTransport
from meganodes.domain.outcome import Phase
from meganodes.kit.clock import SystemClock
from meganodes.protocol.replies import HttpReply
from tests.support.callback_urls import NameService
from tests.support.hostile_backend import (
    PLAIN_REPLY,
    HostileBackend,
    Peer,
    answers,
    http,
    says_nothing,
)
from tests.support.loops import on_each_loop

CLOCK = SystemClock()
RULES = EgressRules(allow_private_targets=True)
TOKEN = "mnc_canarycanary"
SIGNATURE = "v1,canarycanary"


class Behaviour(Enum):
    """What the backend of a test does."""

    ANSWERS = auto()
    ECHOES = auto()
    REFUSES = auto()
    KEEPS_SILENT = auto()
    BREAKS_OFF = auto()


@dataclass
class Harness:
    """A transport, and how many requests its backend has seen."""

    transport: Transport
    target: Target
    seen: Callable[[], int]
    asked: list[HttpReply] = field(default_factory=list)

    def exchange(
        self, seconds: float = 2.0, *, first_byte: float | None = None, body: bytes = b"{}"
    ) -> Exchange:
        """Make an exchange with its deadline so far from now."""
        now = CLOCK.monotonic()
        return Exchange(
            agent_id=1,
            target=self.target,
            headers=Headers.of((("Callback-Token", TOKEN), ("webhook-signature", SIGNATURE))),
            body=body,
            deadline=now + seconds,
            first_byte_before=None if first_byte is None else now + first_byte,
            is_clean=self._is_clean,
        )

    def _is_clean(self, reply: HttpReply) -> bool:
        self.asked.append(reply)
        return True


@asynccontextmanager
async def over_http(behaviour: Behaviour) -> AsyncIterator[Harness]:
    """Run the real client against a real socket."""

    async def echoes(peer: Peer) -> None:
        while request := await peer.request():
            await peer.send(http(request.partition(b"\r\n\r\n")[2]))

    async def keeps_silent(peer: Peer) -> None:
        await peer.request()
        await peer.until_ended()

    async def breaks_off(peer: Peer) -> None:
        await peer.request()
        peer.reset()

    scripts = {
        Behaviour.ANSWERS: answers(http()),
        Behaviour.ECHOES: echoes,
        Behaviour.REFUSES: says_nothing,
        Behaviour.KEEPS_SILENT: keeps_silent,
        Behaviour.BREAKS_OFF: breaks_off,
    }
    egress = Egress(RULES, NameService())
    transport = HttpTransport(CallbackSettings(allow_private_targets=True), CLOCK, egress)
    async with HostileBackend(scripts[behaviour]) as backend:
        target = egress.parse(backend.url)
        if behaviour is not Behaviour.REFUSES:
            yield Harness(transport, target, lambda: len(backend.requests))
    if behaviour is Behaviour.REFUSES:  # nobody listens there any more
        yield Harness(transport, target, lambda: len(backend.peers))
    await transport.close()


@asynccontextmanager
async def over_a_script(behaviour: Behaviour) -> AsyncIterator[Harness]:
    """Run the fake with a script that behaves the same."""

    async def script(exchange: Exchange) -> Exchanged:
        match behaviour:
            case Behaviour.ANSWERS:
                return answered(exchange, PLAIN_REPLY)
            case Behaviour.ECHOES:
                return answered(exchange, exchange.body)
            case Behaviour.REFUSES:
                return not_sent()
            case Behaviour.KEEPS_SILENT | Behaviour.BREAKS_OFF:
                return lost(exchange)

    transport = ScriptedTransport(script, CLOCK)
    target = Target(scheme="https", host="good.example", port=443, path_and_query="/callback")
    yield Harness(transport, target, lambda: len(transport.exchanges))
    await transport.close()


Opener = Callable[[Behaviour], AbstractAsyncContextManager[Harness]]
on_each_transport = pytest.mark.parametrize(
    "opener", [pytest.param(over_http, id="http"), pytest.param(over_a_script, id="scripted")]
)


@on_each_transport
@on_each_loop
async def test_complete_reply_comes_back_whole(opener: Opener) -> None:
    async with opener(Behaviour.ANSWERS) as harness:
        exchanged = await harness.transport.send(harness.exchange())
    assert exchanged.phase is Phase.COMPLETE
    assert exchanged.fault is None
    assert exchanged.reply is not None
    assert (exchanged.reply.status, exchanged.reply.body) == (200, PLAIN_REPLY)
    assert (b"Content-Type", b"application/json") in exchanged.reply.headers
    assert exchanged.reply_bytes.startswith(b"HTTP/1.1 200")
    assert exchanged.reply_bytes.endswith(PLAIN_REPLY)
    assert exchanged.peer_address
    assert exchanged.duration_ms >= 0
    assert not exchanged.held_back


@on_each_transport
@on_each_loop
async def test_reply_is_judged_once_and_only_when_it_is_complete(opener: Opener) -> None:
    async with opener(Behaviour.ANSWERS) as harness:
        exchanged = await harness.transport.send(harness.exchange())
        assert harness.asked == [exchanged.reply]
    async with opener(Behaviour.BREAKS_OFF) as harness:
        await harness.transport.send(harness.exchange())
        assert harness.asked == []


@pytest.mark.rule("3.3-not-sent")
@on_each_transport
@on_each_loop
async def test_refused_connection_is_before_the_send(opener: Opener) -> None:
    async with opener(Behaviour.REFUSES) as harness:
        exchanged = await harness.transport.send(harness.exchange())
    assert exchanged.phase is Phase.BEFORE_SEND
    assert exchanged.fault
    assert exchanged.reply is None
    assert exchanged.request_bytes == exchanged.reply_bytes == b""
    assert not exchanged.held_back


@pytest.mark.rule("3.3-sent-after-one-byte", "3.3-incomplete-at-deadline")
@pytest.mark.parametrize("behaviour", [Behaviour.KEEPS_SILENT, Behaviour.BREAKS_OFF])
@on_each_transport
@on_each_loop
async def test_request_without_a_reply_was_sent(opener: Opener, behaviour: Behaviour) -> None:
    async with opener(behaviour) as harness:
        exchanged = await harness.transport.send(harness.exchange(0.1))
    assert exchanged.phase is Phase.SENT
    assert exchanged.fault
    assert exchanged.reply is None
    assert exchanged.request_bytes


@pytest.mark.rule("3.3-bet-first-byte")
@pytest.mark.parametrize(("seconds", "first_byte"), [(-0.001, None), (2.0, -0.001), (-1.0, 1.0)])
@on_each_transport
@on_each_loop
async def test_nothing_is_sent_after_its_moment(
    opener: Opener, seconds: float, first_byte: float | None
) -> None:
    async with opener(Behaviour.ANSWERS) as harness:
        exchanged = await harness.transport.send(harness.exchange(seconds, first_byte=first_byte))
        assert exchanged.phase is Phase.BEFORE_SEND
        assert exchanged.held_back
        assert harness.seen() == 0


@on_each_transport
@on_each_loop
async def test_after_closing_everything_is_held_back(opener: Opener) -> None:
    async with opener(Behaviour.ANSWERS) as harness:
        await harness.transport.close()
        exchanged = await harness.transport.send(harness.exchange())
        assert exchanged.phase is Phase.BEFORE_SEND
        assert exchanged.held_back
        assert harness.seen() == 0


@pytest.mark.rule("3.5-secrets-masked")
@pytest.mark.parametrize("behaviour", list(Behaviour))
@on_each_transport
@on_each_loop
async def test_stored_request_never_holds_a_secret(opener: Opener, behaviour: Behaviour) -> None:
    async with opener(behaviour) as harness:
        exchanged = await harness.transport.send(harness.exchange(0.1))
    assert b"canary" not in exchanged.request_bytes
    if exchanged.request_bytes:
        assert b"Callback-Token: ****\r\nwebhook-signature: ****\r\n" in exchanged.request_bytes


@on_each_transport
@on_each_loop
async def test_everybody_gets_the_reply_to_their_own_request(opener: Opener) -> None:
    async with opener(Behaviour.ECHOES) as harness:
        for _ in range(3):
            bodies = [b'{"number":%d}' % number for number in range(40)]
            ends = await asyncio.gather(
                *[harness.transport.send(harness.exchange(5.0, body=body)) for body in bodies]
            )
            assert [end.reply.body for end in ends if end.reply is not None] == bodies


@pytest.mark.reliability("I10")
@on_each_transport
@on_each_loop
async def test_every_request_is_on_the_wire_once(opener: Opener) -> None:
    async with opener(Behaviour.KEEPS_SILENT) as harness:
        for _ in range(3):
            await harness.transport.send(harness.exchange(0.05))
        assert harness.seen() == 3
