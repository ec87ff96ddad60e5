"""Queries that decide no money: lists, logs and what waits, in threads of their own.

They see every commit that was acknowledged before they began.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Collection
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue
from typing import Any, TypeVar

from meganodes.domain.round import OpenRound
from meganodes.domain.transaction import RoundKey, State, Transaction
from meganodes.journal import attempt_looks, looks, reports, rows, sealing
from meganodes.journal.attempt_log import AttemptFilter, AttemptGroups
from meganodes.journal.reader import Reader, Source
from meganodes.journal.search import ComparedRow, Counted, Found, Named, Sought
from meganodes.journal.store import (
    AttemptPage,
    AttemptRecord,
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
from meganodes.kit.logging import get_logger

_T = TypeVar("_T")

_log = get_logger("journal.reads")


class DatabaseReads:
    """JournalReads and the store's slow questions over a few connections that cannot write.

    One that is lost is thrown away and made anew, once for a read; what fails then is said.
    """

    def __init__(self, source: Source, *, threads: int = 2) -> None:
        """Prepare; nothing is opened yet."""
        self._source = source
        self._threads = threads
        self._executor: ThreadPoolExecutor | None = None
        # None stands for a connection that was lost.
        self._readers: SimpleQueue[Reader | None] = SimpleQueue()

    def start(self) -> None:
        """Open the connections. Raises StoreUnavailable."""
        try:
            for _ in range(self._threads):
                self._readers.put(self._source.open())
        except StoreUnavailable:
            self._hang_up()
            raise
        self._executor = ThreadPoolExecutor(self._threads, "journal-read")

    def close(self) -> None:
        """Finish what is being read, then close."""
        if self._executor is not None:
            self._executor.shutdown()
            self._executor = None
            self._hang_up()

    async def listed_after(
        self, agent_id: int, position: int, limit: int
    ) -> tuple[ListedTransaction, ...]:
        """Give the entries after a position, oldest first (the cursor law, contract 2.2)."""
        return await self._rows("listed_after", (agent_id, position, limit), rows.listed)

    async def listed_between(self, agent_id: int, window: Window, page: Page) -> ListedPage:
        """Give a page of the entries that were listed in a window, oldest first."""
        return await self._in_thread(
            lambda reader: reports.listed_between(reader, agent_id, window, page)
        )

    async def turnover_by_user(self, agent_id: int, window: Window, page: Page) -> UserTurnovers:
        """Sum up a window by user and game, for a page of its users."""
        return await self._in_thread(
            lambda reader: reports.turnover_by_user(reader, agent_id, window, page)
        )

    async def turnover_by_game(self, agent_id: int, window: Window) -> tuple[Turnover, ...]:
        """Sum up a window by game."""
        return await self._in_thread(
            lambda reader: reports.turnover_by_game(reader, agent_id, window)
        )

    async def turnover_course(self, agent_id: int, window: Window) -> TurnoverCourse:
        """Sum up a window by quarter and by game."""
        return await self._in_thread(
            lambda reader: reports.turnover_course(reader, agent_id, window)
        )

    async def turnover_by_session(
        self, agent_id: int, gplay_ids: Collection[int], window: Window
    ) -> tuple[SessionTurnover, ...]:
        """Sum up a window by session."""
        return await self._in_thread(
            lambda reader: reports.turnover_by_session(reader, agent_id, gplay_ids, window)
        )

    async def unsummed(self, limit: int) -> list[reports.EntrySums]:
        """Sum up the oldest entries that are in no turnover yet, by agent."""
        return await self._in_thread(lambda reader: reports.unsummed(reader, limit))

    async def to_seal(self, now_ms: int) -> sealing.SealStep | None:
        """Make the seals of the next minute that is surely closed."""
        return await self._in_thread(lambda reader: sealing.next_step(reader, now_ms))

    async def attempts(self, agent_id: int, trans_id: int) -> tuple[AttemptRecord, ...]:
        """Give all logged attempts of one transaction, oldest first."""
        return await self._rows("attempts_of", (agent_id, trans_id), rows.attempt)

    async def attempt(self, agent_id: int, attempt_id: int) -> AttemptRecord | None:
        """Give one entry of the API log by its id."""
        found = await self._read("attempt", (agent_id, attempt_id))
        return rows.attempt(found[0]) if found else None

    async def attempts_page(
        self, agent_id: int, wanted: AttemptFilter, *, limit: int, rows_max: int
    ) -> AttemptPage:
        """Give the newest attempts that fit, among the newest ``rows_max``."""
        return await self._in_thread(
            lambda reader: attempt_looks.attempts_page(reader, agent_id, wanted, limit, rows_max)
        )

    async def failed_attempts(
        self, agent_id: int, wanted: AttemptFilter, *, rows_max: int
    ) -> AttemptGroups:
        """Group the newest ``rows_max`` attempts that were not accepted."""
        return await self._in_thread(
            lambda reader: attempt_looks.failed_attempts(reader, agent_id, wanted, rows_max)
        )

    async def last_attempts(
        self, agent_id: int, trans_ids: Collection[int]
    ) -> tuple[AttemptRecord, ...]:
        """Give the newest attempt of each of these transactions."""
        wanted = (json.dumps(sorted(trans_ids)), agent_id)
        return await self._rows("last_attempts", wanted, rows.attempt)

    async def parked_of(self, agent_id: int, *, after: int, limit: int) -> tuple[Transaction, ...]:
        """Give what of one agent's waits for a person, oldest first."""
        return rows.transactions(await self._read("parked_of", (agent_id, after, limit)))

    async def owed_of(
        self, agent_id: int, *, after: tuple[int, int], limit: int
    ) -> tuple[Transaction, ...]:
        """Give what is owed, cancelling or waiting, what is due next first."""
        return rows.transactions(await self._read("owed_of", (agent_id, *after, limit)))

    async def open_work(self) -> tuple[OpenWork, ...]:
        """Count what is pending, owed or parked, by agent and state."""
        found = await self._read("open_work", ())
        return tuple(
            OpenWork(agent_id=agent_id, state=State(state), count=count, oldest_at_ms=oldest)
            for agent_id, state, count, oldest in found
        )

    async def sealed_to(self) -> int:
        """Give the moment before which everything is sealed, 0 when nothing is."""
        return await self._in_thread(sealing.sealed_to)

    async def unplaced(self) -> int:
        """Count the list entries that have no position yet."""
        found = await self._read("unplaced", ())
        return int(found[0][0])

    async def parked(self, *, limit: int) -> tuple[Transaction, ...]:
        """Give what waits for a person, oldest first."""
        return rows.transactions(await self._read("parked", (limit,)))

    async def compared_rows(
        self, agent_id: int, first: int, past: int, limit: int
    ) -> tuple[ComparedRow, ...]:
        """Give an agent's bets and wins with these numbers, the lowest first."""
        wanted = (agent_id, first, past, limit)
        return await self._rows("compared_rows", wanted, ComparedRow._make)

    async def open_rounds(self, *, opened_before_ms: int, limit: int) -> tuple[OpenRound, ...]:
        """Give rounds that took a stake and were never closed, oldest first."""
        found = await self._read("open_rounds", (opened_before_ms, limit))
        return tuple(
            OpenRound(key=rows.round_key(key), opened_at_ms=opened_at_ms)
            for *key, opened_at_ms in found
        )

    async def rounds_named(
        self, agent_id: int, user_code: int, round_id: str
    ) -> tuple[RoundKey, ...]:
        """Give a user's rounds of that name, in provider order."""
        named = (agent_id, agent_id, agent_id, user_code, round_id)
        return await self._rows("rounds_named", named, rows.round_key)

    async def search(self, sought: Sought, limit: int) -> Found:
        """Look for the newest rows that are wanted."""
        return await self._in_thread(lambda reader: looks.found(reader, sought, limit))

    async def search_newer(self, sought: Sought, limit: int) -> Found:
        """Look for the oldest rows that are wanted."""
        return await self._in_thread(lambda reader: looks.found_newer(reader, sought, limit))

    async def search_and_count(
        self, sought: Sought, limit: int, count_max: int
    ) -> tuple[Found, Counted]:
        """Look for the newest rows that are wanted, and count how many there are."""
        return await self._in_thread(
            lambda reader: looks.found_and_counted(reader, sought, limit, count_max)
        )

    async def named(self, text: str, agents: Collection[int], providers: Collection[int]) -> Named:
        """Look for whatever goes by an id."""
        return await self._in_thread(lambda reader: looks.named(reader, text, agents, providers))

    async def list_skips(self) -> tuple[tuple[int, int, int], ...]:
        """Give what the agents' lists pass over: agent, position, how many numbers after it."""
        return await self._rows("list_skips", (), tuple)

    async def highest_trans_id(self) -> int:
        """Give the highest number ever issued here."""
        found = await self._read("highest_trans_id", ())
        return int(found[0][0])

    async def due_work(self, now_ms: int) -> tuple[DueWork, ...]:
        """Say for which agents something is due."""
        found = await self._read("due_work", (now_ms,))
        return tuple(
            DueWork(agent_id=agent_id, count=count, oldest_due_at_ms=oldest)
            for agent_id, count, oldest in found
        )

    async def expired_pending(
        self, lease_now_ms: int | None, limit: int
    ) -> tuple[Transaction, ...]:
        """Give PENDING bets that nobody owns; None is the clock of PostgreSQL itself."""
        return rows.transactions(await self._read("expired_pending", (lease_now_ms, limit)))

    async def overdue(
        self, owed_before_ms: int, lease_now_ms: int | None, limit: int
    ) -> tuple[Transaction, ...]:
        """Give what is owed since before that moment, with nobody at work on it; None as above."""
        found = await self._read("overdue", (owed_before_ms, lease_now_ms, limit))
        return rows.transactions(found)

    async def unlisted_balances(self, limit: int) -> tuple[UnlistedBalance, ...]:
        """Give entries that still need their balance callback, oldest first."""
        found = await self._read("unlisted_balances", (limit,))
        return tuple(
            UnlistedBalance(listing_id=listing_id, agent_id=agent_id, account=account)
            for listing_id, agent_id, account in found
        )

    async def events(self, agent_id: int, trans_id: int) -> tuple[Event, ...]:
        """Give a row's history, oldest first."""
        return tuple(map(rows.event, await self._read("events_of", (agent_id, trans_id))))

    async def _read(self, name: str, values: tuple[Any, ...]) -> list[Any]:
        return list(await self._rows(name, values, tuple))

    async def _rows(
        self, name: str, values: tuple[Any, ...], make: Callable[[Any], _T]
    ) -> tuple[_T, ...]:
        """Query and make records, both in a thread: a long list must not hold up the loop."""
        return await self._in_thread(lambda reader: tuple(map(make, reader.all(name, values))))

    async def _in_thread(self, read: Callable[[Reader], _T]) -> _T:
        if self._executor is None:
            raise StoreUnavailable("the journal is closed")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, self._on_a_connection, read)

    def _on_a_connection(self, read: Callable[[Reader], _T]) -> _T:
        # There are as many connections as threads, so this never waits.
        reader = self._readers.get()
        was_open = reader is not None
        try:
            reader = reader or self._source.open()
            try:
                return read(reader)
            except self._source.errors as fault:
                if not (was_open and self._source.is_lost(reader)):
                    raise
                _log.warning("journal_connection_lost", fault=self._source.sentence(fault))
            reader.connection.close()
            reader = self._source.open()
            return read(reader)
        except self._source.errors as fault:
            raise StoreUnavailable(self._source.sentence(fault)) from fault
        finally:
            self._put_back(reader)

    def _put_back(self, reader: Reader | None) -> None:
        if reader is not None and self._source.is_lost(reader):
            reader.connection.close()
            reader = None
        self._readers.put(reader)

    def _hang_up(self) -> None:
        while not self._readers.empty():
            reader = self._readers.get()
            if reader is not None:
                reader.connection.close()
