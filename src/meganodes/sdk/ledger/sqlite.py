"""The ledger in one SQLite file: for one machine, with any number of threads and processes."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from meganodes.protocol.codes import ResultCode
from meganodes.sdk.ledger.books import Books
from meganodes.sdk.ledger.ledger import Ledger
from meganodes.sdk.ledger.schema import SQLITE_TABLES

_LOCK_SECONDS: Final = 5.0


class SqliteLedger(Ledger):
    """A ledger in the file at ``path``, which is made with its tables when it is not there.

    Every commit reaches the disk before it is answered. Other processes may use the same file; a
    callback waits up to five seconds for their transactions, then it fails and the hub asks again.
    """

    def __init__(self, path: Path | str, duplicates: ResultCode = ResultCode.DUPLICATE) -> None:
        super().__init__(duplicates)
        self._path = path
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._connection = self._open()
        self._inherited: list[sqlite3.Connection] = []
        with self._lock, _transaction(self._connection, "IMMEDIATE") as connection:
            for statement in SQLITE_TABLES:
                connection.execute(statement)

    def close(self) -> None:
        """Close the file; the ledger cannot be used afterwards."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _books(self, *, writing: bool) -> Iterator[Books]:
        with self._lock:
            # IMMEDIATE locks before the first read: what was judged is still so when it is booked.
            kind = "IMMEDIATE" if writing else "DEFERRED"
            with _transaction(self._own_connection(), kind) as connection:
                yield Books(connection.cursor(), locking=False, spelling=_spelling)

    def _own_connection(self) -> sqlite3.Connection:
        """Give the connection, or a new one in a process that was forked from the first.

        SQLite forbids to use one over a fork, and to close it there: so it is kept and not used.
        """
        if self._process != os.getpid():
            self._inherited.append(self._connection)
            self._connection, self._process = self._open(), os.getpid()
        return self._connection

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=_LOCK_SECONDS, isolation_level=None, check_same_thread=False
        )
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection


@contextmanager
def _transaction(connection: sqlite3.Connection, kind: str) -> Iterator[sqlite3.Connection]:
    connection.execute(f"BEGIN {kind}")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        # A COMMIT that failed may have left the transaction open, or have ended it.
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


def _spelling(statement: str) -> str:
    return statement.replace("%s", "?")
