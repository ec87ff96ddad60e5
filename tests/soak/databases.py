"""The core on a PostgreSQL that is stopped and fails over; writers of SQLite that are killed."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections import Counter

from tests.soak.slices import Counts, Slice
from tests.support.cluster import Cluster, a_cluster
from tests.support.killed_writers import kill_writers
from tests.support.money_world import MoneyWorld, money_world

PLAYERS = 8
BETS_BETWEEN = 20
RESTARTS_SHARE = 0.8
WRITERS_AT_ONCE = 5


async def postgresql(ran: Slice) -> Counts:
    """Restart the primary and fail over in turn; nothing acknowledged may be lost."""
    done: Counter[str] = Counter()
    async with (
        a_cluster() as cluster,
        money_world(ran.folder, cluster.url, seed=str(ran.seed)) as world,
    ):
        async with world.play(PLAYERS):
            await _break_until(time.monotonic() + ran.seconds, ran, world, cluster, done)
            await world.accepted(BETS_BETWEEN)
        comparison = await world.agreed()
    assert comparison.agrees, comparison
    return {**done, "transactions": comparison.transactions, "repeated": world.repeated}


async def _break_until(
    end: float, ran: Slice, world: MoneyWorld, cluster: Cluster, done: Counter[str]
) -> None:
    chance = random.Random(f"{ran.seed}/postgresql")  # noqa: S311 - repeatable
    while time.monotonic() < end:
        await world.accepted(BETS_BETWEEN)
        if chance.random() < RESTARTS_SHARE:
            await _restart(cluster)
            done["restarts"] += 1
        else:
            await asyncio.to_thread(cluster.fail_over)
            done["failovers"] += 1
        ran.tell(f"{end - time.monotonic():.0f} s left: {dict(done)}")


async def _restart(cluster: Cluster) -> None:
    await asyncio.to_thread(cluster.primary.stop, signal.SIGQUIT)
    await asyncio.to_thread(cluster.primary.start)


async def sqlite(ran: Slice) -> Counts:
    """Kill the writer of a journal file again and again; a new file for each five."""
    end = time.monotonic() + ran.seconds
    kills = acknowledged = 0
    while time.monotonic() < end:
        folder = ran.folder / str(kills)
        folder.mkdir()
        acknowledged += await kill_writers(folder, WRITERS_AT_ONCE)
        kills += WRITERS_AT_ONCE
        ran.tell(f"{end - time.monotonic():.0f} s left: {kills} kills")
    return {"kills": kills, "acknowledged": acknowledged}
