"""The journal on PostgreSQL: durable on a server, for as many nodes as there are (ADR 16).

What decides money goes over connections of this module's own (asyncpg); pages, reports and the
worker's questions read in threads.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial

from meganodes.domain.round import RoundView
from meganodes.domain.transaction import RoundKey, Transaction, TransactionKey
from meganodes.journal import rows
from meganodes.journal.guards import require_sound
from meganodes.journal.postgres_batch import Leases, Ways, key_values
from meganodes.journal.postgres_checks import CLOCK_OFFSET_MAX_MS
from meganodes.journal.postgres_chores import PostgresChores
from meganodes.journal.postgres_link import Link, PostgresSettings
from meganodes.journal.postgres_reading import PostgresSource, postgres_reads
from meganodes.journal.postgres_writer import PostgresWriter
from meganodes.journal.reader import Reader
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
from meganodes.kit.database import DatabaseUrl
from meganodes.kit.logging import get_logger
from meganodes.kit.metrics import CommitMeters

SUM_STEP = 1_000
"""Entries summed up at a time: they are read in one transaction, their sums written in another."""

PLACE_STEP = 200
"""Entries placed in one transaction: each holds the lists of its agents until it is durable."""

_log = get_logger("journal.postgres")


class PostgresJournal:
    """JournalStore over a server. ``reads`` are its JournalReads, open while it is.

    ``owner`` names this node in leases and in the server's list of connections. Leases run by the
    database's clock, in tests by ``lease_clock``; ``clock`` is for pauses only.
    """

    def __init__(
        self,
        url: DatabaseUrl,
        *,
        clock: Clock,
        owner: str,
        settings: PostgresSettings | None = None,
        lease_clock: Clock | None = None,
    ) -> None:
        """Prepare; nothing is opened yet."""
        self._url = url
        self._clock = clock
        self._owner = owner
        self._settings = settings or PostgresSettings()
        self._leases = Leases(owner, None if lease_clock is None else SteadyClock(lease_clock))
        self._opened: _Opened | None = None
        self.clock_ahead_ms = 0
        """How much later than this node's the database's clock was when the journal started."""
        self.meters = CommitMeters()
        self.reads = postgres_reads(url)
        # The worker's questions have a connection of their own: no agent's lists come before them.
        self._questions = postgres_reads(url, threads=1)

    async def start(self) -> None:
        """Connect; refuse a server that may lose commits, and tables of another version."""
        chores = self._link("chores")
        try:
            await self._look_at_server(chores)
            # Connecting may take seconds, and the loop may have others to serve meanwhile.
            await asyncio.to_thread(self.reads.start)
            await asyncio.to_thread(self._questions.start)
        except StoreUnavailable:
            await chores.close()
            self.reads.close()
            raise
        ways = Ways(
            settings=self._settings, leases=self._leases, clock=self._clock, meters=self.meters
        )
        writers = [self._link(f"writer {number}") for number in range(self._settings.writers)]
        self._opened = _Opened(
            writer=PostgresWriter(writers, ways),
            chores=PostgresChores(chores, ways),
            readers=_Readers(
                [self._link(f"reader {number}") for number in range(self._settings.readers)]
            ),
        )
        self._opened.writer.start()

    async def close(self) -> None:
        """Finish what was handed in, then close."""
        if self._opened is not None:
            opened, self._opened = self._opened, None
            await opened.writer.close()
            await opened.chores.close()
            await opened.readers.close()
            await asyncio.to_thread(self.reads.close)
            await asyncio.to_thread(self._questions.close)

    @property
    def waiting(self) -> int:
        """How many changes wait for their turn to be written."""
        return 0 if self._opened is None else self._opened.writer.waiting

    # --- writes -----------------------------------------------------------------------------------

    async def commit(self, change: Change) -> CommitResult:
        """Apply a change durably, or say which guard refused it."""
        require_sound(change)
        return await self._open().writer.submit(change)

    async def claim(
        self, agent_id: int, *, now_ms: int, limit: int, lease_ms: int
    ) -> tuple[Transaction, ...]:
        """Take due rows of an agent, oldest due first."""
        return await self._open().chores.claim(agent_id, now_ms, limit, lease_ms)

    def log(self, attempt: AttemptRecord) -> None:
        """Queue an attempt for the API log; one that cannot be kept leaves a warning."""
        try:
            written = self._open().writer.submit(Change(at_ms=0, attempts=(attempt,)))
        except StoreUnavailable as fault:
            _warn_of_loss(attempt, fault)
        else:
            written.add_done_callback(partial(_look_after, attempt))

    async def sequence(self, *, now_ms: int, limit: int) -> int:
        """Give positions to waiting entries of the lists."""
        placed = 0
        while placed < limit:
            step = min(PLACE_STEP, limit - placed)
            count = await self._open().chores.place(now_ms, step)
            placed += count
            if count < step:
                break
        return placed

    async def settle_balance(
        self, listing_id: int, agent_id: int, balance_minor: int | None
    ) -> None:
        """Note the answer to a balance callback."""
        await self._open().chores.settle(listing_id, agent_id, balance_minor)

    async def close_times(self, agent_id: int, *, before_ms: int) -> None:
        """Let no entry that is placed from now on have a time before this."""
        last_listed = await self._read("last_listed", agent_id)
        if not last_listed or last_listed[0][0] < before_ms:
            await self._open().chores.close_times(agent_id, before_ms)

    async def sum_turnovers(self, *, limit: int) -> int:
        """Add placed entries to the sums that reports read."""
        summed = 0
        while summed < limit:
            sums = await self._questions.unsummed(min(SUM_STEP, limit - summed))
            if not sums:
                break
            summed += await self._open().chores.add_turnovers(sums)
        return summed

    async def add_search_words(self, *, before: int, limit: int) -> bool:  # noqa: ARG002 - the port's
        """Do nothing: ids are found by indexes."""
        self._open()
        return False

    async def seal(self, *, now_ms: int) -> bool:
        """Seal the next minute that is surely closed."""
        step = await self._questions.to_seal(now_ms)
        return step is not None and await self._open().chores.add_seals(step)

    # --- reads that decide ------------------------------------------------------------------------

    async def find(self, key: TransactionKey) -> Transaction | None:
        """Read a row by the provider's id."""
        found = await self._read("find", key.agent_id, key.provider_id, key.transaction_id)
        return rows.transaction(found[0]) if found else None

    async def fetch(self, agent_id: int, trans_id: int) -> Transaction | None:
        """Read a row by the hub's number."""
        found = await self._read("fetch", agent_id, trans_id)
        return rows.transaction(found[0]) if found else None

    async def round(self, key: RoundKey) -> RoundView:
        """Read a round and its bets as of one moment."""
        found = await self._read("round_with_bets", *key_values(key))
        if not found:  # an id that cannot stand in a table
            return RoundView(key=key)
        seq, closed, wins = found[0][:3]
        bets = tuple(rows.transaction(row[3:]) for row in found if row[3] is not None)
        return RoundView(key=key, seq=seq or 0, closed=bool(closed), wins=wins or 0, bets=bets)

    async def round_rows(self, key: RoundKey) -> tuple[Transaction, ...]:
        """Read the bets and wins of a round, oldest first."""
        return rows.transactions(await self._read("round_rows", *key_values(key)))

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
        return PostgresSource(self._url).open()

    # --- what they share --------------------------------------------------------------------------

    def _open(self) -> _Opened:
        if self._opened is None:
            raise StoreUnavailable("the journal is closed")
        return self._opened

    async def _read(self, name: str, *values: object) -> list[rows.Row]:
        return await self._open().readers.read(name, *values)

    def _link(self, purpose: str) -> Link:
        return Link(
            self._url,
            self._settings,
            name=f"meganodes {self._owner} {purpose}",
            clock=self._clock,
            meters=self.meters,
        )

    async def _look_at_server(self, link: Link) -> None:
        """Require that the server is safe, and say what is merely unwise about it."""
        facts = await link.facts()
        if facts.connections_left < self._settings.connections:
            _log.warning(
                "database_connections_short",
                left=facts.connections_left,
                needed=self._settings.connections,
                cure="raise max_connections of the server, or end other clients",
            )
        self.clock_ahead_ms = facts.now_ms - self._clock.now_ms()
        if abs(self.clock_ahead_ms) > CLOCK_OFFSET_MAX_MS:
            _log.warning("database_clock_differs", offset_ms=self.clock_ahead_ms)


class _Readers:
    """A few connections that read for decisions; whoever comes takes the one used last."""

    def __init__(self, links: list[Link]) -> None:
        self._links = links
        self._free: asyncio.LifoQueue[Link] = asyncio.LifoQueue()
        for link in links:
            self._free.put_nowait(link)

    async def read(self, name: str, *values: object) -> list[rows.Row]:
        """Run one statement on a free connection."""
        link = await self._free.get()
        try:
            return await link.read(name, *values)
        finally:
            self._free.put_nowait(link)

    async def close(self) -> None:
        """Hang up."""
        for link in self._links:
            await link.close()


@dataclass(frozen=True, slots=True)
class _Opened:
    """What exists while the journal is open."""

    writer: PostgresWriter
    chores: PostgresChores
    readers: _Readers


def _look_after(attempt: AttemptRecord, written: asyncio.Future[CommitResult]) -> None:
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
