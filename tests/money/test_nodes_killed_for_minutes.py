"""Three nodes are killed in turn for five minutes, and their database crashes in between."""

from __future__ import annotations

import time
from pathlib import Path

from tests.support.killing_nodes import a_storm

PLAYERS = 6
SECONDS = 300.0


async def test_five_minutes_of_killed_nodes_and_a_crashed_database_lose_nothing(
    tmp_path: Path,
) -> None:
    async with a_storm(tmp_path, PLAYERS) as storm:
        began = time.monotonic()
        kills = 0
        restarted = False
        while (passed := time.monotonic() - began) < SECONDS:
            await storm.kill_next()
            kills += 1
            if not restarted and passed > SECONDS / 2:
                await storm.restart_database()
                restarted = True
        assert restarted
        await storm.nothing_was_lost_or_doubled(bets_min=PLAYERS * kills)
        undone = storm.undone_by_recovery()
        print(f"{kills} kills, {len(storm.reader.entries)} entries, {undone} bets undone by others")
        assert undone, "some kills fell between intent and decision"
