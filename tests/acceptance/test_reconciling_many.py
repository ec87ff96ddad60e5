"""Fifty thousand transactions against both sides: everything planted is named, in little time."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from benchmarks.reconciling import compare, path_of, prepare
from meganodes.domain.reconciliation import Side

COUNT = 50_000
MICROSECONDS_A_ROW = 60
"""A million in a minute; quick machines take about a quarter of it."""


def test_twelve_planted_differences_of_fifty_thousand_are_named_within_the_time(
    tmp_path: Path,
) -> None:
    prepare(tmp_path, COUNT)
    planted = {(side, *each) for side in Side for each in _plant_six(path_of(tmp_path, side), side)}
    began = time.process_time()
    report = asyncio.run(compare(tmp_path, COUNT, lines_max=12_000))
    used = time.process_time() - began
    assert {(each.side, each.key, each.verdict) for each in report.findings} == planted
    assert (report.rows, report.differences, len(planted)) == (COUNT, 12, 12)
    assert used * 1_000_000 / COUNT < MICROSECONDS_A_ROW, f"{used:.2f} s of CPU"


def _plant_six(path: Path, side: Side) -> list[tuple[str, str]]:
    """Falsify six lines of a file, one in each way; give ids and verdicts."""
    header, *lines = path.read_text().splitlines()
    kept = {number: lines[number].split(",") for number in (7, 11_111, 22_222, 33_333, 49_999)}
    lost, raised, undone, turned, twice = kept.values()
    lines[11_111] = ",".join([raised[0], raised[1], "77.77", raised[3]])
    lines[22_222] = ",".join([*undone[:3], "CANCELED"])
    lines[33_333] = ",".join([turned[0], "bet", *turned[2:]])
    lines += [lines[49_999], f"mn-unknown-{side},win,1,ok"]
    del lines[7]
    path.write_text("\n".join([header, *lines]) + "\n")
    return [
        (lost[0], f"missing at {side}"),
        (raised[0], "amount differs"),
        (undone[0], "state differs"),
        (turned[0], "state differs"),
        (twice[0], "double"),
        (f"mn-unknown-{side}", "missing at hub"),
    ]
