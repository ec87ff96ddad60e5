"""The API log on SQLite: each look is a range of an index, however much the log holds."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from meganodes.journal.attempt_log import AttemptFilter
from meganodes.journal.attempt_looks import attempts_page, failed_attempts
from meganodes.journal.schema import upgrade
from meganodes.journal.sqlite_connection import sqlite_reader
from meganodes.journal.statements import SQLITE
from meganodes.kit.database import parse_database_url


@pytest.fixture
def database(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    path = tmp_path / "journal.db"
    upgrade(parse_database_url(f"sqlite:///{path}"))
    with closing(sqlite3.connect(path)) as connection:
        yield connection


@pytest.mark.parametrize(
    ("name", "index"),
    [
        ("attempts_floor", "attempts_of_agent"),
        ("attempts_page", "attempts_of_agent"),
        ("failed_attempts_floor", "attempts_not_accepted"),
        ("failed_attempts_page", "attempts_not_accepted"),
        ("failed_attempts_grouped", "attempts_not_accepted"),
        ("last_attempts", "attempts_of_transaction"),
        ("parked_of", "transactions_parked"),
        ("owed_of", "transactions_due"),
    ],
)
def test_look_is_a_range_of_its_index(name: str, index: str, database: sqlite3.Connection) -> None:
    text = SQLITE[name].text
    values = dict.fromkeys(re.findall(r":(\w+)", text), 1) or ("[1]",) * text.count("?")
    plan = database.execute("EXPLAIN QUERY PLAN " + text, values).fetchall()
    assert any(f"INDEX {index} (" in step[-1] for step in plan), plan


def test_look_goes_through_so_many_entries_of_a_long_log_and_no_more(
    database: sqlite3.Connection,
) -> None:
    """Counted in steps of the database's machine, so that no clock decides."""
    database.execute(
        """INSERT INTO attempts
           WITH RECURSIVE n (value) AS (
             SELECT 1 UNION ALL SELECT value + 1 FROM n WHERE value < 60000
           )
           SELECT value, value % 3, NULL, 'a', 'bet', 1, value, 1,
                  iif(value % 50 = 0, 'unknown', 'accepted'), 'complete', 0, 200, NULL, NULL, NULL
           FROM n"""
    )
    steps = 0

    def count() -> int:
        nonlocal steps
        steps += 1
        return 0

    database.set_progress_handler(count, 1_000)
    page = attempts_page(sqlite_reader(database), 1, AttemptFilter(account="nobody"), 50, 1_000)
    failed = failed_attempts(sqlite_reader(database), 1, AttemptFilter(), 100)
    assert page.attempts == ()
    assert page.older_below is not None
    assert sum(each.count for each in failed.groups) == 100
    assert steps < 60, "a thousand entries, some tens of steps for each"

    steps = 0
    newer = AttemptFilter(above=60_000)
    assert attempts_page(sqlite_reader(database), 1, newer, 50, 1_000).attempts == ()
    assert failed_attempts(sqlite_reader(database), 1, newer, 100).groups == ()
    assert steps < 5, "where nothing is, nothing is gone through"
