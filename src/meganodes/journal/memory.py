"""The journal in memory: for tests, simulation and the model the databases are compared with.

It is deterministic, and it can lose or hide a commit on demand, as a database may (reliability
2.6). What it holds lives as long as the object: a hub that crashes finds it again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection
from enum import Enum
from typing import TypeVar

from meganodes.domain.round import OpenRound, RoundView
from meganodes.domain.transaction import (
    Kind,
    RoundKey,
    State,
    Transaction,
    TransactionKey,
)
from meganodes.journal import memory_attempts, memory_reports, memory_search
from meganodes.journal.attempt_log import AttemptFilter, AttemptGroups
from meganodes.journal.memory_tables import Entry, Tables
from meganodes.journal.search import ComparedRow, Counted, Found, Named, Sought
from meganodes.journal.store import (
    AttemptPage,
    AttemptRecord,
    Change,
    CommitResult,
    CommitUnknown,
    DueWork,
    Event,
    ListedPage,
    ListedTransaction,
    OpenWork,
    StoreUnavailable,
    UnlistedBalance,
)
from meganodes.journal.turnover import (
    Page,
    SessionTurnover,
    Turnover,
    TurnoverCourse,
    UserTurnovers,
    Window,
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

    async def close_times(self, agent_id: int, *, before_ms: int) -> None:
        """Let no entry that is placed from now on have a time before this."""
        self._require("close_times")
        self._tables.close_times(agent_id, before_ms)

    async def sum_turnovers(self, *, limit: int) -> int:  # noqa: ARG002 - the port's
        """Do nothing: sums are made when they are asked for."""
        self._require("sum_turnovers")
        return 0

    async def add_search_words(self, *, before: int, limit: int) -> bool:  # noqa: ARG002 - the port's
        """Do nothing: looks go through all rows."""
        self._require("add_search_words")
        return False

    async def seal(self, *, now_ms: int) -> bool:
        """Do nothing: what is in memory alone is not kept, and not changed by anybody else."""
        self._require("seal")
        return now_ms < 0

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

    async def listed_between(self, agent_id: int, window: Window, page: Page) -> ListedPage:
        """Give a page of the entries that were listed in a window, oldest first."""
        self._require("listed_between")
        found = memory_reports.entries_between(self._tables, agent_id, window)
        wanted = found[page.offset : page.offset + page.limit]
        return ListedPage(total=len(found), entries=tuple(map(self._listed, wanted)))

    async def turnover_by_user(self, agent_id: int, window: Window, page: Page) -> UserTurnovers:
        """Sum up a window by user and game, for a page of its users."""
        self._require("turnover_by_user")
        return memory_reports.turnover_by_user(self._tables, agent_id, window, page)

    async def turnover_by_game(self, agent_id: int, window: Window) -> tuple[Turnover, ...]:
        """Sum up a window by game."""
        self._require("turnover_by_game")
        return memory_reports.turnover_by_game(self._tables, agent_id, window)

    async def turnover_course(self, agent_id: int, window: Window) -> TurnoverCourse:
        """Sum up a window by quarter and by game."""
        self._require("turnover_course")
        return memory_reports.turnover_course(self._tables, agent_id, window)

    async def turnover_by_session(
        self, agent_id: int, gplay_ids: Collection[int], window: Window
    ) -> tuple[SessionTurnover, ...]:
        """Sum up a window by session."""
        self._require("turnover_by_session")
        return memory_reports.turnover_by_session(self._tables, agent_id, gplay_ids, window)

    async def attempts(self, agent_id: int, trans_id: int) -> tuple[AttemptRecord, ...]:
        """Give all logged attempts of one transaction, oldest first."""
        self._require("attempts")
        found = self._tables.attempts_of.get((agent_id, trans_id), [])
        return tuple(sorted(found, key=lambda each: (each.started_at_ms, each.attempt_id)))

    async def attempt(self, agent_id: int, attempt_id: int) -> AttemptRecord | None:
        """Give one entry of the API log by its id."""
        self._require("attempt")
        return self._tables.attempts.get((agent_id, attempt_id))

    async def attempts_page(
        self, agent_id: int, wanted: AttemptFilter, *, limit: int, rows_max: int
    ) -> AttemptPage:
        """Give the newest attempts that fit, among the newest ``rows_max``."""
        self._require("attempts_page")
        return memory_attempts.attempts_page(self._tables, agent_id, wanted, limit, rows_max)

    async def failed_attempts(
        self, agent_id: int, wanted: AttemptFilter, *, rows_max: int
    ) -> AttemptGroups:
        """Group the newest ``rows_max`` attempts that were not accepted."""
        self._require("failed_attempts")
        return memory_attempts.failed_attempts(self._tables, agent_id, wanted, rows_max)

    async def last_attempts(
        self, agent_id: int, trans_ids: Collection[int]
    ) -> tuple[AttemptRecord, ...]:
        """Give the newest attempt of each of these transactions."""
        self._require("last_attempts")
        return memory_attempts.last_attempts(self._tables, agent_id, trans_ids)

    async def parked_of(self, agent_id: int, *, after: int, limit: int) -> tuple[Transaction, ...]:
        """Give what of one agent's waits for a person, oldest first."""
        self._require("parked_of")
        return self._tables.parked_of(agent_id, after)[:limit]

    async def owed_of(
        self, agent_id: int, *, after: tuple[int, int], limit: int
    ) -> tuple[Transaction, ...]:
        """Give what is owed, cancelling or waiting, what is due next first."""
        self._require("owed_of")
        return self._tables.owed_of(agent_id, after)[:limit]

    async def open_work(self) -> tuple[OpenWork, ...]:
        """Count what is pending, owed or parked, by agent and state."""
        self._require("open_work")
        return memory_reports.open_work(self._tables)

    async def sealed_to(self) -> int:
        """Give 0: nothing is ever sealed."""
        return 0

    async def unplaced(self) -> int:
        """Count the list entries that have no position yet."""
        self._require("unplaced")
        return len(self._tables.waiting)

    async def parked(self, *, limit: int) -> tuple[Transaction, ...]:
        """Give what waits for a person, oldest first."""
        self._require("parked")
        found = [held.row for held in self._tables.held.values() if held.row.state is State.PARKED]
        return tuple(sorted(found, key=lambda row: row.trans_id)[:limit])

    async def compared_rows(
        self, agent_id: int, first: int, past: int, limit: int
    ) -> tuple[ComparedRow, ...]:
        """Give an agent's bets and wins with these numbers, the lowest first."""
        self._require("compared_rows")
        return memory_reports.compared_rows(self._tables, agent_id, first, past)[:limit]

    async def open_rounds(self, *, opened_before_ms: int, limit: int) -> tuple[OpenRound, ...]:
        """Give rounds that took a stake and were never closed, oldest first."""
        self._require("open_rounds")
        return memory_reports.open_rounds(self._tables, opened_before_ms)[:limit]

    async def rounds_named(
        self, agent_id: int, user_code: int, round_id: str
    ) -> tuple[RoundKey, ...]:
        """Give a user's rounds of that name, in provider order."""
        self._require("rounds_named")
        wanted = (agent_id, user_code, round_id)
        named = [
            key
            for key in self._tables.rounds
            if (key.agent_id, key.user_code, key.round_id) == wanted
        ]
        return tuple(sorted(named, key=lambda key: key.provider_id))

    async def search(self, sought: Sought, limit: int) -> Found:
        """Look for the newest rows that are wanted."""
        self._require("search")
        return memory_search.found(self._tables, sought, limit)

    async def search_newer(self, sought: Sought, limit: int) -> Found:
        """Look for the oldest rows that are wanted."""
        self._require("search")
        return memory_search.found_newer(self._tables, sought, limit)

    async def search_and_count(
        self, sought: Sought, limit: int, count_max: int
    ) -> tuple[Found, Counted]:
        """Look for the newest rows that are wanted, and count how many there are."""
        self._require("search_and_count")
        counted = memory_search.counted(self._tables, sought, count_max)
        return memory_search.found(self._tables, sought, limit), counted

    async def named(self, text: str, agents: Collection[int], providers: Collection[int]) -> Named:
        """Look for whatever goes by an id."""
        self._require("named")
        return memory_search.named(self._tables, text, agents, providers)

    async def highest_trans_id(self) -> int:
        """Give the highest number ever issued here."""
        self._require("highest_trans_id")
        numbers = (number for _, number in (*self._tables.held, *self._tables.attempts))
        return max(numbers, default=0)

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
