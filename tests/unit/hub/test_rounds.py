"""What the round command shows (contract 4)."""

from __future__ import annotations

from pathlib import Path

import pytest

from meganodes.domain.answers import RoundState
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.commands import Command
from tests.support.hub_world import TIME_OUT, hub_world


@pytest.mark.rule("4-round")
async def test_a_round_lists_its_movements_with_what_is_owed(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        await world.bet("b1")
        await world.bet("b2")
        await world.cancel("b2")
        world.line.next(Command.WIN, *[TIME_OUT] * 9)
        await world.win("w1", closed=True)
        shown = await world.round()
        assert shown.closed is True
        assert [
            (item.transaction_id, item.state, item.delivered) for item in shown.transactions
        ] == [
            ("b1", RoundState.ACCEPTED, True),
            ("b2", RoundState.CANCELLED, True),
            ("w1", RoundState.OWED, False),
        ]


@pytest.mark.rule("4-not-recorded")
async def test_an_unknown_round_is_2013(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        assert (await world.round("r9")).code is ApiCode.ROUND_NOT_FOUND
