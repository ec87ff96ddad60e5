"""Nodes on one PostgreSQL are killed, stopped and killed all at once while rounds are played."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.effort import THOROUGH, effort
from tests.support.killing_nodes import NODES, a_storm

pytestmark = pytest.mark.thorough
PLAYERS = 6
KILLS = effort(1, 2) * len(NODES)
PAUSES = (0.2, 0.5, 2.0, 4.0, 8.0, 20.0) if THOROUGH else (4.0,)
"""Seconds a node stands still: shorter than a bet's lease, and longer."""
ALL_AT_ONCE = effort(1, 5)


@pytest.mark.reliability("2.6-cancel-crash", "2.6-win-owned", "I1", "I2", "I3", "I4", "I9")
@pytest.mark.slow
@pytest.mark.rule("3.4-bet-sent-once", "3.4-delivered-until-accepted", "4-final-durable")
async def test_killed_and_stopped_nodes_lose_and_double_nothing(tmp_path: Path) -> None:
    async with a_storm(tmp_path, PLAYERS) as storm:
        for _ in range(KILLS):
            await storm.kill_next()
        for seconds in PAUSES:
            await storm.pause_next(seconds)
        for _ in range(ALL_AT_ONCE):
            await storm.kill_all()
        await storm.nothing_was_lost_or_doubled(bets_min=PLAYERS * (KILLS + ALL_AT_ONCE))
    print(f"\n{KILLS} kills, {len(PAUSES)} pauses, {ALL_AT_ONCE} times all nodes at once")
