"""The directory's tables: making them, and saying whether a database has the right ones.

The first release made them without a revision; a database of that kind is adopted as it is.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from sqlalchemy import Connection, inspect

from meganodes.kit import migrations
from meganodes.kit.database import Database, DatabaseSettings, DatabaseUrl
from meganodes.kit.migrations import MigrationFault, Schema

_FIRST_REVISION: Final = "0001"
_FIRST_TABLES: Final = frozenset(
    {
        "agent_providers",
        "agents",
        "credentials",
        "directory_audit",
        "directory_changes",
        "directory_sequences",
        "directory_version",
        "games",
        "launches",
        "providers",
        "sessions",
        "users",
    }
)

SCHEMA: Final = Schema(
    title="the directory",
    versions=Path(__file__).with_name("migrations") / "versions",
    version_table="directory_schema",
    revision="0007",
    tables=_FIRST_TABLES
    | {"maintenance_windows", "staff", "staff_codes", "staff_sessions", "sign_in_failures"}
    | {"settlement_proposals", "node_numbers", "certifications"},
)
"""A new table is named here, defined beside the others, and made by a revision of its own."""


def upgrade(url: DatabaseUrl) -> None:
    """Bring the directory's tables to the newest revision, in one transaction.

    Runs in the calling thread. Safe to repeat. Raises MigrationFault.
    """
    migrations.upgrade(url, SCHEMA, _adopted)


def check(url: DatabaseUrl) -> str | None:
    """Say in a sentence what is wrong with the directory's tables, None when all is well."""
    if url.path is not None and not url.path.exists():
        return f"there is no database at {url.path}: run `meganodes migrate`"
    database = Database(url, DatabaseSettings())
    try:
        return database.read_now(migrations.schema_fault, SCHEMA)
    finally:
        database.close()


def _adopted(connection: Connection) -> str | None:
    present = _FIRST_TABLES & set(inspect(connection).get_table_names())
    if not present:
        return None
    if missing := _FIRST_TABLES - present:
        listed = ", ".join(sorted(missing))
        raise MigrationFault(f"tables of the directory are missing ({listed}): restore a backup")
    return _FIRST_REVISION
