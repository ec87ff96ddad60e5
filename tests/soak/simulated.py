"""Seed after seed through the simulation, on all processors (reliability 3.1)."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ProcessPoolExecutor
from itertools import count
from multiprocessing import get_context

from tests.simulation.many import Total, judged_seed
from tests.soak.slices import Counts, Slice

PROCESSES = 2
SEEDS_APART = 1_000_000
"""Slices whose seeds differ by one begin so far apart that none repeats another's runs."""
TOLD_EVERY = 20


async def simulation(ran: Slice) -> Counts:
    """Run seeds until the time is over; a violation names the seed that shows it."""
    seeds = count(ran.seed % SEEDS_APART * SEEDS_APART)
    end = time.monotonic() + ran.seconds
    total = Total()
    with ProcessPoolExecutor(PROCESSES, mp_context=get_context("spawn")) as pool:

        async def work() -> None:
            loop = asyncio.get_running_loop()
            while time.monotonic() < end and not total.found:
                total.add(await loop.run_in_executor(pool, judged_seed, next(seeds)))
                if total.runs % TOLD_EVERY == 0:
                    ran.tell(f"{end - time.monotonic():.0f} s left: {total.summary()}")

        await asyncio.gather(*(work() for _ in range(PROCESSES)))
    assert not total.found, "; ".join(total.found[:5])
    return {
        "seeds": total.runs,
        "transactions": total.figures["transactions"],
        "kills": total.figures["kills"],
        "virtual_hours": round(total.figures["virtual_seconds"] / 3_600),
        "faults": total.figures["faults"],
        "faults_per_1000": round(total.faults_per_1000),
        "kinds_met": len(total.met),
        "per_minute_and_core": round(total.per_minute),
    }
