"""The relational database for all but the hot path: where it is, how to read and write it.

Query functions are plain functions that take a connection; they run in threads of this module, off
the event loop. Reading and writing connections are two types, so that a page cannot take the one
that writes. One code path serves SQLite and PostgreSQL.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar, TypeVarTuple
from urllib.parse import quote, urlencode, urlsplit

from sqlalchemy import (
    Connection,
    CursorResult,
    Engine,
    Result,
    Select,
    Table,
    create_engine,
    event,
    inspect,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError, IntegrityError
from sqlalchemy.pool import ConnectionPoolEntry
from sqlalchemy.sql.dml import UpdateBase

_P = ParamSpec("_P")
_T = TypeVar("_T")
_Ts = TypeVarTuple("_Ts")


class DatabaseKind(StrEnum):
    """The engines that are supported (architecture 5)."""

    SQLITE = "sqlite"
    POSTGRESQL = "postgresql"


class DatabaseUrlError(ValueError):
    """The database address cannot be used. The message says why and shows the right form."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseUrl:
    """A checked database address. Its text form hides a password."""

    kind: DatabaseKind
    url: URL
    path: Path | None = None
    """The file, for SQLite."""

    def __str__(self) -> str:
        """Return the address without its password."""
        return self.url.render_as_string(hide_password=True)

    @property
    def places(self) -> tuple[str, ...]:
        """The servers of a PostgreSQL cluster (``?host=a:1&host=b:2``), each as ``host:port``."""
        if self.url.host:
            port = f":{self.url.port}" if self.url.port else ""
            hosts = self.url.host.split(",")
            return tuple(f"[{host}]{port}" if ":" in host else f"{host}{port}" for host in hosts)
        named = self.url.query.get("host", ())
        return (named,) if isinstance(named, str) else tuple(named)

    def address(self, places: Sequence[str], query: Mapping[str, object]) -> str:
        """Write a PostgreSQL address of these servers as libpq reads it, with its password."""
        account = URL.create(
            "postgresql",
            username=self.url.username,
            password=self.url.password,
            host="place",
            database=self.url.database,
        )
        before, _, after = account.render_as_string(hide_password=False).rpartition("place/")
        # libpq reads %20 as a space, and + as itself.
        asked = f"?{urlencode(query, quote_via=quote)}" if query else ""
        return f"{before}{','.join(places)}/{after}{asked}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseSettings:
    """How the database is used. SQLite has one writer at a time, whoever it is.

    ``foreign_keys`` False is for migrations only, which check by themselves (SQLite).
    """

    read_threads: int = 4
    busy_timeout_seconds: float = 10.0
    foreign_keys: bool = True


def parse_database_url(text: str) -> DatabaseUrl:
    """Read `sqlite:///path/to/file.db` or `postgresql://user:password@host/name`."""
    scheme = text.split("://", 1)[0] if "://" in text else ""
    if scheme == DatabaseKind.SQLITE:
        return _sqlite_url(text)
    if scheme == DatabaseKind.POSTGRESQL:
        return _postgresql_url(text)
    raise DatabaseUrlError(
        "the database address must start with sqlite:/// or postgresql://, for example "
        "sqlite:///var/meganodes.db or postgresql://meganodes@localhost/meganodes"
    )


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
        with self._reading.begin() as connection:
            return query(ReadConnection(connection), *args, **kwargs)

    def write_now(
        self,
        query: Callable[Concatenate[WriteConnection, _P], _T],
        *args: _P.args,
        **kwargs: _P.kwargs,
    ) -> _T:
        """As `write`, in the calling thread."""
        with self._writing.begin() as connection:
            return query(WriteConnection(connection), *args, **kwargs)

    def close(self) -> None:
        """End the threads after what they are doing, and close all connections."""
        self._read_threads.shutdown()
        self._write_thread.shutdown()
        self._reading.dispose()
        self._writing.dispose()


def _sqlite_url(text: str) -> DatabaseUrl:
    # Three slashes begin a relative path, four an absolute one.
    path_text = text.removeprefix("sqlite:///")
    if path_text == text or path_text in {"", ":memory:"} or "?" in path_text:
        raise DatabaseUrlError(
            "a SQLite address names a file: sqlite:///relative/file.db or sqlite:////absolute/file.db"
        )
    path = Path(path_text)
    return DatabaseUrl(
        kind=DatabaseKind.SQLITE, url=URL.create("sqlite+pysqlite", database=str(path)), path=path
    )


def _postgresql_url(text: str) -> DatabaseUrl:
    example = "postgresql://meganodes@localhost:5432/meganodes"
    try:
        url = make_url(text)
    except (ArgumentError, ValueError):
        url = None
    named = url is not None and (url.host or url.query.get("host"))
    if url is None or not named or not url.database or urlsplit(text).fragment:
        raise DatabaseUrlError(f"a PostgreSQL address names host and database: {example}")
    return DatabaseUrl(kind=DatabaseKind.POSTGRESQL, url=url.set(drivername="postgresql+psycopg"))


def _engine(url: DatabaseUrl, settings: DatabaseSettings, *, writes: bool) -> Engine:
    size = 1 if writes else settings.read_threads
    # Faults of the database are logged; the values of a statement must not be part of them.
    engine = create_engine(
        url.url, pool_size=size, max_overflow=4, hide_parameters=True, **_driver_options(url)
    )
    if url.kind is DatabaseKind.SQLITE:
        _prepare_sqlite(engine, settings, writes=writes)
    elif not writes:
        engine = engine.execution_options(postgresql_readonly=True)
    return engine


def _driver_options(url: DatabaseUrl) -> dict[str, Any]:
    if url.kind is DatabaseKind.SQLITE:
        return {"connect_args": {"check_same_thread": False}}
    return {"isolation_level": "READ COMMITTED", "pool_pre_ping": True}


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
