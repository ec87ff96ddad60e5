"""Putting a backup back: checked first, with numbers that go on above everything given out since.

What happened after the backup is not in it. So the restored hub must not take a number twice and
must not undo by itself what was decided since; docs/operating/backup.md says what people must do.
"""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from meganodes.bootstrap.backup import Progress, part_file, require_whole, sync, version_fault
from meganodes.bootstrap.restore_numbers import Known, Skip, known_numbers, taken_at_ms
from meganodes.bootstrap.settings import Settings
from meganodes.bootstrap.wiring import (
    Office,
    StartFault,
    database_file,
    load_master_key,
    migrate,
    open_office,
    restore_marker,
)
from meganodes.directory.records import Actor
from meganodes.domain.cancellation import Moment
from meganodes.domain.restored import given_up, put_aside
from meganodes.domain.retry import CONTRACT_SCHEDULE
from meganodes.domain.transaction import Move, State, Transaction
from meganodes.journal.restored import undecided
from meganodes.journal.sqlite_connection import open_reader
from meganodes.journal.store import Change, Committed, CommitUnknown, StoreUnavailable
from meganodes.kit.process_lock import AlreadyLocked, ProcessLock
from meganodes.kit.secrets import SealError

_CHUNK_BYTES: Final = 4 * 1024 * 1024
_LISTED_AT_ONCE: Final = 5_000
_FURTHER_NAMES: Final = tuple(f"-{number}" for number in range(2, 100))
_FAULTS: Final = (sqlite3.Error, StoreUnavailable, CommitUnknown, OSError)


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreOrder:
    """What to put back, and how. ``replaces``: a database that is there is moved aside.

    ``skip_ahead`` None passes over what the hub's own pace suggests. ``nothing_since``: the hub has
    not run since the backup was taken, so nothing is passed over and no bet is put aside.
    """

    file: Path
    actor: Actor
    replaces: bool = False
    skip_ahead: int | None = None
    nothing_since: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreDone:
    """What was done.

    ``taken_at_ms`` is the last moment the backup knows of, ``aside`` where the old database lies
    now, ``parked`` the trans_guids of bets that were undecided in the backup.
    """

    database: Path
    taken_at_ms: int | None
    aside: Path | None = None
    list_numbers_skipped: int = 0
    last_numbers: Mapping[str, int] = field(default_factory=dict)
    parked: tuple[str, ...] = ()


async def restore(settings: Settings, order: RestoreOrder, tell: Progress) -> RestoreDone:
    """Put a backup in the database's place; raises StartFault with the reason when it cannot."""
    database = database_file(settings)
    _require_backup(order.file, database)
    lock = ProcessLock(database)
    try:
        lock.acquire()
    except AlreadyLocked as fault:
        raise StartFault(f"{fault}: stop it first") from None
    try:
        if database.exists() and not order.replaces:
            raise StartFault(f"{database} exists: --replace moves it aside")
        return await _restore(settings, order, tell)
    except _FAULTS as fault:
        raise StartFault(f"the restore failed: {fault!r}") from None
    finally:
        lock.release()


async def _restore(settings: Settings, order: RestoreOrder, tell: Progress) -> RestoreDone:
    database = database_file(settings)
    with part_file(database) as part:
        await asyncio.to_thread(_copy, order.file, part, tell)
        tell("Checking", 0, 0)
        await asyncio.to_thread(require_whole, part)
        on_part = settings.model_copy(update={"database_url": f"sqlite:///{part}"})
        migrate(on_part)
        if fault := version_fault(part):
            raise StartFault(f"{order.file} cannot be used: {fault}")
        done = await _prepared(on_part, order, known_numbers(database))
        require_whole(part)
        return replace(done, database=database, aside=_place(part, database))


def _require_backup(file: Path, database: Path) -> None:
    if not file.is_file():
        raise StartFault(f"there is no file {file}")
    if database.exists() and file.samefile(database):
        raise StartFault(f"{file} is the database itself")
    wal = file.with_name(file.name + "-wal")
    if wal.exists() and wal.stat().st_size:
        raise StartFault(
            f"{file} has a log beside it ({wal.name}): it is a database in use or a plain copy of "
            "one, no backup; make one with: meganodes backup FILE"
        )


def _copy(file: Path, part: Path, tell: Progress) -> None:
    total = file.stat().st_size
    free = shutil.disk_usage(part.parent).free
    if free < total:
        raise StartFault(f"{part.parent} has room for {free // 2**20} MiB, not for {file}")
    copied = 0
    with file.open("rb") as source, part.open("r+b") as target:
        while chunk := source.read(_CHUNK_BYTES):
            target.write(chunk)
            copied += len(chunk)
            tell("Copying", copied, total)


async def _prepared(settings: Settings, order: RestoreOrder, known: Known) -> RestoreDone:
    """Make the copy fit to go on: with this key, above all numbers, without acting by itself."""
    part = database_file(settings)
    try:
        office = await open_office(settings)
    except SealError as fault:
        raise StartFault(f"master_key_file: {fault}") from None
    try:
        done = RestoreDone(database=part, taken_at_ms=taken_at_ms(office, part))
        if order.nothing_since:
            return done
        # What was settled and not listed yet gets the numbers that it got the first time.
        while await office.journal.sequence(now_ms=office.clock.now_ms(), limit=_LISTED_AT_ONCE):
            pass
        skip = Skip(office, part, order.skip_ahead)
        skipped = skip.carry_out(known, load_master_key(settings), order.actor)
        return replace(
            done,
            list_numbers_skipped=skipped.list_numbers,
            last_numbers=skipped.last_numbers,
            parked=await _put_undecided_aside(office, part),
        )
    finally:
        await office.close()


async def _put_undecided_aside(office: Office, part: Path) -> tuple[str, ...]:
    """Park every bet without a decision: it has one by now, elsewhere."""
    with closing(open_reader(part)) as connection:
        rows = undecided(connection)
    for row in rows:
        moment = Moment(now_ms=office.clock.now_ms(), jitter=0.0, schedule=CONTRACT_SCHEDULE)
        begun = await _moved(office, given_up(row, moment))
        await _moved(office, put_aside(begun))
    return tuple(row.guid for row in rows)


async def _moved(office: Office, move: Move) -> Transaction:
    result = await office.journal.commit(Change(at_ms=office.clock.now_ms(), moves=(move,)))
    assert isinstance(result, Committed), "nobody else works on this file"
    assert result.rows[0].state is not State.PENDING
    return result.rows[0]


def _place(part: Path, database: Path) -> Path | None:
    """Put the file in place and the old one aside; returns where that is.

    Until all of it is done a marker keeps every hub from starting on what may be half a database.
    """
    sync(part)
    aside = _free_name(database) if database.exists() else None
    marker = restore_marker(database)
    marker.touch()
    sync(database.parent)
    if aside is not None:
        _move_aside(database, aside)
    part.replace(database)
    sync(database.parent)
    marker.unlink()
    sync(database.parent)
    return aside


def _free_name(database: Path) -> Path:
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    names = (f"{database.name}.replaced-{moment}{end}" for end in ("", *_FURTHER_NAMES))
    return next(path for name in names if not (path := database.with_name(name)).exists())


def _move_aside(database: Path, aside: Path) -> None:
    """Move a database away with its log, if that cannot be written into it any more."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(database)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for suffix in ("-wal", "-shm", ""):
        old = database.with_name(database.name + suffix)
        if old.exists():
            old.rename(aside.with_name(aside.name + suffix))
