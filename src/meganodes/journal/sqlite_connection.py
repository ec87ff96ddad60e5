"""Connections to the journal's file, set up alike: one that writes, others that only read."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from meganodes.journal.reader import Reader
from meganodes.journal.statements import SQLITE
from meganodes.journal.store import StoreUnavailable

CACHE_KIB = 65_536
"""Memory for pages of the database, by connection."""

CHECKPOINT_PAGES = 4_000
"""The write-ahead log goes into the file when it has grown by this: pages that many bets touch go
once. Four times the default costs a tenth less time for each bet."""

_FULL = 2


def open_writer(path: Path) -> sqlite3.Connection:
    """Open the connection that writes: every commit is on the disk when it returns.

    It never waits for a lock by itself. Raises StoreUnavailable when the file cannot be opened.
    """
    pragmas = (
        "synchronous = FULL",
        "foreign_keys = ON",
        f"wal_autocheckpoint = {CHECKPOINT_PAGES}",
        "secure_delete = OFF",
    )
    return _open(path, *pragmas, timeout_seconds=0.0)


class SqliteSource:
    """A file to read from."""

    errors: tuple[type[Exception], ...] = (sqlite3.Error,)

    def __init__(self, path: Path) -> None:
        """Name the file; nothing is opened yet."""
        self._path = path

    def open(self) -> Reader:
        """Open a connection that cannot write. Raises StoreUnavailable."""
        return sqlite_reader(open_reader(self._path))

    def is_lost(self, _reader: Reader) -> bool:
        """Say that a file is not lost by a failure."""
        return False

    def sentence(self, fault: Exception) -> str:
        """Say why a read failed."""
        return str(fault)


def sqlite_reader(connection: sqlite3.Connection) -> Reader:
    """Read on a connection by the statements of SQLite."""
    return Reader(connection, SQLITE)


def durability_fault(connection: sqlite3.Connection) -> str | None:
    """Say in a sentence why a commit on this connection could be lost, None when it could not."""
    ((synchronous,),) = connection.execute("PRAGMA synchronous").fetchall()
    if synchronous != _FULL:
        return f"SQLite runs with synchronous = {synchronous}, not {_FULL}: commits could be lost"
    return None


def open_reader(path: Path) -> sqlite3.Connection:
    """Open a connection that cannot write; each statement sees what is committed by then."""
    return _open(path, "query_only = ON", timeout_seconds=10.0)


def _open(path: Path, *pragmas: str, timeout_seconds: float) -> sqlite3.Connection:
    try:
        # mode=rw: a missing file is an error, never a new and empty journal.
        connection = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode=rw",
            uri=True,
            timeout=timeout_seconds,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
    except sqlite3.Error as fault:
        raise _unavailable(path, fault) from fault
    try:
        for pragma in (f"cache_size = -{CACHE_KIB}", "temp_store = MEMORY", *pragmas):
            connection.execute(f"PRAGMA {pragma}")
    except sqlite3.Error as fault:
        connection.close()
        raise _unavailable(path, fault) from fault
    return connection


def _unavailable(path: Path, fault: sqlite3.Error) -> StoreUnavailable:
    return StoreUnavailable(f"the journal at {path} cannot be opened: {fault}")
