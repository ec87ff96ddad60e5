"""Positions are given in runs, and go on where the last run ended."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from meganodes.journal.schema import upgrade
from meganodes.journal.sequencer import Sequencer
from meganodes.journal.sqlite_connection import open_writer
from meganodes.kit.database import parse_database_url


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    path = tmp_path / "journal.db"
    upgrade(parse_database_url(f"sqlite:///{path}"))
    with closing(open_writer(path)) as connection:
        yield connection


def queue(connection: sqlite3.Connection, *entries: tuple[int, int, int]) -> None:
    """Queue entries of (agent_id, trans_id, balance_open)."""
    for agent_id, trans_id, balance_open in entries:
        values = (agent_id, trans_id, 1, None if balance_open else 5, balance_open)
        connection.execute(
            "INSERT INTO listings (agent_id, trans_id, trans_type, balance_minor, balance_open) "
            "VALUES (?, ?, ?, ?, ?)",
            values,
        )


def placed(connection: sqlite3.Connection) -> list[tuple[int, int, int]]:
    return connection.execute(
        "SELECT agent_id, position, trans_id FROM listings WHERE position IS NOT NULL "
        "ORDER BY agent_id, position"
    ).fetchall()


def test_runs_go_on_where_the_last_one_ended(connection: sqlite3.Connection) -> None:
    sequencer = Sequencer(connection)
    queue(connection, (1, 10, 0), (2, 11, 0), (1, 12, 0), (1, 13, 0))
    assert [sequencer.place(5, 3), sequencer.place(5, 3), sequencer.place(5, 3)] == [3, 1, 0]
    queue(connection, (1, 9, 0))
    assert Sequencer(connection).place(5, 3) == 1
    assert placed(connection) == [(1, 1, 10), (1, 2, 12), (1, 3, 13), (1, 4, 9), (2, 1, 11)]


def test_open_balance_is_passed_over_until_it_is_settled(connection: sqlite3.Connection) -> None:
    sequencer = Sequencer(connection)
    queue(connection, (1, 10, 1), (1, 11, 0))
    assert sequencer.place(5, 9) == 1
    sequencer.settle(1, 1, None)
    assert sequencer.place(5, 9) == 1
    assert placed(connection) == [(1, 1, 11), (1, 2, 10)]


def test_run_without_entries_writes_nothing(connection: sqlite3.Connection) -> None:
    before = connection.total_changes
    assert Sequencer(connection).place(5, 9) == 0
    assert connection.total_changes == before
