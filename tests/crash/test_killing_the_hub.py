"""The hub is killed in the middle of rounds, many times; the three records agree to the cent."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.effort import effort
from tests.support.evening import Evening, an_evening

pytestmark = pytest.mark.thorough
PLAYERS = 10
KILLS = effort(6, 20)
SEED = 20261122


async def _play_until(evening: Evening, session: str, enough: asyncio.Event) -> None:
    while not enough.is_set():
        await evening.play(session, 8)


async def _until_played(evening: Evening, bets: int) -> None:
    """Wait until the casino has seen so many bets: however slow the machine, a kill meets play."""
    for _ in range(6_000):
        if len(await evening.casino("/arrivals?command=bet")) >= bets:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(f"never saw {bets} bets")


async def _undone_by_recovery(evening: Evening) -> int:
    """Count the bets that a later start found without an outcome and undid."""
    url = f"file:{evening.folder / 'hub.db'}?mode=ro"
    with closing(sqlite3.connect(url, uri=True)) as reader:
        statement = "SELECT count(*) FROM events WHERE cause = 'its node stopped'"
        return int(reader.execute(statement).fetchone()[0])


@pytest.mark.reliability("2.6-bet-broken-call", "I1", "I2", "I3", "I4", "I9", "I10")
@pytest.mark.slow
@pytest.mark.rule("3.4-bet-sent-once", "3.4-delivered-until-accepted", "4-final-durable")
async def test_kills_in_the_middle_of_rounds_lose_and_double_nothing(
    tmp_path: Path,
) -> None:
    chance = random.Random(SEED)  # noqa: S311 - moments of kills, repeatable
    async with an_evening(tmp_path) as evening:
        sessions = [
            await evening.open_session(f"player_{number}", "1000.00") for number in range(PLAYERS)
        ]
        enough = asyncio.Event()
        playing = [asyncio.create_task(_play_until(evening, each, enough)) for each in sessions]
        for kill in range(KILLS):
            await _until_played(evening, PLAYERS * (kill + 1))
            await asyncio.sleep(chance.uniform(0, 0.5))
            await evening.kill_hub()
            await evening.start_hub()
        enough.set()
        await asyncio.gather(*playing)
        comparison = await evening.agreed(90)
        assert comparison.agrees, comparison
        bets = await evening.casino("/arrivals?command=bet")
        assert set(bets.values()) == {1}, "no bet was on the wire twice"
        assert await _undone_by_recovery(evening), "some kills fell between intent and decision"
