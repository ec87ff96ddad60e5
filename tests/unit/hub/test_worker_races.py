"""The worker and the doors at one row: whoever comes second must neither send again nor raise."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from meganodes.callbacks.gateway import Call
from meganodes.directory.records import Agent
from meganodes.domain.outcome import Outcome
from meganodes.domain.transaction import State
from meganodes.journal.memory import StoreFault
from meganodes.journal.store import Change, Insert
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.commands import Command
from tests.support.hub_world import World, hub_world
from tests.support.races import held_until, pause, with_methods


async def add_an_undecidable_row(world: World) -> None:
    """Leave an expired pending bet of a second agent whose retry schedule cannot be read."""
    row = await world.row("b1")
    alien = replace(
        row,
        agent_id=2,
        trans_id=row.trans_id + 1,
        state=State.PENDING,
        epoch=0,
        balance_minor=None,
        decided_at_ms=None,
    )
    await world.journal.commit(Change(at_ms=1, inserts=(Insert(row=alien, cause="x", lease_ms=0),)))
    known = world.hub.directory
    healthy = known.agent(row.agent_id)
    assert healthy is not None
    newer = replace(healthy, agent_id=2, retry={"from_the_future": 1})

    def agent(agent_id: int) -> Agent | None:
        return newer if agent_id == 2 else known.agent(agent_id)

    world.hub.directory = with_methods(known, agent=agent)


async def test_one_agents_row_that_cannot_be_decided_stops_no_other_agent(tmp_path: Path) -> None:
    """After a downgrade a retry value of a newer version raises wherever it is read."""
    async with hub_world(tmp_path) as world:
        await world.bet()
        world.line.open.add(world.stage.agent.agent_id)
        await world.win()
        world.line.open.clear()
        await add_an_undecidable_row(world)
        world.worker.start()
        await asyncio.sleep(0.8)
        await world.worker.stop()
        await world.hub.drain()
        assert (await world.row("w1")).state is State.CREDITED


@pytest.mark.reliability("I10")
async def test_a_ghost_insert_claimed_by_the_worker_is_sent_by_the_worker_alone(
    tmp_path: Path,
) -> None:
    """D5: a ghost commit recorded the win unclaimed, because a bet of its round was pending.

    Before its row is read again the worker has claimed it.
    """
    async with hub_world(tmp_path, answer_within_seconds=1.0) as world:
        await world.bet("b1")
        release, slow = asyncio.Event(), asyncio.Event()
        world.line.next(Command.BET, held_until(world, release))
        other = asyncio.create_task(world.bet("b2"))
        await pause(0.02)
        world.line.next(Command.WIN, held_until(world, slow), held_until(world, slow))
        world.faults.append(StoreFault.GHOST)
        win = asyncio.create_task(world.win())
        await pause(0.01)
        release.set()
        await other
        await world.worker.tick()
        await asyncio.sleep(0.1)
        sent = world.line.commands()
        slow.set()
        await win
        await world.hub.drain()
        assert sent.count("win") == 1, sent


async def test_a_betwin_whose_late_bet_reply_finds_the_worker_at_work_sends_no_second_cancel(
    tmp_path: Path,
) -> None:
    async with hub_world(tmp_path, bet_lease_ms=40) as world:
        reply, slow = asyncio.Event(), asyncio.Event()
        world.line.next(Command.BET, held_until(world, reply))
        world.line.next(Command.CANCEL, held_until(world, slow), held_until(world, slow))
        bet = asyncio.create_task(world.betwin(("w1", "1.00")))
        await pause(0.08)
        await world.worker.tick()
        await pause(0.01)
        reply.set()
        await bet
        await pause(0.01)
        sent = world.line.commands()
        slow.set()
        await world.hub.drain()
        assert sent.count("cancel") == 1, sent


async def test_a_cancel_naming_itself_gets_a_definite_answer_from_the_core(tmp_path: Path) -> None:
    """One adapter refuses it at its door; the core must answer for those that do not."""
    async with hub_world(tmp_path) as world:
        answer = await world.cancel("x1", "x1")
        assert answer.code in {ApiCode.TRANSACTION_CONFLICT, ApiCode.VALIDATION_ERROR}


async def test_a_betwin_whose_win_id_is_taken_meanwhile_gives_the_stake_back(
    tmp_path: Path,
) -> None:
    async with hub_world(tmp_path) as world:
        await world.bet("b0")

        async def yes_and_a_win(call: Call) -> Outcome:
            world.hub.spawn(world.win("w1", "1.00"))
            await asyncio.sleep(0.05)
            return world.line.execute(call)

        world.line.next(Command.BET, yes_and_a_win)
        answer = await world.betwin(("w1", "2.00"))
        await world.settle()
        assert answer.code is ApiCode.TRANSACTION_CANCELLED
        assert world.balance == 1_000 - 150 + 100


@pytest.mark.reliability("2.6-bet-overtaken-by-cancel")
async def test_a_cancel_that_overtakes_a_ghost_bet_keeps_it_from_being_sent(
    tmp_path: Path,
) -> None:
    async with hub_world(tmp_path, bet_lease_ms=30) as world:
        world.faults.append(StoreFault.GHOST)
        assert (await world.bet()).code is ApiCode.TRY_AGAIN
        answer = await world.cancel()
        assert answer.code is ApiCode.OK
        await world.settle()
        assert "bet" not in world.line.commands()
