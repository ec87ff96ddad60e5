"""Where a directory of a test stands, a file or a PostgreSQL, and a way to it past the hub."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from meganodes.kit.database import DatabaseKind, DatabaseUrl, parse_database_url
from tests.support.postgres import dsn_of, empty_directory, shared_database

KINDS = tuple(DatabaseKind)


@contextmanager
def a_place(kind: DatabaseKind, folder: Path) -> Iterator[DatabaseUrl]:
    """Give an empty database: a file that is made when it is opened, or a server's."""
    if kind is DatabaseKind.SQLITE:
        yield parse_database_url(f"sqlite:///{folder / 'hub.db'}")
    else:
        url = shared_database()
        empty_directory(url)
        yield url


def address_of(place: DatabaseUrl) -> str:
    """Write a place as a setting, with its password."""
    return dsn_of(place) if place.path is None else f"sqlite:///{place.path}"


def rows_of(place: DatabaseUrl, statement: str, *values: object) -> list[tuple[Any, ...]]:
    """Read past the hub; a value stands for each question mark."""
    with closing(_opened(place)) as connection:
        return [tuple(row) for row in _run(connection, statement, values).fetchall()]


def change(place: DatabaseUrl, *statements: str, values: Sequence[object] = ()) -> None:
    """Change what is stored past the hub, in one transaction."""
    with closing(_opened(place)) as connection, connection:
        for statement in statements:
            _run(connection, statement, values)


def all_bytes(place: DatabaseUrl) -> bytes:
    """Give every byte that is stored: the files with the write-ahead log, or all rows as sent."""
    if place.path is not None:
        return b"".join(each.read_bytes() for each in place.path.parent.iterdir())
    with psycopg.connect(dsn_of(place)) as connection:
        names = connection.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        return b"".join(_copied(connection, name) for (name,) in names.fetchall())


def _copied(connection: psycopg.Connection, name: str) -> bytes:
    statement = sql.SQL("COPY (SELECT * FROM {}) TO STDOUT (FORMAT binary)").format(
        sql.Identifier(name)
    )
    with connection.cursor().copy(statement) as copy:
        return b"".join(bytes(block) for block in copy)


def _opened(place: DatabaseUrl) -> Any:  # noqa: ANN401 - two drivers that differ in nothing used here
    if place.path is not None:
        return sqlite3.connect(place.path)
    return psycopg.connect(dsn_of(place))


def _run(connection: Any, statement: str, values: Sequence[object]) -> Any:  # noqa: ANN401 - as above
    if isinstance(connection, sqlite3.Connection):
        return connection.execute(statement, values)
    return connection.execute(statement.replace("?", "%s"), values or None)
