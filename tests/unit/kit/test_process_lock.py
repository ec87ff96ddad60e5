"""Two servers on one database file are refused; the lock ends with its process."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from meganodes.kit.process_lock import AlreadyLocked, ProcessLock

HOLD = """
import sys, time
from pathlib import Path
from meganodes.kit.process_lock import ProcessLock
ProcessLock(Path(sys.argv[1])).acquire()
print("held", flush=True)
time.sleep(60)
"""


def test_second_holder_is_refused_and_told_who_holds(tmp_path: Path) -> None:
    first, second = ProcessLock(tmp_path / "hub.db"), ProcessLock(tmp_path / "hub.db")
    first.acquire()
    with pytest.raises(AlreadyLocked, match=f"process {os.getpid()}"):
        second.acquire()
    first.release()
    second.acquire()
    second.release()


def test_other_files_have_other_locks(tmp_path: Path) -> None:
    locks = [ProcessLock(tmp_path / name) for name in ("one.db", "two.db")]
    for lock in locks:
        lock.acquire()
    for lock in locks:
        lock.release()


def test_release_without_holding_does_nothing(tmp_path: Path) -> None:
    ProcessLock(tmp_path / "hub.db").release()
    assert not (tmp_path / "hub.db.lock").exists()


def test_lock_of_a_killed_process_is_free(tmp_path: Path) -> None:
    path = tmp_path / "hub.db"
    with subprocess.Popen([sys.executable, "-c", HOLD, path], stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        with pytest.raises(AlreadyLocked, match=f"process {holder.pid}"):
            ProcessLock(path).acquire()
        os.kill(holder.pid, signal.SIGKILL)
        holder.wait()
    lock = ProcessLock(path)
    lock.acquire()
    lock.release()
