"""The journal stores under one roof: what the suite needs of each, and how it is opened."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from meganodes.journal.memory import MemoryJournal
from meganodes.journal.postgres import PostgresJournal
from meganodes.journal.schema import upgrade
from meganodes.journal.sqlite import SqliteJournal
from meganodes.journal.store import AttemptRecord, Change, JournalReads, JournalStore
from meganodes.kit.clock import ManualClock
from meganodes.kit.database import parse_database_url
from tests.support.kept_connections import KeptConnections
from tests.support.postgres import empty_journal

LOGGED_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Journal:
    """An open store, its reads, and the clock that its leases run by.

    ``reopened`` makes another store on the same data, as a process does that starts again.
    """

    store: JournalStore
    reads: JournalReads
    clock: ManualClock
    reopened: Callable[[ManualClock], JournalStore]


def make_template(folder: Path) -> Path:
    """Make an empty journal file that tests copy: migrating costs more than a test."""
    path = folder / "template.db"
    upgrade(parse_database_url(f"sqlite:///{path}"))
    return path


@asynccontextmanager
async def open_memory() -> AsyncIterator[Journal]:
    """Open a store in memory."""
    clock = ManualClock()
    store = MemoryJournal(clock=clock)

    def reopened(clock: ManualClock) -> MemoryJournal:
        another = MemoryJournal(clock=clock)
        another._tables = store._tables
        return another

    await store.start()
    try:
        yield Journal(store=store, reads=store.reads, clock=clock, reopened=reopened)
    finally:  # also when a history is given up half-way
        await store.close()


@asynccontextmanager
async def open_sqlite(template: Path, folder: Path) -> AsyncIterator[Journal]:
    """Open a store on a fresh file."""
    path = folder / "journal.db"
    shutil.copy(template, path)
    clock = ManualClock()

    def reopened(clock: ManualClock) -> SqliteJournal:
        return SqliteJournal(path, clock=clock, owner="node-0")

    store = reopened(clock)
    await store.start()
    try:
        yield Journal(store=store, reads=store.reads, clock=clock, reopened=reopened)
    finally:  # also when a history is given up half-way
        await store.close()


@asynccontextmanager
async def open_postgresql(kept: KeptConnections) -> AsyncIterator[Journal]:
    """Open a store on the database of this process, emptied."""
    empty_journal(kept.url)
    clock = ManualClock()

    def reopened(clock: ManualClock) -> PostgresJournal:
        return kept.journal(clock)

    store = reopened(clock)
    await store.start()
    try:
        yield Journal(store=store, reads=store.reads, clock=clock, reopened=reopened)
    finally:  # also when a history is given up half-way
        await store.close()


async def logged(journal: Journal, *attempts: AttemptRecord) -> tuple[AttemptRecord, ...]:
    """Log attempts, and wait until they are there: a log tells nobody when it is written."""
    for attempt in attempts:
        journal.store.log(attempt)
    async with asyncio.timeout(LOGGED_SECONDS):
        for attempt in attempts:
            while await journal.reads.attempt(attempt.agent_id, attempt.attempt_id) is None:
                # Each commit gives what was handed in before it time to arrive.
                await journal.store.commit(Change(at_ms=0))
    return attempts


@asynccontextmanager
async def next_run(journal: Journal, clock: ManualClock) -> AsyncIterator[JournalStore]:
    """Close a journal's store and open its data under the clock of the process's next run."""
    await journal.store.close()
    store = journal.reopened(clock)
    await store.start()
    try:
        yield store
    finally:
        await store.close()
