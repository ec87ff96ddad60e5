"""One seed is one run: in this process, and in processes whose hashes differ."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.simulation.plan import draw
from tests.simulation.world import run
from tests.support.effort import effort

ROOT = Path(__file__).parents[2]
ROUNDS = effort(40, 12)
"""A hundred seeds for a while rather than a few for long: what differs, differs early."""
PRINT_DIGEST = (
    "import sys; from tests.simulation.plan import draw; from tests.simulation.world import run\n"
    "for seed in sys.argv[2:]: print(run(draw(int(seed), rounds=int(sys.argv[1]))).digest)"
)
pytestmark = pytest.mark.thorough


def digests_elsewhere(seeds: range, hash_seed: str) -> list[str]:
    """Run seeds in a process of its own, whose sets and dicts of texts are in another order."""
    environment = {
        **os.environ,
        "PYTHONHASHSEED": hash_seed,
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
    }
    command = [sys.executable, "-c", PRINT_DIGEST, str(ROUNDS), *map(str, seeds)]
    done = subprocess.run(
        command, env=environment, cwd=ROOT, check=True, capture_output=True, text=True
    )
    return done.stdout.split()


def test_a_seed_gives_the_same_run_again_and_in_processes_whose_hashes_differ() -> None:
    seeds = range(2, 2 + effort(3, 100))
    here = [run(draw(seed, rounds=ROUNDS)).digest for seed in seeds]
    assert digests_elsewhere(seeds, "1") == here
    assert digests_elsewhere(seeds, "4711") == here
    assert len(set(here)) == len(here), "two seeds gave one run"
