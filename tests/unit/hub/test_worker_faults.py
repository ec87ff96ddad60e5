"""The worker among refusals, defects and others who are quicker: it goes on, and sends nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from meganodes.callbacks.gateway import AgentView, Attempt, Call
from meganodes.domain.outcome import Accepted, NotSent, Outcome
from meganodes.domain.transaction import State, Transaction
from meganodes.journal.memory import StoreFault
from meganodes.journal.store import StoreUnavailable
from meganodes.protocol.commands import Command
from tests.support.hub_world import TIME_OUT, World, hub_world
from tests.support.races import pause, with_methods


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with hub_world(tmp_path) as made:
        yield made


async def an_owed_win(world: World) -> None:
    await world.bet()
    world.line.next(Command.WIN, TIME_OUT)
    await world.win()
    await pause(0.01)


def events(lines: Sequence[MutableMapping[str, object]]) -> set[object]:
    return {line["event"] for line in lines}


async def until_credited(world: World) -> None:
    for _ in range(2_000):
        if (await world.row("w1")).state is State.CREDITED:
            return
        await asyncio.sleep(0.01)
    raise AssertionError((await world.row("w1")).state)


async def test_the_loops_outlive_a_journal_that_is_away_and_a_defect(world: World) -> None:
    await an_owed_win(world)
    faults: list[Exception] = [StoreUnavailable("away"), ZeroDivisionError()]
    defects: list[Exception] = [ZeroDivisionError()]

    async def expired_pending(*, limit: int) -> tuple[Transaction, ...]:
        if faults:
            raise faults.pop(0)
        return await world.journal.expired_pending(limit=limit)

    async def sequence(*, now_ms: int, limit: int) -> int:
        if defects:
            raise defects.pop()
        return await world.journal.sequence(now_ms=now_ms, limit=limit)

    world.hub.journal = with_methods(
        world.journal, expired_pending=expired_pending, sequence=sequence
    )
    with capture_logs() as lines:
        world.worker.start()
        await until_credited(world)
        for _ in range(2_000):
            if not (faults or defects or await world.journal.unplaced()):
                break
            await asyncio.sleep(0.01)
        await world.worker.stop()
    assert {
        "worker_waits_for_the_journal",
        "worker_step_failed",
        "worker_loop_failed",
    } <= events(lines)


async def test_minutes_are_sealed_until_none_is_left(world: World) -> None:
    asked: list[int] = []

    async def seal(*, now_ms: int) -> bool:
        asked.append(now_ms)
        return len(asked) < 3

    world.hub.journal = with_methods(world.journal, seal=seal)
    await world.worker.seal()
    assert len(asked) == 3


async def test_a_bet_that_was_decided_meanwhile_is_not_undone(world: World) -> None:
    await world.bet()
    decided = await world.row("b1")
    stale = replace(decided, state=State.PENDING, epoch=0, decided_at_ms=None, balance_minor=None)

    async def expired_pending(*, limit: int) -> tuple[Transaction, ...]:
        assert limit > 0
        return (stale,)

    world.hub.journal = with_methods(world.journal, expired_pending=expired_pending)
    await world.worker.tick()
    assert (await world.row("b1")).state is State.ACCEPTED
    assert world.line.commands() == ["bet"]


async def test_a_claim_that_the_journal_refuses_ends_the_tick(world: World) -> None:
    await an_owed_win(world)

    async def claim(agent_id: int, **_: int) -> tuple[Transaction, ...]:
        raise StoreUnavailable(f"for agent {agent_id}")

    world.hub.journal = with_methods(world.journal, claim=claim)
    with pytest.raises(StoreUnavailable):
        await world.worker.tick()


async def test_nothing_is_sent_to_an_open_circuit_that_wants_no_probe(world: World) -> None:
    await an_owed_win(world)
    world.line.open.add(world.stage.agent.agent_id)
    world.hub.gateway = with_methods(world.line, probes_wanted=lambda: ())
    await world.worker.tick()
    await world.hub.drain()
    assert world.line.commands() == ["bet", "win"]


async def test_without_room_nothing_is_claimed_and_the_backlog_waits_for_some(
    world: World,
) -> None:
    await an_owed_win(world)
    rooms = [0, 0]

    def delivery_room(agent_id: int) -> int:
        return rooms.pop() if rooms else world.line.delivery_room(agent_id)

    world.hub.gateway = with_methods(world.line, delivery_room=delivery_room)
    await world.worker.tick()
    assert world.line.commands() == ["bet", "win"]
    await until_credited(world)
    assert rooms == []


async def test_an_attempt_that_cannot_be_recorded_is_told_and_taken_up_again(
    tmp_path: Path,
) -> None:
    async with hub_world(tmp_path, delivery_lease_ms=1) as world:
        await an_owed_win(world)

        async def yes_then_full(call: Call) -> Outcome:
            world.faults.append(StoreFault.REFUSED)
            return world.line.execute(call)

        world.line.next(Command.WIN, yes_then_full)
        with capture_logs() as lines:
            await world.worker.tick()
            await world.hub.drain()
        assert "attempt_not_recorded" in events(lines)
        await world.settle()
        assert (await world.row("w1")).state is State.CREDITED
        assert world.balance == 1_050


async def test_an_agent_that_this_node_does_not_know_yet_gets_no_probe(world: World) -> None:
    world.line.open.add(world.stage.agent.agent_id)
    world.hub.directory = with_methods(world.directory, agent=lambda _: None)
    await world.worker.tick()
    await world.hub.drain()
    assert world.line.sent == []


# --- balances that were not reported --------------------------------------------------------------


async def a_win_without_a_balance(world: World) -> None:
    await world.bet()
    world.line.next(Command.WIN, Accepted(balance_minor=None))
    await world.win()


async def listed(world: World) -> list[tuple[int, bool]]:
    await world.worker.place_listings()
    entries = await world.hub.reads.listed_after(world.stage.agent.agent_id, 1, 10)
    return [(entry.balance_minor, entry.balance_known) for entry in entries]


async def test_a_balance_is_asked_for_once_however_long_it_takes(world: World) -> None:
    await a_win_without_a_balance(world)
    go_on = asyncio.Event()

    async def slow(call: Call) -> Outcome:
        await go_on.wait()
        return world.line.execute(call)

    world.line.next(Command.BALANCE, slow)
    await world.worker.tick()
    await pause(0.01)
    await world.worker.tick()
    go_on.set()
    await world.hub.drain()
    assert world.line.commands() == ["bet", "win", "balance"]
    assert await listed(world) == [(850, True)]


async def test_a_balance_waits_for_room(world: World) -> None:
    await a_win_without_a_balance(world)
    world.hub.gateway = with_methods(world.line, delivery_room=lambda _: 0)
    await world.worker.tick()
    await world.hub.drain()
    assert world.line.commands() == ["bet", "win"]
    assert await listed(world) == []


async def test_a_balance_that_was_held_back_is_asked_for_later(world: World) -> None:
    await a_win_without_a_balance(world)

    async def send(_agent: AgentView, call: Call) -> Attempt:
        return world.line._attempt(call, NotSent(reason="no place", counted=False))

    world.hub.gateway = with_methods(world.line, send=send)
    await world.worker.tick()
    await world.hub.drain()
    assert await listed(world) == []
    world.hub.gateway = world.line
    await world.worker.tick()
    await world.hub.drain()
    assert await listed(world) == [(850, True)]


async def test_the_balance_at_an_agent_that_is_not_known_stays_unknown(world: World) -> None:
    await a_win_without_a_balance(world)
    world.hub.directory = with_methods(world.directory, agent=lambda _: None)
    await world.worker.tick()
    await world.hub.drain()
    assert world.line.commands() == ["bet", "win"]
    assert await listed(world) == [(0, False)]
