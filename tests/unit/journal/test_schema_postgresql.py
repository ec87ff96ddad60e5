"""The journal's tables on PostgreSQL hold by themselves what must never happen."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from meganodes.journal.schema import MIGRATIONS, REVISION, TABLES, check, schema_of, upgrade
from meganodes.kit import migrations
from meganodes.kit.database import DatabaseKind, DatabaseUrl, parse_database_url
from tests.support.postgres import dsn_of, postgres_database, postgres_server

ROW = """INSERT INTO transactions VALUES (1, 9, 7, 't', 'bet', 5, 'ada', 3, 'r', 'fruits', 'EUR',
150, 'guid', 'mn-1', '{}', 'c', NULL, NULL, 1, 1, 'pending', 1, 0, NULL, 0, NULL, NULL, 'none',
NULL, NULL, 0, 0, 0, 0, 0, 0, NULL, NULL)"""


@pytest.fixture(scope="module")
def url() -> Iterator[DatabaseUrl]:
    with postgres_database() as made:
        yield made


@pytest.fixture
def connection(url: DatabaseUrl) -> Iterator[psycopg.Connection]:
    with psycopg.connect(dsn_of(url)) as opened:
        yield opened
        opened.rollback()


def test_upgrade_makes_a_journal_that_passes_the_check_and_may_be_repeated() -> None:
    url = parse_database_url(postgres_server().create("to_be_migrated"))
    assert "missing or of the first release" in str(check(url))
    for _ in range(2):
        upgrade(url)
        assert check(url) is None
    with psycopg.connect(dsn_of(url)) as connection:
        found = connection.execute("SELECT version_num FROM journal_version").fetchall()
    assert found == [(REVISION,)]


@pytest.mark.parametrize("table", sorted(TABLES[DatabaseKind.POSTGRESQL]))
def test_every_table_and_unique_key_carries_the_agent(
    connection: psycopg.Connection, table: str
) -> None:
    keys = connection.execute(
        """SELECT array(
             SELECT a.attname::text FROM pg_attribute AS a
             WHERE a.attrelid = i.indrelid AND a.attnum = ANY(i.indkey)
           ) FROM pg_index AS i WHERE i.indrelid = %s::regclass AND i.indisunique""",
        (table,),
    ).fetchall()
    assert keys
    assert all("agent_id" in columns for (columns,) in keys), (table, keys)


@pytest.mark.parametrize(
    ("statement", "complaint"),
    [
        ("UPDATE transactions SET amount_minor = 1", "what was asked never changes"),
        ("UPDATE transactions SET transaction_id = 'u'", "what was asked never changes"),
        ("UPDATE transactions SET step = 'deliver'", "violates check constraint"),
        (ROW.replace("150", "-1").replace("9, 7", "8, 8"), "violates check constraint"),
        (ROW, "duplicate key"),
        ("UPDATE events SET cause = 'x'", "events are insert-only"),
        ("DELETE FROM events", "events are insert-only"),
        ("UPDATE attempts SET outcome = 'accepted'", "attempts are insert-only"),
        ("DELETE FROM attempts", "attempts are insert-only"),
        ("UPDATE listings SET position = 2", "never moves"),
    ],
)
def test_what_was_written_stays(
    connection: psycopg.Connection, statement: str, complaint: str
) -> None:
    connection.execute(ROW)
    connection.execute("INSERT INTO events VALUES (1, 9, 1, 1, NULL, 'pending', 'asked')")
    connection.execute(
        """INSERT INTO attempts VALUES (1, 1, 9, 'ada', 'bet', 1, 1, 1, 'unknown', 'sent', NULL,
           NULL, NULL, NULL, NULL)"""
    )
    connection.execute(
        """INSERT INTO listings (agent_id, trans_id, trans_type, balance_minor, balance_open,
           position, listed_at_ms) VALUES (1, 9, 1, 5, 0, 1, 1)"""
    )
    with pytest.raises(psycopg.Error, match=complaint):
        connection.execute(statement.encode())


def test_places_are_given_without_a_hole_and_times_never_go_back(
    connection: psycopg.Connection,
) -> None:
    for trans_id, agent_id, is_open in ((1, 1, 0), (2, 2, 0), (3, 1, 1), (4, 1, 0), (5, 1, 0)):
        connection.execute(
            """INSERT INTO listings (agent_id, trans_id, trans_type, balance_minor, balance_open)
               VALUES (%s, %s, 1, 5, %s)""",
            (agent_id, trans_id, is_open),
        )
    assert _place(connection, 1_000, 3) == 3
    assert _place(connection, 900, 3) == 1
    assert _place(connection, 2_000, 3) == 0
    found = connection.execute(
        """SELECT agent_id, trans_id, position, listed_at_ms FROM listings
           ORDER BY agent_id, trans_id"""
    ).fetchall()
    assert found == [
        (1, 1, 1, 1_000),
        (1, 3, None, None),
        (1, 4, 2, 1_000),
        (1, 5, 3, 1_000),
        (2, 2, 1, 1_000),
    ]


def test_one_at_a_time_gives_places(url: DatabaseUrl, connection: psycopg.Connection) -> None:
    _place(connection, 1, 1)  # holds the lock as long as its transaction lasts
    with psycopg.connect(dsn_of(url)) as another:
        another.execute(
            """INSERT INTO listings (agent_id, trans_id, trans_type, balance_minor, balance_open)
               VALUES (1, 1, 1, 5, 0)"""
        )
        assert _place(another, 1, 10) == 0
        connection.rollback()
        assert _place(another, 1, 10) == 1
        another.rollback()


def _place(connection: psycopg.Connection, now_ms: int, at_most: int) -> int:
    placed = connection.execute("SELECT place_listings(%s, %s)", (now_ms, at_most)).fetchone()
    assert placed is not None
    return int(placed[0])


def test_turnovers_of_days_are_made_from_those_there_are(tmp_path: Path) -> None:
    url = parse_database_url(postgres_server().create("of_revision_8"))
    versions = tmp_path / "versions"
    shutil.copytree(MIGRATIONS / "versions", versions)
    for file in versions.glob("r*"):
        if int(file.name[1:5]) > 8:
            file.unlink()
    older = replace(schema_of(DatabaseKind.POSTGRESQL), versions=versions, revision="0008")
    migrations.upgrade(url, older)
    with psycopg.connect(dsn_of(url), autocommit=True) as connection:
        connection.execute(
            """INSERT INTO turnovers VALUES (1, 95, 5, 9, 7, 'dice', 1, 2, 3, 4, 1),
               (1, 0, 6, 8, 7, 'dice', 10, 20, 30, 40, 2),
               (1, 96, 5, 9, 7, 'dice', 0, 5, 0, 0, 3)"""
        )
        connection.execute("INSERT INTO listing_positions VALUES (1, 4, 1, 3), (2, 4, 1, 0)")
        upgrade(url)
        assert check(url) is None
        days = connection.execute("SELECT * FROM day_turnovers ORDER BY day").fetchall()
        assert days == [(1, 0, 7, "dice", 11, 22, 33, 44), (1, 1, 7, "dice", 0, 5, 0, 0)]
        positions = "SELECT agent_id, day_summed_position FROM listing_positions ORDER BY 1"
        assert connection.execute(positions).fetchall() == [(1, 3), (2, 0)]
