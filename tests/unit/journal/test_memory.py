"""The memory store can lose and hide commits on demand, and survives whoever uses it."""

from __future__ import annotations

import asyncio

import pytest

from meganodes.journal.memory import MemoryJournal, StoreFault
from meganodes.journal.store import Committed, CommitUnknown, StoreUnavailable
from meganodes.kit.clock import ManualClock
from tests.support.transactions import START_MS, attempt_of, bet, intent, record, win


class Faults:
    """Answers with the next fault of a list, and remembers who asked."""

    def __init__(self) -> None:
        self.next: StoreFault | None = None
        self.asked: list[str] = []

    def __call__(self, name: str) -> StoreFault | None:
        self.asked.append(name)
        fault, self.next = self.next, None
        return fault


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
async def store(faults: Faults) -> MemoryJournal:
    store = MemoryJournal(clock=ManualClock(), fault=faults)
    await store.start()
    return store


@pytest.mark.parametrize(
    ("fault", "raised", "written"),
    [
        (StoreFault.REFUSED, StoreUnavailable, False),
        (StoreFault.LOST, CommitUnknown, False),
        (StoreFault.GHOST, CommitUnknown, True),
    ],
)
async def test_faulty_commit(
    store: MemoryJournal,
    faults: Faults,
    fault: StoreFault,
    raised: type[Exception],
    *,
    written: bool,
) -> None:
    row = bet()
    faults.next = fault
    with pytest.raises(raised):
        await store.commit(intent(row))
    assert (await store.find(row.key) is not None) is written


async def test_hidden_claim_holds_its_lease(store: MemoryJournal, faults: Faults) -> None:
    await record(store, win(), lease_ms=None)
    faults.next = StoreFault.GHOST
    with pytest.raises(CommitUnknown):
        await store.claim(1, now_ms=START_MS, limit=1, lease_ms=9_000)
    assert await store.claim(1, now_ms=START_MS, limit=1, lease_ms=9_000) == ()


async def test_any_fault_refuses_a_read(store: MemoryJournal, faults: Faults) -> None:
    for fault in StoreFault:
        faults.next = fault
        with pytest.raises(StoreUnavailable):
            await store.fetch(1, 1)
    assert faults.asked == ["fetch"] * 3


async def test_faulty_log_keeps_nothing_and_says_nothing(
    store: MemoryJournal, faults: Faults
) -> None:
    attempt = attempt_of(bet())
    faults.next = StoreFault.REFUSED
    store.log(attempt)
    assert await store.attempt(1, attempt.attempt_id) is None
    store.log(attempt)
    assert await store.attempt(1, attempt.attempt_id) == attempt


async def test_other_tasks_run_before_a_commit_and_before_its_answer(
    store: MemoryJournal,
) -> None:
    """As with a database: code that relies on the contrary must fail here too."""
    row = bet()
    seen: list[bool] = []

    async def look() -> None:
        for _ in range(2):
            seen.append(await store.find(row.key) is not None)
            await asyncio.sleep(0)

    result, _ = await asyncio.gather(store.commit(intent(row)), look())
    assert isinstance(result, Committed)
    assert seen == [False, True]


async def test_rows_outlive_the_hub_that_wrote_them(store: MemoryJournal) -> None:
    row = await record(store, bet())
    await store.close()
    await store.start()
    assert await store.fetch(1, row.trans_id) == row
