"""When a standby takes over, nothing that was acknowledged is lost (reliability 3.3).

Every commit waits for a synchronous standby, so an old primary that nobody has fenced can
acknowledge nothing once its standby has been promoted.
"""

from __future__ import annotations

import asyncio
import signal
import time
from pathlib import Path
from statistics import median

import pytest

from tests.support.cluster import Cluster, a_cluster, acknowledges
from tests.support.money_world import MoneyWorld, money_world

FAILOVERS = 6
SECONDS = 10.0
BUSY = 3
"""A single failover may take so many times as long: machines that are shared stop now and then."""
PLAYERS = 8

pytestmark = [pytest.mark.slow, pytest.mark.thorough]


async def fail_over(world: MoneyWorld, cluster: Cluster, *, fenced: bool) -> float:
    """Let the standby take over; give the seconds to the first bet that it accepted.

    They hold the making of a new standby, because no commit is safe without one.
    """
    began = time.monotonic()
    if fenced:
        await asyncio.to_thread(cluster.primary.stop, signal.SIGQUIT)
    old = await asyncio.to_thread(cluster.promote)
    promoted = time.monotonic()
    if not fenced:
        assert not await asyncio.to_thread(acknowledges, old, 2.0)
    await asyncio.to_thread(cluster.rebuild, old)
    return await world.seconds_to_next_bet(began, after=promoted)


@pytest.mark.alone
@pytest.mark.reliability("2.6-database-failover", "I9")
async def test_six_failovers_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    took: dict[bool, list[float]] = {True: [], False: []}
    async with (
        a_cluster() as cluster,
        money_world(tmp_path, cluster.url, seed="failovers") as world,
    ):
        async with world.play(PLAYERS):
            for number in range(FAILOVERS):
                await world.accepted(30)
                fenced = number % 2 == 0
                took[fenced].append(await fail_over(world, cluster, fenced=fenced))
            await world.accepted(30)
        comparison = await world.agreed()
    everything = [each for some in took.values() for each in some]
    print(
        f"\n{FAILOVERS} failovers: {comparison.transactions} transactions agree three times; "
        f"to the first accepted bet: median {median(everything):.1f} s, "
        f"longest {max(everything):.1f} s (fenced {max(took[True]):.1f} s)"
    )
    assert median(everything) <= SECONDS
    assert max(everything) <= BUSY * SECONDS
