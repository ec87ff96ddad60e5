"""Programs under test: started from a folder of their own, ended by id, their CPU read from /proc.

CPU is what the operating system accounts to a program and all its children and threads.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 30.0
END_SECONDS = 20.0
_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


class BenchmarkFault(Exception):
    """The measurement cannot be made; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """One program under test and where it answers."""

    name: str
    pid: int
    port: int


def free_port() -> int:
    """Give a port of the loopback address that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(
    name: str,
    command: Sequence[str],
    *,
    port: int,
    folder: Path,
    environment: Mapping[str, str] | None = None,
) -> Iterator[Program]:
    """Run a program that listens on ``port`` until the block ends; its words go to a file."""
    words = folder / f"{name}.out"
    with words.open("wb") as output:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=environment,
        )
    try:
        _wait_until_listening(name, process, port, words)
        yield Program(name=name, pid=process.pid, port=port)
    finally:
        _end(process)


def _wait_until_listening(
    name: str, process: subprocess.Popen[bytes], port: int, words: Path
) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise BenchmarkFault(f"{name} ended at once:\n{last_words(words.read_text())}")
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.05)
    raise BenchmarkFault(f"{name} does not listen on port {port}:\n{last_words(words.read_text())}")


def last_words(output: str) -> str:
    """Give the end of what a program has said, where the reason stands."""
    return "\n".join(output.strip().splitlines()[-20:])


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask a program to end; one that does not is killed with all its children."""
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(END_SECONDS)
    except subprocess.TimeoutExpired:
        for pid in pids_of_tree(process.pid):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        process.wait()


def cpu_seconds_of_tree(pid: int) -> float:
    """Give the CPU that a program, its threads and its children have used so far."""
    ticks = 0
    for each in pids_of_tree(pid):
        with suppress(FileNotFoundError, ProcessLookupError):
            ticks += cpu_ticks(Path(f"/proc/{each}/stat").read_text())
    return ticks / _TICKS_PER_SECOND


def cpu_ticks(stat: str) -> int:
    """Read user and system time from a line of /proc/<pid>/stat, in clock ticks."""
    fields = stat.rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])


def pids_of_tree(pid: int) -> list[int]:
    """Give a process and all that it started, directly or not."""
    # Not from /proc/PID/task/*/children, which leaves some out while others of them end.
    children = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(FileNotFoundError, ProcessLookupError):
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
            children[parent].append(int(stat.parent.name))
    found = [pid]
    for each in found:
        found += children[each]
    return found
