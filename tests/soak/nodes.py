"""Nodes on PostgreSQL as processes: killed, stopped, killed all at once, failed over."""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter

from meganodes.kit.database import parse_database_url
from tests.soak.slices import Counts, Slice
from tests.support.cluster import DATABASE, Cluster, a_cluster
from tests.support.killing_nodes import Storm, storm_over, undone_by_recovery

PLAYERS = 6
KINDS = ("kill", "stop", "all", "failover")
WEIGHTS = (70, 15, 10, 5)
STOPPED_SECONDS_MAX = 20.0


async def nodes(ran: Slice) -> Counts:
    """Break three nodes and their database until the time is over; then all must agree."""
    chance = random.Random(f"{ran.seed}/nodes")  # noqa: S311 - repeatable
    done: Counter[str] = Counter()
    async with (
        a_cluster() as cluster,
        storm_over(cluster.address, ran.folder, PLAYERS) as storm,
    ):
        storm.chance = chance
        end = time.monotonic() + ran.seconds
        while time.monotonic() < end:
            (kind,) = chance.choices(KINDS, WEIGHTS)
            await _break(storm, cluster, kind, chance)
            done[kind] += 1
            if done.total() % 20 == 0:
                ran.tell(f"{end - time.monotonic():.0f} s left: {dict(done)}")
        await storm.nothing_was_lost_or_doubled(bets_min=PLAYERS)
        undone = undone_by_recovery(parse_database_url(cluster.primary.url(DATABASE)))
        return {**done, "entries": len(storm.reader.entries), "undone": undone}


async def _break(storm: Storm, cluster: Cluster, kind: str, chance: random.Random) -> None:
    match kind:
        case "kill":
            await storm.kill_next()
        case "stop":
            await storm.pause_next(chance.uniform(0.2, STOPPED_SECONDS_MAX))
        case "all":
            await storm.kill_all()
        case _:
            await asyncio.to_thread(cluster.fail_over)
