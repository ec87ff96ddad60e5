"""The hub kills itself at each named point of a bet, a win and a cancel, under load (3.2)."""

from __future__ import annotations

import asyncio
import random
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.support.effort import effort
from tests.support.evening import Evening, an_evening
from tests.support.mortal_hub import POINTS

pytestmark = pytest.mark.thorough
MOMENTS = tuple(f"{moment} {point}" for point in POINTS for moment in ("before", "after"))
TIMES_EACH = effort(1, 3)
PLAYERS = 12
SEED = 20261129
PASSINGS_MAX = 4
DIES_WITHIN_SECONDS = 60.0
LOST_REPLIES = {
    "next": [
        {"fault": "drop", "command": "bet", "times": 100_000, "every": 8},
        {"fault": "drop", "command": "cancel", "times": 100_000, "every": 3},
    ]
}
"""Some bets and some of their cancels are executed and their replies lost: much is claimed."""


async def _play(evening: Evening, session: str, enough: asyncio.Event) -> None:
    while not enough.is_set():
        await evening.play(session, 8)


async def _dies(evening: Evening, point: str, count: int) -> None:
    """Start the hub so that it dies there, and wait until it has."""
    process = evening.launch_hub(
        module="tests.support.mortal_hub",
        MORTAL_AT=point,
        MORTAL_COUNT=str(count),
        MORTAL_LOG=str(evening.folder / "deaths.log"),
    )
    try:
        status = await asyncio.wait_for(process.wait(), DIES_WITHIN_SECONDS)
    except TimeoutError:
        raise AssertionError(f"never came to {point}, {count} times") from None
    assert status == -signal.SIGKILL, (point, status)


@pytest.mark.slow
@pytest.mark.rule("3.4-bet-sent-once", "3.4-delivered-until-accepted", "4-final-durable")
async def test_death_at_every_named_point_loses_and_doubles_nothing(tmp_path: Path) -> None:
    chance = random.Random(SEED)  # noqa: S311 - which passing is the last, repeatable
    order = list(MOMENTS * TIMES_EACH)
    chance.shuffle(order)
    async with an_evening(tmp_path) as evening:
        assert "pending" in await evening.casino("", LOST_REPLIES)
        names = [f"player_{number}" for number in range(PLAYERS)]
        sessions = [await evening.open_session(name, "9000.00") for name in names]
        await evening.kill_hub()
        enough = asyncio.Event()
        playing = [asyncio.create_task(_play(evening, each, enough)) for each in sessions]
        began = time.monotonic()
        for point in order:
            await _dies(evening, point, chance.randint(1, PASSINGS_MAX))
        seconds = time.monotonic() - began
        enough.set()
        await evening.start_hub()
        await asyncio.gather(*playing)
        comparison = await evening.agreed(120)
        assert comparison.agrees, comparison
        bets = await evening.casino("/arrivals?command=bet")
        assert set(bets.values()) == {1}, "no bet was on the wire twice"
    deaths = Counter((tmp_path / "deaths.log").read_text().splitlines())
    assert deaths == Counter(order), "it died where it was told to"
    print(f"\n{len(order)} deaths at {len(MOMENTS)} points in {seconds:.0f} s, {len(bets)} bets")
