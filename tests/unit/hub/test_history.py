"""The agent's list of settled transactions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import cast

import pytest

from meganodes.domain.transaction import State
from meganodes.hub.history import (
    ENTRIES_INLINE_MAX,
    HistoryEntry,
    HistoryPage,
    list_after,
    list_between,
)
from meganodes.journal.store import JournalReads, ListedTransaction
from meganodes.journal.turnover import Page, Window
from meganodes.protocol.commands import Category, Revision, TransType
from meganodes.protocol.currency import currency
from tests.support.builders import a_game
from tests.support.door import World, opened_world
from tests.support.races import with_methods
from tests.support.rows import owed_win, pending_bet
from tests.support.transactions import settled_bet

LISTED_MS = 1_790_000_001_234
ASKED_MS = 1_790_000_000_007


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        yield made


@dataclass
class ListOf:
    """Reads that give one entry, whoever asks; `asked` is with what."""

    listed: ListedTransaction
    asked: tuple[int, int, int] | None = None

    async def listed_after(
        self, agent_id: int, position: int, limit: int
    ) -> tuple[ListedTransaction, ...]:
        self.asked = (agent_id, position, limit)
        return (self.listed,)


BET = ListedTransaction(
    position=12,
    trans_type=TransType.BET,
    row=pending_bet(state=State.ACCEPTED, created_at_ms=ASKED_MS),
    balance_minor=9_850,
    balance_known=True,
    listed_at_ms=LISTED_MS,
)
WIN = replace(BET, trans_type=TransType.WIN, row=owed_win(state=State.CREDITED))
CANCEL = replace(BET, trans_type=TransType.CANCEL, row=replace(BET.row, state=State.CANCELLED))


async def entry_of(world: World, listed: ListedTransaction) -> HistoryEntry:
    world.hub.reads = cast("JournalReads", ListOf(listed))
    (entry,) = await list_after(world.hub, world.agent, 0, 10)
    return entry


async def test_entry_has_every_field_of_the_contract(world: World) -> None:
    """Contract 2.2, item of the transaction lists."""
    assert await entry_of(world, BET) == HistoryEntry(
        position=12,
        user_code=400_000_001,
        round_id="r-1",
        trans_type=TransType.BET,
        provider_id=7,
        provider_name="Pixel Works",
        game_code="fruits",
        game_name="Fruits",
        category=Category.SLOTS,
        currency=currency("EUR"),
        prebalance_minor=10_000,
        amount_minor=150,
        balance_minor=9_850,
        balance_known=True,
        regdate="2026-09-21 14:13:21",
        listed_at_ms=LISTED_MS,
        created_at="2026-09-21T14:13:20.007Z",
        gplay_id=11,
        trans_guid="mn-" + "a" * 40,
        callback_trans_id=None,
        cancel_trans_guid=None,
    )


async def test_cursor_and_agent_go_to_the_journal_as_they_are(world: World) -> None:
    reads = ListOf(BET)
    world.hub.reads = cast("JournalReads", reads)
    await list_after(world.hub, world.agent, 99, 2000)
    assert reads.asked == (world.agent.agent_id, 99, 2000)


@pytest.mark.rule("2.2-transaction-balances")
@pytest.mark.parametrize(
    ("listed", "prebalance_minor"), [(BET, 10_000), (WIN, 9_700), (CANCEL, 9_700)]
)
async def test_prebalance_is_before_the_movement(
    world: World, listed: ListedTransaction, prebalance_minor: int
) -> None:
    """Contract 2.2: balance + amount for a bet, - amount for a win or cancel."""
    assert (await entry_of(world, listed)).prebalance_minor == prebalance_minor


async def test_unknown_balance_makes_both_zero(world: World) -> None:
    """Contract 2.2: both are 0 and balance_known is false."""
    entry = await entry_of(world, replace(BET, balance_minor=0, balance_known=False))
    assert (entry.prebalance_minor, entry.balance_minor, entry.balance_known) == (0, 0, False)


async def test_cancel_has_its_own_guid_and_names_the_bet(world: World) -> None:
    entry = await entry_of(world, CANCEL)
    assert entry.trans_guid == "mn-" + "a" * 40 + "-c"
    assert entry.cancel_trans_guid == "mn-" + "a" * 40


async def test_row_of_revision_id_has_its_number_instead(world: World) -> None:
    """Contract 2.2: callback_trans_id for revision id."""
    listed = replace(CANCEL, row=replace(CANCEL.row, revision=Revision.ID))
    entry = await entry_of(world, listed)
    assert (entry.trans_guid, entry.callback_trans_id, entry.cancel_trans_guid) == (
        None,
        1001,
        None,
    )


@pytest.mark.rule("2.1-time-zone")
async def test_times_are_in_the_agent_s_zone(world: World) -> None:
    """Contract 2.1: regdate is in the agent's IANA time zone; created_at stays UTC."""
    await world.directory.set_agent("acme", {"time_zone": "Asia/Seoul"})
    entry = await entry_of(world, BET)
    assert entry.regdate == "2026-09-21 23:13:21"
    assert entry.created_at.endswith("T14:13:20.007Z")


async def test_what_the_catalogue_does_not_know_keeps_its_code(world: World) -> None:
    row = replace(BET.row, provider_id=99, game_code="gone")
    entry = await entry_of(world, replace(BET, row=row))
    assert (entry.provider_name, entry.game_name, entry.category) == ("99", "gone", Category.MINI)


async def test_names_are_those_of_now(world: World) -> None:
    await world.directory.import_games(7, [a_game(name="Fruits Deluxe", category=Category.LIVE)])
    entry = await entry_of(world, BET)
    assert (entry.game_name, entry.category) == ("Fruits Deluxe", Category.LIVE)


# --- windows --------------------------------------------------------------------------------------


async def page_between(world: World, start_ms: int, end_ms: int) -> HistoryPage:
    window = Window(start_ms=start_ms, end_ms=end_ms)
    return await list_between(world.hub, world.agent, window, Page(offset=0, limit=10))


async def test_window_gives_the_entries_of_the_cursor(world: World) -> None:
    for _ in range(3):
        await settled_bet(world.journal, agent_id=world.agent.agent_id)
    await world.journal.sequence(now_ms=LISTED_MS, limit=10)
    entries = await list_after(world.hub, world.agent, 0, 10)
    page = await page_between(world, LISTED_MS, LISTED_MS + 1)
    assert page == HistoryPage(total=3, entries=entries)


@pytest.mark.rule("2.2-transaction-window-stable")
async def test_window_is_closed_up_to_its_end_or_to_this_moment(world: World) -> None:
    now_ms = world.clock.now_ms()
    for end_ms, closed_ms in ((now_ms - 500, now_ms - 500), (now_ms + 10**9, now_ms)):
        await page_between(world, 0, end_ms)
        await settled_bet(world.journal, agent_id=world.agent.agent_id)
        await world.journal.sequence(now_ms=1, limit=10)
        entries = await list_after(world.hub, world.agent, 0, 10)
        assert entries[-1].listed_at_ms == closed_ms


@pytest.mark.parametrize("count", [ENTRIES_INLINE_MAX, ENTRIES_INLINE_MAX + 1, 2_000])
async def test_long_lists_are_made_like_short_ones(world: World, count: int) -> None:
    listed = tuple(replace(BET, position=number) for number in range(1, count + 1))

    async def listed_after(*_asked: int) -> tuple[ListedTransaction, ...]:
        return listed

    world.hub.reads = with_methods(world.journal, listed_after=listed_after)
    entries = await list_after(world.hub, world.agent, 0, 2_000)
    assert [entry.position for entry in entries] == [each.position for each in listed]
    assert {entry.game_name for entry in entries} == {"Fruits"}
