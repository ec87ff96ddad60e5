"""The cancel's bytes, made from the bet's own: the same on every attempt (contract 3.1)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from meganodes.domain.transaction import State, Step
from meganodes.hub.deliver import cancel_data_of
from meganodes.protocol.commands import (
    Category,
    Command,
    Movement,
    Revision,
    bet_data,
    cancel_data,
)
from meganodes.protocol.ids import cancel_guid
from tests.support.hub_world import TIME_OUT, hub_world
from tests.support.races import held_until, pause
from tests.support.rows import NOW_MS, owed_cancel

BET = Movement(
    account='al"ice',
    gplay_id=11,
    trans_guid="mn-" + "a" * 40,
    trans_id=1001,
    time_stamp_ms=NOW_MS,
    round_id="r-1",
    provider_id=7,
    provider_name="Pixel Ŵorks",
    game_code="fruits",
    game_name="Fruits",
    category=Category.SLOTS,
    sub_category="classic",
    amount_minor=9_007_199_254_740_991,
    exponent=2,
)


@pytest.mark.rule("3.1-cancel-data-guid", "3.1-cancel-data-id", "3-revision-guid-cancel")
@pytest.mark.rule("3-revision-id-cancel", "3.1-data-fixed-with-intent")
@pytest.mark.parametrize("revision", list(Revision))
def test_a_cancel_made_from_the_stored_bet_is_the_one_of_the_wire(revision: Revision) -> None:
    row = owed_cancel(
        revision=revision,
        guid=BET.trans_guid,
        data=bet_data(revision, BET),
        amount_minor=BET.amount_minor,
        state=State.CANCELLING,
        step=Step.DELIVER,
    )
    own = replace(BET, trans_guid=cancel_guid(BET.trans_guid))
    assert cancel_data_of(row, 2) == cancel_data(revision, own, BET.trans_guid, BET.trans_id)


@pytest.mark.reliability("2.6-database-two-owners")
async def test_an_attempt_whose_lease_ended_is_kept_and_leaves_the_row_to_its_present_owner(
    tmp_path: Path,
) -> None:
    async with hub_world(tmp_path, delivery_lease_ms=1) as world:
        await world.bet()
        world.line.next(Command.WIN, TIME_OUT)
        await world.win()
        slow = asyncio.Event()
        world.line.next(Command.WIN, held_until(world, slow))
        await pause(0.01)
        await world.worker.tick()
        await pause(0.01)
        await world.worker.tick()
        await pause(0.05)
        credited = await world.row("w1")
        assert credited.state is State.CREDITED
        slow.set()
        await world.hub.drain()
        assert await world.row("w1") == credited
        kept = await world.hub.reads.attempts(credited.agent_id, credited.trans_id)
        assert len(kept) == world.line.commands().count("win") == 3
        assert world.balance == 1_050
