"""Connections are durable, or cannot write, or are refused."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from meganodes.journal.schema import upgrade
from meganodes.journal.sqlite_connection import durability_fault, open_reader, open_writer
from meganodes.journal.store import StoreUnavailable
from meganodes.kit.database import parse_database_url


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "strange name? 100%#.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE kept (number INTEGER)")
    return path


def pragma(connection: sqlite3.Connection, name: str) -> object:
    return connection.execute(f"PRAGMA {name}").fetchall()[0][0]


def test_writer_syncs_every_commit_and_waits_for_no_lock(path: Path) -> None:
    with closing(open_writer(path)) as connection:
        assert pragma(connection, "journal_mode") == "wal"
        assert pragma(connection, "synchronous") == 2
        assert durability_fault(connection) is None
        assert pragma(connection, "foreign_keys") == 1
        assert pragma(connection, "busy_timeout") == 0


@pytest.mark.parametrize("level", ["OFF", "NORMAL"])
def test_connection_that_could_lose_a_commit_is_found(path: Path, level: str) -> None:
    with closing(open_writer(path)) as connection:
        connection.execute(f"PRAGMA synchronous = {level}")
        assert "commits could be lost" in str(durability_fault(connection))


def test_reader_cannot_write_and_sees_what_is_committed(path: Path) -> None:
    with closing(open_writer(path)) as writer, closing(open_reader(path)) as reader:
        count = "SELECT count(*) FROM kept"
        assert reader.execute(count).fetchall() == [(0,)]
        writer.execute("INSERT INTO kept VALUES (1)")
        assert reader.execute(count).fetchall() == [(1,)]
        with pytest.raises(sqlite3.OperationalError):
            reader.execute("INSERT INTO kept VALUES (2)")


@pytest.mark.parametrize("open_it", [open_writer, open_reader])
def test_missing_file_is_refused_and_not_made(tmp_path: Path, open_it: object) -> None:
    assert callable(open_it)
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        open_it(tmp_path / "none.db")
    assert list(tmp_path.iterdir()) == []


def test_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "text.db"
    path.write_text("not a database at all" * 100)
    with pytest.raises(StoreUnavailable, match="not a database"):
        open_writer(path)


def test_migrated_file_needs_nothing_more(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    upgrade(parse_database_url(f"sqlite:///{path}"))
    with closing(open_writer(path)) as connection:
        assert pragma(connection, "journal_mode") == "wal"
