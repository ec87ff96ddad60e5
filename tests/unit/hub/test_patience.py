"""Answering in time while the work goes on (contract 4: within 3 s)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from meganodes.hub.patience import result_by
from tests.support.hub_world import hub_world


@pytest.mark.rule("4-three-seconds")
async def test_a_late_result_is_none_and_the_work_goes_on(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        hub, done = world.hub, asyncio.Event()

        async def work() -> int:
            await asyncio.sleep(0.05)
            done.set()
            return 7

        task = hub.spawn(work())
        assert await result_by(hub, task, hub.clock.monotonic() + 0.01) is None
        assert not task.cancelled()
        assert await result_by(hub, task, hub.clock.monotonic() + 1) == 7
        assert done.is_set()


async def test_a_result_is_given_as_soon_as_it_is_there(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        hub = world.hub

        async def work() -> str:
            return "now"

        began = hub.clock.monotonic()
        assert await result_by(hub, hub.spawn(work()), began + 5) == "now"
        assert hub.clock.monotonic() - began < 1


async def test_a_result_that_is_there_already_is_given_however_late_it_is(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:

        async def work() -> int:
            return 7

        task = world.hub.spawn(work())
        await task
        assert await result_by(world.hub, task, world.hub.clock.monotonic() - 1) == 7


async def test_a_defect_reaches_the_caller(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:

        async def work() -> None:
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await result_by(world.hub, world.hub.spawn(work()), world.hub.clock.monotonic() + 1)
