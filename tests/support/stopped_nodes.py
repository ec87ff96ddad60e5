"""A node that stops in the middle of its work, and another that goes on with the same journal."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from enum import Enum, auto

from meganodes.hub.waiting import Decisions
from meganodes.hub.worker import Worker
from meganodes.journal.store import Change, CommitResult
from tests.support.hub_world import World
from tests.support.races import with_methods


class Stop(Enum):
    """Where a node stops at a commit: before anything is durable, or before it can go on."""

    BEFORE = auto()
    AFTER = auto()


async def for_ever() -> None:
    """Wait for what never comes."""
    await asyncio.Event().wait()


def stop_at_commit(world: World, number: int, stop: Stop) -> asyncio.Event:
    """Let the node stop at its commit of this number (the first is 1); the event says it has."""
    reached = asyncio.Event()
    made = 0

    async def commit(change: Change) -> CommitResult:
        nonlocal made
        made += 1
        if made < number:
            return await world.journal.commit(change)
        if stop is Stop.AFTER:
            await world.journal.commit(change)
        reached.set()
        await for_ever()
        raise AssertionError

    world.hub.journal = with_methods(world.journal, commit=commit)
    return reached


async def killed_at(
    world: World, reached: asyncio.Event, ask: Callable[[], Awaitable[object]]
) -> World:
    """Ask the node, kill it where it has stopped, and give a node that starts after it.

    Nothing of a killed node's memory is left: its tasks end where they are.
    """
    asking = asyncio.ensure_future(ask())
    async with asyncio.timeout(10):
        await reached.wait()
    for task in (*world.hub.tasks, asking):
        task.cancel()
    await asyncio.gather(*world.hub.tasks, asking, return_exceptions=True)
    return another_node(world)


def another_node(world: World) -> World:
    """Make a node with the same journal, directory and backend and an empty memory."""
    hub = replace(
        world.hub,
        journal=world.journal,
        reads=world.journal.reads,
        decisions=Decisions(),
        tasks=set(),
        worker_wanted=asyncio.Event(),
    )
    return replace(world, hub=hub, worker=Worker(hub))
