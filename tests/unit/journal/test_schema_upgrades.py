"""A journal of an older revision is brought to the newest with everything that is in it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from meganodes.journal.schema import MIGRATIONS, TABLES, VERSION_TABLE, check, upgrade
from meganodes.journal.sqlite import SqliteJournal
from meganodes.journal.turnover import Turnover, Window
from meganodes.kit import migrations
from meganodes.kit.clock import ManualClock
from meganodes.kit.database import DatabaseKind, DatabaseUrl, parse_database_url
from tests.support.transactions import START_MS, settled_bet, undone

SQLITE_TABLES = TABLES[DatabaseKind.SQLITE]

MADE_BY = {
    "turnovers": 2,
    "list_skips": 3,
    "search_progress": 6,
    "search_words": 6,
    "seals": 8,
    "seal_progress": 8,
    "day_turnovers": 9,
    "attempt_digests": 10,
    "retention_progress": 10,
}
"""Tables that the first revision had not, and which revision made them."""

NUMBERS = sorted(int(file.name[1:5]) for file in (MIGRATIONS / "versions").glob("r0*.py"))

EVER = Window(start_ms=0, end_ms=2 * START_MS)


def url_of(path: Path) -> DatabaseUrl:
    return parse_database_url(f"sqlite:///{path}")


def opened(path: Path) -> SqliteJournal:
    return SqliteJournal(path, clock=ManualClock(), owner="node-0")


async def fill(path: Path) -> None:
    """Settle three bets and undo the first, in a journal of today."""
    upgrade(url_of(path))
    store = opened(path)
    await store.start()
    first = await settled_bet(store, amount_minor=100)
    for _ in range(2):
        await settled_bet(store, amount_minor=7)
    await undone(store, first)
    await store.sequence(now_ms=START_MS, limit=10)
    await store.close()


def tables_of(number: int) -> frozenset[str]:
    return frozenset(name for name in SQLITE_TABLES if MADE_BY.get(name, 1) <= number)


def make_revision(path: Path, folder: Path, number: int) -> None:
    """Make an empty journal as the revision of that number left it."""
    folder.mkdir()
    for each in range(1, number + 1):
        for file in (MIGRATIONS / "versions").glob(f"r{each:04}_*"):
            shutil.copy(file, folder)
    schema = migrations.Schema(
        title="the journal",
        versions=folder,
        version_table=VERSION_TABLE,
        revision=f"{number:04}",
        tables=tables_of(number),
    )
    migrations.upgrade(url_of(path), schema)


def copy_rows(source: Path, target: Path, number: int) -> None:
    """Copy all that the older tables have a place for."""
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        connection.execute("ATTACH ? AS newer", (str(source),))
        for table in sorted(tables_of(number)):
            found = connection.execute("SELECT name FROM main.pragma_table_info(?)", (table,))
            columns = ", ".join(name for (name,) in found)
            rows = f"SELECT {columns} FROM newer.{table}"  # noqa: S608 - names of tables
            connection.execute(f"INSERT OR IGNORE INTO main.{table} ({columns}) {rows}")


@pytest.mark.parametrize("number", NUMBERS[:-1])
async def test_a_journal_of_each_older_revision_keeps_its_rows_and_lists(
    tmp_path: Path, number: int
) -> None:
    newer, path = tmp_path / "newer.db", tmp_path / "journal.db"
    await fill(newer)
    make_revision(path, tmp_path / "versions", number)
    copy_rows(newer, path, number)
    assert f"of revision {number:04}: run `meganodes migrate`" in str(check(url_of(path)))
    upgrade(url_of(path))
    assert check(url_of(path)) is None
    store = opened(path)
    await store.start()
    listed = await store.reads.listed_after(1, 0, 10)
    assert [each.position for each in listed] == [1, 2, 3, 4]
    expected = (
        Turnover(user_code=None, provider_id=7, game_code="fruits", bet_minor=14, win_minor=0),
    )
    assert await store.reads.turnover_by_game(1, EVER) == expected
    assert await store.sum_turnovers(limit=10) == 4
    assert await store.reads.turnover_by_game(1, EVER) == expected
    for words_put_down in (False, True):
        first = listed[0].row
        found = await store.reads.named(first.guid, {1}, {7})
        assert [row.trans_id for row in found.transactions] == [first.trans_id]
        found = await store.reads.named(first.round_id, {1}, {7})
        assert [each.round_id for each in found.rounds] == [first.round_id]
        assert await store.add_search_words(before=2**53, limit=10) is not words_put_down
    await store.close()


async def test_turnovers_of_days_are_made_from_those_there_are(tmp_path: Path) -> None:
    newer, path = tmp_path / "newer.db", tmp_path / "journal.db"
    await fill(newer)
    store = opened(newer)
    await store.start()
    assert await store.sum_turnovers(limit=10) == 4
    await store.close()
    make_revision(path, tmp_path / "versions", 8)
    copy_rows(newer, path, 8)
    upgrade(url_of(path))
    query = """SELECT d.*, p.summed_position, p.day_summed_position
               FROM day_turnovers AS d JOIN listing_positions AS p ON p.agent_id = d.agent_id"""
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute(query).fetchall() == [
            (1, START_MS // 86_400_000, 7, "fruits", 0, 14, 0, 0, 4, 4)
        ]
