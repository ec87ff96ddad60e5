"""More lines than memory may hold come back sorted, every one of them."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from meganodes.kit.line_sorter import LineSorter


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 1_000])
def test_lines_come_back_in_order(tmp_path: Path, count: int) -> None:
    lines = [f"id-{number * 7919 % 1_000:04}\t{number}" for number in range(count)]
    sorter = LineSorter(tmp_path, "some", lines_max=10)
    for line in lines:
        sorter.add(line)
    assert list(sorter.sorted()) == sorted(lines)
    assert list(sorter.sorted()) == sorted(lines), "as often as wanted"
    assert len(list(tmp_path.iterdir())) == count // 10, "the rest stays in memory"


def test_a_key_and_its_longer_neighbour_stay_apart(tmp_path: Path) -> None:
    lines = ["ab\t1", "ab!\t2", "ab\t3", "a\t4"]
    random.Random(1).shuffle(lines)  # noqa: S311 - any order will do
    sorter = LineSorter(tmp_path, "some", lines_max=2)
    for line in lines:
        sorter.add(line)
    assert list(sorter.sorted()) == ["a\t4", "ab\t1", "ab\t3", "ab!\t2"]
