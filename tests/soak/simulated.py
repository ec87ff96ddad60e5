"""Seed after seed through the simulation, on all processors (reliability 3.1)."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import count
from multiprocessing import get_context

from tests.simulation.checkers import judge
from tests.simulation.plan import draw
from tests.simulation.sometimes import counted
from tests.simulation.world import run
from tests.soak.slices import Counts, Slice

PROCESSES = 2
SEEDS_APART = 1_000_000
"""Slices whose seeds differ by one begin so far apart that none repeats another's runs."""
ROUNDS = 200
TOLD_EVERY = 20


@dataclass(frozen=True, slots=True)
class Ran:
    """What one seed did, and what was wrong with it."""

    seed: int
    figures: Mapping[str, float]
    reached: Mapping[str, int]
    wrong: tuple[str, ...]


def one(seed: int) -> Ran:
    """Run and judge a seed."""
    played = run(draw(seed, rounds=ROUNDS))
    verdict = judge(played.evidence)
    wrong = (*map(str, verdict.violations), *played.troubles)
    return Ran(seed, played.figures, counted(played.evidence), wrong)


async def simulation(ran: Slice) -> Counts:
    """Run seeds until the time is over; a violation names the seed that shows it."""
    seeds = count(ran.seed % SEEDS_APART * SEEDS_APART)
    end = time.monotonic() + ran.seconds
    figures: Counter[str] = Counter()
    reached: Counter[str] = Counter()
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:

        async def work() -> None:
            while time.monotonic() < end:
                done = await asyncio.get_running_loop().run_in_executor(pool, one, next(seeds))
                assert not done.wrong, f"seed {done.seed}: {'; '.join(done.wrong[:5])}"
                figures.update({"seeds": 1, **done.figures})
                reached.update(done.reached)
                if figures["seeds"] % TOLD_EVERY == 0:
                    ran.tell(f"{end - time.monotonic():.0f} s left: {figures['seeds']:.0f} seeds")

        await asyncio.gather(*(work() for _ in range(PROCESSES)))
    return {
        **{name: round(value) for name, value in figures.items()},
        "faults_per_1000": round(1_000 * figures["faults"] / max(1, figures["messages"])),
        "kinds_reached": len(reached),
    }
