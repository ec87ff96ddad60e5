"""One server a database file: SQLite serves one node, and a second server would double every send.

The lock is the operating system's, held by the open file: it ends with the process, however that
ends. Command line tools do not take it.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path


class AlreadyLocked(RuntimeError):
    """Another process holds the lock. The message names it."""


class ProcessLock:
    """A lock file beside what it protects."""

    def __init__(self, protected: Path) -> None:
        """Name the protected file; nothing is opened yet."""
        self.path = protected.with_name(protected.name + ".lock")
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take the lock at once, or raise AlreadyLocked."""
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise AlreadyLocked(
                f"another server (process {holder}) uses this database: it holds {self.path}"
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the lock back; the file stays, because deleting it would let two holders in."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
