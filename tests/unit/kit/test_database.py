"""Database addresses are checked, readers cannot write, and a change is whole or not at all."""

import asyncio
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Column, Integer, MetaData, Table, Text, func, select
from sqlalchemy.exc import IntegrityError, OperationalError

from meganodes.kit.database import (
    Database,
    DatabaseKind,
    DatabaseSettings,
    DatabaseUrlError,
    ReadConnection,
    WriteConnection,
    parse_database_url,
)

METADATA = MetaData()
THINGS = Table(
    "things",
    METADATA,
    Column("thing_id", Integer, primary_key=True),
    Column("name", Text, unique=True, nullable=False),
)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    url = parse_database_url(f"sqlite:///{tmp_path}/hub.db")
    opened = Database(url, DatabaseSettings(busy_timeout_seconds=0.2))
    opened.write_now(lambda connection: connection.define(METADATA.create_all))
    yield opened
    opened.close()


def _add(connection: WriteConnection, name: str) -> None:
    connection.execute(THINGS.insert().values(name=name))


def _count(connection: ReadConnection) -> int:
    return connection.select(select(func.count()).select_from(THINGS)).scalar_one()


def test_sqlite_address_names_a_file() -> None:
    relative = parse_database_url("sqlite:///var/hub.db")
    absolute = parse_database_url("sqlite:////var/hub.db")
    assert (relative.kind, relative.path) == (DatabaseKind.SQLITE, Path("var/hub.db"))
    assert absolute.path == Path("/var/hub.db")


@pytest.mark.parametrize(
    ("text", "places"),
    [
        ("postgresql://hub:p%40ss@db:5433/casino", ("db:5433",)),
        ("postgresql://hub:p%40ss@one,two:5433/casino", ("one", "two:5433")),
        ("postgresql://hub:p%40ss@[::1]/casino", ("[::1]",)),
        ("postgresql://hub:p%40ss@/casino?host=one:1&host=two:2", ("one:1", "two:2")),
    ],
)
def test_servers_of_a_cluster_are_told_apart(text: str, places: tuple[str, ...]) -> None:
    url = parse_database_url(text)
    assert url.places == places
    expected = f"postgresql://hub:p%40ss@{','.join(places)}/casino?sslmode=require"
    assert url.address(url.places, {"sslmode": "require"}) == expected


def test_postgresql_address_names_host_and_database() -> None:
    url = parse_database_url("postgresql://hub:hunter2@db.example.com:5433/casino")
    assert url.kind is DatabaseKind.POSTGRESQL
    assert (url.url.host, url.url.port, url.url.database) == ("db.example.com", 5433, "casino")
    assert "hunter2" not in str(url)
    assert "hunter2" not in repr(url)


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("", "must start with sqlite:/// or postgresql://"),
        ("hub.db", "must start with sqlite:/// or postgresql://"),
        ("mysql://host/db", "must start with sqlite:/// or postgresql://"),
        ("sqlite://", "names a file"),
        ("sqlite:///", "names a file"),
        ("sqlite:///:memory:", "names a file"),
        ("sqlite://hub.db", "names a file"),
        ("sqlite:///hub.db?mode=ro", "names a file"),
        ("postgresql://", "names host and database"),
        ("postgresql://host", "names host and database"),
        ("postgresql:///db", "names host and database"),
        ("postgresql://host:port/db", "names host and database"),
    ],
)
def test_unusable_addresses_are_refused_with_the_cure(text: str, cure: str) -> None:
    with pytest.raises(DatabaseUrlError, match=cure):
        parse_database_url(text)


async def test_what_is_written_is_read(database: Database) -> None:
    await database.write(_add, "one")
    assert await database.read(_count) == 1


async def test_change_that_raises_leaves_nothing(database: Database) -> None:
    def add_and_fail(connection: WriteConnection) -> None:
        _add(connection, "one")
        raise LookupError("no")

    with pytest.raises(LookupError):
        await database.write(add_and_fail)
    assert await database.read(_count) == 0


async def test_reading_connection_cannot_write(database: Database) -> None:
    def write_anyway(connection: ReadConnection) -> None:
        connection._connection.execute(THINGS.insert().values(name="one"))

    with pytest.raises(OperationalError, match="readonly"):
        await database.read(write_anyway)
    assert not hasattr(ReadConnection, "execute")


async def test_insert_if_absent_tells_and_keeps_the_rest(database: Database) -> None:
    def insert(connection: WriteConnection) -> list[bool]:
        return [connection.insert_if_absent(THINGS, {"name": name}) for name in ("a", "b", "a")]

    assert await database.write(insert) == [True, True, False]
    assert await database.read(_count) == 2


async def test_writes_at_once_all_arrive(database: Database) -> None:
    await asyncio.gather(*(database.write(_add, str(number)) for number in range(50)))
    assert await database.read(_count) == 50


def test_reader_sees_one_state_from_first_to_last(database: Database) -> None:
    def count_twice(connection: ReadConnection) -> tuple[int, int]:
        before = _count(connection)
        database.write_now(_add, "meanwhile")
        return before, _count(connection)

    assert database.read_now(count_twice) == (0, 0)
    assert database.read_now(_count) == 1


def test_writer_waits_for_another_process_and_then_gives_up(database: Database) -> None:
    assert database.url.path is not None
    other = sqlite3.connect(database.url.path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(OperationalError, match="locked"):
        database.write_now(_add, "one")
    other.execute("COMMIT")
    other.close()
    database.write_now(_add, "one")
    assert database.read_now(_count) == 1


def test_faults_of_the_database_do_not_tell_values(database: Database) -> None:
    database.write_now(_add, "canary")
    with pytest.raises(IntegrityError) as refused:
        database.write_now(_add, "canary")
    assert "canary" not in str(refused.value)


def test_sqlite_is_durable_and_strict(database: Database) -> None:
    def pragmas(connection: ReadConnection) -> list[object]:
        names = ("journal_mode", "synchronous", "foreign_keys")
        raw = connection._connection
        return [raw.exec_driver_sql(f"PRAGMA {name}").scalar() for name in names]

    assert database.write_now(pragmas) == ["wal", 2, 1]
    assert database.read_now(pragmas) == ["wal", 2, 1]
