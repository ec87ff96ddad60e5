"""A person resumes or settles what is parked, and nothing else (contract 3.4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from meganodes.domain.by_hand import Settlement
from meganodes.domain.outcome import Duplicate
from meganodes.domain.transaction import State, Transaction
from meganodes.hub.parked import NotDone, resume, settle
from meganodes.protocol.commands import Command
from tests.support.hub_world import World, hub_world

BY_TWO = Settlement(by="ann", confirmed_by="bob", reason="paid by wire")


async def parked_win(world: World) -> Transaction:
    await world.bet()
    world.line.next(Command.WIN, Duplicate())
    await world.win()
    await world.settle()
    row = await world.row("w1")
    assert row.state is State.PARKED
    return row


@pytest.mark.reliability("2.6-win-schedule-used-up")
@pytest.mark.rule("3.4-parked")
async def test_a_resumed_win_is_sent_again_and_taken(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        row = await parked_win(world)
        sent = len(world.line.sent)
        await world.settle(ticks=5)
        assert len(world.line.sent) == sent, "nothing is sent while it is parked"
        await resume(world.journal, world.hub.clock, row)
        await world.settle()
        assert (await world.row("w1")).state is State.CREDITED
        assert world.balance == 1_050


@pytest.mark.reliability("2.6-win-schedule-used-up")
@pytest.mark.rule("3.4-settle-by-hand")
async def test_a_settled_win_is_closed_first_and_never_sent(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        row = await parked_win(world)
        done = await settle(world.journal, world.hub.clock, row, BY_TWO)
        assert isinstance(done, Transaction)
        assert done.state is State.SETTLED_BY_HAND
        again = await resume(world.journal, world.hub.clock, done)
        assert isinstance(again, NotDone)
        stale = await resume(world.journal, world.hub.clock, row)
        assert isinstance(stale, NotDone)
        await world.settle()
        assert world.balance == 850


@pytest.mark.rule("3.4-settle-by-hand")
async def test_one_person_alone_settles_nothing(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        row = await parked_win(world)
        alone = Settlement(by="ann", confirmed_by="ann", reason="paid")
        assert isinstance(await settle(world.journal, world.hub.clock, row, alone), NotDone)
        assert (await world.row("w1")).state is State.PARKED


async def test_what_is_not_parked_stays_as_it_is(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        await world.bet()
        row = await world.row("b1")
        assert isinstance(await resume(world.journal, world.hub.clock, row), NotDone)
        assert isinstance(await settle(world.journal, world.hub.clock, row, BY_TWO), NotDone)
