"""The worker over the real gateway: its limits must not starve what is owed."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from meganodes.callbacks.egress import Egress, EgressRules
from meganodes.callbacks.exchange import Exchange, Exchanged
from meganodes.callbacks.gateway import HttpGateway
from meganodes.callbacks.scripted import ScriptedTransport, answered
from meganodes.callbacks.settings import CallbackSettings
from meganodes.domain.cancellation import Moment, after_probe
from meganodes.domain.outcome import Accepted, Unknown
from meganodes.domain.retry import CONTRACT_SCHEDULE
from meganodes.domain.transaction import State, Step
from meganodes.hub.worker import Worker
from meganodes.kit.identity import SystemIdentity
from meganodes.protocol.commands import Command
from tests.support.callback_urls import NameService
from tests.support.hub_world import World, hub_world
from tests.support.races import pause
from tests.support.transactions import bet

OWED_WINS = 300


def reach_by_http(world: World) -> ScriptedTransport:
    """Put the real gateway in the line's place, over a backend that says yes to everything."""

    async def yes(exchange: Exchange) -> Exchanged:
        return answered(exchange, b'{"result":0,"status":"OK","data":{"balance":10.00}}')

    clock = world.hub.clock
    transport = ScriptedTransport(yes, clock)
    world.hub.gateway = HttpGateway(
        transport,
        Egress(EgressRules(), NameService()),
        clock,
        SystemIdentity(clock, 1),
        CallbackSettings(),
    )
    return transport


async def seconds_until(count: int, transport: ScriptedTransport) -> float:
    """Wait until so many requests went out, about 6 s at most."""
    began = time.monotonic()
    for _ in range(600):
        if len(transport.exchanges) >= count:
            break
        await pause(0.01)
    return time.monotonic() - began


@pytest.mark.reliability("I12")
async def test_what_is_owed_flows_at_the_allowed_rate_after_healing(tmp_path: Path) -> None:
    """I12: 10,000 due items in 120 s (84/s, of 100/s allowed); by its ticks alone it sends 20/s."""
    async with hub_world(tmp_path) as world:
        await world.bet()
        world.line.open.add(world.stage.agent.agent_id)
        await asyncio.gather(*(world.win(f"w{n}", "0.01") for n in range(OWED_WINS)))
        await world.hub.drain()  # All first attempts are over: from here on only the worker sends.
        transport = reach_by_http(world)
        worker = Worker(world.hub)
        worker.start()
        took = await seconds_until(OWED_WINS, transport)
        rate = len(transport.exchanges) / took
        await worker.stop()
        await world.hub.drain()
        # Short of 84, because a busy machine is slower; a fault is far below.
        assert rate >= 65, f"{rate:.1f} a second: 10,000 take {10_000 / rate:.0f} s"


async def test_each_entry_without_a_balance_gets_its_one_balance_callback(tmp_path: Path) -> None:
    """2.2: not reported: one `balance` callback; both are 0 only if THAT fails too."""
    async with hub_world(tmp_path) as world:
        await world.bet()
        world.line.next(Command.WIN, *[Accepted(balance_minor=None)] * 40)
        await asyncio.gather(*(world.win(f"w{n}", "0.01") for n in range(40)))
        transport = reach_by_http(world)
        for _ in range(8):
            await world.worker.tick()
            await world.hub.drain()
            await asyncio.sleep(0.25)
        await world.worker.place_listings()
        listed = await world.journal.listed_after(world.stage.agent.agent_id, 0, 100)
        unknown = [each for each in listed if not each.balance_known]
        assert not unknown, (
            f"{len(unknown)} of {len(listed)} without a balance; "
            f"{len(transport.exchanges)} callbacks made"
        )


def test_a_probe_of_an_open_circuit_uses_up_no_try() -> None:
    """3.4: time with an open circuit uses no retries; here five of them skip the last probe."""
    row = bet(
        state=State.VOID,
        step=Step.PROBE,
        due_at_ms=1,
        owed_since_ms=0,
        probes=2,
        outcome_unknown=True,
        failures=4,
    )
    moment = Moment(now_ms=90_000_000, jitter=0.5, schedule=CONTRACT_SCHEDULE, circuit_probe=True)
    after = after_probe(row, Unknown(reason="down"), moment).after
    assert after.step is Step.PROBE, "the last probe is given up although nobody could be asked"
