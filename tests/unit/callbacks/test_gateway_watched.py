"""What the gateway tells those who count: attempts and their time, circuits, what is under way."""

from __future__ import annotations

import asyncio

from meganodes.callbacks.calls import Attempt
from meganodes.callbacks.egress import Egress, EgressRules
from meganodes.callbacks.exchange import Exchange, Exchanged
from meganodes.callbacks.gateway import HttpGateway
from meganodes.callbacks.scripted import ScriptedTransport, answered, lost
from meganodes.callbacks.settings import CallbackSettings
from meganodes.domain.outcome import Accepted, NotSent, Unknown
from meganodes.kit.clock import ManualClock
from meganodes.kit.identity import SeededIdentity
from meganodes.kit.metrics import WAITING, Waiting
from meganodes.protocol.commands import Command
from tests.support.callback_urls import NameService
from tests.support.calls import a_call, a_view

OK = b'{"result":0,"status":"OK","data":{"account":"player_1","balance":100.00}}'
WRONG_TOKEN = b'{"result":100,"status":"ERROR","data":{}}'


class Watched:
    """A gateway over a backend that takes a while; `told` is what was heard of its attempts."""

    def __init__(self, reply: bytes | None = OK, *, seconds: float = 0.0) -> None:
        self.clock = ManualClock()
        self.reply = reply
        self.seconds = seconds
        self.gate: asyncio.Event | None = None
        self.told: list[tuple[int, Attempt, float]] = []
        egress = Egress(EgressRules(), NameService())
        transport = ScriptedTransport(self._answer, self.clock)
        self.gateway = HttpGateway(
            transport, egress, self.clock, SeededIdentity(1), CallbackSettings()
        )
        self.gateway.on_attempt = lambda *heard: self.told.append(heard)

    async def _answer(self, exchange: Exchange) -> Exchanged:
        if self.gate is not None:
            await self.gate.wait()
        self.clock.advance(self.seconds)
        return lost(exchange) if self.reply is None else answered(exchange, self.reply)


async def test_every_attempt_is_told_with_the_time_it_took() -> None:
    watched = Watched(seconds=0.25)
    await watched.gateway.send(a_view(), a_call(Command.BALANCE))
    ((agent_id, attempt, seconds),) = watched.told
    assert (agent_id, seconds) == (1, 0.25)
    assert isinstance(attempt.outcome, Accepted)


async def test_attempts_that_the_hub_holds_back_are_told_too() -> None:
    watched = Watched(None)
    for _ in range(11):
        await watched.gateway.send(a_view(), a_call(Command.BALANCE))
    outcomes = [type(attempt.outcome) for _, attempt, _ in watched.told]
    assert outcomes == [Unknown] * 10 + [NotSent]
    await watched.gateway.send(a_view(callback_url="https://127.0.0.1/"), a_call(Command.BALANCE))
    assert isinstance(watched.told[-1][1].outcome, NotSent)


async def test_open_circuits_are_named_with_their_reason() -> None:
    watched = Watched(None)
    assert watched.gateway.open_circuits() == ()
    for _ in range(10):
        await watched.gateway.send(a_view(agent_id=9), a_call(Command.BALANCE))
    watched.reply = WRONG_TOKEN
    await watched.gateway.send(a_view(agent_id=4), a_call(Command.BALANCE))
    first, second = watched.gateway.open_circuits()
    assert (first.agent_id, first.is_alarming) == (4, True)
    assert (second.agent_id, second.is_alarming) == (9, False)
    assert "10 calls in a row failed" in second.reason


async def test_the_work_that_waits_for_a_backend_is_told_how_long() -> None:
    watched = Watched(seconds=0.5)
    waiting = Waiting()
    token = WAITING.set(waiting)
    try:
        await watched.gateway.send(a_view(), a_call(Command.BALANCE))
        watched.clock.advance(2)
        assert waiting.seconds(watched.clock.monotonic()) == 0.5
    finally:
        WAITING.reset(token)


async def test_what_is_under_way_is_counted_over_all_agents() -> None:
    watched = Watched()
    watched.gate = asyncio.Event()
    calls = [
        asyncio.create_task(watched.gateway.send(a_view(agent_id=n), a_call(Command.BALANCE)))
        for n in (1, 1, 2)
    ]
    await asyncio.sleep(0)
    assert watched.gateway.in_flight() == 3
    watched.gate.set()
    await asyncio.gather(*calls)
    assert watched.gateway.in_flight() == 0
