"""The journal on SQLite: durable without a server, for one node (architecture 5).

Writes go through one group writer. Reads that a decision waits for run at once, on the event loop:
they take microseconds and see every commit that was acknowledged.
"""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from meganodes.domain.round import RoundView
from meganodes.domain.transaction import RoundKey, Transaction, TransactionKey
from meganodes.journal import rows
from meganodes.journal.reader import Reader
from meganodes.journal.reads import DatabaseReads
from meganodes.journal.schema import schema_fault
from meganodes.journal.sequencer import Sequencer
from meganodes.journal.sqlite_change import ChangeWriter
from meganodes.journal.sqlite_connection import (
    SqliteSource,
    durability_fault,
    open_reader,
    open_writer,
)
from meganodes.journal.sqlite_writer import GroupWriter, WriterSettings
from meganodes.journal.statements import SQLITE
from meganodes.journal.store import (
    AttemptRecord,
    Change,
    CommitResult,
    DueWork,
    Event,
    StoreUnavailable,
    UnlistedBalance,
)
from meganodes.kit.clock import Clock, SteadyClock
from meganodes.kit.logging import get_logger
from meganodes.kit.metrics import CommitMeters

SEQUENCE_STEP = 200
"""Entries placed in one transaction: more would hold up the bets that wait for theirs."""

SUM_STEP = 1_000
"""Entries summed up at a time: they are read in a thread, their sums are written on the loop."""

_FIND = SQLITE["find"].text
_FETCH = SQLITE["fetch"].text
_ROUND = SQLITE["round_with_bets"].text
_ROUND_ROWS = SQLITE["round_rows"].text
_LAST_TO_PLACE = SQLITE["last_to_place"].text
_LAST_LISTED = SQLITE["last_listed"].text

_log = get_logger("journal.sqlite")


@dataclass(frozen=True, slots=True)
class _Opened:
    """What exists while the journal is open."""

    connection: sqlite3.Connection
    reader: sqlite3.Connection
    writer: GroupWriter
    changes: ChangeWriter
    sequencer: Sequencer


class SqliteJournal:
    """JournalStore over one file. ``reads`` are its JournalReads, open while it is.

    ``owner`` names this node in leases. One process at a time may serve a file.
    """

    def __init__(
        self, path: Path, *, clock: Clock, owner: str, settings: WriterSettings | None = None
    ) -> None:
        """Prepare; nothing is opened yet."""
        self._path = path
        self._owner = owner
        self._settings = settings or WriterSettings()
        self._leases = SteadyClock(clock)
        self._opened: _Opened | None = None
        self.clock_ahead_ms = 0
        """Nothing: a file has no clock of its own (PostgreSQL has)."""
        self.meters = CommitMeters()
        source = SqliteSource(path)
        self.reads = DatabaseReads(source)
        # The worker's questions have a thread of their own: no agent's lists come before them.
        self._questions = DatabaseReads(source, threads=1)

    async def start(self) -> None:
        """Open the file; refuse tables of another version, and a file that loses commits."""
        connection = open_writer(self._path)
        if fault := self._fault(connection):
            connection.close()
            raise StoreUnavailable(fault)
        self._opened = _Opened(
            connection=connection,
            reader=open_reader(self._path),
            writer=GroupWriter(connection, self._settings, self.meters),
            changes=ChangeWriter(connection, self._leases, self._owner),
            sequencer=Sequencer(connection),
        )
        self.reads.start()
        self._questions.start()

    async def close(self) -> None:
        """Finish what was handed in, then close."""
        if self._opened is not None:
            opened, self._opened = self._opened, None
            await opened.writer.close()
            self.reads.close()
            self._questions.close()
            opened.reader.close()
            opened.connection.close()

    @property
    def waiting(self) -> int:
        """How many changes wait for their turn to be written."""
        return 0 if self._opened is None else self._opened.writer.waiting

    # --- writes -----------------------------------------------------------------------------------

    async def commit(self, change: Change) -> CommitResult:
        """Apply a change durably, or say which guard refused it."""
        opened = self._open()
        return await opened.writer.submit(partial(opened.changes.apply, change))

    async def claim(
        self, agent_id: int, *, now_ms: int, limit: int, lease_ms: int
    ) -> tuple[Transaction, ...]:
        """Take due rows of an agent, oldest due first."""
        opened = self._open()
        claim = partial(opened.changes.claim, agent_id, now_ms, limit, lease_ms)
        return await opened.writer.submit(claim)

    def log(self, attempt: AttemptRecord) -> None:
        """Queue an attempt for the API log; one that cannot be kept leaves a warning."""
        try:
            opened = self._open()
            written = opened.writer.submit(partial(opened.changes.log, attempt))
        except StoreUnavailable as fault:
            _warn_of_loss(attempt, fault)
        else:
            written.add_done_callback(partial(_look_after, attempt))

    async def sequence(self, *, now_ms: int, limit: int) -> int:
        """Give positions to waiting entries of the lists."""
        opened = self._open()
        placed = 0
        while placed < limit and self._something_to_place():
            step = min(SEQUENCE_STEP, limit - placed)
            placed += await opened.writer.submit(partial(opened.sequencer.place, now_ms, step))
        return placed

    async def settle_balance(
        self, listing_id: int, agent_id: int, balance_minor: int | None
    ) -> None:
        """Note the answer to a balance callback."""
        opened = self._open()
        settle = partial(opened.sequencer.settle, listing_id, agent_id, balance_minor)
        await opened.writer.submit(settle)

    async def close_times(self, agent_id: int, *, before_ms: int) -> None:
        """Let no entry that is placed from now on have a time before this."""
        last_listed = self._read(_LAST_LISTED, (agent_id,))
        if not last_listed or last_listed[0][0] < before_ms:
            opened = self._open()
            close = partial(opened.sequencer.close_times, agent_id, before_ms)
            await opened.writer.submit(close)

    async def sum_turnovers(self, *, limit: int) -> int:
        """Add placed entries to the sums that reports read."""
        summed = 0
        while summed < limit:
            step = min(SUM_STEP, limit - summed)
            sums = await self._questions.unsummed(step)
            if not sums:
                break
            add = partial(self._open().sequencer.add_turnovers, sums)
            summed += await self._open().writer.submit(add)
        return summed

    async def add_search_words(self, *, before: int, limit: int) -> bool:
        """Put down the words by which rows are looked for, behind the bets."""
        add = partial(self._open().sequencer.add_search_words, before, limit)
        return bool(await self._open().writer.submit(add))

    async def seal(self, *, now_ms: int) -> bool:
        """Seal the next minute that is surely closed."""
        step = await self._questions.to_seal(now_ms)
        if step is None:
            return False
        return await self._open().writer.submit(partial(self._open().sequencer.add_seals, step))

    # --- reads that decide ------------------------------------------------------------------------

    async def find(self, key: TransactionKey) -> Transaction | None:
        """Read a row by the provider's id."""
        found = self._read(_FIND, (key.agent_id, key.provider_id, key.transaction_id))
        return rows.transaction(found[0]) if found else None

    async def fetch(self, agent_id: int, trans_id: int) -> Transaction | None:
        """Read a row by the hub's number."""
        found = self._read(_FETCH, (agent_id, trans_id))
        return rows.transaction(found[0]) if found else None

    async def round(self, key: RoundKey) -> RoundView:
        """Read a round and its bets as of one moment."""
        found = self._read(_ROUND, _values(key))
        seq, closed, wins = found[0][:3]
        bets = tuple(rows.transaction(row[3:]) for row in found if row[3] is not None)
        return RoundView(key=key, seq=seq or 0, closed=bool(closed), wins=wins or 0, bets=bets)

    async def round_rows(self, key: RoundKey) -> tuple[Transaction, ...]:
        """Read the bets and wins of a round, oldest first."""
        return rows.transactions(self._read(_ROUND_ROWS, _values(key)))

    # --- questions that may take a while ----------------------------------------------------------

    async def due_work(self, *, now_ms: int) -> tuple[DueWork, ...]:
        """Say for which agents something is due."""
        return await self._questions.due_work(now_ms)

    async def expired_pending(self, *, limit: int) -> tuple[Transaction, ...]:
        """Give PENDING bets that nobody owns (any more)."""
        return await self._questions.expired_pending(self._leases.now_ms(), limit)

    async def overdue(self, *, owed_before_ms: int, limit: int) -> tuple[Transaction, ...]:
        """Give what is owed for too long and has nobody at work on it."""
        return await self._questions.overdue(owed_before_ms, self._leases.now_ms(), limit)

    async def unlisted_balances(self, *, limit: int) -> tuple[UnlistedBalance, ...]:
        """Give entries that still need their balance callback, oldest first."""
        return await self._questions.unlisted_balances(limit)

    async def events(self, agent_id: int, trans_id: int) -> tuple[Event, ...]:
        """Give a row's history, oldest first."""
        return await self.reads.events(agent_id, trans_id)

    def open_reader(self) -> Reader:
        """Open a connection that only reads, for work that takes minutes; the caller closes it."""
        return SqliteSource(self._path).open()

    # --- what they share --------------------------------------------------------------------------

    def _open(self) -> _Opened:
        if self._opened is None:
            raise StoreUnavailable("the journal is closed")
        return self._opened

    def _read(self, statement: str, values: tuple[Any, ...]) -> list[Any]:
        opened = self._open()
        if opened.writer.refusing is not None:
            # After a commit of unknown outcome the file alone knows, and only when opened anew.
            raise StoreUnavailable(opened.writer.refusing)
        try:
            return opened.reader.execute(statement, values).fetchall()
        except sqlite3.Error as fault:
            raise StoreUnavailable(str(fault)) from fault

    def _something_to_place(self) -> bool:
        return bool(self._read(_LAST_TO_PLACE, (1,))[0][0])

    def _fault(self, connection: sqlite3.Connection) -> str | None:
        try:
            return schema_fault(connection) or durability_fault(connection)
        except sqlite3.Error as error:
            return f"the journal at {self._path} cannot be read: {error}"


def _values(key: RoundKey) -> tuple[Any, ...]:
    return (key.agent_id, key.provider_id, key.user_code, key.round_id)


def _look_after(attempt: AttemptRecord, written: asyncio.Future[None]) -> None:
    if not written.cancelled() and (fault := written.exception()):
        _warn_of_loss(attempt, fault)


def _warn_of_loss(attempt: AttemptRecord, fault: BaseException) -> None:
    _log.warning(
        "attempt_not_logged",
        agent_id=attempt.agent_id,
        attempt_id=attempt.attempt_id,
        command=attempt.command,
        fault=repr(fault),
    )
