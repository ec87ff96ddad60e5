"""What is read from /proc, and that a program is ended whatever happens in the block."""

import os
import sys
from pathlib import Path

import pytest

from benchmarks.processes import (
    BenchmarkFault,
    cpu_seconds_of_tree,
    cpu_ticks,
    free_port,
    last_words,
    pids_of_tree,
    running,
)

LISTEN = "import socket, time; s = socket.create_server(('127.0.0.1', {port})); time.sleep(60)"


def test_cpu_is_user_and_system_time_whatever_the_program_is_called() -> None:
    stat = "17 (a ) b (c)) S 1 1 1 0 -1 4194560 9 0 0 0 120 45 7 8 20 0 1 0 100 0 0\n"
    assert cpu_ticks(stat) == 165


def test_own_cpu_rises_with_work() -> None:
    before = cpu_seconds_of_tree(os.getpid())
    while cpu_seconds_of_tree(os.getpid()) < before + 0.02:
        sum(range(10_000))
    assert os.getpid() in pids_of_tree(os.getpid())


def test_end_of_the_output_is_kept() -> None:
    assert last_words("\n".join(map(str, range(30)))) == "\n".join(map(str, range(10, 30)))


def test_program_is_ended_when_the_block_fails(tmp_path: Path) -> None:
    port = free_port()
    command = [sys.executable, "-c", LISTEN.format(port=port)]
    pids: list[int] = []

    def fail() -> None:
        with running("listener", command, port=port, folder=tmp_path) as program:
            pids.append(program.pid)
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert len(pids) == 1
    assert not Path(f"/proc/{pids[0]}").exists()


def test_program_that_does_not_start_is_a_fault_with_its_last_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such thing')"]
    with (
        pytest.raises(BenchmarkFault, match="no such thing"),
        running("broken", command, port=free_port(), folder=tmp_path),
    ):
        pytest.fail("a program that has ended is not running")
