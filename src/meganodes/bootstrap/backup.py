"""A copy of the database as of one moment, taken beside a running hub.

The copy reads one snapshot: SQLite's log keeps what is written meanwhile, so that the hub waits for
nothing and the copy never has to begin again. It is made under another name, checked, and gets its
own name only when it is whole and on the disk.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from meganodes.bootstrap.wiring import StartFault
from meganodes.directory import schema as directory_schema
from meganodes.journal.schema import schema_fault
from meganodes.journal.sqlite_connection import open_reader
from meganodes.journal.store import StoreUnavailable
from meganodes.kit.database import DatabaseUrlError, parse_database_url

Progress = Callable[[str, int, int], None]
"""Told the step, how much of it is done and how much there is, 0 for unknown."""

STEP_PAGES: Final = 256
"""A mebibyte at a time: between two of them the disk belongs to the hub."""

SYNC_EVERY_BYTES: Final = 16 * 1024 * 1024
"""Small portions to the disk: one large one at the end would hold up the hub's own commits."""

_REST_SECONDS_MAX: Final = 0.05
_MODE: Final = 0o600
_SPARE_BYTES: Final = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupDone:
    """A finished copy. ``size_bytes`` is that of the file, ``seconds`` what it took in all.

    ``fault`` says what this program misses in database and copy alike, None for nothing: of an
    older revision, for instance.
    """

    file: Path
    size_bytes: int
    seconds: float
    fault: str | None = None


def backup(database: Path, file: Path, tell: Progress) -> BackupDone:
    """Copy the database into a new file; raises StartFault with the reason when that cannot be."""
    if file.exists():
        raise StartFault(f"{file} exists already: a backup is never overwritten")
    if not database.exists():
        raise StartFault(f"there is no database at {database}")
    started = time.monotonic()
    with part_file(file) as part:
        try:
            fault = version_fault(database)
            _copy(database, part, tell)
            tell("Checking", 0, 0)
            require_whole(part)
            if version_fault(part) != fault:
                raise StartFault(f"the copy is not what it was made from: {version_fault(part)}")
        except (sqlite3.Error, StoreUnavailable, DatabaseUrlError, OSError) as fault:
            raise StartFault(f"the backup failed: {fault}") from None
        place(part, file)
    return BackupDone(
        file=file,
        size_bytes=file.stat().st_size,
        seconds=time.monotonic() - started,
        fault=fault,
    )


@contextmanager
def part_file(file: Path) -> Iterator[Path]:
    """Make `FILE.part` for one process, readable by its owner only; take away what is left of it.

    One that a killed process has left is used again; while its process lives, StartFault.
    """
    part = file.with_name(file.name + ".part")
    try:
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, _MODE)
    except OSError as fault:
        raise StartFault(f"{part} cannot be written: {fault.strerror}") from None
    try:
        if not _is_ours(descriptor, part):
            raise StartFault(f"another process writes {part}")
        try:
            yield part
        finally:
            _clear(part)
    finally:
        os.close(descriptor)


def _is_ours(descriptor: int, part: Path) -> bool:
    """Lock the file and empty it, unless it is somebody else's, or was until this moment."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if not os.path.samestat(os.fstat(descriptor), part.stat()):
            return False
    except (BlockingIOError, FileNotFoundError):
        return False
    os.fchmod(descriptor, _MODE)
    os.ftruncate(descriptor, 0)
    return True


def place(part: Path, file: Path) -> None:
    """Give a whole file its name, durably; StartFault when somebody took the name meanwhile."""
    sync(part)
    try:
        os.link(part, file)  # unlike a renaming it never replaces what is there
    except FileExistsError:
        raise StartFault(f"{file} exists already: a backup is never overwritten") from None
    except OSError:
        _rename(part, file)
    sync(file.parent)


def sync(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def require_whole(path: Path) -> None:
    """Read all of a copy; StartFault when it is damaged."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        found = connection.execute("PRAGMA integrity_check(5)").fetchall()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    if found != [("ok",)]:
        sentences = "; ".join(str(row[0]) for row in found)
        raise StartFault(f"the copy is damaged: {sentences}")


def version_fault(path: Path) -> str | None:
    """Say why this program cannot use a database as it is, None when it can."""
    url = parse_database_url(f"sqlite:///{path}")
    with closing(sqlite3.connect(path)) as connection:
        fault = schema_fault(connection)
    return fault or directory_schema.check(url)


def _copy(database: Path, part: Path, tell: Progress) -> None:
    with closing(open_reader(database)) as source, closing(sqlite3.connect(part)) as target:
        _require_room(source, part)
        # One read transaction for all steps: else each commit of the hub would begin it anew.
        source.execute("BEGIN")
        source.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        target.execute("PRAGMA synchronous = OFF")  # synced by hand, in portions and at the end
        pace = _Pace(part, tell)
        try:
            source.backup(target, pages=STEP_PAGES, progress=pace.note)
        finally:
            pace.close()
            source.execute("ROLLBACK")


class _Pace:
    """Lets the hub have the disk: small portions, and as long a rest as each step took."""

    def __init__(self, part: Path, tell: Progress) -> None:
        self._descriptor = os.open(part, os.O_RDONLY)
        self._tell = tell
        self._synced_bytes = 0
        self._rested = time.monotonic()

    def note(self, _status: int, remaining: int, total: int) -> None:
        self._tell("Copying", total - remaining, total)
        size_bytes = os.fstat(self._descriptor).st_size
        if size_bytes - self._synced_bytes >= SYNC_EVERY_BYTES:
            os.fdatasync(self._descriptor)
            self._synced_bytes = size_bytes
        took = time.monotonic() - self._rested
        time.sleep(min(took, _REST_SECONDS_MAX))
        self._rested = time.monotonic()

    def close(self) -> None:
        os.close(self._descriptor)


def _require_room(source: sqlite3.Connection, part: Path) -> None:
    ((pages,),) = source.execute("PRAGMA page_count").fetchall()
    ((page_bytes,),) = source.execute("PRAGMA page_size").fetchall()
    needed = pages * page_bytes + _SPARE_BYTES
    free = shutil.disk_usage(part.parent).free
    if free < needed:
        raise StartFault(
            f"{part.parent} has room for {free // 2**20} MiB, the copy needs {needed // 2**20}"
        )


def _rename(part: Path, file: Path) -> None:
    """Place a file where names cannot be linked; the look and the renaming are two steps here."""
    if file.exists():
        raise StartFault(f"{file} exists already: a backup is never overwritten")
    part.rename(file)


def _clear(part: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        part.with_name(part.name + suffix).unlink(missing_ok=True)
