"""Time stands still, jumps and passes as told; the system's clock moves by itself."""

import asyncio

from meganodes.kit.clock import ManualClock, SteadyClock, SystemClock


def test_manual_clock_stands_still_until_advanced() -> None:
    clock = ManualClock(now_ms=1_000, monotonic=5.0)
    assert (clock.now_ms(), clock.monotonic()) == (1_000, 5.0)
    clock.advance(2.5)
    assert (clock.now_ms(), clock.monotonic()) == (3_500, 7.5)


def test_small_steps_add_up_exactly() -> None:
    clock = ManualClock(now_ms=0)
    for _ in range(1_000):
        clock.advance(0.0001)
    assert clock.now_ms() == 100


def test_wall_jump_leaves_the_monotonic_clock_alone() -> None:
    clock = ManualClock(now_ms=100_000, monotonic=5.0)
    clock.jump_wall(-60)
    assert (clock.now_ms(), clock.monotonic()) == (40_000, 5.0)


async def test_sleepers_wake_in_the_order_of_their_moments() -> None:
    clock = ManualClock()
    woken: list[str] = []

    async def sleep(name: str, seconds: float) -> None:
        await clock.sleep(seconds)
        woken.append(name)

    tasks = [asyncio.create_task(sleep(*each)) for each in (("late", 3.0), ("early", 1.0))]
    await asyncio.sleep(0)
    clock.advance(0.999)
    await asyncio.sleep(0)
    assert woken == []
    clock.advance(5)
    await asyncio.gather(*tasks)
    assert woken == ["early", "late"]


async def test_pass_time_lets_woken_tasks_run_at_their_moments() -> None:
    clock = ManualClock(now_ms=0)
    moments: list[int] = []

    async def tick() -> None:
        for _ in range(3):
            await clock.sleep(1)
            moments.append(clock.now_ms())

    task = asyncio.create_task(tick())
    await clock.pass_time(10)
    assert moments == [1_000, 2_000, 3_000]
    assert clock.now_ms() == 10_000
    await task


async def test_cancelled_sleeper_does_not_disturb_the_others() -> None:
    clock = ManualClock()
    task = asyncio.create_task(clock.sleep(1))
    other = asyncio.create_task(clock.sleep(1))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.sleep(0)
    clock.advance(1)
    await other
    assert task.cancelled()


async def test_sleeping_for_nothing_lets_others_run() -> None:
    ran: list[int] = []
    asyncio.get_running_loop().call_soon(ran.append, 1)
    await ManualClock().sleep(0)
    assert ran == [1]


async def test_system_clock_moves_with_the_machine() -> None:
    clock = SystemClock()
    wall, monotonic = clock.now_ms(), clock.monotonic()
    await clock.sleep(0.01)
    await clock.sleep(-1)
    assert clock.now_ms() >= wall + 9
    assert clock.monotonic() >= monotonic + 0.009


def test_steady_clock_begins_with_the_wall_clock_and_goes_on_with_time() -> None:
    clock = ManualClock(now_ms=1_000_000)
    steady = SteadyClock(clock)
    assert steady.now_ms() == 1_000_000
    clock.advance(1.5)
    assert steady.now_ms() == 1_001_500


def test_steady_clock_does_not_jump_with_the_wall_clock() -> None:
    clock = ManualClock(now_ms=1_000_000)
    steady = SteadyClock(clock)
    clock.jump_wall(86_400)
    assert steady.now_ms() == 1_000_000
    clock.jump_wall(-2 * 86_400)
    assert steady.now_ms() == 1_000_000


def test_steady_clock_may_know_better_than_the_wall_clock() -> None:
    clock = ManualClock(now_ms=1_000_000)
    steady = SteadyClock(clock, ahead_ms=-86_400_000)
    clock.advance(1.5)
    assert steady.now_ms() == 1_001_500 - 86_400_000


def test_steady_clock_loses_no_millisecond_to_a_float() -> None:
    clock = ManualClock()
    steady = SteadyClock(clock)
    for _ in range(5_000):
        clock.advance(0.001)
        assert steady.now_ms() == clock.now_ms()
