"""Every journal store: the list of settled transactions, by the cursor law (contract 2.2)."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from meganodes.domain.transaction import State, Transaction, move
from meganodes.journal.postgres import PostgresJournal
from meganodes.journal.store import JournalReads, JournalStore, ListedTransaction, UnlistedBalance
from meganodes.protocol.commands import TransType
from tests.conformance.journal_stores import Journal
from tests.support.effort import effort
from tests.support.transactions import (
    START_MS,
    accepted,
    bet,
    cancelling,
    committed,
    credited,
    listing,
    moving,
    record,
    win,
)


async def settle(
    store: JournalStore, *, agent_id: int = 1, balance_minor: int | None = 1_000
) -> Transaction:
    """Record and accept a bet, so that one entry waits for its position."""
    row = await record(store, bet(agent_id=agent_id, round_id="any"))
    (decided,) = await committed(store, moving(accepted(row, balance_minor)))
    return decided


async def everything(reads: JournalReads, agent_id: int = 1) -> tuple[ListedTransaction, ...]:
    return await reads.listed_after(agent_id, 0, 1_000)


# --- what is listed -------------------------------------------------------------------------------


async def test_entry_shows_its_row_once_it_has_a_position(journal: Journal) -> None:
    decided = await settle(journal.store, balance_minor=850)
    assert await everything(journal.reads) == ()
    assert await journal.store.sequence(now_ms=START_MS, limit=10) == 1
    assert await everything(journal.reads) == (
        ListedTransaction(
            position=1,
            trans_type=TransType.BET,
            row=decided,
            balance_minor=850,
            balance_known=True,
            listed_at_ms=START_MS,
        ),
    )


async def test_row_without_listings_never_appears(journal: Journal) -> None:
    row = await record(journal.store, bet())
    await committed(journal.store, moving(move(row, "refused", state=State.REFUSED)))
    assert await journal.store.sequence(now_ms=START_MS, limit=10) == 0
    assert await everything(journal.reads) == ()


async def test_entry_shows_the_row_as_it_is_now(journal: Journal) -> None:
    decided = await settle(journal.store)
    await journal.store.sequence(now_ms=START_MS, limit=10)
    undone = move(
        decided,
        "cancelled by its provider",
        state=State.CANCELLING,
        step=cancelling().step,
        due_at_ms=START_MS,
    )
    await committed(journal.store, moving(undone))
    (entry,) = await everything(journal.reads)
    assert entry.row == undone.after


async def test_listing_of_one_kind_for_a_row_exists_once(journal: Journal) -> None:
    row = await record(journal.store, cancelling())
    cancel = listing(TransType.CANCEL, 1_000)
    first = replace(move(row, "cancelled", state=State.CANCELLED), lists=(cancel,))
    await committed(journal.store, moving(first))
    again = move(first.after, "booked late", state=State.CANCELLING)
    await committed(journal.store, moving(again))
    second = replace(
        move(again.after, "cancelled", state=State.CANCELLED),
        lists=(listing(TransType.BET, 850), listing(TransType.CANCEL, 5)),
    )
    await committed(journal.store, moving(second))
    assert await journal.store.sequence(now_ms=START_MS, limit=10) == 2
    entries = await everything(journal.reads)
    assert [(entry.trans_type, entry.balance_minor) for entry in entries] == [
        (TransType.CANCEL, 1_000),
        (TransType.BET, 850),
    ]


async def test_bet_and_its_cancel_stand_next_to_each_other(journal: Journal) -> None:
    row = await record(journal.store, cancelling())
    both = (listing(TransType.BET, 850), listing(TransType.CANCEL, 1_000))
    done = replace(move(row, "cancelled", state=State.CANCELLED), lists=both)
    await committed(journal.store, moving(done))
    await journal.store.sequence(now_ms=START_MS, limit=10)
    entries = await everything(journal.reads)
    assert [(entry.position, int(entry.trans_type)) for entry in entries] == [(1, 1), (2, 16)]


# --- positions ------------------------------------------------------------------------------------


async def test_positions_count_from_one_per_agent_in_the_order_of_commits(
    journal: Journal,
) -> None:
    rows = [await settle(journal.store, agent_id=agent_id) for agent_id in (1, 2, 1, 1, 2)]
    assert await journal.store.sequence(now_ms=START_MS, limit=10) == 5
    for agent_id, places in ((1, (0, 2, 3)), (2, (1, 4))):
        entries = await everything(journal.reads, agent_id)
        assert [entry.position for entry in entries] == list(range(1, len(places) + 1))
        assert [entry.row for entry in entries] == [rows[index] for index in places]


async def test_limit_of_the_sequencer_is_kept(journal: Journal) -> None:
    for _ in range(5):
        await settle(journal.store)
    assert await journal.store.sequence(now_ms=START_MS, limit=0) == 0
    assert await journal.store.sequence(now_ms=START_MS, limit=3) == 3
    assert [entry.position for entry in await everything(journal.reads)] == [1, 2, 3]
    assert await journal.store.sequence(now_ms=START_MS, limit=3) == 2
    assert [entry.position for entry in await everything(journal.reads)] == [1, 2, 3, 4, 5]
    assert await journal.store.sequence(now_ms=START_MS, limit=3) == 0


async def test_many_entries_are_placed_in_one_call(journal: Journal) -> None:
    await asyncio.gather(*(settle(journal.store, agent_id=1 + n % 3) for n in range(700)))
    assert await journal.store.sequence(now_ms=START_MS, limit=5_000) == 700
    positions = [entry.position for entry in await everything(journal.reads, 1)]
    assert positions == list(range(1, len(positions) + 1))


async def test_time_of_listing_never_goes_back_for_an_agent(journal: Journal) -> None:
    for now_ms in (START_MS, START_MS - 5_000, START_MS + 1):
        await settle(journal.store)
        await journal.store.sequence(now_ms=now_ms, limit=10)
    await settle(journal.store, agent_id=2)
    await journal.store.sequence(now_ms=START_MS - 9_000, limit=10)
    times = [entry.listed_at_ms for entry in await everything(journal.reads)]
    assert times == [START_MS, START_MS, START_MS + 1]
    (other,) = await everything(journal.reads, 2)
    assert other.listed_at_ms == START_MS - 9_000


async def test_list_is_read_after_a_position_up_to_a_limit(journal: Journal) -> None:
    for _ in range(4):
        await settle(journal.store)
    await journal.store.sequence(now_ms=START_MS, limit=10)
    entries = await journal.reads.listed_after(1, 1, 2)
    assert [entry.position for entry in entries] == [2, 3]
    assert await journal.reads.listed_after(1, 4, 2) == ()
    assert await journal.reads.listed_after(3, 0, 2) == ()


# --- balances -------------------------------------------------------------------------------------


async def test_entry_without_a_balance_waits_and_holds_nobody_up(journal: Journal) -> None:
    asked = await settle(journal.store, balance_minor=None)
    known = await settle(journal.store)
    assert await journal.store.sequence(now_ms=START_MS, limit=10) == 1
    assert [entry.row for entry in await everything(journal.reads)] == [known]
    (unlisted,) = await journal.store.unlisted_balances(limit=10)
    await journal.store.settle_balance(unlisted.listing_id, 1, 77)
    assert await journal.store.unlisted_balances(limit=10) == ()
    assert await journal.store.sequence(now_ms=START_MS, limit=10) == 1
    second = (await everything(journal.reads))[1]
    assert (second.row, second.balance_minor, second.balance_known) == (asked, 77, True)


async def test_balance_that_nobody_could_say_is_0_and_not_known(journal: Journal) -> None:
    await settle(journal.store, balance_minor=None)
    (unlisted,) = await journal.store.unlisted_balances(limit=10)
    await journal.store.settle_balance(unlisted.listing_id, 1, None)
    await journal.store.sequence(now_ms=START_MS, limit=10)
    (entry,) = await everything(journal.reads)
    assert (entry.balance_minor, entry.balance_known) == (0, False)


async def test_balance_of_0_is_known(journal: Journal) -> None:
    await settle(journal.store, balance_minor=0)
    await journal.store.sequence(now_ms=START_MS, limit=10)
    (entry,) = await everything(journal.reads)
    assert (entry.balance_minor, entry.balance_known) == (0, True)


async def test_balance_is_settled_once_and_by_its_own_agent(journal: Journal) -> None:
    await settle(journal.store, balance_minor=None)
    (unlisted,) = await journal.store.unlisted_balances(limit=10)
    await journal.store.settle_balance(unlisted.listing_id, 2, 1)
    await journal.store.settle_balance(unlisted.listing_id + 9, 1, 2)
    assert await journal.store.unlisted_balances(limit=10) == (unlisted,)
    await journal.store.settle_balance(unlisted.listing_id, 1, 3)
    await journal.store.settle_balance(unlisted.listing_id, 1, 4)
    await journal.store.sequence(now_ms=START_MS, limit=10)
    await journal.store.settle_balance(unlisted.listing_id, 1, 5)
    (entry,) = await everything(journal.reads)
    assert entry.balance_minor == 3


async def test_balances_to_ask_for_come_oldest_first(journal: Journal) -> None:
    for agent_id in (2, 1, 3):
        await settle(journal.store, agent_id=agent_id, balance_minor=None)
    row = await record(journal.store, win(account="bob"))
    await committed(journal.store, moving(credited(row, balance_minor=None)))
    unlisted = await journal.store.unlisted_balances(limit=10)
    assert [each.agent_id for each in unlisted] == [2, 1, 3, 1]
    assert unlisted[-1] == UnlistedBalance(
        listing_id=unlisted[-1].listing_id, agent_id=1, account="bob"
    )
    assert await journal.store.unlisted_balances(limit=2) == unlisted[:2]


# --- the cursor law -------------------------------------------------------------------------------

WRITERS = 8
ENTRIES = effort(4_000, 20_000)
SERVERS_ENTRIES = 2_000
AGENTS = 2


@pytest.mark.thorough
@pytest.mark.slow
async def test_reader_at_its_cursor_sees_every_entry_exactly_once(journal: Journal) -> None:
    """Eight write, two sequence, one reads on from the last position it saw (contract 2.2)."""
    store = journal.store
    # Each commit is a way to the server and back.
    count = SERVERS_ENTRIES if isinstance(store, PostgresJournal) else ENTRIES
    rows = await _recorded(store, count)
    writing = [asyncio.create_task(_accept(store, rows[n::WRITERS])) for n in range(WRITERS)]
    written = asyncio.gather(*writing)
    placing = [asyncio.create_task(_place(store, written)) for _ in range(2)]
    placed = asyncio.gather(*placing)
    seen = await asyncio.gather(*(_follow(journal.reads, 1 + n, placed) for n in range(AGENTS)))
    assert sum(await placed) == count
    for index, entries in enumerate(seen):
        expected = {row.trans_id for row in rows if row.agent_id == 1 + index}
        assert [position for position, _ in entries] == list(range(1, len(expected) + 1))
        assert {trans_id for _, trans_id in entries} == expected


async def _recorded(store: JournalStore, count: int) -> list[Transaction]:
    rows = [bet(agent_id=1 + n % AGENTS, round_id=f"r-{n}") for n in range(count)]
    recorded: list[Transaction] = []
    for start in range(0, count, 500):
        some = rows[start : start + 500]
        recorded += await asyncio.gather(*(record(store, row) for row in some))
    return recorded


async def _accept(store: JournalStore, rows: list[Transaction]) -> None:
    for row in rows:
        await committed(store, moving(accepted(row)))


async def _place(store: JournalStore, written: asyncio.Future[list[None]]) -> int:
    placed = 0
    while True:
        finished = written.done()
        count = await store.sequence(now_ms=START_MS, limit=150)
        placed += count
        if finished and not count:
            return placed
        await asyncio.sleep(0)


async def _follow(
    reads: JournalReads, agent_id: int, placed: asyncio.Future[list[int]]
) -> list[tuple[int, int]]:
    seen: list[tuple[int, int]] = []
    while True:
        finished = placed.done()
        last = seen[-1][0] if seen else 0
        entries = await reads.listed_after(agent_id, last, 100)
        seen += [(entry.position, entry.row.trans_id) for entry in entries]
        if finished and not entries:
            return seen
        await asyncio.sleep(0)
