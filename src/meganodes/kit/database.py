"""The relational database for all but the hot path: where it is, how to read and write it.

Query functions are plain functions that take a connection; they run in threads of this module, off
the event loop. Reading and writing connections are two types, so that a page cannot take the one
that writes. One code path serves SQLite and PostgreSQL.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Concatenate, Final, ParamSpec, TypeVar, TypeVarTuple
from zlib import crc32

from sqlalchemy import (
    Connection,
    CursorResult,
    Engine,
    Result,
    Select,
    Table,
    create_engine,
    event,
    func,
    inspect,
    select,
)
from sqlalchemy.engine import URL
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.dml import UpdateBase

from meganodes.kit.database_url import (
    DatabaseKind,
    DatabaseUrl,
    DatabaseUrlError,
    libpq_arguments,
    parse_database_url,
)

__all__ = (
    "Database",
    "DatabaseKind",
    "DatabaseSettings",
    "DatabaseUnavailable",
    "DatabaseUrl",
    "DatabaseUrlError",
    "ReadConnection",
    "WriteConnection",
    "libpq_arguments",
    "parse_database_url",
)

_P = ParamSpec("_P")
_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")

_LOCKS: Final = 0x4D4E
"""The first of the two keys of this program's advisory locks."""
_IDLE_SECONDS: Final = 60.0
_READ_ONLY: Final = "25006"
"""What a server says that has become a standby, or is about to."""
_CONNECTING: Final = {
    "target_session_attrs": "read-write",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
}


class DatabaseUnavailable(Exception):
    """The server is away, too busy, or no longer the one to write to; the text says which.

    What was read is nothing; what was to be written may have been written, if the server went while
    it committed.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """How the database is used. SQLite has one writer at a time, whoever it is.

    ``busy_timeout_seconds`` is how long a lock of somebody else is waited for. ``foreign_keys``
    False is for migrations only, which check by themselves (SQLite). The others are PostgreSQL's:
    the longest that one statement may take (0: no limit), the longest that a server may take to
    answer to a new connection, and what the server shows of this one.
    """

    read_threads: int = 4
    busy_timeout_seconds: float = 10.0
    foreign_keys: bool = True
    statement_timeout_seconds: float = 30.0
    connect_timeout_seconds: int = 5
    application_name: str = "meganodes directory"


class ReadConnection:
    """A connection inside a transaction that only reads."""

    __slots__ = ("_connection",)

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def select(self, statement: Select[*_Ts]) -> Result[*_Ts]:
        """Run a SELECT."""
        return self._connection.execute(statement)

    def table_names(self) -> frozenset[str]:
        """Name all tables there are."""
        return frozenset(inspect(self._connection).get_table_names())


class WriteConnection(ReadConnection):
    """A connection inside a transaction that commits when the query function returns."""

    __slots__ = ()

    def lock(self, name: str) -> None:
        """Wait for every transaction that holds the lock of this name, on any node; ends with ours.

        SQLite has one writer at a time: whoever writes holds every lock.
        """
        if self._connection.dialect.name == DatabaseKind.POSTGRESQL:
            number = crc32(name.encode())
            self._connection.execute(select(func.pg_advisory_xact_lock(_LOCKS, _signed(number))))

    def execute(
        self, statement: UpdateBase, rows: Sequence[Mapping[str, object]] | None = None
    ) -> CursorResult[Any]:
        """Run an INSERT, UPDATE or DELETE, once or for each of the rows."""
        return self._connection.execute(statement, rows)

    def insert_if_absent(self, table: Table, values: Mapping[str, object]) -> bool:
        """Insert unless a unique key of the table is taken; return whether it was inserted."""
        try:
            with self._connection.begin_nested():
                self._connection.execute(table.insert().values(**values))
        except IntegrityError:
            return False
        return True

    def define(self, build: Callable[[Connection], None]) -> None:
        """Let a schema function create or change tables in this transaction."""
        build(self._connection)


class Database:
    """Two engines and their threads: several that read, one that writes."""

    def __init__(self, url: DatabaseUrl, settings: DatabaseSettings) -> None:
        """Prepare the engines; nothing is opened before the first query."""
        self.url = url
        self._reading = _engine(url, settings, writes=False)
        self._writing = _engine(url, settings, writes=True)
        self._read_threads = ThreadPoolExecutor(settings.read_threads, "database-read")
        self._write_thread = ThreadPoolExecutor(1, "database-write")

    async def read(
        self,
        query: Callable[Concatenate[ReadConnection, _P], _T],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _T:
        """Run a query function in one transaction that sees one state of the database."""
        return await asyncio.get_running_loop().run_in_executor(
            self._read_threads, lambda: self.read_now(query, *args, **kwargs)
        )

    async def write(
        self,
        query: Callable[Concatenate[WriteConnection, _P], _T],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _T:
        """Run a query function in one transaction: committed when it returns, else undone."""
        return await asyncio.get_running_loop().run_in_executor(
            self._write_thread, lambda: self.write_now(query, *args, **kwargs)
        )

    def read_now(
        self,
        query: Callable[Concatenate[ReadConnection, _P], _T],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _T:
        """As `read`, in the calling thread."""
        with _sentences(), self._reading.begin() as connection:
            return query(ReadConnection(connection), *args, **kwargs)

    def write_now(
        self,
        query: Callable[Concatenate[WriteConnection, _P], _T],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _T:
        """As `write`, in the calling thread."""
        with _sentences(), self._writing.begin() as connection:
            return query(WriteConnection(connection), *args, **kwargs)

    def close(self) -> None:
        """End the threads after what they are doing, and close all connections."""
        self._read_threads.shutdown()
        self._write_thread.shutdown()
        self._reading.dispose()
        self._writing.dispose()


def _engine(url: DatabaseUrl, settings: DatabaseSettings, *, writes: bool) -> Engine:
    size = 1 if writes else settings.read_threads
    # Faults of the database are logged; the values of a statement must not be part of them.
    options: dict[str, Any] = {"pool_size": size, "max_overflow": 4, "hide_parameters": True}
    if url.kind is DatabaseKind.SQLITE:
        options["connect_args"] = {"check_same_thread": False}
        engine = create_engine(url.url, **options)
        _prepare_sqlite(engine, settings, writes=writes)
        return engine
    return _postgresql_engine(url, settings, options, writes=writes)


def _postgresql_engine(
    url: DatabaseUrl, settings: DatabaseSettings, options: dict[str, Any], *, writes: bool
) -> Engine:
    """Connect to whichever server takes writes; notice within half a minute when it is gone."""
    arguments = _CONNECTING | libpq_arguments(url)
    limits = {
        "statement_timeout": settings.statement_timeout_seconds,
        "lock_timeout": settings.busy_timeout_seconds,
        "idle_in_transaction_session_timeout": _IDLE_SECONDS,
    }
    session = [f"-c {name}={round(seconds * 1_000)}" for name, seconds in limits.items()]
    arguments |= {
        "options": " ".join([arguments.get("options", ""), *session]).strip(),
        "connect_timeout": str(settings.connect_timeout_seconds),
        "application_name": settings.application_name,
    }
    engine = create_engine(
        URL.create("postgresql+psycopg"),
        connect_args=arguments,
        pool_pre_ping=True,
        # Who reads sees one state from the first statement to the last; who writes sees what others
        # have committed once it holds their lock.
        isolation_level="READ COMMITTED" if writes else "REPEATABLE READ",
        **options,
    )
    return engine if writes else engine.execution_options(postgresql_readonly=True)


@contextmanager
def _sentences() -> Iterator[None]:
    """Tell a server that is away from a statement that is wrong."""
    try:
        yield
    except PoolTimeout:
        raise DatabaseUnavailable("the database is too busy: no connection was free") from None
    except DBAPIError as fault:
        if not _is_away(fault):
            raise
        lines = str(fault.orig).strip().splitlines() or [type(fault.orig).__name__]
        raise DatabaseUnavailable(f"the database is not available: {lines[0]}") from fault


def _is_away(fault: DBAPIError) -> bool:
    state = str(getattr(fault.orig, "sqlstate", None) or "")
    if isinstance(fault.orig, sqlite3.Error):
        return False
    kinds = {each.__name__ for each in type(fault.orig).__mro__}
    return bool(kinds & {"OperationalError", "InterfaceError"}) or state == _READ_ONLY


def _signed(number: int) -> int:
    """Give a number of 32 bits as the server's integer has it."""
    return number - 2**32 if number >= 2**31 else number


def _prepare_sqlite(engine: Engine, settings: DatabaseSettings, *, writes: bool) -> None:
    """Set each connection up; the driver itself must not begin transactions on its own."""
    busy_ms = round(settings.busy_timeout_seconds * 1_000)
    pragmas = [
        f"busy_timeout={busy_ms}",
        "journal_mode=WAL",
        "synchronous=FULL",
        f"foreign_keys={'ON' if settings.foreign_keys else 'OFF'}",
        f"query_only={'OFF' if writes else 'ON'}",
    ]

    @event.listens_for(engine, "connect")
    def set_up(connection: DBAPIConnection, _entry: ConnectionPoolEntry) -> None:
        assert isinstance(connection, sqlite3.Connection)
        connection.isolation_level = None
        for pragma in pragmas:
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        # A writer takes the lock at once: a lock taken later could fail halfway through.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
