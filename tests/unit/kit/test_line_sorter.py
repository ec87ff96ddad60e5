"""More lines than memory may hold come back sorted, every one of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from meganodes.kit.line_sorter import LineSorter, key_ranges


@pytest.mark.parametrize("count", [0, 1, 9, 10, 11, 1_000])
def test_lines_come_back_in_order(tmp_path: Path, count: int) -> None:
    lines = [f"id-{number * 7919 % 1_000:04}\t{number}" for number in range(count)]
    sorter = LineSorter(tmp_path, "some", lines_max=10)
    for at in range(0, count, 3):
        sorter.extend(lines[at : at + 3])
    assert list(sorter.sorted()) == sorted(lines)
    assert list(sorter.sorted()) == sorted(lines), "as often as wanted"
    assert len(list(tmp_path.iterdir())) == count // 10, "the rest stays in memory"


def test_a_key_and_its_longer_neighbour_stay_apart(tmp_path: Path) -> None:
    lines = ["ab\t1", "ab!\t2", "ab\t3", "a\t4"]
    random.Random(1).shuffle(lines)  # noqa: S311 - any order will do
    sorter = LineSorter(tmp_path, "some", lines_max=2)
    sorter.extend(lines)
    assert list(sorter.sorted()) == ["a\t4", "ab\t1", "ab\t3", "ab!\t2"]


@pytest.mark.parametrize("seed", range(20))
def test_ranges_hold_all_lines_of_a_key_of_every_source(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - any order will do
    sources = [
        sorted(f"k{chance.randrange(12)}\t{number}" for number in range(chance.randrange(40)))
        for _ in range(3)
    ]
    seen: set[str] = set()
    walked: list[list[str]] = [[], [], []]
    for parts in key_ranges([_in_blocks(lines, chance) for lines in sources]):
        keys = {line.partition("\t")[0] for lines in parts for line in lines}
        assert keys, "no range is empty"
        assert not keys & seen, "no key stands in two ranges"
        assert not seen or max(seen) < min(keys)
        seen |= keys
        for whole, lines in zip(walked, parts, strict=True):
            whole.extend(lines)
    assert walked == sources


def _in_blocks(lines: list[str], chance: random.Random) -> Iterator[list[str]]:
    at = 0
    while at < len(lines):
        size = chance.randrange(1, 6)
        yield lines[at : at + size]
        at += size
