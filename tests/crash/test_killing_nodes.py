"""Nodes on one PostgreSQL are killed in turn in the middle of rounds; the others go on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.effort import effort
from tests.support.killing_nodes import NODES, a_storm

pytestmark = pytest.mark.thorough
PLAYERS = 6
KILLS = effort(1, 2) * len(NODES)


@pytest.mark.reliability("2.6-cancel-crash", "2.6-win-owned", "I1", "I2", "I3", "I4", "I9")
@pytest.mark.slow
@pytest.mark.rule("3.4-bet-sent-once", "3.4-delivered-until-accepted", "4-final-durable")
async def test_nodes_killed_in_turn_lose_and_double_nothing(tmp_path: Path) -> None:
    async with a_storm(tmp_path, PLAYERS) as storm:
        for _ in range(KILLS):
            await storm.kill_next()
        await storm.nothing_was_lost_or_doubled(bets_min=PLAYERS * KILLS)
