"""The journal's tables: making them, and saying whether a database has the right ones.

A server that starts needs no more than one look at the version.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

from meganodes.journal.statements import SQLITE
from meganodes.kit import migrations
from meganodes.kit.database import DatabaseKind, DatabaseUrl
from meganodes.kit.migrations import Schema

REVISION = "0006"
"""The newest revision of the tables, which this code is written for."""

VERSION_TABLE = "journal_version"

TABLES = frozenset(
    {
        "attempt_bodies",
        "attempts",
        "events",
        "list_skips",
        "listing_positions",
        "listings",
        "rounds",
        "search_progress",
        "search_words",
        "transactions",
        "turnovers",
    }
)

MIGRATIONS = Path(__file__).with_name("migrations")


class UnsupportedDatabase(Exception):
    """This version keeps its journal on SQLite only."""


def upgrade(url: DatabaseUrl) -> None:
    """Bring the journal's tables to the newest revision, in one transaction.

    Runs in the calling thread. Safe to repeat. Raises UnsupportedDatabase and MigrationFault.
    """
    path = _sqlite_path(url)
    path.parent.mkdir(parents=True, exist_ok=True)
    schema = Schema(
        title="the journal",
        versions=MIGRATIONS / "versions",
        version_table=VERSION_TABLE,
        revision=REVISION,
        tables=TABLES,
    )
    migrations.upgrade(url, schema)


def check(url: DatabaseUrl) -> str | None:
    """Say in a sentence what is wrong with the journal's tables, None when all is well."""
    path = _sqlite_path(url)
    if not path.exists():
        return f"there is no database at {path}: run `meganodes migrate`"
    with closing(sqlite3.connect(path)) as connection:
        return schema_fault(connection)


def schema_fault(connection: sqlite3.Connection) -> str | None:
    """Look at an open database: version, tables, journal mode, and the lists' last positions."""
    rows = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    names = {name for (name,) in rows}
    if VERSION_TABLE not in names:
        return "the journal's tables are missing: run `meganodes migrate`"
    versions = connection.execute(f"SELECT version_num FROM {VERSION_TABLE}").fetchall()  # noqa: S608 - a constant
    version = versions[0][0] if versions else ""
    if version < REVISION:
        return f"the journal's tables are of revision {version or 'none'}: run `meganodes migrate`"
    if version > REVISION:
        return (
            f"the journal's tables are of revision {version}, this program knows {REVISION}: "
            "start the newer version that made them"
        )
    if missing := TABLES - names:
        return f"tables of the journal are missing ({', '.join(sorted(missing))}): restore a backup"
    return _sanity_fault(connection)


def _sanity_fault(connection: sqlite3.Connection) -> str | None:
    ((mode,),) = connection.execute("PRAGMA journal_mode").fetchall()
    if mode != "wal":
        return f"the database's journal mode is {mode}, not wal: run `meganodes migrate`"
    misplaced = connection.execute(SQLITE["misplaced"].text).fetchall()
    if misplaced:
        return f"the transaction list of agent {misplaced[0][0]} has a wrong end: restore a backup"
    return None


def _sqlite_path(url: DatabaseUrl) -> Path:
    if url.kind is not DatabaseKind.SQLITE or url.path is None:
        raise UnsupportedDatabase("the journal of this version needs sqlite:///path/to/file.db")
    return url.path
