"""Every journal store: closing loses nothing, and what is opened again is what was closed."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from meganodes.journal.store import Committed, StoreUnavailable
from tests.conformance.journal_stores import Journal
from tests.support.transactions import (
    START_MS,
    accepted,
    attempt_of,
    bet,
    committed,
    intent,
    moving,
    record,
)


async def test_close_finishes_what_was_handed_in(journal: Journal) -> None:
    rows = [bet(round_id=f"r-{index}") for index in range(300)]
    waiting = [asyncio.ensure_future(journal.store.commit(intent(row))) for row in rows]
    await asyncio.sleep(0)
    await journal.store.close()
    results = await asyncio.gather(*waiting)
    assert all(isinstance(result, Committed) for result in results)
    await journal.store.start()
    assert await journal.store.find(rows[-1].key) is not None


async def test_closed_store_refuses_everything(journal: Journal) -> None:
    store, row = journal.store, bet()
    await store.close()
    await store.close()
    for refused in (
        store.commit(intent(row)),
        store.claim(1, now_ms=1, limit=1, lease_ms=1),
        store.find(row.key),
        store.fetch(1, 1),
        store.round(row.round_key),
        store.round_rows(row.round_key),
        store.due_work(now_ms=1),
        store.expired_pending(limit=1),
        store.overdue(owed_before_ms=1, limit=1),
        store.sequence(now_ms=1, limit=1),
        store.unlisted_balances(limit=1),
        store.settle_balance(1, 1, None),
        store.events(1, 1),
        journal.reads.listed_after(1, 0, 1),
        journal.reads.attempts(1, 1),
        journal.reads.attempt(1, 1),
    ):
        with pytest.raises(StoreUnavailable):
            await refused
    store.log(attempt_of(row))


async def test_journal_opened_again_has_the_same_rows(journal: Journal) -> None:
    row = await record(journal.store, bet())
    (decided,) = await committed(
        journal.store, replace(moving(accepted(row)), attempts=(attempt_of(row),))
    )
    await journal.store.sequence(now_ms=START_MS, limit=10)
    before = (
        await journal.store.events(1, row.trans_id),
        await journal.store.round(row.round_key),
        await journal.reads.listed_after(1, 0, 10),
        await journal.reads.attempts(1, row.trans_id),
    )
    await journal.store.close()
    await journal.store.start()
    assert await journal.store.fetch(1, row.trans_id) == decided
    assert before == (
        await journal.store.events(1, row.trans_id),
        await journal.store.round(row.round_key),
        await journal.reads.listed_after(1, 0, 10),
        await journal.reads.attempts(1, row.trans_id),
    )
