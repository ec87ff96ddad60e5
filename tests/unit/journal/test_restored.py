"""What a restore reads of a journal, and what it writes: numbers that are passed over."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from meganodes.journal.restored import LastNumbers, last_numbers, skip_lists, undecided
from meganodes.journal.schema import upgrade
from meganodes.journal.sqlite import SqliteJournal
from meganodes.kit.clock import ManualClock
from meganodes.kit.database import parse_database_url
from tests.support.transactions import START_MS, bet, record, settled_bet


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "journal.db"
    upgrade(parse_database_url(f"sqlite:///{path}"))
    return path


@pytest.fixture
async def journal(path: Path) -> AsyncIterator[SqliteJournal]:
    journal = SqliteJournal(path, clock=ManualClock(), owner="node-0")
    await journal.start()
    yield journal
    await journal.close()


@pytest.fixture
def connection(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def test_an_empty_journal_has_given_nothing_out(connection: sqlite3.Connection) -> None:
    assert last_numbers(connection) == LastNumbers(trans_id=0, listed=0)
    assert undecided(connection) == ()


async def test_the_longest_list_counts_with_what_it_has_passed_over(
    journal: SqliteJournal, connection: sqlite3.Connection
) -> None:
    for agent_id in (1, 1, 2):
        row = await settled_bet(journal, agent_id=agent_id)
    await journal.sequence(now_ms=START_MS, limit=10)
    assert last_numbers(connection) == LastNumbers(trans_id=row.trans_id, listed=2)
    skip_lists(connection, (2,), 100)
    assert last_numbers(connection).listed == 101


async def test_lists_skip_at_their_present_end_and_twice_adds_up(
    journal: SqliteJournal, connection: sqlite3.Connection
) -> None:
    await settled_bet(journal)
    await journal.sequence(now_ms=START_MS, limit=10)
    skip_lists(connection, (1, 7), 100)
    skip_lists(connection, (1,), 5)
    assert set(await journal.reads.list_skips()) == {(1, 1, 105), (7, 0, 100)}


async def test_every_undecided_bet_is_found_owned_or_not(
    journal: SqliteJournal, connection: sqlite3.Connection
) -> None:
    owned = await record(journal, bet(), lease_ms=60_000)
    abandoned = await record(journal, bet(), lease_ms=None)
    await settled_bet(journal)
    assert undecided(connection) == (owned, abandoned)
