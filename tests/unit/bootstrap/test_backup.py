"""A backup: whole or not there, for its owner only, never over another file."""

from __future__ import annotations

import fcntl
import os
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from meganodes.bootstrap.backup import backup
from meganodes.bootstrap.settings import Settings
from meganodes.bootstrap.wiring import StartFault, database_file
from tests.support.stored import an_office, fill, settle_bets, stored_settings


def silent(_title: str, _done: int, _total: int) -> None:
    """Nobody looks."""


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    settings = stored_settings(tmp_path)
    await fill(settings)
    return settings


def count(path: Path, table: str) -> int:
    with closing(sqlite3.connect(path)) as connection:
        ((number,),) = connection.execute(f"SELECT count(*) FROM {table}").fetchall()  # noqa: S608 - a table of ours
        return int(number)


def names_in(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()}


async def test_a_backup_beside_an_open_journal_has_all_that_was_committed(
    settings: Settings, tmp_path: Path
) -> None:
    told: list[tuple[str, int, int]] = []
    async with an_office(settings) as office:
        await settle_bets(office, 2)
        done = backup(database_file(settings), tmp_path / "b.db", lambda *step: told.append(step))
        await settle_bets(office, 1)
    assert count(done.file, "transactions") == 5
    assert count(database_file(settings), "transactions") == 6
    assert done.fault is None
    assert done.size_bytes == done.file.stat().st_size
    pages = told[0][2]
    assert told[-2:] == [("Copying", pages, pages), ("Checking", 0, 0)]


async def test_it_is_for_its_owner_only_and_leaves_nothing_beside_it(
    settings: Settings, tmp_path: Path
) -> None:
    before = names_in(tmp_path)
    done = backup(database_file(settings), tmp_path / "b.db", silent)
    assert stat.S_IMODE(done.file.stat().st_mode) == 0o600
    assert names_in(tmp_path) - before == {"b.db"}


async def test_commits_between_its_steps_neither_enter_it_nor_make_it_begin_again(
    settings: Settings, tmp_path: Path
) -> None:
    path = database_file(settings)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("CREATE TABLE filler (content BLOB)")
        connection.execute("INSERT INTO filler VALUES (zeroblob(8000000))")
        steps: list[int] = []

        def commit_meanwhile(title: str, done: int, _total: int) -> None:
            if title == "Copying":
                steps.append(done)
                connection.execute("INSERT INTO filler VALUES (zeroblob(10))")

        made = backup(path, tmp_path / "b.db", commit_meanwhile)
    assert len(steps) > 5
    assert steps == sorted(steps)
    assert count(made.file, "filler") == 1
    assert count(path, "filler") == 1 + len(steps)


async def test_a_file_that_is_there_is_never_overwritten(
    settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "b.db").write_text("precious")
    with pytest.raises(StartFault, match="never overwritten"):
        backup(database_file(settings), tmp_path / "b.db", silent)
    assert (tmp_path / "b.db").read_text() == "precious"


async def test_a_file_that_appears_meanwhile_is_not_overwritten_either(
    settings: Settings, tmp_path: Path
) -> None:
    def appear(_title: str, _done: int, _total: int) -> None:
        (tmp_path / "b.db").write_text("precious")

    with pytest.raises(StartFault, match="never overwritten"):
        backup(database_file(settings), tmp_path / "b.db", appear)
    assert (tmp_path / "b.db").read_text() == "precious"
    assert "b.db.part" not in names_in(tmp_path)


async def test_what_a_killed_backup_has_left_is_used_again(
    settings: Settings, tmp_path: Path
) -> None:
    left = tmp_path / "b.db.part"
    left.write_bytes(b"half a database" * 1_000_000)
    left.chmod(0o644)
    done = backup(database_file(settings), tmp_path / "b.db", silent)
    assert count(done.file, "transactions") == 3
    assert stat.S_IMODE(done.file.stat().st_mode) == 0o600


async def test_two_backups_to_one_name_do_not_meet(settings: Settings, tmp_path: Path) -> None:
    other = os.open(tmp_path / "b.db.part", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(other, fcntl.LOCK_EX)
        with pytest.raises(StartFault, match="another process writes"):
            backup(database_file(settings), tmp_path / "b.db", silent)
    finally:
        os.close(other)


async def test_a_damaged_database_gives_no_backup(settings: Settings, tmp_path: Path) -> None:
    path = database_file(settings)
    content = bytearray(path.read_bytes())
    middle = len(content) // 2 // 4096 * 4096
    content[middle : middle + 8_192] = os.urandom(8_192)
    path.write_bytes(content)
    with pytest.raises(StartFault, match=r"damaged|failed"):
        backup(path, tmp_path / "b.db", silent)
    assert not names_in(tmp_path) & {"b.db", "b.db.part"}


def test_without_a_database_there_is_no_backup(tmp_path: Path) -> None:
    with pytest.raises(StartFault, match="there is no database"):
        backup(tmp_path / "none.db", tmp_path / "b.db", silent)
    assert names_in(tmp_path) == set()


async def test_a_folder_that_is_not_there_is_named(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(StartFault, match="cannot be written"):
        backup(database_file(settings), tmp_path / "none" / "b.db", silent)


async def test_tables_of_an_older_revision_are_copied_and_told(
    settings: Settings, tmp_path: Path
) -> None:
    path = database_file(settings)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE journal_version SET version_num = '0001'")
    done = backup(path, tmp_path / "b.db", silent)
    assert done.fault is not None
    assert "revision 0001" in done.fault
