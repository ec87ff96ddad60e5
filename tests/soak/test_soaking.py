"""A slice of a long run says what it did, keeps it, and says a violation as one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.soak import __main__ as command
from tests.soak import slices
from tests.soak.parts import PARTS
from tests.soak.slices import Counts, Slice


@pytest.fixture
def results(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "soak.jsonl"
    monkeypatch.setattr(command, "keep", lambda line: slices.keep(line, path))
    return path


def test_a_slice_of_killed_writers_is_kept_with_its_seed_and_counts(results: Path) -> None:
    assert command.main(["sqlite", "--minutes", "0.001", "--seed", "7"]) == 0
    kept = json.loads(results.read_text())
    assert (kept["part"], kept["seed"], kept["violations"]) == ("sqlite", 7, 0)
    assert kept["counts"]["kills"] == 5
    assert kept["counts"]["acknowledged"] > 5
    assert kept["commit"]


def test_a_violation_ends_with_1_and_is_kept_in_words(
    results: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def lose_a_cent(ran: Slice) -> Counts:
        raise AssertionError(f"seed {ran.seed}: a cent is missing")

    monkeypatch.setitem(PARTS, "sqlite", lose_a_cent)
    assert command.main(["sqlite", "--minutes", "1", "--seed", "9"]) == 1
    kept = json.loads(results.read_text())
    assert (kept["violations"], kept["violation"]) == (1, "seed 9: a cent is missing")


@pytest.mark.parametrize(
    "words", [["nothing"], ["sqlite", "--minutes", "0"], ["sqlite", "--minutes", "61"], []]
)
def test_wrong_usage_ends_with_2_and_runs_nothing(results: Path, words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command.main(words)
    assert ended.value.code == 2
    assert not results.exists()
