"""The journal in memory: for tests, simulation and the model the databases are compared with.

It is deterministic, and it can lose or hide a commit on demand, as a database may (reliability
2.6). What it holds lives as long as the object: a hub that crashes finds it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum
from typing import TypeVar

from meganodes.domain.round import OpenRound, RoundView
from meganodes.domain.transaction import Kind, RoundKey, State, Transaction, TransactionKey
from meganodes.journal.memory_tables import Entry, Tables
from meganodes.journal.store import (
    AttemptRecord,
    Change,
    CommitResult,
    CommitUnknown,
    DueWork,
    Event,
    ListedTransaction,
    StoreUnavailable,
    UnlistedBalance,
)
from meganodes.kit.clock import Clock, SteadyClock

_T = TypeVar("_T")


class StoreFault(Enum):
    """What may be made to go wrong with a write."""

    REFUSED = "nothing is written, and the caller knows it"
    LOST = "nothing is written, and the caller cannot know it"
    GHOST = "it is written, and the caller cannot know it"


FaultHook = Callable[[str], StoreFault | None]
"""Asked before each method with its name; on all but ``commit`` and ``claim`` any fault refuses."""


class MemoryJournal:
    """JournalStore and JournalReads over dictionaries. ``reads`` is the journal itself."""

    def __init__(self, *, clock: Clock, fault: FaultHook | None = None) -> None:
        """Take the clock of leases, and who decides about faults."""
        self._leases = SteadyClock(clock)
        self._fault = fault
        self._tables = Tables()
        self._is_open = False
        self.reads = self

    async def start(self) -> None:
        """Open, the first time or again."""
        self._is_open = True

    async def close(self) -> None:
        """Refuse what comes from now on."""
        self._is_open = False

    # --- writes -----------------------------------------------------------------------------------

    async def commit(self, change: Change) -> CommitResult:
        """Apply a change, or say which guard refused it."""
        return await self._write(
            "commit", lambda: self._tables.apply(change, self._leases.now_ms())
        )

    async def claim(
        self, agent_id: int, *, now_ms: int, limit: int, lease_ms: int
    ) -> tuple[Transaction, ...]:
        """Take due rows of an agent, oldest due first."""
        return await self._write(
            "claim",
            lambda: self._tables.claim(agent_id, now_ms, limit, lease_ms, self._leases.now_ms()),
        )

    def log(self, attempt: AttemptRecord) -> None:
        """Keep an attempt in the API log, unless the store is unavailable."""
        if self._is_open and not self._asked("log"):
            self._tables.log(attempt)

    async def sequence(self, *, now_ms: int, limit: int) -> int:
        """Give positions to waiting entries of the lists."""
        self._require("sequence")
        return self._tables.sequence(now_ms, limit)

    async def settle_balance(
        self, listing_id: int, agent_id: int, balance_minor: int | None
    ) -> None:
        """Note the answer to a balance callback."""
        self._require("settle_balance")
        self._tables.settle_balance(listing_id, agent_id, balance_minor)

    # --- reads ------------------------------------------------------------------------------------

    async def find(self, key: TransactionKey) -> Transaction | None:
        """Read a row by the provider's id."""
        self._require("find")
        place = self._tables.places.get((key.agent_id, key.provider_id, key.transaction_id))
        return None if place is None else self._tables.held[place].row

    async def fetch(self, agent_id: int, trans_id: int) -> Transaction | None:
        """Read a row by the hub's number."""
        self._require("fetch")
        held = self._tables.held.get((agent_id, trans_id))
        return None if held is None else held.row

    async def round(self, key: RoundKey) -> RoundView:
        """Read a round and its bets."""
        self._require("round")
        view = self._tables.round(key)
        bets = self._tables.rows_of_round(key, {Kind.BET})
        return RoundView(key=key, seq=view.seq, closed=view.closed, wins=view.wins, bets=bets)

    async def round_rows(self, key: RoundKey) -> tuple[Transaction, ...]:
        """Read the bets and wins of a round, oldest first."""
        self._require("round_rows")
        return self._tables.rows_of_round(key, {Kind.BET, Kind.WIN})

    async def due_work(self, *, now_ms: int) -> tuple[DueWork, ...]:
        """Say for which agents something is due."""
        self._require("due_work")
        times: dict[int, list[int]] = {}
        for row in self._tables.due_rows(now_ms):
            times.setdefault(row.agent_id, []).append(row.due_at_ms or 0)
        return tuple(
            DueWork(agent_id=agent_id, count=len(due), oldest_due_at_ms=min(due))
            for agent_id, due in sorted(times.items())
        )

    async def expired_pending(self, *, limit: int) -> tuple[Transaction, ...]:
        """Give PENDING bets that nobody owns (any more)."""
        self._require("expired_pending")
        return tuple(self._tables.expired_pending(self._leases.now_ms())[:limit])

    async def overdue(self, *, owed_before_ms: int, limit: int) -> tuple[Transaction, ...]:
        """Give what is owed for too long and has nobody at work on it."""
        self._require("overdue")
        return tuple(self._tables.overdue(owed_before_ms, self._leases.now_ms())[:limit])

    async def unlisted_balances(self, *, limit: int) -> tuple[UnlistedBalance, ...]:
        """Give entries that still need their balance callback, oldest first."""
        self._require("unlisted_balances")
        unlisted = [entry for entry in self._tables.waiting.values() if entry.balance_open]
        return tuple(
            UnlistedBalance(
                listing_id=entry.listing_id,
                agent_id=entry.place[0],
                account=self._tables.held[entry.place].row.account,
            )
            for entry in unlisted[:limit]
        )

    async def events(self, agent_id: int, trans_id: int) -> tuple[Event, ...]:
        """Give a row's history, oldest first."""
        self._require("events")
        return tuple(self._tables.events.get((agent_id, trans_id), ()))

    async def listed_after(
        self, agent_id: int, position: int, limit: int
    ) -> tuple[ListedTransaction, ...]:
        """Give the entries after a position, oldest first."""
        self._require("listed_after")
        placed = self._tables.placed.get(agent_id, [])
        return tuple(self._listed(entry) for entry in placed[position : position + limit])

    async def attempts(self, agent_id: int, trans_id: int) -> tuple[AttemptRecord, ...]:
        """Give all logged attempts of one transaction, oldest first."""
        self._require("attempts")
        found = self._tables.attempts_of.get((agent_id, trans_id), [])
        return tuple(sorted(found, key=lambda each: (each.started_at_ms, each.attempt_id)))

    async def attempt(self, agent_id: int, attempt_id: int) -> AttemptRecord | None:
        """Give one entry of the API log by its id."""
        self._require("attempt")
        return self._tables.attempts.get((agent_id, attempt_id))

    async def parked(self, *, limit: int) -> tuple[Transaction, ...]:
        """Give what waits for a person, oldest first."""
        self._require("parked")
        found = [held.row for held in self._tables.held.values() if held.row.state is State.PARKED]
        return tuple(sorted(found, key=lambda row: row.trans_id)[:limit])

    async def open_rounds(self, *, opened_before_ms: int, limit: int) -> tuple[OpenRound, ...]:
        """Give rounds that took a stake and were never closed, oldest first."""
        self._require("open_rounds")
        opened: dict[RoundKey, int] = {}
        for held in self._tables.held.values():
            row, key = held.row, held.row.round_key
            view = self._tables.rounds.get(key)
            if row.kind is Kind.BET and row.state is State.ACCEPTED and view and not view.closed:
                opened[key] = min(opened.get(key, row.created_at_ms), row.created_at_ms)
        found = [
            OpenRound(key=key, opened_at_ms=at_ms)
            for key, at_ms in opened.items()
            if at_ms < opened_before_ms
        ]
        return tuple(sorted(found, key=lambda each: each.opened_at_ms)[:limit])

    async def highest_trans_id(self) -> int:
        """Give the highest number ever issued here."""
        self._require("highest_trans_id")
        return max((trans_id for _, trans_id in self._tables.held), default=0)

    # --- what they share --------------------------------------------------------------------------

    async def _write(self, name: str, write: Callable[[], _T]) -> _T:
        fault = self._asked(name)
        if not self._is_open or fault is StoreFault.REFUSED:
            raise StoreUnavailable(f"{name}: the journal is closed or told to refuse")
        # As with a database other tasks run before the write and before its answer.
        await asyncio.sleep(0)
        if fault is StoreFault.LOST:
            raise CommitUnknown(f"{name}: told to lose it")
        result = write()
        await asyncio.sleep(0)
        if fault is StoreFault.GHOST:
            raise CommitUnknown(f"{name}: told to hide it")
        return result

    def _require(self, name: str) -> None:
        if not self._is_open or self._asked(name):
            raise StoreUnavailable(f"{name}: the journal is closed or told to refuse")

    def _asked(self, name: str) -> StoreFault | None:
        return None if self._fault is None else self._fault(name)

    def _listed(self, entry: Entry) -> ListedTransaction:
        assert entry.position is not None
        return ListedTransaction(
            position=entry.position,
            trans_type=entry.trans_type,
            row=self._tables.held[entry.place].row,
            balance_minor=entry.balance_minor or 0,
            balance_known=entry.balance_minor is not None,
            listed_at_ms=entry.listed_at_ms,
        )
