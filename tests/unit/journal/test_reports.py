"""Reports read what is summed up from the turnovers, and see one state of the tables."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from meganodes.journal import reports
from meganodes.journal.schema import upgrade
from meganodes.journal.sqlite import SqliteJournal
from meganodes.journal.sqlite_connection import open_reader, sqlite_reader
from meganodes.journal.statements import POSTGRESQL, SQLITE
from meganodes.journal.turnover import PART_MINOR, QUARTER_MS, QUARTERS_OF_DAY, Window
from meganodes.kit.clock import ManualClock
from meganodes.kit.database import parse_database_url
from tests.support.transactions import settled_bet

QUARTER = 2_000_000 * QUARTER_MS
DAY_MS = QUARTERS_OF_DAY * QUARTER_MS
MIDNIGHT = QUARTER // DAY_MS * DAY_MS
TWO_QUARTERS = Window(start_ms=QUARTER, end_ms=QUARTER + 2 * QUARTER_MS)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "journal.db"
    upgrade(parse_database_url(f"sqlite:///{path}"))
    return path


@pytest.fixture
async def store(path: Path) -> AsyncIterator[SqliteJournal]:
    store = SqliteJournal(path, clock=ManualClock(), owner="node-0")
    await store.start()
    yield store
    await store.close()


async def bets_at(store: SqliteJournal, *times_ms: int) -> None:
    for at_ms in times_ms:
        await settled_bet(store, amount_minor=1)
        await store.sequence(now_ms=at_ms, limit=10)


def run(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(statement)


def forge_turnovers(path: Path) -> None:
    """Make every sum that is kept recognisable."""
    run(path, "UPDATE turnovers SET bet_low = bet_low + 1000")


async def bets_of(store: SqliteJournal, window: Window) -> int:
    (turnover,) = await store.reads.turnover_by_game(1, window)
    return turnover.bet_minor


async def test_whole_quarters_are_read_from_the_turnovers(store: SqliteJournal, path: Path) -> None:
    await bets_at(store, QUARTER, QUARTER + 1, QUARTER + QUARTER_MS)
    assert await store.sum_turnovers(limit=2) == 2
    forge_turnovers(path)
    assert await bets_of(store, TWO_QUARTERS) == 1003


async def test_whole_days_by_game_are_read_from_sums_of_their_own(
    store: SqliteJournal, path: Path
) -> None:
    """The hour before and the hour after them are read from the turnovers of quarters."""
    hours = (-1, 0, 23, 24, 47, 48)
    await bets_at(store, *(MIDNIGHT + hour * 4 * QUARTER_MS for hour in hours))
    await store.sum_turnovers(limit=10)
    forge_turnovers(path)
    run(path, "UPDATE day_turnovers SET bet_low = bet_low + 1000000")
    around = 4 * QUARTER_MS
    window = Window(start_ms=MIDNIGHT - around, end_ms=MIDNIGHT + 2 * DAY_MS + around)
    assert await bets_of(store, window) == 2_002_006
    course = await store.reads.turnover_course(1, window)
    assert [each.bet_minor for each in course.games] == [2_002_006]
    assert await bets_of(store, Window(start_ms=MIDNIGHT + 1, end_ms=MIDNIGHT + DAY_MS)) == 1001


async def test_days_that_an_older_program_left_behind_are_not_read_and_made_anew(
    store: SqliteJournal, path: Path
) -> None:
    day = Window(start_ms=MIDNIGHT, end_ms=MIDNIGHT + DAY_MS)
    await bets_at(store, MIDNIGHT, MIDNIGHT + 1)
    await store.sum_turnovers(limit=10)
    # It sums up what is new, and knows nothing of days: theirs are of two bets, not of three.
    await bets_at(store, MIDNIGHT + 2)
    await store.sum_turnovers(limit=10)
    run(path, "UPDATE day_turnovers SET bet_low = 2")
    run(path, "UPDATE listing_positions SET day_summed_position = 2")
    assert await bets_of(store, day) == 3
    await bets_at(store, MIDNIGHT + 3)
    await store.sum_turnovers(limit=10)
    assert await bets_of(store, day) == 4
    forge_turnovers(path)
    assert await bets_of(store, day) == 4, "days are read again"


async def test_edges_of_a_window_are_read_from_the_list(store: SqliteJournal, path: Path) -> None:
    await bets_at(store, *(QUARTER + n * QUARTER_MS for n in range(4)))
    await store.sum_turnovers(limit=10)
    forge_turnovers(path)
    window = Window(start_ms=QUARTER - 1, end_ms=QUARTER + 3 * QUARTER_MS + 1)
    assert await bets_of(store, window) == 3004
    only_edges = Window(start_ms=QUARTER - 1, end_ms=QUARTER + 1)
    assert await bets_of(store, only_edges) == 1


async def test_quarters_are_as_long_in_the_statements_as_in_the_program() -> None:
    """Also the parts of a sum: the statements hold both as numbers."""
    for file in (SQLITE, POSTGRESQL):
        text = file["turnovers_of_entries"].text
        assert text.count(f"/ {QUARTER_MS} ") == 1
        assert text.count(f"/ {PART_MINOR})") == text.count(f"% {PART_MINOR})") == 2


async def test_report_that_fails_leaves_its_connection_usable(
    store: SqliteJournal, path: Path
) -> None:
    await bets_at(store, QUARTER)
    with closing(sqlite3.connect(path)) as other, closing(open_reader(path)) as connection:
        other.execute("ALTER TABLE turnovers RENAME TO elsewhere")
        for _ in range(2):
            with pytest.raises(sqlite3.Error, match="no such table"):
                reports.turnover_by_game(sqlite_reader(connection), 1, TWO_QUARTERS)
        other.execute("ALTER TABLE elsewhere RENAME TO turnovers")
        assert not connection.in_transaction
        assert len(reports.turnover_by_game(sqlite_reader(connection), 1, TWO_QUARTERS)) == 1


async def test_unsummed_entries_are_taken_from_each_agent_in_turn(
    store: SqliteJournal, path: Path
) -> None:
    for agent_id in (1, 1, 1, 2, 3, 3):
        await settled_bet(store, agent_id=agent_id)
    await store.sequence(now_ms=QUARTER, limit=10)
    with closing(open_reader(path)) as connection:
        for limit, taken in (
            (1, [(1, 0, 1)]),
            (4, [(1, 0, 3), (2, 0, 1)]),
            (5, [(1, 0, 3), (2, 0, 1), (3, 0, 1)]),
            (99, [(1, 0, 3), (2, 0, 1), (3, 0, 2)]),
        ):
            found = reports.unsummed(sqlite_reader(connection), limit)
            assert [(each.agent_id, each.after, each.until) for each in found] == taken
