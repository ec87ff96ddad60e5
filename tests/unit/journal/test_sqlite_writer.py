"""Group commit: one sync for all who wait, and whatever fails hurts nobody else."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path

import pytest

from meganodes.journal.guards import RowRefused
from meganodes.journal.sqlite_writer import GroupWriter, WriterSettings
from meganodes.journal.store import CommitUnknown, StoreUnavailable


class WatchedConnection(sqlite3.Connection):
    """A real connection that counts statements and fails those it is told to."""

    counted: Counter[str]
    failing: dict[str, int]

    def execute(self, sql: str, parameters: Sequence[int] = ()) -> sqlite3.Cursor:  # type: ignore[override]
        self.counted[sql] += 1
        if sql in self.failing:
            fault = sqlite3.OperationalError(f"made to fail: {sql}")
            fault.sqlite_errorcode = self.failing[sql]
            raise fault
        return super().execute(sql, parameters)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "group.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("CREATE TABLE kept (number INTEGER PRIMARY KEY CHECK (number < 1000))")
    return path


@pytest.fixture
def connection(path: Path) -> Iterator[WatchedConnection]:
    made = sqlite3.connect(
        path,
        factory=WatchedConnection,
        isolation_level=None,
        timeout=0.0,
        check_same_thread=False,
    )
    made.counted = Counter()
    made.failing = {}
    yield made
    made.close()


@pytest.fixture
async def writer(connection: WatchedConnection) -> AsyncIterator[GroupWriter]:
    made = GroupWriter(connection, WriterSettings(batch_max=50, busy_timeout_seconds=0.2))
    yield made
    await made.close()


def keep(connection: sqlite3.Connection, number: int) -> Callable[[], int]:
    def job() -> int:
        connection.execute("INSERT INTO kept VALUES (?)", (number,))
        return number

    return job


def kept(path: Path) -> list[int]:
    with closing(sqlite3.connect(path)) as reader:
        return [number for (number,) in reader.execute("SELECT number FROM kept ORDER BY 1")]


# --- grouping -------------------------------------------------------------------------------------


async def test_all_who_wait_share_one_commit(
    writer: GroupWriter, connection: WatchedConnection, path: Path
) -> None:
    futures = [writer.submit(keep(connection, number)) for number in range(40)]
    assert await asyncio.gather(*futures) == list(range(40))
    assert connection.counted["COMMIT"] == 1
    assert connection.counted["SAVEPOINT job"] == 0
    assert kept(path) == list(range(40))
    assert writer.meters.jobs.distribution().total == 40
    assert writer.meters.seconds.distribution().counts[-1] == 1


async def test_who_waits_and_what_failed_is_counted(
    writer: GroupWriter, connection: WatchedConnection
) -> None:
    futures = [writer.submit(keep(connection, number)) for number in range(3)]
    assert writer.waiting == 3
    connection.failing["COMMIT"] = sqlite3.SQLITE_FULL
    failed = await asyncio.gather(*futures, return_exceptions=True)
    assert all(isinstance(each, StoreUnavailable) for each in failed)
    assert writer.waiting == 0
    assert writer.meters.failed == {"refused": 1}
    connection.failing["COMMIT"] = sqlite3.SQLITE_IOERR
    with pytest.raises(CommitUnknown):
        await writer.submit(keep(connection, 7))
    assert writer.meters.failed == {"refused": 1, "unknown": 1}
    assert writer.meters.jobs.distribution().counts[-1] == 0
    connection.failing.clear()


async def test_batch_is_bounded(writer: GroupWriter, connection: WatchedConnection) -> None:
    await asyncio.gather(*(writer.submit(keep(connection, number)) for number in range(120)))
    assert connection.counted["COMMIT"] == 3


async def test_lonely_job_is_committed_at_once(
    writer: GroupWriter, connection: WatchedConnection
) -> None:
    for number in range(3):
        await writer.submit(keep(connection, number))
    assert connection.counted["COMMIT"] == 3


async def test_jobs_that_write_nothing_cost_no_commit(
    writer: GroupWriter, connection: WatchedConnection
) -> None:
    count = "SELECT count(*) FROM kept"
    assert await writer.submit(lambda: connection.execute(count).fetchall()) == [(0,)]
    assert connection.counted["COMMIT"] == 0
    assert not connection.in_transaction


async def test_acknowledged_job_is_seen_by_other_connections(
    writer: GroupWriter, connection: WatchedConnection, path: Path
) -> None:
    await writer.submit(keep(connection, 5))
    assert kept(path) == [5]


async def test_caller_who_gave_up_changes_nothing_for_the_others(
    writer: GroupWriter, connection: WatchedConnection, path: Path
) -> None:
    futures = [writer.submit(keep(connection, number)) for number in range(3)]
    futures[1].cancel()
    assert [await futures[0], await futures[2]] == [0, 2]
    assert kept(path) == [0, 1, 2]


# --- a job's own failure --------------------------------------------------------------------------


async def test_failing_job_undoes_only_itself(
    writer: GroupWriter, connection: WatchedConnection, path: Path
) -> None:
    def half_done() -> None:
        connection.execute("INSERT INTO kept VALUES (100)")
        raise KeyError("a defect")

    results = await asyncio.gather(
        writer.submit(keep(connection, 1)),
        writer.submit(half_done),
        writer.submit(keep(connection, 1)),
        writer.submit(keep(connection, 2000)),
        writer.submit(keep(connection, 2**70)),
        writer.submit(keep(connection, 2)),
        return_exceptions=True,
    )
    assert [type(result) for result in results] == [
        int,
        KeyError,
        RowRefused,
        RowRefused,
        RowRefused,
        int,
    ]
    assert kept(path) == [1, 2]
    assert connection.counted["COMMIT"] == 1


async def test_wrong_statement_is_the_callers_defect(
    writer: GroupWriter, connection: WatchedConnection
) -> None:
    with pytest.raises(sqlite3.ProgrammingError):
        await writer.submit(lambda: connection.execute("SELECT ?", ()))
    with pytest.raises(StoreUnavailable, match="no such table"):
        await writer.submit(lambda: connection.execute("SELECT * FROM elsewhere"))
    assert await writer.submit(keep(connection, 1)) == 1


async def test_transaction_that_sqlite_undid_is_refused_as_a_whole(
    writer: GroupWriter, connection: WatchedConnection, path: Path
) -> None:
    await writer.submit(keep(connection, 1))
    undoing = "INSERT OR ROLLBACK INTO kept VALUES (1)"
    results = await asyncio.gather(
        writer.submit(keep(connection, 2)),
        writer.submit(lambda: connection.execute(undoing)),
        writer.submit(keep(connection, 3)),
        return_exceptions=True,
    )
    assert {type(result) for result in results} == {StoreUnavailable}
    assert kept(path) == [1]
    assert await writer.submit(keep(connection, 4)) == 4


# --- the disk and other processes -----------------------------------------------------------------


async def test_commit_that_finds_the_disk_full_has_written_nothing(
    writer: GroupWriter, connection: WatchedConnection, path: Path
) -> None:
    connection.failing["COMMIT"] = sqlite3.SQLITE_FULL
    with pytest.raises(StoreUnavailable):
        await writer.submit(keep(connection, 1))
    connection.failing.clear()
    assert await writer.submit(keep(connection, 2)) == 2
    assert kept(path) == [2]


async def test_commit_that_fails_otherwise_is_unknown_and_ends_all_writing(
    writer: GroupWriter, connection: WatchedConnection
) -> None:
    connection.failing["COMMIT"] = sqlite3.SQLITE_IOERR | (4 << 8)
    futures = [writer.submit(keep(connection, number)) for number in range(61)]
    futures.pop().cancel()
    results = await asyncio.gather(*futures, return_exceptions=True)
    assert {type(result) for result in results[:50]} == {CommitUnknown}
    assert {type(result) for result in results[50:]} == {StoreUnavailable}
    connection.failing.clear()
    with pytest.raises(StoreUnavailable, match="restart"):
        writer.submit(keep(connection, 99))
    assert "restart" in str(writer.refusing)


async def test_database_that_cannot_even_roll_back_ends_all_writing(
    writer: GroupWriter, connection: WatchedConnection
) -> None:
    connection.failing["SAVEPOINT job"] = sqlite3.SQLITE_NOMEM
    with pytest.raises(StoreUnavailable):
        await writer.submit(lambda: connection.execute("SELECT * FROM elsewhere"))
    assert writer.refusing is not None


async def test_database_that_cannot_begin_refuses_but_goes_on(
    writer: GroupWriter, connection: WatchedConnection
) -> None:
    connection.failing["BEGIN IMMEDIATE"] = sqlite3.SQLITE_IOERR
    with pytest.raises(StoreUnavailable):
        await writer.submit(keep(connection, 1))
    connection.failing.clear()
    assert await writer.submit(keep(connection, 1)) == 1


async def test_lock_of_another_process_is_waited_for_off_the_loop(
    writer: GroupWriter, connection: WatchedConnection, path: Path
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = writer.submit(keep(connection, 1))
        turns = 0
        while not turns or not connection.counted["PRAGMA busy_timeout = 200"]:
            turns += 1
            await asyncio.sleep(0)
        other.execute("COMMIT")
        assert await waiting == 1
    assert connection.execute("PRAGMA busy_timeout").fetchall() == [(0,)]


async def test_lock_that_is_not_given_back_in_time_refuses(
    writer: GroupWriter, connection: WatchedConnection, path: Path
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable, match="locked"):
            await writer.submit(keep(connection, 1))
        other.execute("ROLLBACK")
    assert await writer.submit(keep(connection, 2)) == 2
    assert kept(path) == [2]


# --- bounds and the end ---------------------------------------------------------------------------


async def test_flood_is_refused_at_once(connection: WatchedConnection) -> None:
    writer = GroupWriter(connection, WriterSettings(waiting_max=2))
    futures = [writer.submit(keep(connection, number)) for number in range(2)]
    with pytest.raises(StoreUnavailable, match="2 changes wait already"):
        writer.submit(keep(connection, 2))
    assert await asyncio.gather(*futures) == [0, 1]
    assert await writer.submit(keep(connection, 3)) == 3
    await writer.close()


async def test_close_finishes_what_waits_and_refuses_the_rest(
    connection: WatchedConnection, path: Path
) -> None:
    writer = GroupWriter(connection, WriterSettings(batch_max=10))
    futures = [writer.submit(keep(connection, number)) for number in range(35)]
    closing_it = asyncio.ensure_future(writer.close())
    await asyncio.sleep(0)
    with pytest.raises(StoreUnavailable, match="closed"):
        writer.submit(keep(connection, 99))
    assert await asyncio.gather(*futures) == list(range(35))
    await closing_it
    await writer.close()
    assert kept(path) == list(range(35))
