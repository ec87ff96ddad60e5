"""Waiting for a decision on this node: a hint that wakes, never a fact."""

from __future__ import annotations

import asyncio

from meganodes.hub.waiting import Decisions


async def test_everybody_who_waits_is_woken_by_an_announcement() -> None:
    decisions = Decisions()
    waiting = [asyncio.create_task(decisions.wait(7, 5.0)) for _ in range(3)]
    await asyncio.sleep(0)
    decisions.announce(8)
    await asyncio.sleep(0)
    assert not any(task.done() for task in waiting)
    decisions.announce(7)
    await asyncio.wait_for(asyncio.gather(*waiting), 1.0)


async def test_waiting_ends_by_itself_and_leaves_nothing_behind() -> None:
    decisions = Decisions()
    await decisions.wait(7, 0.01)
    decisions.announce(7)
    assert decisions.waiting_for() == ()


async def test_who_gives_up_waiting_leaves_the_others_waiting() -> None:
    decisions = Decisions()
    patient = asyncio.create_task(decisions.wait(7, 30.0))
    await decisions.wait(7, 0.01)
    assert decisions.waiting_for() == (7,)
    decisions.announce(7)
    await asyncio.wait_for(patient, 10.0)
