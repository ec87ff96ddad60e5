"""The loops that send what is owed: recovery, probes, listings, balances, overdue rows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from meganodes.callbacks.gateway import Call
from meganodes.domain.outcome import Accepted, Outcome
from meganodes.domain.transaction import State, Step
from meganodes.kit.identity import first_trans_id
from meganodes.protocol.commands import Command, TransType
from tests.support.hub_world import FAST, TIME_OUT, World, hub_world
from tests.support.races import pause, with_methods


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with hub_world(tmp_path) as made:
        yield made


def open_circuit(world: World) -> int:
    agent_id = world.stage.agent.agent_id
    world.line.open.add(agent_id)
    return agent_id


@pytest.mark.rule("3.4-half-open-probe", "3.4-circuit-time")
async def test_the_probe_of_an_open_circuit_is_the_oldest_due_row(world: World) -> None:
    await world.bet()
    open_circuit(world)
    await world.win("w1")
    await pause(0.01)
    await world.win("w2")
    world.line.next(Command.WIN, TIME_OUT)
    await world.worker.tick()
    await world.hub.drain()
    assert world.line.commands() == ["bet", "win"]
    assert world.line.sent[-1].webhook_id == (await world.row("w1")).guid
    assert (await world.row("w1")).failures == 0, "a probe uses up no retry"


@pytest.mark.rule("3.4-half-open-probe")
async def test_without_due_rows_the_probe_is_authenticate_for_callback_test(
    world: World,
) -> None:
    open_circuit(world)
    await world.worker.tick()
    await world.hub.drain()
    assert [(call.command, call.account) for call in world.line.sent] == [
        (Command.AUTHENTICATE, "callback_test")
    ]


@pytest.mark.reliability("2.6-bet-broken-call", "I12")
@pytest.mark.rule("3.4-bet-sent-once")
async def test_a_bet_whose_node_stopped_is_undone_after_its_lease_and_not_before(
    tmp_path: Path,
) -> None:
    async with hub_world(tmp_path, bet_lease_ms=600) as world:
        never = asyncio.Event()

        async def hang(_call: Call) -> Outcome:
            await never.wait()
            return Accepted(balance_minor=1)

        world.line.next(Command.BET, hang)
        bet = asyncio.create_task(world.bet())
        await pause(0.03)
        await world.worker.tick()
        assert (await world.row("b1")).state is State.PENDING
        await pause(0.7)
        await world.worker.tick()
        row = await world.row("b1")
        history = await world.journal.events(row.agent_id, row.trans_id)
        assert (history[1].to_state, history[1].cause) == ("cancelling", "its node stopped")
        never.set()
        await bet
        await world.hub.drain()


async def test_listings_get_their_positions_in_order_and_their_balances(world: World) -> None:
    agent_id = world.stage.agent.agent_id
    await world.bet("b1")
    await world.win("w1")
    world.line.next(Command.BET, TIME_OUT)
    await world.bet("b2")
    await world.settle()
    await world.worker.place_listings()
    listed = await world.hub.reads.listed_after(agent_id, 0, 10)
    assert [entry.position for entry in listed] == [1, 2]
    assert [(entry.trans_type, entry.balance_minor) for entry in listed] == [
        (TransType.BET, 850),
        (TransType.WIN, 1_050),
    ]
    assert await world.hub.reads.listed_after(agent_id, 2, 10) == ()


async def test_new_listings_are_summed_up_until_none_is_left(world: World) -> None:
    asked: list[int] = []

    async def sum_turnovers(*, limit: int) -> int:
        asked.append(limit)
        return 3 - len(asked)

    world.hub.journal = with_methods(world.journal, sum_turnovers=sum_turnovers)
    await world.worker.sum_turnovers()
    assert len(asked) == 3


async def test_a_missing_balance_is_asked_for_once_before_the_entry_is_listed(
    world: World,
) -> None:
    agent_id = world.stage.agent.agent_id
    await world.bet("b1")
    world.line.next(Command.WIN, Accepted(balance_minor=None))
    await world.win("w1")
    await world.worker.place_listings()
    assert len(await world.hub.reads.listed_after(agent_id, 0, 10)) == 1
    await world.worker.tick()
    await world.hub.drain()
    await world.worker.place_listings()
    entry = (await world.hub.reads.listed_after(agent_id, 1, 10))[0]
    assert (entry.balance_minor, entry.balance_known) == (850, True)
    assert world.line.commands() == ["bet", "win", "balance"]


async def test_an_entry_whose_balance_nobody_knows_says_so(world: World) -> None:
    await world.bet("b1")
    world.line.next(Command.WIN, Accepted(balance_minor=None))
    world.line.next(Command.BALANCE, TIME_OUT)
    await world.win("w1")
    await world.worker.tick()
    await world.hub.drain()
    await world.worker.place_listings()
    entry = (await world.hub.reads.listed_after(world.stage.agent.agent_id, 1, 10))[0]
    assert (entry.balance_minor, entry.balance_known) == (0, False)


@pytest.mark.reliability("2.6-win-schedule-used-up")
@pytest.mark.rule("3.4-circuit-time", "3.4-parked")
async def test_what_could_not_be_tried_for_seven_days_is_parked(tmp_path: Path) -> None:
    impatient = replace(FAST, give_up_ms=-1)
    async with hub_world(tmp_path, schedule=impatient) as world:
        await world.bet()
        open_circuit(world)
        await world.win()
        world.line.next(Command.WIN, TIME_OUT)
        await world.worker.tick()
        await world.hub.drain()
        row = await world.row("w1")
        assert (row.state, row.step) == (State.PARKED, Step.NONE)


async def test_the_loops_run_until_they_are_stopped(world: World) -> None:
    await world.bet()
    world.line.next(Command.WIN, TIME_OUT)
    world.worker.start()
    await world.win()
    for _ in range(100):
        await asyncio.sleep(0.01)
        if (await world.row("w1")).state is State.CREDITED:
            break
    await asyncio.sleep(world.hub.settings.sequencer_tick_seconds * 2)
    await world.worker.stop()
    assert (await world.row("w1")).state is State.CREDITED
    assert len(await world.hub.reads.listed_after(world.stage.agent.agent_id, 0, 10)) == 2


@pytest.mark.rule("3.4-schedule-is-data")
async def test_an_agents_own_retry_schedule_holds_for_its_rows(world: World) -> None:
    slow = {"quick_min_ms": 60_000, "quick_max_ms": 60_000}
    await world.directory.set_agent("acme", {"retry": slow})
    await world.bet()
    world.line.next(Command.WIN, TIME_OUT)
    await world.win()
    row = await world.row("w1")
    assert row.due_at_ms is not None
    assert row.due_at_ms - world.hub.clock.now_ms() > 50_000


async def test_words_are_put_down_step_by_step_for_rows_that_are_surely_committed(
    world: World,
) -> None:
    asked: list[int] = []

    async def add_search_words(*, before: int, limit: int) -> bool:
        assert limit > 0
        asked.append(before)
        return len(asked) < 3

    world.hub.journal = with_methods(world.journal, add_search_words=add_search_words)
    await world.worker.add_search_words()
    now_ms = world.hub.clock.now_ms()
    assert len(asked) == 3
    assert all(before <= first_trans_id(now_ms - 29_000) for before in asked)
