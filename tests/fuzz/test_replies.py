"""What the fuzzer of answers starts from and what it ever found, read as each change leaves it.

`make fuzz-replies`, and `make check-money` a million times, go on from here by coverage.
"""

from __future__ import annotations

import random

import pytest

from tests.support.fuzzed_findings import FOUND, changed, seeds
from tests.support.reply_fuzzing import QUESTIONS, Read, ReplyFuzz, least_seconds

CHANGED = 10_000


@pytest.mark.parametrize("what", FOUND)
def test_what_was_found_once_stays_mended(what: str) -> None:
    Read(FOUND[what]).hold()


def test_every_seed_is_read_as_it_must_be() -> None:
    fuzz = ReplyFuzz()
    for seed in seeds():
        fuzz.one(seed)
        fuzz._count_bytes(seed)
    assert fuzz.measured.definite > len(QUESTIONS)
    assert max(map(least_seconds, fuzz.slow), default=0.0) < 0.05


def test_changed_seeds_are_read_as_they_must_be() -> None:
    dice = random.Random(20_260_101)  # noqa: S311 - a seed that repeats is the point
    fuzz, known = ReplyFuzz(), list(seeds())
    for _ in range(CHANGED):
        fuzz.one(changed(dice, known))
    assert 0 < fuzz.measured.definite < fuzz.measured.complete < CHANGED
