"""Reads are open only while the journal is, and a broken file is said as such."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from meganodes.journal.reads import DatabaseReads
from meganodes.journal.schema import upgrade
from meganodes.journal.sqlite_connection import SqliteSource
from meganodes.journal.store import StoreUnavailable
from meganodes.kit.database import parse_database_url


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "journal.db"
    upgrade(parse_database_url(f"sqlite:///{path}"))
    return path


async def test_reads_are_refused_before_start_and_after_close(path: Path) -> None:
    reads = DatabaseReads(SqliteSource(path))
    with pytest.raises(StoreUnavailable, match="closed"):
        await reads.listed_after(1, 0, 10)
    reads.start()
    assert await reads.listed_after(1, 0, 10) == ()
    reads.close()
    reads.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await reads.listed_after(1, 0, 10)


async def test_reads_run_side_by_side(path: Path) -> None:
    reads = DatabaseReads(SqliteSource(path), threads=2)
    reads.start()
    found = await asyncio.gather(*(reads.attempts(1, number) for number in range(20)))
    assert found == [()] * 20
    reads.close()


async def test_failed_query_is_said_and_leaves_the_connection_usable(path: Path) -> None:
    reads = DatabaseReads(SqliteSource(path), threads=1)
    reads.start()
    with closing(sqlite3.connect(path)) as other:
        other.execute("ALTER TABLE events RENAME TO elsewhere")
        with pytest.raises(StoreUnavailable, match="no such table"):
            await reads.events(1, 1)
        other.execute("ALTER TABLE elsewhere RENAME TO events")
    assert await reads.events(1, 1) == ()
    reads.close()


async def test_a_connection_that_was_lost_is_not_closed_once_more(path: Path) -> None:
    reads = DatabaseReads(SqliteSource(path), threads=2)
    reads.start()
    reader = reads._readers.get()
    assert reader is not None
    reader.connection.close()
    reads._put_back(None)
    reads.close()
    with pytest.raises(StoreUnavailable, match="closed"):
        await reads.events(1, 1)
