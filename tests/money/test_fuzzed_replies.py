"""A million made-up answers of backends, led by what the reader's code did with the last ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.fuzz_processes import fuzz_replies

pytestmark = [pytest.mark.slow, pytest.mark.thorough]
EXECUTIONS = 1_000_000
SEED = 20_260_101


def test_a_million_fuzzed_answers_crash_nothing_and_none_is_taken_for_another(
    tmp_path: Path,
) -> None:
    fuzzed = fuzz_replies(EXECUTIONS, SEED, tmp_path)
    for line in fuzzed.figures:
        print(line)
    print(
        f"{fuzzed.executions} fuzzed answers in {fuzzed.seconds:.0f} s,"
        f" the slowest {fuzzed.slowest_seconds * 1000:.1f} ms of CPU"
    )
    assert fuzzed.executions >= EXECUTIONS
