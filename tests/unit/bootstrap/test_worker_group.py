"""The parent of workers: who dies is replaced, who cannot start is told of, all end together."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from meganodes.bootstrap.worker_group import GroupSettings, WorkerGroup
from meganodes.bootstrap.worker_line import About
from meganodes.bootstrap.worker_metrics import Family
from meganodes.kit.clock import SystemClock
from tests.support.listener import eventually

PROGRAM = Path(__file__).resolve().parents[2] / "support/worker_program.py"
PATIENCE_SECONDS = 60.0


class Running:
    """A group of two workers that only behave as workers; orders are files in ``folder``."""

    def __init__(self, group: WorkerGroup, folder: Path) -> None:
        """Run it."""
        self.group = group
        self.folder = folder
        self.is_ready = asyncio.Event()
        self.life = asyncio.create_task(group.run(self.is_ready.set))

    def pids(self) -> list[int]:
        return [int(text) for path in self.folder.glob("pid-*") if (text := path.read_text())]

    def has_none_of(self, pids: list[int]) -> bool:
        """Tell whether all of those have ended, and others serve."""
        alive = [worker.pid for worker in self.group._sight.workers()]
        return len(alive) == self.serving() == 2 and not set(alive) & set(pids)

    def serving(self) -> int:
        return len(self.group._sight.serving())

    async def until(self, holds: Callable[[], object]) -> None:
        await eventually(holds, PATIENCE_SECONDS)

    async def ready(self) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            await self.is_ready.wait()

    async def status(self) -> int:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await self.life

    def told(self) -> set[str]:
        return {path.read_text() for path in self.folder.glob("told-*")}


@asynccontextmanager
async def a_group(folder: Path, drain_seconds: float = PATIENCE_SECONDS) -> AsyncIterator[Running]:
    settings = GroupSettings(
        workers=2, command=(str(PROGRAM), str(folder)), drain_seconds=drain_seconds, pauses=(0,)
    )
    with socket.socket() as listener:
        group = WorkerGroup(settings, listener, SystemClock())
        running = Running(group, folder)
        try:
            yield running
        finally:
            group.stop()
            group.stop()
            await running.status()


async def test_ready_is_told_once_all_are_and_a_stop_drains_all(tmp_path: Path) -> None:
    async with a_group(tmp_path) as running:
        await running.ready()
        assert len(set(running.pids())) == running.serving() == 2
        running.group.stop()
        assert await running.status() == 0
    assert running.told() == {"stop"}


async def test_a_worker_that_was_killed_is_replaced_and_the_other_is_not(tmp_path: Path) -> None:
    async with a_group(tmp_path) as running:
        await running.ready()
        first, second = (int((tmp_path / f"pid-{seat}").read_text()) for seat in (0, 1))
        os.kill(first, signal.SIGKILL)
        await running.until(lambda: first not in running.pids() and running.serving() == 2)
        assert second in running.pids()
        assert await counted(running) == {
            "meganodes_workers": 2,
            "meganodes_worker_restarts_total": 1,
            "calls_total": 2,
        }
        running.group.stop()
        assert await running.status() == 0


async def counted(running: Running) -> dict[str, float]:
    answer = await running.group._answer(About.METRICS)
    assert isinstance(answer, list)
    families: list[Family] = answer
    return {sample.name: sample.value for family in families for sample in family.samples}


async def test_counts_of_replaced_workers_stay_in_the_sum(tmp_path: Path) -> None:
    async with a_group(tmp_path) as running:
        await running.ready()
        before = running.pids()
        running.group.renew()
        await running.until(lambda: running.has_none_of(before))
        assert (await counted(running))["calls_total"] == 4
        assert running.told() == {"retire"}


async def test_a_renewal_that_cannot_start_leaves_the_old_ones_in_place(tmp_path: Path) -> None:
    async with a_group(tmp_path) as running:
        await running.ready()
        before = running.pids()
        (tmp_path / "exit-2").touch()
        running.group.renew()
        await running.until(lambda: running.group._last_failure == 2)
        assert running.pids() == before
        assert running.serving() == 2
        assert running.told() == set()
        (tmp_path / "exit-2").unlink()
        running.group.renew()
        await running.until(lambda: not set(before) & set(running.pids()))


async def test_a_worker_that_does_not_leave_is_killed(tmp_path: Path) -> None:
    (tmp_path / "deaf").touch()
    async with a_group(tmp_path, drain_seconds=0.1) as running:
        await running.ready()
        before = running.pids()
        running.group.renew()
        await running.until(lambda: running.has_none_of(before))
        assert running.serving() == 2


@pytest.mark.parametrize("status", [1, 2])
async def test_who_cannot_start_at_the_beginning_ends_all_with_its_status(
    tmp_path: Path, status: int
) -> None:
    (tmp_path / f"exit-{status}").touch()
    async with a_group(tmp_path) as running:
        assert await running.status() == status
        assert not running.is_ready.is_set()


async def test_starts_that_fail_in_a_row_end_the_group_when_nobody_serves(tmp_path: Path) -> None:
    async with a_group(tmp_path) as running:
        await running.ready()
        (tmp_path / "exit-3").touch()
        for pid in running.pids():
            os.kill(pid, signal.SIGKILL)
        assert await running.status() == 3


async def test_starts_that_fail_go_on_while_another_worker_serves(tmp_path: Path) -> None:
    async with a_group(tmp_path) as running:
        await running.ready()
        (tmp_path / "exit-3").touch()
        pid = int((tmp_path / "pid-0").read_text())
        os.kill(pid, signal.SIGKILL)
        await running.until(lambda: running.group._seats[0].failures > 7)
        assert running.serving() == 1
        (tmp_path / "exit-3").unlink()
        await running.until(lambda: running.serving() == 2)


async def test_a_stop_while_workers_start_ends_them(tmp_path: Path) -> None:
    (tmp_path / "hang").touch()
    async with a_group(tmp_path) as running:
        await running.until(lambda: len(running.group._sight.workers()) == 2)
        running.group.stop()
        assert await running.status() == 0
        assert not running.is_ready.is_set()


async def test_told_twice_it_ends_at_once_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "deaf").touch()
    async with a_group(tmp_path) as running:
        await running.ready()
        running.group.stop()
        await running.until(lambda: running.told() == {"stop"})
        assert not running.life.done()
        running.group.stop()
        assert await running.status() == 1


async def test_the_group_is_well_while_every_worker_that_serves_is(tmp_path: Path) -> None:
    async with a_group(tmp_path) as running:
        await running.ready()
        assert await running.group._answer(About.HEALTH) == {
            "accepting": True,
            "workers": True,
            "journal": True,
        }
        stopped = running.pids()[0]
        os.kill(stopped, signal.SIGSTOP)
        try:
            found = await running.group._answer(About.HEALTH)
        finally:
            os.kill(stopped, signal.SIGCONT)
        assert found == {"accepting": True, "workers": False, "journal": True}
