"""Every journal store: the list by windows of time, which never grow once they were read."""

from __future__ import annotations

import asyncio

import pytest

from meganodes.journal.store import ListedPage
from meganodes.journal.turnover import Page, Window
from tests.conformance.journal_stores import Journal, next_run
from tests.support.transactions import START_MS, settled_bet

ALL = Page(offset=0, limit=2_000)


async def placed(journal: Journal, *times_ms: int, agent_id: int = 1) -> None:
    """Settle one bet at each of these moments."""
    for at_ms in times_ms:
        await settled_bet(journal.store, agent_id=agent_id)
        await journal.store.sequence(now_ms=at_ms, limit=10)


async def between(
    journal: Journal, start_ms: int, end_ms: int, page: Page = ALL, *, agent_id: int = 1
) -> ListedPage:
    window = Window(start_ms=start_ms, end_ms=end_ms)
    return await journal.reads.listed_between(agent_id, window, page)


def positions(page: ListedPage) -> list[int]:
    return [entry.position for entry in page.entries]


@pytest.mark.rule("2.2-transaction-window")
@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        (10, 20, [1]),
        (10, 21, [1, 2, 3]),
        (11, 20, []),
        (11, 30, [2, 3]),
        (20, 31, [2, 3, 4]),
        (0, 10, []),
        (0, 99, [1, 2, 3, 4]),
        (31, 99, []),
        (20, 20, []),
    ],
)
async def test_window_has_its_start_and_not_its_end(
    journal: Journal, start: int, end: int, expected: list[int]
) -> None:
    await placed(journal, 10, 20, 20, 30)
    page = await between(journal, start, end)
    assert (page.total, positions(page)) == (len(expected), expected)


async def test_pages_of_a_window_are_neighbours(journal: Journal) -> None:
    await placed(journal, *range(100, 110))
    for offset, limit, expected in (
        (0, 3, [3, 4, 5]),
        (3, 3, [6, 7, 8]),
        (4, 3, [7, 8]),
        (6, 3, []),
        (2**63 - 1, 2_000, []),
    ):
        page = await between(journal, 102, 108, Page(offset=offset, limit=limit))
        assert (page.total, positions(page)) == (6, expected)


async def test_entry_of_a_window_is_the_entry_of_the_cursor(journal: Journal) -> None:
    await placed(journal, 10, 20, 30)
    listed = await journal.reads.listed_after(1, 0, 10)
    assert (await between(journal, 0, 99)).entries == listed


async def test_window_of_an_agent_without_entries_is_empty(journal: Journal) -> None:
    await placed(journal, 10)
    assert await between(journal, 0, 99, agent_id=2) == ListedPage(total=0, entries=())


async def test_agents_have_windows_of_their_own(journal: Journal) -> None:
    await placed(journal, 10, 20)
    await placed(journal, 15, agent_id=2)
    assert positions(await between(journal, 0, 99, agent_id=2)) == [1]
    assert positions(await between(journal, 15, 99)) == [2]


# --- closing --------------------------------------------------------------------------------------


@pytest.mark.rule("2.2-transaction-window-stable")
async def test_what_is_placed_after_a_closing_has_no_earlier_time(journal: Journal) -> None:
    await placed(journal, START_MS)
    await journal.store.close_times(1, before_ms=START_MS + 500)
    await placed(journal, START_MS + 100, START_MS + 900)
    times = [entry.listed_at_ms for entry in await journal.reads.listed_after(1, 0, 10)]
    assert times == [START_MS, START_MS + 500, START_MS + 900]


async def test_closing_an_earlier_time_changes_nothing(journal: Journal) -> None:
    await placed(journal, START_MS)
    await journal.store.close_times(1, before_ms=START_MS - 500)
    await placed(journal, START_MS)
    assert (await between(journal, START_MS, START_MS + 1)).total == 2


async def test_closing_counts_for_an_agent_without_entries_and_for_no_other(
    journal: Journal,
) -> None:
    await journal.store.close_times(1, before_ms=START_MS + 500)
    await placed(journal, START_MS)
    await placed(journal, START_MS, agent_id=2)
    assert (await between(journal, START_MS, START_MS + 500)).total == 0
    assert (await between(journal, START_MS, START_MS + 500, agent_id=2)).total == 1


async def test_closing_outlives_the_process(journal: Journal) -> None:
    """Also when the clock of the next run is behind."""
    await journal.store.close_times(1, before_ms=START_MS + 500)
    async with next_run(journal, journal.clock) as store:
        await settled_bet(store)
        await store.sequence(now_ms=START_MS, limit=10)
        (entry,) = await store.reads.listed_after(1, 0, 10)  # type: ignore[attr-defined]
    assert entry.listed_at_ms == START_MS + 500


@pytest.mark.rule("2.2-transaction-window-stable")
async def test_window_once_read_never_grows_while_others_settle_and_sequence(
    journal: Journal,
) -> None:
    """The sequencer's time may be older than its commit: here it always is."""
    writing = True
    now_ms = START_MS

    async def settle() -> None:
        while writing:
            await settled_bet(journal.store)

    async def sequence() -> None:
        while writing:
            old_ms = now_ms
            await asyncio.sleep(0)
            await journal.store.sequence(now_ms=old_ms, limit=5)

    tasks = [asyncio.create_task(work()) for work in (settle, settle, settle, sequence, sequence)]
    read: list[tuple[int, ListedPage]] = []
    for _ in range(60):
        now_ms += 10
        for _ in range(10):
            await asyncio.sleep(0)
        await journal.store.close_times(1, before_ms=now_ms)
        read.append((now_ms, await between(journal, now_ms - 10, now_ms)))
    writing = False
    await asyncio.gather(*tasks)
    await journal.store.sequence(now_ms=now_ms, limit=10_000)
    for end_ms, page in read:
        assert await between(journal, end_ms - 10, end_ms) == page
    assert sum(page.total for _, page in read) > 0
