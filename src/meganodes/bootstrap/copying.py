"""Moves a grown installation from SQLite to an empty PostgreSQL database, whole or not at all.

Everything happens in one transaction of the target: rows go over table by table, are read back and
compared, and only then are they there for anybody. What is started meanwhile waits or is refused.
"""

from __future__ import annotations

import hashlib
import sqlite3
import time
from collections.abc import Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg import sql
from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Connection,
    Integer,
    MetaData,
    Table,
    Text,
    cast,
    column,
    func,
    select,
    table,
    text,
)
from sqlalchemy.exc import SQLAlchemyError

from meganodes.bootstrap.backup import Progress, version_fault
from meganodes.bootstrap.wiring import StartFault, restore_marker
from meganodes.directory import schema as directory_schema
from meganodes.directory.audit import first_broken_audit_row
from meganodes.journal import schema as journal_schema
from meganodes.journal.sqlite_connection import open_reader
from meganodes.journal.store import StoreUnavailable
from meganodes.kit.database import (
    Database,
    DatabaseKind,
    DatabaseSettings,
    DatabaseUnavailable,
    DatabaseUrl,
    ReadConnection,
)
from meganodes.kit.process_lock import AlreadyLocked, ProcessLock

CHUNK_ROWS: Final = 2_000
"""So many rows are in memory at a time."""

TABLES: Final = journal_schema.TABLES[DatabaseKind.POSTGRESQL] | directory_schema.SCHEMA.tables
"""What is copied. SQLite's words for looking things up are not: PostgreSQL has indexes."""

_SEEDED: Final = frozenset({"directory_sequences", "directory_version"})
"""These have rows from the beginning; the source's take their place."""

_FAULTS: Final = (
    sqlite3.Error,
    SQLAlchemyError,
    psycopg.Error,
    StoreUnavailable,
    DatabaseUnavailable,
    OSError,
)
_HANG_UP_SECONDS: Final = 5.0
_MODULUS: Final = 2**128
_AMOUNTS: Final = """
SELECT agent_id, kind, currency, count(*), CAST(sum(amount_minor / 100000000) AS BIGINT),
       CAST(sum(amount_minor - amount_minor / 100000000 * 100000000) AS BIGINT)
FROM transactions GROUP BY agent_id, kind, currency ORDER BY agent_id, kind, currency
"""


@dataclass(slots=True)
class Contents:
    """What a table holds, whatever the order: how many rows, and the sum of their hashes."""

    rows: int = 0
    total: int = 0

    def add(self, written: str) -> None:
        """Take one more row, as Python writes its values."""
        digest = hashlib.blake2b(written.encode("utf-8", "surrogatepass"), digest_size=16).digest()
        self.total = (self.total + int.from_bytes(digest, "big")) % _MODULUS
        self.rows += 1

    @property
    def checksum(self) -> str:
        """The sum as people compare it."""
        return f"{self.total:032x}"


@dataclass(frozen=True, slots=True, kw_only=True)
class CopyDone:
    """What was copied and compared: the contents of each table, and what it took in all."""

    tables: dict[str, Contents] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def rows(self) -> int:
        """How many rows there are in all tables together."""
        return sum(each.rows for each in self.tables.values())


def copy(source: DatabaseUrl, target: DatabaseUrl, tell: Progress) -> CopyDone:
    """Copy everything; raises StartFault with the reason when that cannot be, and then nothing is.

    Only a connection that is lost at the very end leaves open which of both it was.
    """
    path = _source_path(source)
    _require_target(target)
    started = time.monotonic()
    lock = ProcessLock(path)
    try:
        lock.acquire()
    except AlreadyLocked as fault:
        raise StartFault(f"{fault}: stop it first") from None
    try:
        _require_versions(path, target)
        with closing(open_reader(path)) as reader:
            done = _in_one_transaction(reader, target, tell)
    except _FAULTS as fault:
        raise StartFault(f"the copy failed: {_sentence(fault)}") from None
    finally:
        lock.release()
    return CopyDone(tables=done, seconds=time.monotonic() - started)


def _source_path(source: DatabaseUrl) -> Path:
    if source.path is None:
        raise StartFault("--from names a SQLite database: sqlite:///path/to/file.db")
    if not source.path.is_file():
        raise StartFault(f"there is no database at {source.path}")
    if restore_marker(source.path).exists():
        raise StartFault(f"a restore of {source.path} did not end: run `meganodes restore` again")
    return source.path


def _require_target(target: DatabaseUrl) -> None:
    if target.kind is not DatabaseKind.POSTGRESQL:
        raise StartFault("--to names a PostgreSQL database: postgresql://user@host:5432/name")


def _require_versions(path: Path, target: DatabaseUrl) -> None:
    """Let nothing be copied between tables of two revisions."""
    if fault := version_fault(path):
        raise StartFault(f"{path} cannot be copied: {fault}")
    for check in (journal_schema.check, directory_schema.check):
        if fault := check(target):
            raise StartFault(f"{_name(target)} cannot be copied into: {fault}")


def _in_one_transaction(
    reader: sqlite3.Connection, target: DatabaseUrl, tell: Progress
) -> dict[str, Contents]:
    database = Database(target, DatabaseSettings())
    contents: dict[str, Contents] = {}
    try:
        _require_alone(database)
        # One state of the source for all tables; command line tools take no lock.
        reader.execute("BEGIN")
        database.write_now(
            lambda opened: opened.define(
                lambda connection: contents.update(_copied(reader, connection, tell))
            )
        )
        reader.execute("ROLLBACK")
    finally:
        database.close()
    return contents


def _copied(
    reader: sqlite3.Connection, connection: Connection, tell: Progress
) -> dict[str, Contents]:
    metadata = MetaData()
    metadata.reflect(connection, only=sorted(TABLES))
    tables = metadata.sorted_tables  # what is pointed to comes before what points to it
    _take(connection, tables)
    _require_empty(connection, tables)
    for name in sorted(_SEEDED):
        connection.execute(metadata.tables[name].delete())
    contents = {each.name: _copy_table(reader, connection, each, tell) for each in tables}
    for each in tables:
        _compare(connection, each, contents[each.name], tell)
        _raise_sequences(connection, each)
    _compare_money(reader, connection)
    if (broken := first_broken_audit_row(ReadConnection(connection))) is not None:
        raise StartFault(f"the audit trail is broken at version {broken}, in the source too")
    # Without statistics the first pages would be planned for empty tables.
    connection.execute(text("ANALYZE " + ", ".join(sorted(contents))))
    return contents


def _require_alone(database: Database) -> None:
    """Refuse a database that somebody works on: a hub of the same user has its rows in memory."""
    ends = time.monotonic() + _HANG_UP_SECONDS
    while others := database.read_now(_others):
        if time.monotonic() > ends:
            raise StartFault(
                f"{others} other connections of the same user use the target: stop the hub, or "
                "whatever it is, first"
            )
        time.sleep(0.05)  # those of the look at its revision may not have hung up yet


def _others(connection: ReadConnection) -> int:
    activity = table("pg_stat_activity", column("datname"), column("usename"), column("pid"))
    statement = (
        select(func.count())
        .select_from(activity)
        .where(
            activity.c.datname == func.current_database(),
            activity.c.usename == func.current_user(),
            activity.c.pid != func.pg_backend_pid(),
        )
    )
    return int(connection.select(statement).scalar_one())


def _take(connection: Connection, tables: Iterable[Table]) -> None:
    """Keep all others off the tables until the end, which may take a while."""
    names = ", ".join(each.name for each in tables)
    for statement in (
        "SET LOCAL statement_timeout = 0",
        "SET LOCAL idle_in_transaction_session_timeout = 0",
        "SET LOCAL lock_timeout = '10s'",
        f"LOCK TABLE {names} IN ACCESS EXCLUSIVE MODE",
    ):
        connection.execute(text(statement))


def _require_empty(connection: Connection, tables: Iterable[Table]) -> None:
    for each in tables:
        if each.name not in _SEEDED and connection.execute(select(each).limit(1)).first():
            raise StartFault(f"the target is not empty: there are rows in {each.name}")
        if each.name == "directory_version" and connection.execute(select(each.c.version)).scalar():
            raise StartFault("the target is not empty: its directory has been changed before")


def _copy_table(
    reader: sqlite3.Connection, connection: Connection, target: Table, tell: Progress
) -> Contents:
    """Send all rows of a table, and take their sum on the way."""
    contents = Contents()
    names = [each.name for each in target.columns]
    title = f"Copying {target.name}"
    whole = str(select(func.count()).select_from(table(target.name)))
    ((total,),) = reader.execute(whole).fetchall()
    rows = reader.execute(str(select(*map(column, names)).select_from(table(target.name))))
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(target.name), sql.SQL(", ").join(map(sql.Identifier, names))
    )
    tell(title, 0, total)
    with _driver(connection).cursor() as cursor, cursor.copy(statement) as sending:
        while chunk := rows.fetchmany(CHUNK_ROWS):
            _send(sending, chunk, target, contents)
            tell(title, contents.rows, total)
    return contents


def _send(
    sending: psycopg.Copy, chunk: list[tuple[Any, ...]], target: Table, contents: Contents
) -> None:
    for row in chunk:
        written = repr(row)
        if "\\x00" in written:
            _require_no_nul(target, row)
        contents.add(written)
        sending.write_row(row)


def _require_no_nul(target: Table, row: tuple[Any, ...]) -> None:
    """Refuse a row with a text that PostgreSQL cannot hold; bytes may be what they are."""
    values = dict(zip((each.name for each in target.columns), row, strict=True))
    key = ", ".join(f"{each.name} {values[each.name]!r}" for each in target.primary_key)
    for name, value in values.items():
        if isinstance(value, str) and "\0" in value:
            raise StartFault(
                f"the row of {target.name} with {key} has a NUL character in {name}, which "
                "PostgreSQL cannot store: nothing was copied"
            )


def _compare(connection: Connection, target: Table, sent: Contents, tell: Progress) -> None:
    """Read a table back and take the sum again."""
    found = Contents()
    title = f"Comparing {target.name}"
    tell(title, 0, sent.rows)
    for row in _rows(connection, target):
        found.add(repr(row))
        if found.rows % CHUNK_ROWS == 0:
            tell(title, found.rows, sent.rows)
    tell(title, found.rows, sent.rows)
    if found != sent:
        raise StartFault(
            f"{target.name} is not what was sent: {sent.rows} rows with checksum {sent.checksum}, "
            f"there are {found.rows} with {found.checksum}"
        )


def _rows(connection: Connection, target: Table) -> Iterator[tuple[Any, ...]]:
    """Give all rows with the values that SQLite has: JSON as text, truth as 0 and 1."""
    statement = select(*(_as_in_sqlite(each) for each in target.columns))
    found = connection.execute(statement.execution_options(yield_per=CHUNK_ROWS))
    return (tuple(row) for row in found)


def _as_in_sqlite(each: Column[Any]) -> Any:  # noqa: ANN401 - an expression of some type
    if isinstance(each.type, JSON):
        return cast(each, Text)
    return cast(each, Integer) if isinstance(each.type, Boolean) else each


def _raise_sequences(connection: Connection, target: Table) -> None:
    """Let the database's own numbers go on above the highest that was copied."""
    for each in target.columns:
        if each.identity is not None:
            highest = select(func.max(each)).scalar_subquery()
            sequence = func.pg_get_serial_sequence(target.name, each.name)
            # A sequence may not be at 0: of an empty table it stays where it is.
            connection.execute(select(func.setval(sequence, highest)).where(highest.is_not(None)))


def _compare_money(reader: sqlite3.Connection, connection: Connection) -> None:
    """Compare what each agent's players staked and won, added up by the databases themselves."""
    before = reader.execute(_AMOUNTS).fetchall()
    after = [tuple(row) for row in connection.execute(text(_AMOUNTS))]
    if sorted(before) != sorted(after):
        raise StartFault("the sums of amounts by agent differ: nothing was copied")


def _driver(connection: Connection) -> psycopg.Connection:
    driver = connection.connection.driver_connection
    assert isinstance(driver, psycopg.Connection)
    return driver


def _name(target: DatabaseUrl) -> str:
    return target.url.set(drivername="postgresql", query={}).render_as_string()


def _sentence(fault: Exception) -> str:
    """Give the first line of a driver's words: those below quote values of rows."""
    return (str(getattr(fault, "orig", None) or fault).strip().splitlines() or [repr(fault)])[0]
