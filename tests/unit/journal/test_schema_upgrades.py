"""A journal of an older revision is brought to the newest with everything that is in it."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

from meganodes.journal.schema import MIGRATIONS, TABLES, VERSION_TABLE, check, upgrade
from meganodes.journal.sqlite import SqliteJournal
from meganodes.journal.turnover import Turnover, Window
from meganodes.kit import migrations
from meganodes.kit.clock import ManualClock
from meganodes.kit.database import DatabaseUrl, parse_database_url
from tests.support.transactions import START_MS, settled_bet, undone

NEWER = {"turnovers", "list_skips"}
"""Tables that the first revision had not."""

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


def make_first_revision(path: Path, folder: Path) -> None:
    """Make an empty journal as the first release did."""
    folder.mkdir()
    for file in (MIGRATIONS / "versions").glob("r0001_*"):
        shutil.copy(file, folder)
    schema = migrations.Schema(
        title="the journal",
        versions=folder,
        version_table=VERSION_TABLE,
        revision="0001",
        tables=TABLES - NEWER,
    )
    migrations.upgrade(url_of(path), schema)


def copy_rows(source: Path, target: Path) -> None:
    """Copy all that the older tables have a place for."""
    with closing(sqlite3.connect(target, isolation_level=None)) as connection:
        connection.execute("ATTACH ? AS newer", (str(source),))
        for table in sorted(TABLES - NEWER):
            found = connection.execute("SELECT name FROM main.pragma_table_info(?)", (table,))
            columns = ", ".join(name for (name,) in found)
            connection.execute(
                f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM newer.{table}"  # noqa: S608 - names of tables
            )


async def test_lists_of_the_first_revision_stay_and_are_summed_up(tmp_path: Path) -> None:
    newer, path = tmp_path / "newer.db", tmp_path / "journal.db"
    await fill(newer)
    make_first_revision(path, tmp_path / "versions")
    copy_rows(newer, path)
    assert "of revision 0001: run `meganodes migrate`" in str(check(url_of(path)))
    upgrade(url_of(path))
    assert check(url_of(path)) is None
    store = opened(path)
    await store.start()
    assert [each.position for each in await store.reads.listed_after(1, 0, 10)] == [1, 2, 3, 4]
    expected = (
        Turnover(user_code=None, provider_id=7, game_code="fruits", bet_minor=14, win_minor=0),
    )
    assert await store.reads.turnover_by_game(1, EVER) == expected
    assert await store.sum_turnovers(limit=10) == 4
    assert await store.reads.turnover_by_game(1, EVER) == expected
    await store.close()
