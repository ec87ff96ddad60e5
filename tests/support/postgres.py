"""A PostgreSQL for tests: one server for each process of the run, started when it is needed."""

from __future__ import annotations

import atexit
import functools
import itertools
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
from psycopg import sql

from meganodes.directory import schema as directory_schema
from meganodes.journal import schema as journal_schema
from meganodes.kit.database import DatabaseUrl, parse_database_url
from meganodes.kit.postgres_server import PostgresServer

TEMPLATE = "meganodes_template"

_numbers = itertools.count(1)


@functools.cache
def postgres_server() -> PostgresServer:
    """Give the server of this process, with a database of all tables to copy from."""
    server = PostgresServer()
    server.start()
    atexit.register(server.remove)
    url = parse_database_url(server.create(TEMPLATE))
    journal_schema.upgrade(url)
    directory_schema.upgrade(url)
    return server


@contextmanager
def postgres_database() -> Iterator[DatabaseUrl]:
    """Give a database of one's own with all tables, empty; it is gone afterwards."""
    server = postgres_server()
    name = f"test_{next(_numbers)}"
    try:
        yield parse_database_url(server.create(name, TEMPLATE))
    finally:
        server.drop(name)


@functools.cache
def shared_database() -> DatabaseUrl:
    """Give one database that tests of this process use in turn; each empties it first."""
    return parse_database_url(postgres_server().create("shared", TEMPLATE))


def empty_journal(url: DatabaseUrl) -> None:
    """Throw away all rows of the journal: quicker than a database for every test.

    So is DELETE than TRUNCATE, which makes new files; a replica's role is not held by triggers.
    """
    tables = sorted(journal_schema.TABLES[url.kind])
    delete = sql.SQL("; ").join(
        sql.SQL("DELETE FROM {}").format(sql.Identifier(table)) for table in tables
    )
    connection = _emptying(url)
    with connection.transaction():
        connection.execute("SET LOCAL session_replication_role = replica")
        connection.execute(delete)
        connection.execute("SELECT setval(pg_get_serial_sequence('listings','listing_id'),1,false)")


@functools.cache
def _emptying(url: DatabaseUrl) -> psycopg.Connection[tuple[object, ...]]:
    """Keep one connection to empty a database with: making one costs as much as the work."""
    connection = psycopg.connect(dsn_of(url), autocommit=True)
    atexit.register(connection.close)
    return connection


def empty_directory(url: DatabaseUrl) -> None:
    """Put the directory back to how its revisions leave it: quicker than a database of its own."""
    with psycopg.connect(dsn_of(url)) as connection:
        # Without triggers: some tables refuse to lose rows. The next test brings its own.
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        for name, columns, rows in _first_rows():
            table = sql.Identifier(name)
            connection.execute(sql.SQL("DELETE FROM {}").format(table))
            marks = sql.SQL(", ").join([sql.Placeholder()] * len(columns))
            names = sql.SQL(", ").join(map(sql.Identifier, columns))
            insert = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(table, names, marks)
            connection.cursor().executemany(insert, rows)


@functools.cache
def _first_rows() -> tuple[tuple[str, tuple[str, ...], tuple[tuple[object, ...], ...]], ...]:
    """Read what stands in the directory's tables when they are new."""
    found = []
    with psycopg.connect(postgres_server().url(TEMPLATE)) as connection:
        for name in sorted(directory_schema.SCHEMA.tables):
            cursor = connection.execute(sql.SQL("SELECT * FROM {}").format(sql.Identifier(name)))
            columns = tuple(each.name for each in cursor.description or ())
            found.append((name, columns, tuple(cursor.fetchall())))
    return tuple(found)


def dsn_of(url: DatabaseUrl) -> str:
    """Give the address with its password, as drivers want it."""
    plain = url.url.set(drivername="postgresql")
    return plain.render_as_string(hide_password=False)
