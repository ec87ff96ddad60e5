"""Three nodes are killed in turn for five minutes, and a standby of their database takes over."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

import pytest

from meganodes.kit.database import parse_database_url
from tests.support.cluster import DATABASE, a_cluster
from tests.support.killing_nodes import Storm, storm_over, undone_by_recovery

pytestmark = [pytest.mark.slow, pytest.mark.thorough]
PLAYERS = 6
SECONDS = 300.0


async def kill_until(storm: Storm, end: float) -> int:
    kills = 0
    while time.monotonic() < end:
        await storm.kill_next()
        kills += 1
    return kills


async def test_five_minutes_of_killed_nodes_and_a_failover_lose_nothing(tmp_path: Path) -> None:
    async with (
        a_cluster() as cluster,
        storm_over(cluster.address, tmp_path, PLAYERS) as storm,
    ):
        began = time.monotonic()
        kills = await kill_until(storm, began + SECONDS / 2)
        await asyncio.to_thread(cluster.fail_over)
        kills += await kill_until(storm, began + SECONDS)
        await storm.nothing_was_lost_or_doubled(bets_min=PLAYERS * kills)
        undone = undone_by_recovery(parse_database_url(cluster.primary.url(DATABASE)))
        print(
            f"\n{kills} kills and a failover: {len(storm.reader.entries)} entries read once each, "
            f"{undone} bets undone by others"
        )
        assert undone, "some kills fell between intent and decision"
