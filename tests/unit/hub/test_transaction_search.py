"""Pages, counts and whole runs of what staff look for."""

from __future__ import annotations

from pathlib import Path

from meganodes.domain.transaction import Kind
from meganodes.hub.transaction_search import (
    every_transaction,
    first_page,
    named,
    newer_page,
    transactions_page,
)
from meganodes.journal.search import Counted, Sought
from tests.support.hub_world import hub_world

EVERYTHING = Sought(agent_id=1, first=0, past=2**53)


async def test_a_page_says_where_the_next_one_begins(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        for number in range(3):
            await world.bet(f"b{number}")
        page = await transactions_page(world.hub, EVERYTHING, 2)
        assert [row.transaction_id for row in page.rows] == ["b2", "b1"]
        assert page.older_below == page.rows[-1].trans_id
        assert not page.is_short
        whole = await transactions_page(world.hub, EVERYTHING, 4)
        assert (len(whole.rows), whole.older_below, whole.is_short) == (3, None, False)
        newest, counted = await first_page(world.hub, EVERYTHING, 2)
        assert newest == page
        assert counted == Counted(count=3, is_all=True)


async def test_a_run_through_all_gives_each_row_once_up_to_a_limit(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        for number in range(7):
            await world.bet(f"b{number}")
        for limit, expected in ((100, 7), (7, 7), (5, 5), (0, 0)):
            seen = [
                row.transaction_id
                async for rows in every_transaction(world.hub, EVERYTHING, limit=limit, at_once=2)
                for row in rows
            ]
            assert seen == [f"b{number}" for number in range(6, -1, -1)][:expected]


async def test_a_cancels_id_stands_for_its_bet(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        await world.bet("b1")
        await world.cancel("b1", "c1")
        bet, cancel = await world.row("b1"), await world.row("c1")
        assert cancel.kind is Kind.CANCEL
        for text in ("c1", str(cancel.trans_id), bet.cancel_guid):
            found = await named(world.hub, text, {bet.agent_id})
            assert [row.trans_id for row in found.transactions] == [bet.trans_id], text
        assert (await named(world.hub, "c1", {bet.agent_id + 1})).transactions == ()


async def test_one_may_page_back_to_what_is_newer_and_ends_at_the_whole_first_page(
    tmp_path: Path,
) -> None:
    async with hub_world(tmp_path) as world:
        for number in range(5):
            await world.bet(f"b{number}")
        numbers = [(await world.row(f"b{number}")).trans_id for number in range(5)]
        page = await newer_page(world.hub, EVERYTHING, 2, newer_from=numbers[1])
        assert [row.transaction_id for row in page.rows] == ["b2", "b1"]
        assert page.older_below == numbers[1]
        newest = await newer_page(world.hub, EVERYTHING, 3, newer_from=numbers[3])
        assert newest == await transactions_page(world.hub, EVERYTHING, 3)
