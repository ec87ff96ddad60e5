"""The journal's tables are made, checked, and hold by themselves what must never happen."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from meganodes.journal.schema import (
    REVISION,
    TABLES,
    check,
    upgrade,
)
from meganodes.kit.database import DatabaseKind, DatabaseUrl, parse_database_url

ROW_NUMBERS = {"listings": "listing_id is SQLite's row number: the order of the commits"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "below" / "journal.db"


@pytest.fixture
def url(path: Path) -> DatabaseUrl:
    return parse_database_url(f"sqlite:///{path}")


@pytest.fixture
def database(url: DatabaseUrl, path: Path) -> Iterator[sqlite3.Connection]:
    upgrade(url)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


# --- making and checking --------------------------------------------------------------------------


def test_upgrade_makes_a_journal_that_passes_the_check(url: DatabaseUrl) -> None:
    assert "no database" in str(check(url))
    upgrade(url)
    assert check(url) is None


def test_upgrade_may_be_repeated(url: DatabaseUrl, database: sqlite3.Connection) -> None:
    database.execute("INSERT INTO rounds VALUES (1, 7, 5, 'r', 1, 0, 0)")
    upgrade(url)
    assert check(url) is None
    assert database.execute("SELECT count(*) FROM rounds").fetchall() == [(1,)]


def test_upgrade_that_fails_leaves_nothing(url: DatabaseUrl, path: Path) -> None:
    path.parent.mkdir()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE listings (in_the_way INTEGER)")
    with pytest.raises(Exception, match="listings"):
        upgrade(url)
    with closing(sqlite3.connect(path)) as connection:
        names = connection.execute("SELECT name FROM sqlite_schema").fetchall()
    assert names == [("listings",)]


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        ("DROP TABLE journal_version", "missing: run `meganodes migrate`"),
        ("DELETE FROM journal_version", "of revision none: run `meganodes migrate`"),
        ("UPDATE journal_version SET version_num = '0000'", "of revision 0000"),
        ("UPDATE journal_version SET version_num = '9999'", "start the newer version"),
        ("DROP TABLE rounds", "missing (rounds)"),
        ("PRAGMA journal_mode = delete", "journal mode is delete"),
        ("INSERT INTO listing_positions VALUES (3, 1, 1, 0, 0)", "list of agent 3 has a wrong end"),
    ],
)
def test_check_says_what_is_wrong(
    url: DatabaseUrl, database: sqlite3.Connection, spoil: str, sentence: str
) -> None:
    database.execute(spoil).fetchall()
    assert sentence in str(check(url))


def test_check_of_an_empty_file_asks_for_the_migration(url: DatabaseUrl, path: Path) -> None:
    path.parent.mkdir()
    path.touch()
    assert "run `meganodes migrate`" in str(check(url))


def test_revision_is_the_newest_migration(database: sqlite3.Connection) -> None:
    found = database.execute("SELECT version_num FROM journal_version").fetchall()
    assert found == [(REVISION,)]


# --- every table and key carries the agent --------------------------------------------------------


def test_every_table_and_unique_key_carries_the_agent(database: sqlite3.Connection) -> None:
    for table in TABLES[DatabaseKind.SQLITE]:
        columns = database.execute("SELECT * FROM pragma_table_info(?)", (table,)).fetchall()
        by_name = {name: (not_null, key) for _, name, _, not_null, _, key in columns}
        assert by_name["agent_id"][0], f"{table}.agent_id may be missing"
        if table not in ROW_NUMBERS:
            assert by_name["agent_id"][1], f"the key of {table} is without agent_id"
        for key in _unique_keys(database, table):
            assert "agent_id" in key, (table, key)


def _unique_keys(database: sqlite3.Connection, table: str) -> list[set[str]]:
    listed = database.execute("SELECT name FROM pragma_index_list(?) WHERE [unique]", (table,))
    names = [name for (name,) in listed.fetchall()]
    info = "SELECT name FROM pragma_index_info(?)"
    return [{column for (column,) in database.execute(info, (name,))} for name in names]


def test_tables_are_strict_and_hold_whole_numbers_text_and_bytes(
    database: sqlite3.Connection,
) -> None:
    for table in TABLES[DatabaseKind.SQLITE]:
        (strict,) = database.execute("SELECT strict FROM pragma_table_list(?)", (table,)).fetchone()
        assert strict == 1
        types = database.execute("SELECT DISTINCT type FROM pragma_table_info(?)", (table,))
        assert {kind for (kind,) in types} <= {"INTEGER", "TEXT", "BLOB"}


# --- what the tables refuse by themselves ---------------------------------------------------------

_BET = (
    "INSERT INTO transactions SELECT 1, {trans_id}, 7, {name}, 'bet', 5, 'a', 1, 'r', 'g', 'EUR', "
    "{amount}, 'guid', 'mn', x'00', 'c', NULL, NULL, 1, 1, 'pending', 0, 0, NULL, 0, NULL, NULL, "
    "{step}, {due}, NULL, 0, 0, 0, 0, 0, 0, 1, 'n'"
)


def _bet(**changes: object) -> str:
    values = {"trans_id": 1, "name": "'t'", "amount": 5, "step": "'none'", "due": "NULL"}
    return _BET.format(**{**values, **changes})


@pytest.mark.parametrize(
    "statement",
    [
        _bet(trans_id=0, name="'u'"),
        _bet(trans_id=2**53, name="'u'"),
        _bet(trans_id=2),
        _bet(name="'u'"),
        _bet(trans_id=2, name="'u'", amount=-1),
        _bet(trans_id=2, name="'u'", amount=2**53),
        _bet(trans_id=2, name="'u'", amount=1.5),
        _bet(trans_id=2, name="'u'", step="'probe'"),
        _bet(trans_id=2, name="'u'", due=1),
        "UPDATE transactions SET amount_minor = 6",
        "UPDATE transactions SET data = x'01'",
        "UPDATE transactions SET transaction_id = 'other'",
        "UPDATE events SET cause = 'forged'",
        "DELETE FROM events",
        "UPDATE attempts SET outcome = 'forged'",
        "DELETE FROM attempts",
        "INSERT INTO events VALUES (1, 1, 0, 1, NULL, 'pending', 'again')",
        "INSERT INTO attempt_bodies VALUES (2, 1, x'00', zeroblob(65537), 0)",
        "UPDATE listings SET position = 2",
        "INSERT INTO listings VALUES (NULL, 1, 1, 3, 5, 0, NULL, NULL)",
        "INSERT INTO listings VALUES (NULL, 1, 1, 1, 5, 0, NULL, NULL)",
        "INSERT INTO listings VALUES (NULL, 1, 1, 16, 5, 0, 1, 1)",
        "INSERT INTO listings VALUES (NULL, 1, 1, 16, 5, 0, 2, NULL)",
    ],
)
def test_table_refuses(database: sqlite3.Connection, statement: str) -> None:
    database.execute(_bet())
    database.execute("INSERT INTO events VALUES (1, 1, 0, 1, NULL, 'pending', 'intent')")
    attempt = (1, 1, 1, "a", "bet", 1, 1, 1, "accepted", "complete", 0, 200, None, None, None)
    database.execute(f"INSERT INTO attempts VALUES ({','.join('?' * 15)})", attempt)  # noqa: S608 - no input
    database.execute("INSERT INTO listings VALUES (NULL, 1, 1, 1, 5, 0, 1, 1)")
    with pytest.raises(sqlite3.IntegrityError):
        database.execute(statement)


def test_bytes_of_an_attempt_may_be_compressed_later(database: sqlite3.Connection) -> None:
    database.execute("INSERT INTO attempt_bodies VALUES (1, 1, x'0000', x'0000', 0)")
    database.execute("UPDATE attempt_bodies SET request = x'00', reply = x''")
    database.execute("DELETE FROM attempt_bodies")
    assert database.execute("SELECT count(*) FROM attempt_bodies").fetchall() == [(0,)]
