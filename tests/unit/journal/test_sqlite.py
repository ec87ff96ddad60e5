"""The journal on SQLite: it starts only on a sound file, and says what a full disk means."""

from __future__ import annotations

import asyncio
import resource
import sqlite3
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path

import pytest

from meganodes.journal.guards import RowRefused
from meganodes.journal.schema import upgrade
from meganodes.journal.sqlite import SqliteJournal
from meganodes.journal.store import CommitUnknown, StoreUnavailable
from meganodes.kit.clock import ManualClock
from meganodes.kit.database import parse_database_url
from tests.support.transactions import (
    START_MS,
    attempt_of,
    bet,
    committed,
    intent,
    record,
    round_key,
)


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


def opened(store: SqliteJournal) -> sqlite3.Connection:
    assert store._opened
    return store._opened.connection


# --- starting -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        ("DROP TABLE journal_version", "run `meganodes migrate`"),
        ("UPDATE journal_version SET version_num = '9999'", "start the newer version"),
        ("PRAGMA journal_mode = delete", "not wal"),
    ],
)
async def test_start_refuses_a_file_that_is_not_right(
    path: Path, spoil: str, sentence: str
) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(spoil).fetchall()
    store = SqliteJournal(path, clock=ManualClock(), owner="node-0")
    with pytest.raises(StoreUnavailable, match=sentence):
        await store.start()
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.find(bet().key)


@pytest.mark.parametrize("table", ["sqlite_schema", "journal_version"])
async def test_start_refuses_a_file_with_a_damaged_page(path: Path, table: str) -> None:
    damage(path, table)
    store = SqliteJournal(path, clock=ManualClock(), owner="node-0")
    with pytest.raises(StoreUnavailable, match="malformed"):
        await store.start()


def damage(path: Path, table: str) -> None:
    """Overwrite the first page of a table, but for the header of the file."""
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT rootpage FROM sqlite_schema WHERE name = ?"
        found = connection.execute(query, (table,)).fetchall()
        ((page_bytes,),) = connection.execute("PRAGMA page_size").fetchall()
    start = (found[0][0] - 1) * page_bytes if found else 100
    whole = path.read_bytes()
    path.write_bytes(whole[:start] + b"\xff" * 64 + whole[start + 64 :])


async def test_start_refuses_a_missing_file(tmp_path: Path) -> None:
    store = SqliteJournal(tmp_path / "none.db", clock=ManualClock(), owner="node-0")
    with pytest.raises(StoreUnavailable, match="cannot be opened"):
        await store.start()


async def test_store_that_was_never_started_refuses(path: Path) -> None:
    store = SqliteJournal(path, clock=ManualClock(), owner="node-0")
    with pytest.raises(StoreUnavailable, match="closed"):
        await store.commit(intent(bet()))
    assert store.waiting == 0


# --- a full disk ----------------------------------------------------------------------------------


@pytest.mark.reliability("2.6-database-disk-full")
async def test_full_disk_refuses_and_hurts_nothing(store: SqliteJournal) -> None:
    first = await record(store, bet())
    ((pages,),) = opened(store).execute("PRAGMA page_count").fetchall()
    opened(store).execute(f"PRAGMA max_page_count = {pages}")
    large = [bet(round_id=f"r-{n}", data=b"x" * 20_000) for n in range(5)]
    results = await asyncio.gather(
        *(store.commit(intent(row)) for row in large), return_exceptions=True
    )
    assert {type(result) for result in results} == {StoreUnavailable}
    assert await store.fetch(1, first.trans_id) == first

    opened(store).execute(f"PRAGMA max_page_count = {pages + 10_000}")
    assert await store.find(large[0].key) is None
    await committed(store, intent(large[0]))


async def test_who_shares_a_transaction_with_a_full_disk_is_refused_and_may_come_again(
    store: SqliteJournal,
) -> None:
    await record(store, bet())
    ((pages,),) = opened(store).execute("PRAGMA page_count").fetchall()
    opened(store).execute(f"PRAGMA max_page_count = {pages + 2}")
    small, large = bet(), bet(data=b"x" * 100_000)
    results = await asyncio.gather(
        store.commit(intent(large)), store.commit(intent(small)), return_exceptions=True
    )
    assert [type(result) for result in results] == [StoreUnavailable, StoreUnavailable]
    await committed(store, intent(small))
    assert (await store.round(round_key())).seq == 2


# --- one agent's lists ----------------------------------------------------------------------------


@asynccontextmanager
async def endless_lists(store: SqliteJournal) -> AsyncIterator[None]:
    """Keep more lists under way than there are threads to read them."""
    end = threading.Event()

    def hold(_: object) -> bool:
        return end.wait(60)

    lists = asyncio.gather(*(store.reads._rows("highest_trans_id", (), hold) for _ in range(8)))
    try:
        yield
    finally:
        end.set()
        assert await lists == [(True,)] * 8


async def test_what_the_worker_asks_waits_for_nobodys_lists(store: SqliteJournal) -> None:
    """Isolation: what is owed to all agents must not queue behind the long lists of one."""
    async with endless_lists(store), asyncio.timeout(10):
        assert await store.due_work(now_ms=START_MS) == ()
        assert await store.expired_pending(limit=10) == ()
        assert await store.overdue(owed_before_ms=START_MS, limit=10) == ()
        assert await store.unlisted_balances(limit=10) == ()


# --- after a commit of unknown outcome ------------------------------------------------------------


async def test_after_an_unknown_commit_nothing_is_read_or_written_until_reopened(
    store: SqliteJournal, path: Path
) -> None:
    row = await record(store, bet())
    with file_size_limit(path.with_name("journal.db-wal").stat().st_size):
        with pytest.raises(CommitUnknown, match="disk I/O error"):
            await store.commit(intent(bet(data=b"x" * 50_000)))
        for refused in (store.find(row.key), store.commit(intent(bet())), store.fetch(1, 1)):
            with pytest.raises(StoreUnavailable, match="restart"):
                await refused
    await store.close()
    again = SqliteJournal(path, clock=ManualClock(), owner="node-0")
    await again.start()
    assert await again.fetch(1, row.trans_id) == row
    await again.close()


@contextmanager
def file_size_limit(limit_bytes: int) -> Iterator[None]:
    """Let the operating system refuse to make any file of this process longer."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


async def test_failed_point_read_is_said_as_such(store: SqliteJournal, path: Path) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("ALTER TABLE transactions RENAME TO elsewhere")
        with pytest.raises(StoreUnavailable, match="no such table"):
            await store.find(bet().key)
        other.execute("ALTER TABLE elsewhere RENAME TO transactions")
    assert await store.find(bet().key) is None


# --- the API log never stops anybody --------------------------------------------------------------


async def test_attempt_that_cannot_be_kept_leaves_a_warning(
    store: SqliteJournal, capsys: pytest.CaptureFixture[str]
) -> None:
    attempt = attempt_of(bet())
    store.log(attempt)
    store.log(attempt)
    await record(store, bet())
    assert await store.reads.attempt(1, attempt.attempt_id) == attempt
    said = capsys.readouterr()
    assert (said.out + said.err).count("attempt_not_logged") == 1
    assert RowRefused.__name__ in said.out + said.err


async def test_attempt_after_the_end_leaves_a_warning(
    store: SqliteJournal, capsys: pytest.CaptureFixture[str]
) -> None:
    await store.close()
    store.log(attempt_of(bet()))
    said = capsys.readouterr()
    assert "attempt_not_logged" in said.out + said.err
