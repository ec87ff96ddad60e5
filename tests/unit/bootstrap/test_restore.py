"""Putting a backup back: what is refused, what is passed over, what is put aside."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from meganodes.bootstrap.backup import backup
from meganodes.bootstrap.restore import RestoreDone, RestoreOrder, restore
from meganodes.bootstrap.restore_numbers import SKIP_FEW, SKIP_LEAST, Pace
from meganodes.bootstrap.settings import Settings
from meganodes.bootstrap.wiring import (
    Office,
    StartFault,
    database_file,
    list_numbers,
    open_office,
    restore_marker,
)
from meganodes.directory.records import Actor
from meganodes.domain.transaction import State
from meganodes.kit.process_lock import ProcessLock
from tests.support.stored import an_office, fill, play_a_user, settle_bets, stored_settings
from tests.support.transactions import bet, record, win

WHO = Actor(source="cli", name="ada")


def silent(_title: str, _done: int, _total: int) -> None:
    """Nobody looks."""


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    settings = stored_settings(tmp_path)
    await fill(settings)
    return settings


@pytest.fixture
async def file(settings: Settings, tmp_path: Path) -> Path:
    """A backup of three settled bets, one user and one session."""
    return backup(database_file(settings), tmp_path / "b.db", silent).file


def damage(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[8_192:] = b"\xff" * (len(content) - 8_192)
    file.write_bytes(content)


def an_order(file: Path, **more: object) -> RestoreOrder:
    return replace(RestoreOrder(file=file, actor=WHO, replaces=True), **more)  # type: ignore[arg-type]


async def put_back(settings: Settings, file: Path, **more: object) -> RestoreDone:
    return await restore(settings, an_order(file, **more), silent)


async def shown_numbers(office: Office) -> list[int]:
    """The numbers of agent 1's list as the agent sees them."""
    numbers = await list_numbers(office)
    listed = await office.reads.listed_after(1, 0, 100)
    return [numbers.number(1, each.position) for each in listed]


# --- what is refused ------------------------------------------------------------------------------


async def test_a_database_that_is_there_stays_unless_it_may_be_replaced(
    settings: Settings, file: Path
) -> None:
    before = database_file(settings).read_bytes()
    with pytest.raises(StartFault, match="--replace"):
        await put_back(settings, file, replaces=False)
    assert database_file(settings).read_bytes() == before


async def test_while_a_hub_runs_nothing_is_restored(settings: Settings, file: Path) -> None:
    lock = ProcessLock(database_file(settings))
    lock.acquire()
    try:
        with pytest.raises(StartFault, match="stop it first"):
            await put_back(settings, file)
    finally:
        lock.release()


async def test_a_damaged_backup_is_refused_and_the_database_stays(
    settings: Settings, file: Path
) -> None:
    damage(file)
    with pytest.raises(StartFault, match=r"damaged|failed"):
        await put_back(settings, file)
    async with an_office(settings) as office:
        assert await shown_numbers(office) == [1, 2, 3]
    assert not database_file(settings).with_name("hub.db.part").exists()


async def test_what_is_no_database_is_refused(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("once upon a time" * 1_000)
    with pytest.raises(StartFault, match=r"not a database"):
        await put_back(settings, tmp_path / "text")
    with pytest.raises(StartFault, match="there is no file"):
        await put_back(settings, tmp_path / "none")
    with pytest.raises(StartFault, match="is the database itself"):
        await put_back(settings, database_file(settings))


async def test_a_plain_copy_of_a_running_database_is_refused(
    settings: Settings, tmp_path: Path
) -> None:
    async with an_office(settings) as office:
        await settle_bets(office, 1)
        for suffix in ("", "-wal"):
            shutil.copy(tmp_path / f"hub.db{suffix}", tmp_path / f"copy.db{suffix}")
    with pytest.raises(StartFault, match="meganodes backup"):
        await put_back(settings, tmp_path / "copy.db")


async def test_a_backup_of_another_master_key_is_refused(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(StartFault, match="master"):
        await put_back(stored_settings(other), file)
    assert not (other / "hub.db").exists()


async def test_tables_of_a_newer_program_are_refused(settings: Settings, file: Path) -> None:
    with closing(sqlite3.connect(file, isolation_level=None)) as connection:
        connection.execute("UPDATE journal_version SET version_num = '9999'")
    with pytest.raises(StartFault, match="newer version"):
        await put_back(settings, file)


# --- what is done ---------------------------------------------------------------------------------


async def test_the_old_database_is_moved_aside_whole(settings: Settings, file: Path) -> None:
    async with an_office(settings) as office:
        await settle_bets(office, 4)
    done = await put_back(settings, file)
    assert done.aside is not None
    aside = settings.model_copy(update={"database_url": f"sqlite:///{done.aside}"})
    async with an_office(aside) as office:
        assert len(await office.reads.listed_after(1, 0, 100)) == 7
    async with an_office(settings) as office:
        assert len(await office.reads.listed_after(1, 0, 100)) == 3
    assert not restore_marker(done.database).exists()


async def test_where_there_is_no_database_one_is_put(settings: Settings, file: Path) -> None:
    for suffix in ("", "-wal", "-shm"):
        database_file(settings).with_name(f"hub.db{suffix}").unlink(missing_ok=True)
    done = await put_back(settings, file, replaces=False)
    assert done.aside is None
    async with an_office(settings) as office:
        assert len(await office.reads.listed_after(1, 0, 100)) == 3


@pytest.mark.reliability("2.6-database-restore")
@pytest.mark.rule("2.2-user-create-sequence")
async def test_no_user_and_no_session_number_comes_twice(settings: Settings, file: Path) -> None:
    async with an_office(settings) as office:
        lost, lost_session = await play_a_user(office, "Carol")
    await put_back(settings, file)
    async with an_office(settings) as office:
        user, session = await play_a_user(office, "Dave")
    assert user.user_code > lost.user_code
    assert user.user_code > 400_000_001 + SKIP_LEAST
    assert session > max(lost_session, SKIP_LEAST)


@pytest.mark.rule("2.2-transaction-id-cursor")
async def test_readers_of_a_list_miss_nothing_whatever_they_had_seen(
    settings: Settings, file: Path
) -> None:
    async with an_office(settings) as office:
        await settle_bets(office, 5)
        cursor = (await shown_numbers(office))[-1]
    assert cursor == 8
    await put_back(settings, file, skip_ahead=1_000)
    async with an_office(settings) as office:
        await settle_bets(office, 2)
        numbers = await shown_numbers(office)
        mapping = await list_numbers(office)
        seen_after = await office.reads.listed_after(1, mapping.position(1, cursor), 100)
    assert numbers == [1, 2, 3, 1_004, 1_005]
    assert len(seen_after) == 2, "a reader that had seen number 8 gets both new entries"


@pytest.mark.reliability("2.6-database-restore")
async def test_the_same_backup_twice_repeats_no_number(settings: Settings, file: Path) -> None:
    await put_back(settings, file, skip_ahead=10)
    async with an_office(settings) as office:
        await settle_bets(office, 20)
        first = await shown_numbers(office)
        user, session = await play_a_user(office, "Carol")
    await put_back(settings, file, skip_ahead=10)
    async with an_office(settings) as office:
        await settle_bets(office, 1)
        second = await shown_numbers(office)
        later_user, later_session = await play_a_user(office, "Dave")
    assert second[-1] > first[-1], "the database that was replaced could still be read"
    assert later_user.user_code > user.user_code
    assert later_session > session


async def test_a_hub_that_has_not_run_since_passes_nothing_over(
    settings: Settings, file: Path
) -> None:
    done = await put_back(settings, file, nothing_since=True)
    assert done.list_numbers_skipped == 0
    assert done.last_numbers == {}
    async with an_office(settings) as office:
        await settle_bets(office, 1)
        assert await shown_numbers(office) == [1, 2, 3, 4]


@pytest.mark.reliability("2.6-database-restore")
@pytest.mark.parametrize("nothing_since", [False, True])
async def test_undecided_bets_wait_for_a_person_and_nothing_else_is_touched(
    settings: Settings, tmp_path: Path, *, nothing_since: bool
) -> None:
    async with an_office(settings) as office:
        now_ms = office.clock.now_ms()
        fresh = {"created_at_ms": now_ms}
        trans_ids = [office.identity.trans_id() for _ in range(3)]
        for trans_id, lease_ms in zip(trans_ids[:2], (60_000, None), strict=True):
            await record(
                office.journal,
                bet(trans_id=trans_id, transaction_id=f"p-{trans_id}", **fresh),
                lease_ms=lease_ms,
            )
        await record(office.journal, win(trans_id=trans_ids[2], transaction_id="w", **fresh))
    file = backup(database_file(settings), tmp_path / "later.db", silent).file
    done = await put_back(settings, file, nothing_since=nothing_since)
    async with an_office(settings) as office:
        rows = [await office.journal.fetch(1, trans_id) for trans_id in trans_ids]
        states = [row.state for row in rows if row is not None]
        events = await office.journal.events(1, trans_ids[0])
    undecided = State.PENDING if nothing_since else State.PARKED
    assert states == [undecided, undecided, State.OWED]
    assert len(done.parked) == (0 if nothing_since else 2)
    if not nothing_since:
        assert events[-1].cause == "parked: undecided when the backup was taken"


async def test_the_audit_log_says_who_restored_and_its_chain_holds(
    settings: Settings, file: Path
) -> None:
    await put_back(settings, file)
    async with an_office(settings) as office:
        newest = (await office.directory.audit_trail(1))[0]
        assert await office.directory.first_broken_audit_row() is None
    assert (newest.actor, newest.tag) == ("ada", "cli:installation:restore")
    assert str(1 + SKIP_FEW) in newest.new


async def test_an_old_database_that_nobody_can_read_is_moved_aside_all_the_same(
    settings: Settings, file: Path
) -> None:
    database_file(settings).write_bytes(b"\0" * 100_000)
    done = await put_back(settings, file)
    assert done.aside is not None
    assert done.aside.read_bytes() == b"\0" * 100_000
    async with an_office(settings) as office:
        assert len(await office.reads.listed_after(1, 0, 100)) == 3


async def test_after_a_restore_that_did_not_end_no_hub_starts(
    settings: Settings, file: Path
) -> None:
    restore_marker(database_file(settings)).touch()
    with pytest.raises(StartFault, match="did not end"):
        await open_office(settings)
    await put_back(settings, file)
    async with an_office(settings):
        pass


def test_more_is_passed_over_the_older_the_backup_and_the_faster_the_hub() -> None:
    day_ms = 86_400_000
    made = 1_000_000
    assert Pace(life_ms=10 * day_ms, since_ms=0).skip(made, SKIP_LEAST) == SKIP_LEAST
    assert Pace(life_ms=10 * day_ms, since_ms=day_ms).skip(made, SKIP_LEAST) == (
        SKIP_LEAST + 10 * made // 10
    )
    assert Pace(life_ms=0, since_ms=-5).skip(made, SKIP_FEW) == SKIP_FEW
