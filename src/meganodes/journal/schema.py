"""The journal's tables: making them, and saying whether a database has the right ones.

A server that starts needs no more than one look at the version.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Final

from meganodes.journal.statements import SQLITE
from meganodes.kit import migrations
from meganodes.kit.database import Database, DatabaseKind, DatabaseSettings, DatabaseUrl
from meganodes.kit.migrations import Schema

REVISION: Final = "0010"
"""The newest revision of the tables, which this code is written for."""

VERSION_TABLE: Final = "journal_version"

_TABLES: Final = frozenset(
    {
        "attempt_bodies",
        "attempt_digests",
        "attempts",
        "day_turnovers",
        "events",
        "list_skips",
        "listing_positions",
        "listings",
        "retention_progress",
        "rounds",
        "seal_progress",
        "seals",
        "transactions",
        "turnovers",
    }
)

TABLES: Final = {
    DatabaseKind.POSTGRESQL: _TABLES,
    DatabaseKind.SQLITE: _TABLES | {"search_progress", "search_words"},
}
"""The names of the tables; PostgreSQL finds ids by plain indexes."""

MIGRATIONS: Final = Path(__file__).with_name("migrations")


def schema_of(kind: DatabaseKind) -> Schema:
    """Give the tables that the journal needs on a kind of database."""
    return Schema(
        title="the journal",
        versions=MIGRATIONS / "versions",
        version_table=VERSION_TABLE,
        revision=REVISION,
        tables=TABLES[kind],
    )


def upgrade(url: DatabaseUrl) -> None:
    """Bring the journal's tables to the newest revision, in one transaction.

    Runs in the calling thread. Safe to repeat. Raises MigrationFault.
    """
    if url.path is not None:
        url.path.parent.mkdir(parents=True, exist_ok=True)
    migrations.upgrade(url, schema_of(url.kind))


def check(url: DatabaseUrl) -> str | None:
    """Say in a sentence what is wrong with the journal's tables, None when all is well."""
    if url.path is None:
        database = Database(url, DatabaseSettings())
        try:
            return database.read_now(migrations.schema_fault, schema_of(url.kind))
        finally:
            database.close()
    if not url.path.exists():
        return f"there is no database at {url.path}: run `meganodes migrate`"
    with closing(sqlite3.connect(url.path)) as connection:
        return schema_fault(connection)


def schema_fault(connection: sqlite3.Connection) -> str | None:
    """Look at an open SQLite file: version, tables, journal mode, and the lists' last positions."""
    schema = schema_of(DatabaseKind.SQLITE)
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    names = {name for (name,) in rows}
    if VERSION_TABLE not in names:
        return "the journal's tables are missing: run `meganodes migrate`"
    versions = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchall()  # noqa: S608 - a constant
    version = versions[0][0] if versions else ""
    return migrations.version_fault(schema, version, names) or _sanity_fault(connection)


def _sanity_fault(connection: sqlite3.Connection) -> str | None:
    ((mode,),) = connection.execute("PRAGMA journal_mode").fetchall()
    if mode != "wal":
        return f"the database's journal mode is {mode}, not wal: run `meganodes migrate`"
    misplaced = connection.execute(SQLITE["misplaced"].text).fetchall()
    if misplaced:
        return f"the transaction list of agent {misplaced[0][0]} has a wrong end: restore a backup"
    return None
