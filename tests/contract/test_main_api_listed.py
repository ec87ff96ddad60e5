"""What an agent finds in its lists and what never gets there, from bets as providers make them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.callbacks.gateway import Call
from meganodes.domain.by_hand import Settlement
from meganodes.domain.outcome import Accepted, Duplicate, Outcome
from meganodes.domain.transaction import State
from meganodes.hub.history import HistoryEntry, list_after
from meganodes.hub.parked import settle
from meganodes.protocol.commands import Command
from tests.support.hub_world import LOST_REPLY, TIME_OUT, World, hub_world

BY_TWO = Settlement(by="ann", confirmed_by="bob", reason="paid by wire")


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with hub_world(tmp_path) as made:
        yield made


async def listed(world: World) -> list[tuple[int, int]]:
    """Place what waits and give type and amount of every entry, in order."""
    return [(int(entry.trans_type), entry.amount_minor) for entry in await entries(world)]


async def entries(world: World) -> tuple[HistoryEntry, ...]:
    await world.worker.place_listings()
    return await read(world)


async def read(world: World) -> tuple[HistoryEntry, ...]:
    agent = world.directory.agent(world.stage.agent.agent_id)
    assert agent is not None
    return await list_after(world.hub, agent, 0, 100)


async def until(world: World, transaction_id: str, state: State) -> None:
    """Let the worker go on until a row is in a state."""
    for _ in range(1_000):
        if (await world.row(transaction_id)).state is state:
            return
        await world.settle(ticks=1)
    raise AssertionError((transaction_id, (await world.row(transaction_id)).state))


@pytest.mark.rule("2.2-transaction-listed")
async def test_accepted_bets_and_wins_and_confirmed_cancels_are_listed(world: World) -> None:
    await world.bet("b1", "1.50")
    await world.win("w1", "2.00")
    await world.bet("b2", "3.00", round_id="r2")
    await world.cancel("b2")
    await until(world, "b2", State.CANCELLED)
    assert await listed(world) == [(1, 150), (2, 200), (1, 300), (16, 300)]


@pytest.mark.rule("2.2-transaction-listed")
async def test_lost_round_has_its_win_of_nothing_in_the_list(world: World) -> None:
    await world.bet("b1")
    await world.win("w1", "0", closed=True)
    assert await listed(world) == [(1, 150), (2, 0)]


@pytest.mark.rule("2.2-transaction-listed")
async def test_settlement_by_hand_is_listed(world: World) -> None:
    await world.bet()
    world.line.next(Command.WIN, Duplicate())
    await world.win()
    await until(world, "w1", State.PARKED)
    assert await listed(world) == [(1, 150)]
    await settle(world.journal, world.hub.clock, await world.row("w1"), BY_TWO)
    await world.settle()
    assert await listed(world) == [(1, 150), (2, 200)]


@pytest.mark.rule("2.2-transaction-pair")
async def test_bet_of_unknown_outcome_and_its_cancel_stand_next_to_each_other(
    world: World,
) -> None:
    await world.bet("b1", "1.00")
    world.line.next(Command.BET, LOST_REPLY)
    await asyncio.gather(
        world.bet("lost", "2.00", round_id="r2"), world.bet("b2", "3.00", round_id="r3")
    )
    await until(world, "lost", State.CANCELLED)
    await world.settle()
    found = await listed(world)
    assert sorted(found) == [(1, 100), (1, 200), (1, 300), (16, 200)]
    assert found.index((16, 200)) == found.index((1, 200)) + 1


@pytest.mark.rule("2.2-transaction-not-listed")
async def test_refused_bet_is_never_listed(world: World) -> None:
    await world.bet("poor", "999.00")
    assert (await world.row("poor")).state is State.REFUSED
    assert await listed(world) == []


@pytest.mark.rule("2.2-transaction-not-listed")
async def test_pending_bet_is_not_listed_before_it_is_decided(world: World) -> None:
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def hold(call: Call) -> Outcome:
        asked.set()
        await go_on.wait()
        return world.line.execute(call)

    world.line.next(Command.BET, hold)
    bet = asyncio.create_task(world.bet())
    await asked.wait()
    assert (await world.row("b1")).state is State.PENDING
    assert await listed(world) == []
    go_on.set()
    await bet
    assert await listed(world) == [(1, 150)]


@pytest.mark.rule("2.2-transaction-not-listed")
async def test_owed_win_is_not_listed_before_it_is_taken(world: World) -> None:
    await world.bet()
    world.line.next(Command.WIN, TIME_OUT)
    await world.win()
    assert (await world.row("w1")).state is State.OWED
    assert await listed(world) == [(1, 150)]
    await until(world, "w1", State.CREDITED)
    assert await listed(world) == [(1, 150), (2, 200)]


@pytest.mark.rule("2.2-transaction-not-listed")
async def test_void_bet_is_never_listed(world: World) -> None:
    world.line.next(Command.BET, TIME_OUT)
    await world.bet("never-seen")
    await until(world, "never-seen", State.VOID)
    assert await listed(world) == []


@pytest.mark.rule("2.2-transaction-not-listed")
async def test_tombstone_and_the_cancel_that_made_it_are_never_listed(world: World) -> None:
    await world.cancel("unheard-of")
    await world.settle()
    assert (await world.row("unheard-of")).state is State.TOMBSTONE
    assert await listed(world) == []


@pytest.mark.rule("2.2-transaction-id-within-1s")
async def test_settled_transaction_is_listed_within_a_second(world: World) -> None:
    """By the worker alone. A busy machine may take longer now and then, but not every time."""
    world.worker.start()
    delays_ms: list[int] = []
    while not delays_ms or (min(delays_ms) > 1_000 and len(delays_ms) < 10):
        await world.bet(f"b{len(delays_ms)}", "0.01")
        settled_ms = world.hub.clock.now_ms()
        for _ in range(3_000):
            if len(await read(world)) > len(delays_ms):
                break
            await asyncio.sleep(0.01)
        delays_ms.append((await read(world))[-1].listed_at_ms - settled_ms)
    await world.worker.stop()
    assert min(delays_ms) <= 1_000


@pytest.mark.rule("2.2-transaction-balance-asked")
async def test_balance_that_was_not_reported_is_asked_for_once(world: World) -> None:
    world.line.next(Command.BET, Accepted(balance_minor=700))
    await world.bet()
    world.line.next(Command.WIN, Accepted(balance_minor=None))
    await world.win("w1")
    world.line.next(Command.WIN, Accepted(balance_minor=None))
    await world.win("w2")
    world.line.next(Command.BALANCE, Accepted(balance_minor=900), TIME_OUT, TIME_OUT)
    await world.settle()
    bet, *wins = await entries(world)
    assert (bet.balance_minor, bet.prebalance_minor, bet.balance_known) == (700, 850, True)
    known, unknown = sorted(wins, key=lambda entry: not entry.balance_known)
    assert (known.balance_minor, known.prebalance_minor) == (900, 700)
    assert (unknown.balance_minor, unknown.prebalance_minor) == (0, 0)
    assert not unknown.balance_known
    assert world.line.commands().count("balance") == 2
