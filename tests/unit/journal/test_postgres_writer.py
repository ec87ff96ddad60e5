"""Order within a node, and two nodes that race for the same keys, rows and rounds."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from dataclasses import replace

import psycopg
import pytest

from meganodes.domain.transaction import State, Transaction, move
from meganodes.journal.postgres import PostgresJournal
from meganodes.journal.postgres_link import PostgresSettings
from meganodes.journal.store import (
    Change,
    Committed,
    KeyTaken,
    RoundMoved,
    RoundStep,
    StateMoved,
    StoreUnavailable,
)
from meganodes.kit.database import DatabaseUrl
from tests.support.nodes import PATIENT, ask, node_at
from tests.support.postgres import dsn_of, empty_journal, shared_database
from tests.support.transactions import accepted, bet, intent, moving, record

KEYS = 400
WRITERS = 12


@pytest.fixture
def url() -> DatabaseUrl:
    shared = shared_database()
    empty_journal(shared)
    return shared


async def test_changes_of_one_round_are_written_in_the_order_they_came(url: DatabaseUrl) -> None:
    key = bet().round_key
    async with node_at(url) as store:
        results = await asyncio.gather(
            *(
                store.commit(
                    Change(at_ms=1, rounds=(RoundStep(key=key, expected_seq=seq, wins=1),))
                )
                for seq in range(20)
            )
        )
        assert all(isinstance(result, Committed) for result in results)
        view = await store.round(key)
        assert (view.seq, view.wins) == (20, 20)


@pytest.mark.reliability("2.6-bet-two-nodes")
async def test_two_nodes_that_race_do_everything_exactly_once(url: DatabaseUrl) -> None:
    """Both record the same keys, decide the same rows differently, and step the same rounds."""
    told: Counter[str] = Counter()
    async with node_at(url) as one, node_at(url, owner="node-2") as two:
        orders = []
        for seed in (1, 2):
            order = list(range(KEYS))
            random.Random(seed).shuffle(order)  # noqa: S311 - a seed to repeat
            orders.append(order)
        await asyncio.gather(
            *(
                _play(store, order[n::WRITERS], told)
                for store, order in zip((one, two), orders, strict=True)
                for n in range(WRITERS)
            )
        )
    assert told["recorded"] == told["taken"] == KEYS
    assert told["decided"] == told["decided before"] == KEYS
    assert told["stepped"] + told["moved on"] == 2 * KEYS
    assert ask(url, "SELECT count(*), sum(epoch) FROM transactions") == [(KEYS, KEYS)]
    assert ask(url, "SELECT count(*) FROM events") == [(2 * KEYS,)]
    assert ask(url, "SELECT sum(seq), sum(wins) FROM rounds") == [
        (KEYS + told["stepped"], told["stepped"])
    ]


async def _play(store: PostgresJournal, names: list[int], told: Counter[str]) -> None:
    for name in names:
        row = bet(transaction_id=f"t-{name}", round_id=f"r-{name % 10}")
        result = await store.commit(intent(row))
        told["recorded" if isinstance(result, Committed) else "taken"] += 1
        standing = result.rows[0] if isinstance(result, Committed) else _row_of(result)
        assert standing.transaction_id == row.transaction_id
        await _decide(store, replace(standing, state=State.PENDING, epoch=0), told)
        view = await store.round(row.round_key)
        step = RoundStep(key=row.round_key, expected_seq=view.seq, wins=1)
        stepped = await store.commit(Change(at_ms=1, rounds=(step,)))
        assert isinstance(stepped, Committed | RoundMoved)
        told["stepped" if isinstance(stepped, Committed) else "moved on"] += 1


async def _decide(store: PostgresJournal, row: Transaction, told: Counter[str]) -> None:
    decision = accepted(row) if row.trans_id % 2 else move(row, "refused", state=State.REFUSED)
    result = await store.commit(moving(decision))
    assert isinstance(result, Committed | StateMoved)
    told["decided" if isinstance(result, Committed) else "decided before"] += 1


def _row_of(result: object) -> Transaction:
    assert isinstance(result, KeyTaken)
    return result.row


async def test_flooded_or_closed_journal_refuses_at_once(url: DatabaseUrl) -> None:
    async with node_at(url, replace(PATIENT, waiting_max=5)) as store:
        writing = [asyncio.create_task(store.commit(intent(bet()))) for _ in range(5)]
        await asyncio.sleep(0)
        with pytest.raises(StoreUnavailable, match="wait already"):
            await store.commit(intent(bet()))
        await asyncio.gather(*writing)
        await record(store, bet())
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.commit(intent(bet()))
    assert ask(url, "SELECT count(*) FROM transactions") == [(6,)]


@pytest.mark.reliability("2.6-database-conflict")
async def test_row_that_somebody_holds_keeps_back_only_its_own_change(url: DatabaseUrl) -> None:
    settings = PostgresSettings(patience_seconds=30.0, commit_seconds=30.0, statement_seconds=30.0)
    async with node_at(url, settings) as store:
        held = await record(store, bet())
        with psycopg.connect(dsn_of(url)) as holder:
            holder.execute("SELECT 1 FROM transactions FOR UPDATE")
            results = await asyncio.gather(
                store.commit(moving(accepted(held))),
                *(store.commit(intent(bet(round_id=f"r-{n}"))) for n in range(9)),
                return_exceptions=True,
            )
        assert isinstance(results[0], StoreUnavailable)
        assert all(isinstance(result, Committed) for result in results[1:])
