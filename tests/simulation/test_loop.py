"""Virtual time passes in jumps; a killed process never runs again, a paused one runs on later."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine

import pytest

from tests.simulation.loop import Process, Stuck, VirtualLoop


def played(play: Callable[[VirtualLoop], Coroutine[None, None, None]]) -> VirtualLoop:
    loop = VirtualLoop(start=0.0)
    try:
        loop.run_until_complete(play(loop))
    finally:
        loop.end()
    return loop


def worker(loop: VirtualLoop, said: list[str], wait: Callable[[], Awaitable[object]]) -> Process:
    process = loop.process(1)

    async def work() -> None:
        try:
            await wait()
            said.append(f"done at {loop.time():g}")
        finally:
            said.append("cleaned up")

    process.spawn(work())
    return process


def test_a_day_passes_in_a_jump() -> None:
    async def play(loop: VirtualLoop) -> None:
        await asyncio.sleep(86_400)
        assert loop.time() == 86_400

    assert played(play).turns < 10


def test_timers_run_in_the_order_of_their_moments_and_then_of_their_making() -> None:
    said: list[str] = []

    async def play(loop: VirtualLoop) -> None:
        for name, seconds in (("c", 2.0), ("a", 1.0), ("b", 1.0)):
            loop.call_later(seconds, said.append, name)
        await asyncio.sleep(3)

    played(play)
    assert said == ["a", "b", "c"]


def test_a_killed_process_never_runs_again_not_even_its_clean_up() -> None:
    said: list[str] = []

    async def play(loop: VirtualLoop) -> None:
        process = worker(loop, said, lambda: asyncio.sleep(5))
        await asyncio.sleep(1)
        process.kill()
        await asyncio.sleep(100)
        assert said == []

    assert played(play).troubles == []


def test_a_paused_process_runs_on_when_it_is_resumed() -> None:
    said: list[str] = []

    async def play(loop: VirtualLoop) -> None:
        process = worker(loop, said, lambda: asyncio.sleep(5))
        await asyncio.sleep(1)
        process.pause()
        await asyncio.sleep(60)
        assert said == []
        process.resume()
        await asyncio.sleep(1)

    played(play)
    assert said == ["done at 61", "cleaned up"]


def test_a_paused_process_finds_its_time_limit_passed() -> None:
    said: list[str] = []

    async def play(loop: VirtualLoop) -> None:
        async def limited() -> None:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(2):
                    await asyncio.sleep(3)

        process = worker(loop, said, limited)
        await asyncio.sleep(1)
        process.pause()
        await asyncio.sleep(10)
        process.resume()
        await asyncio.sleep(1)

    played(play)
    assert said == ["done at 11", "cleaned up"]


def test_the_work_of_a_process_belongs_to_it_through_tasks_and_timers() -> None:
    said: list[str] = []

    async def play(loop: VirtualLoop) -> None:
        process = loop.process(1)

        async def inner() -> None:
            await asyncio.sleep(1)
            loop.call_later(1, said.append, "timer of a task of a task")

        async def outer() -> None:
            await loop.create_task(inner())

        process.spawn(outer())
        await asyncio.sleep(1.5)
        process.kill()
        await asyncio.sleep(5)

    played(play)
    assert said == []


def test_a_run_that_waits_for_what_never_comes_says_so() -> None:
    async def play(loop: VirtualLoop) -> None:
        await loop.create_future()

    with pytest.raises(Stuck):
        played(play)


def test_a_task_that_fails_unheard_is_noted() -> None:
    async def fail() -> None:
        raise ValueError("nobody waits for this")

    async def play(loop: VirtualLoop) -> None:
        task = loop.create_task(fail())
        await asyncio.sleep(1)
        del task

    (trouble,) = played(play).troubles
    assert "nobody waits for this" in trouble
