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


def dsn_of(url: DatabaseUrl) -> str:
    """Give the address with its password, as drivers want it."""
    plain = url.url.set(drivername="postgresql")
    return plain.render_as_string(hide_password=False)
