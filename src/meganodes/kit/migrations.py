"""Tables under revisions: bringing a family of them to the newest one, saying which one they have.

Journal and directory stand in one database and move separately, each with a version table of its
own. Alembic is loaded only to migrate: a server that starts needs no more than a look.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import ColumnClause, Connection, column, inspect, select, table, text

from meganodes.kit.database import (
    Database,
    DatabaseKind,
    DatabaseSettings,
    DatabaseUrl,
    ReadConnection,
    WriteConnection,
)

_ENVIRONMENT = Path(__file__).with_name("migration_environment")

Adoption = Callable[[Connection], str | None]
"""Says which revision tables are of that were made before there were revisions, if there are any"""


class MigrationFault(Exception):
    """The tables cannot be brought to the newest revision; nothing was changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schema:
    """One family of tables. ``title`` stands in sentences: `the journal`, `the directory`.

    ``versions`` is the folder of the revisions, ``revision`` the newest of them, which the code is
    written for, ``tables`` the names it needs.
    """

    title: str
    versions: Path
    version_table: str
    revision: str
    tables: frozenset[str]


def upgrade(url: DatabaseUrl, schema: Schema, adoption: Adoption = lambda _: None) -> None:
    """Bring the tables to the newest revision in one transaction, in the calling thread.

    Safe to repeat, and on two nodes at once: one waits for the other.

    Raises MigrationFault for tables of a newer program, or when rows would point
    nowhere afterwards.
    """
    # A table that is made anew is gone for a moment: whoever points to it is looked at afterwards.
    # A large table takes its time; another node that migrates is waited for.
    patient = DatabaseSettings(
        foreign_keys=False, busy_timeout_seconds=120.0, statement_timeout_seconds=0
    )
    database = Database(url, patient)
    try:
        database.write_now(
            lambda connection: _one_at_a_time(connection, lambda it: _migrate(it, schema, adoption))
        )
    finally:
        database.close()


def _one_at_a_time(connection: WriteConnection, build: Callable[[Connection], None]) -> None:
    connection.lock("migrations")
    connection.define(build)


def schema_fault(connection: ReadConnection, schema: Schema) -> str | None:
    """Say in a sentence why this program cannot use the tables, None when it can."""
    names = connection.table_names()
    if schema.version_table not in names:
        return f"{schema.title}'s tables are missing or of the first release: {_MIGRATE}"
    return version_fault(schema, _version(connection, schema), names)


def version_fault(schema: Schema, version: str, names: Collection[str]) -> str | None:
    """Say why tables of a version, with these names, cannot be used, None when they can."""
    if version < schema.revision:
        return f"{schema.title}'s tables are of revision {version or 'none'}: {_MIGRATE}"
    if version > schema.revision:
        return _newer(schema, version)
    if missing := schema.tables - frozenset(names):
        listed = ", ".join(sorted(missing))
        return f"tables of {schema.title} are missing ({listed}): restore a backup"
    return None


_MIGRATE = "run `meganodes migrate`"


def _newer(schema: Schema, version: str) -> str:
    return (
        f"{schema.title}'s tables are of revision {version}, this program knows "
        f"{schema.revision}: start the newer version that made them"
    )


def _version(connection: ReadConnection, schema: Schema) -> str:
    number: ColumnClause[str] = column("version_num")
    rows = connection.select(select(number).select_from(table(schema.version_table))).scalars()
    return str(rows.first() or "")


def _migrate(connection: Connection, schema: Schema, adoption: Adoption) -> None:
    from alembic import command  # noqa: PLC0415 - costs a start a third of a second
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    for option, value in (
        ("script_location", str(_ENVIRONMENT)),
        ("version_locations", str(schema.versions)),
        ("path_separator", "newline"),
    ):
        config.set_main_option(option, value.replace("%", "%%"))
    config.attributes |= {"connection": connection, "version_table": schema.version_table}
    if schema.version_table not in inspect(connection).get_table_names():
        adopted = adoption(connection)
        if adopted is not None:
            command.stamp(config, adopted)
    else:
        version = _version(ReadConnection(connection), schema)
        if version > schema.revision:
            raise MigrationFault(_newer(schema, version))
    command.upgrade(config, "head")
    _refuse_loose_ends(connection)


def _refuse_loose_ends(connection: Connection) -> None:
    if connection.dialect.name != DatabaseKind.SQLITE:
        return
    loose = connection.execute(text("PRAGMA foreign_key_check")).first()
    if loose is not None:
        raise MigrationFault(f"a row of table {loose[0]} points to a row of {loose[2]} not there")
