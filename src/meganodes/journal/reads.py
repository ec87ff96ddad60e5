"""Queries that decide no money: lists, logs and what waits, in threads of their own.

They see every commit that was acknowledged before they began.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from queue import SimpleQueue
from typing import Any, TypeVar

from meganodes.domain.round import OpenRound
from meganodes.domain.transaction import RoundKey, Transaction
from meganodes.journal import rows
from meganodes.journal.sqlite_connection import open_reader
from meganodes.journal.statements import SQLITE
from meganodes.journal.store import (
    AttemptRecord,
    DueWork,
    Event,
    ListedTransaction,
    StoreUnavailable,
    UnlistedBalance,
)

_T = TypeVar("_T")


class SqliteReads:
    """JournalReads and the store's slow questions over a few connections that cannot write."""

    def __init__(self, path: Path, *, threads: int = 2) -> None:
        """Prepare; nothing is opened yet."""
        self._path = path
        self._threads = threads
        self._executor: ThreadPoolExecutor | None = None
        self._connections: SimpleQueue[sqlite3.Connection] = SimpleQueue()

    def start(self) -> None:
        """Open the connections. Raises StoreUnavailable."""
        for _ in range(self._threads):
            self._connections.put(open_reader(self._path))
        self._executor = ThreadPoolExecutor(self._threads, "journal-read")

    def close(self) -> None:
        """Finish what is being read, then close."""
        if self._executor is not None:
            self._executor.shutdown()
            self._executor = None
            while not self._connections.empty():
                self._connections.get().close()

    async def listed_after(
        self, agent_id: int, position: int, limit: int
    ) -> tuple[ListedTransaction, ...]:
        """Give the entries after a position, oldest first (the cursor law, contract 2.2)."""
        return await self._rows("listed_after", (agent_id, position, limit), rows.listed)

    async def attempts(self, agent_id: int, trans_id: int) -> tuple[AttemptRecord, ...]:
        """Give all logged attempts of one transaction, oldest first."""
        return await self._rows("attempts_of", (agent_id, trans_id), rows.attempt)

    async def attempt(self, agent_id: int, attempt_id: int) -> AttemptRecord | None:
        """Give one entry of the API log by its id."""
        found = await self._read("attempt", (agent_id, attempt_id))
        return rows.attempt(found[0]) if found else None

    async def parked(self, *, limit: int) -> tuple[Transaction, ...]:
        """Give what waits for a person, oldest first."""
        return rows.transactions(await self._read("parked", (limit,)))

    async def open_rounds(self, *, opened_before_ms: int, limit: int) -> tuple[OpenRound, ...]:
        """Give rounds that took a stake and were never closed, oldest first."""
        found = await self._read("open_rounds", (opened_before_ms, limit))
        return tuple(
            OpenRound(
                key=RoundKey(
                    agent_id=agent_id,
                    provider_id=provider_id,
                    user_code=user_code,
                    round_id=round_id,
                ),
                opened_at_ms=opened_at_ms,
            )
            for agent_id, provider_id, user_code, round_id, opened_at_ms in found
        )

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

    async def expired_pending(self, lease_now_ms: int, limit: int) -> tuple[Transaction, ...]:
        """Give PENDING bets that nobody owns."""
        return rows.transactions(await self._read("expired_pending", (lease_now_ms, limit)))

    async def overdue(
        self, owed_before_ms: int, lease_now_ms: int, limit: int
    ) -> tuple[Transaction, ...]:
        """Give what is owed since before that moment and has nobody at work on it."""
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
        if self._executor is None:
            raise StoreUnavailable("the journal is closed")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(
            self._executor, lambda: tuple(map(make, self._query(name, values)))
        )

    def _query(self, name: str, values: tuple[Any, ...]) -> list[Any]:
        # There are as many connections as threads, so this never waits.
        connection = self._connections.get()
        try:
            return connection.execute(SQLITE[name].text, values).fetchall()
        except sqlite3.Error as fault:
            raise StoreUnavailable(str(fault)) from fault
        finally:
            self._connections.put(connection)
