"""The event loop's lateness is seen."""

from __future__ import annotations

import asyncio
import time

from meganodes.kit.loop_lag import LoopLag
from tests.support.listener import eventually


async def test_a_loop_that_is_held_up_is_seen_to_be_late() -> None:
    lag = LoopLag()
    lag.start()
    await eventually(lambda: lag.seconds.distribution().counts[-1], 30)
    time.sleep(0.3)  # noqa: ASYNC251 - this is what is to be noticed
    before = lag.seconds.distribution()
    await eventually(lambda: lag.seconds.distribution().counts[-1] > before.counts[-1], 30)
    lag.stop()
    seen = lag.seconds.distribution()
    assert seen.total - before.total >= 0.15


async def test_a_stopped_measurement_counts_no_more() -> None:
    lag = LoopLag()
    lag.start()
    lag.stop()
    lag.stop()
    await asyncio.sleep(0.25)
    assert lag.seconds.distribution().counts[-1] == 0
