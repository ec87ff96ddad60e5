"""Seeds of all strengths: no invariant broken, and the targets of reliability 3.1 reached.

A few in `make test`; with `TEST_EFFORT=thorough` the whole of the CI column. A seed that fails is
played again by `python -m tests.simulation --seed N`.
"""

from __future__ import annotations

import os
import time

import pytest

from tests.simulation.many import Total, each_judged
from tests.simulation.sometimes import WANTED, missing
from tests.support.effort import THOROUGH, effort

FIRST = 1_000
SEEDS = effort(4, 128)
ROUNDS = effort(120, 300)
PROCESSES = effort(1, max(1, min(4, os.cpu_count() or 1)))
SOON_MET = (
    "fault node-killed",
    "fault commit-lost",
    "fault reply-lost",
    "transition pending -> cancelling",
    "transition cancelling -> cancelled",
    "transition owed -> credited",
)
"""What already a few seeds meet."""
pytestmark = [pytest.mark.thorough, pytest.mark.slow]


@pytest.fixture(scope="module")
def total() -> Total:
    """All seeds, played once for all tests of this file."""
    began = time.monotonic()
    total = Total()
    for judged in each_judged(range(FIRST, FIRST + SEEDS), ROUNDS, PROCESSES):
        total.add(judged)
    print(f"\n{total.summary()}, {time.monotonic() - began:.0f} s on {PROCESSES} processes")
    return total


def test_no_invariant_is_broken_by_any_seed(total: Total) -> None:
    assert total.runs == SEEDS
    assert total.found == []


def test_every_message_meets_enough_faults(total: Total) -> None:
    assert total.faults_per_1000 >= 50
    assert any(rate >= 300 for rate in total.rates) or not THOROUGH


def test_the_targets_of_reliability_are_reached(total: Total) -> None:
    """A few seeds reach their share of what the whole run must reach."""
    assert total.figures["transactions"] >= effort(800, 60_000)
    assert total.figures["kills"] >= effort(10, 1_500)
    assert total.figures["virtual_seconds"] >= effort(24, 300) * 3_600


def test_each_transition_fault_and_line_was_met_often_enough(total: Total) -> None:
    wanted = WANTED if THOROUGH else dict.fromkeys(SOON_MET, 1)
    assert missing(total.met, wanted) == []
