from __future__ import annotations

import asyncio
import time
from pathlib import Path

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
from tests.support.hostile_backend import http
from tests.support.hub_world import World, hub_world
from tests.unit.callbacks.test_connection import Line as Conn


def real_gateway(world: World, script) -> HttpGateway:  # noqa: ANN001
    clock = world.hub.clock
    gateway = HttpGateway(
        ScriptedTransport(script, clock),
        Egress(EgressRules(), NameService()),
        clock,
        SystemIdentity(clock, 1),
        CallbackSettings(),
    )
    world.hub.gateway = gateway
    return gateway


async def test_what_is_owed_flows_at_the_allowed_rate_after_healing(tmp_path: Path) -> None:
    """I12: 10,000 due items in 120 s (84/s, of 100/s allowed). 300 owed wins must go in ~3.6 s."""
    async with hub_world(tmp_path) as world:
        await world.bet()
        world.line.open.add(world.stage.agent.agent_id)
        await asyncio.gather(*(world.win(f"w{n}", "0.01") for n in range(300)))

        async def yes(exchange: Exchange) -> Exchanged:
            return answered(exchange, b'{"result":0,"status":"OK","data":{"balance":10.00}}')

        gateway = real_gateway(world, yes)
        worker = Worker(world.hub)
        began = time.monotonic()
        worker.start()
        await asyncio.sleep(4.0)
        await worker.stop()
        await world.hub.drain()
        took = time.monotonic() - began
        sent = len(gateway._transport.exchanges)
        assert sent / took >= 80, (
            f"{sent / took:.1f} a second: 10,000 take {10_000 / (sent / took):.0f} s"
        )


async def test_each_entry_without_a_balance_gets_its_one_balance_callback(tmp_path: Path) -> None:
    """2.2: not reported: one `balance` callback; both are 0 only if THAT fails too."""
    async with hub_world(tmp_path) as world:
        await world.bet()
        world.line.next(Command.WIN, *[Accepted(balance_minor=None)] * 40)
        await asyncio.gather(*(world.win(f"w{n}", "0.01") for n in range(40)))

        async def yes(exchange: Exchange) -> Exchanged:
            return answered(exchange, b'{"result":0,"status":"OK","data":{"balance":10.00}}')

        gateway = real_gateway(world, yes)
        for _ in range(8):
            await world.worker.tick()
            await world.hub.drain()
            await asyncio.sleep(0.25)
        await world.worker.place_listings()
        listed = await world.journal.listed_after(world.stage.agent.agent_id, 0, 100)
        unknown = [each for each in listed if not each.balance_known]
        asked = len(gateway._transport.exchanges)
        assert not unknown, (
            f"{len(unknown)} of {len(listed)} without a balance; {asked} callbacks made"
        )


async def test_no_request_goes_out_after_the_peers_fin() -> None:
    """3.3: a connection is reused ... never after the peer's FIN (here: 1 ms after its reply)."""
    conn = Conn()
    waiter = conn.start()
    conn.connection.data_received(http())
    await waiter
    conn.connection.idle(3.0)
    conn.clock.advance(0.001)
    conn.link.silent = False  # a FIN waits in the socket
    assert not conn.connection.is_usable(conn.clock.monotonic())


def test_a_probe_of_an_open_circuit_uses_up_no_try() -> None:
    """3.4: time with an open circuit uses no retries; here five of them skip the last probe."""
    from tests.support.transactions import bet as a_bet

    row = a_bet(
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


def test_a_lease_of_a_clock_that_was_set_back_between_runs_ends() -> None:
    """A lease lasts 9 s; a restart with the clock a day back must not leave it running for a day."""
    from meganodes.journal.leases import LeaseClock
    from meganodes.journal.memory_tables import Held, _is_leased
    from meganodes.kit.clock import ManualClock
    from tests.support.transactions import bet as a_bet

    clock = ManualClock()
    until = LeaseClock(clock).now_ms() + 5_000
    clock.jump_wall(-86_400)
    clock.advance(60)
    again = LeaseClock(clock)  # the next run
    assert not _is_leased(Held(row=a_bet(), lease_until_ms=until), again.now_ms())
