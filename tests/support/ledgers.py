"""The SDK's ledgers over empty books: SQLite, and PostgreSQL through three drivers."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pg8000.dbapi
import psycopg
import psycopg2

from meganodes.protocol.codes import ResultCode
from meganodes.sdk.ledger import Ledger, PostgresqlLedger, SqliteLedger
from tests.support.postgres import postgres_server

LEDGERS = ("sqlite", "psycopg", "psycopg2", "pg8000")


def _by_pg8000(address: str) -> Any:  # noqa: ANN401 - a driver without types
    parts = urlsplit(address)
    assert parts.hostname, address
    assert parts.port, address
    return pg8000.dbapi.connect(
        user=parts.username,
        password=parts.password,
        host=parts.hostname,
        port=parts.port,
        database=parts.path.removeprefix("/"),
    )


DRIVERS: dict[str, Callable[[str], Any]] = {
    "psycopg": psycopg.connect,
    "psycopg2": psycopg2.connect,
    "pg8000": _by_pg8000,
}


def open_ledger(
    kind: str, address: str, duplicates: ResultCode = ResultCode.DUPLICATE
) -> SqliteLedger | PostgresqlLedger:
    """Open the ledger that is kept in a file, or at an address of PostgreSQL."""
    if kind == "sqlite":
        return SqliteLedger(address, duplicates)
    connect = DRIVERS[kind]
    made = PostgresqlLedger(lambda: connect(address), duplicates, wait_seconds=60)
    made.create_tables()
    return made


class Opening:
    """Opens ledgers over the same books, and closes them all at the end."""

    def __init__(self, kind: str, address: str) -> None:
        self._kind = kind
        self.address = address
        self._opened: list[SqliteLedger | PostgresqlLedger] = []

    def __call__(self, duplicates: ResultCode = ResultCode.DUPLICATE) -> Ledger:
        self._opened.append(open_ledger(self._kind, self.address, duplicates))
        return self._opened[-1]

    def execute(self, statement: str) -> None:
        """Do behind the ledger's back what it would never do."""
        made = self()
        with made._books(writing=True) as books:
            books._cursor.execute(statement)

    def close(self) -> None:
        for each in self._opened:
            each.close()


@contextmanager
def a_ledger_place(kind: str, folder: Path) -> Iterator[Opening]:
    """Give empty books of a kind."""
    if kind == "sqlite":
        with closing(Opening(kind, str(folder / "casino.db"))) as opening:
            yield opening
        return
    address = _shared_database()
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "DROP TABLE IF EXISTS wallet_postings, wallet_entries, wallet_accounts CASCADE"
        )
    with closing(Opening(kind, address)) as opening:
        yield opening


@functools.cache
def _shared_database() -> str:
    """One database that tests of this process use in turn: making one costs more than a test."""
    return postgres_server().create("wallets")
