"""Runs the fuzzer of answers in processes of its own and judges what they leave behind.

Coverage leads a part of the executions, which costs ten times as much for each of them; the others
change by dice what it has found.
"""

from __future__ import annotations

import argparse
import random
import re
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.fuzzed_findings import changed
from tests.support.reply_fuzzing import CPU_MAX_SECONDS, Measured, ReplyFuzz, least_seconds

ROOT = Path(__file__).parents[2]
PROCESSES = 2
LED_OF_HUNDRED = 20
_DONE = re.compile(r"^Done ([0-9]+) runs", re.MULTILINE)


@dataclass(frozen=True)
class Fuzzed:
    """What the processes did. ``figures`` has a line for each of them."""

    executions: int
    seconds: float
    slowest_seconds: float
    figures: tuple[str, ...]


class Finding(Exception):
    """An answer that was not read as it must be; the text has the input and what was wrong."""


def fuzz_replies(runs: int, seed: int, folder: Path) -> Fuzzed:
    """Make so many executions over all processes; raises `Finding` for the first thing wrong."""
    began = time.monotonic()
    led = runs * LED_OF_HUNDRED // 100
    fuzzed = _led_by_coverage(led, seed, folder)
    by_dice = _changed_by_dice(runs - led, seed, folder)
    return replace(
        fuzzed,
        executions=fuzzed.executions + sum(each.executions for each in by_dice),
        seconds=time.monotonic() - began,
        figures=(*fuzzed.figures, *map(str, by_dice)),
    )


def _led_by_coverage(runs: int, seed: int, folder: Path) -> Fuzzed:
    began = time.monotonic()
    folders = [folder / str(number) for number in range(PROCESSES)]
    running = [
        _started(-(-runs // PROCESSES), seed + number, each) for number, each in enumerate(folders)
    ]
    for process in running:
        process.wait()
    executions = 0
    for process, each in zip(running, folders, strict=True):
        text = (each / "words-of-libfuzzer").read_text(errors="replace")
        done = _DONE.search(text)
        if process.returncode or done is None:
            raise Finding(f"{_last_words(text)}\n{_inputs(folders)}")
        executions += int(done[1])
    suspects = [path.read_bytes() for each in folders for path in each.glob("slow-*")]
    slowest = max(map(least_seconds, suspects), default=0.0)
    if slowest > CPU_MAX_SECONDS:
        raise Finding(f"{max(suspects, key=least_seconds)!r} takes {slowest * 1000:.0f} ms")
    figures = tuple((each / "figures").read_text().strip() for each in folders)
    return Fuzzed(executions, time.monotonic() - began, slowest, figures)


def _changed_by_dice(runs: int, seed: int, folder: Path) -> list[Measured]:
    known = [path.read_bytes() for path in sorted(folder.glob("*/corpus/*"))]
    known = [data for data in known if len(data) > 1]
    share = -(-runs // PROCESSES)
    with ProcessPoolExecutor(PROCESSES, get_context("spawn")) as pool:
        asked = [pool.submit(_change, known, share, seed + number) for number in range(PROCESSES)]
        return [each.result() for each in asked]


def _change(known: list[bytes], runs: int, seed: int) -> Measured:
    dice = random.Random(seed)  # noqa: S311 - a seed that repeats is the point
    fuzz = ReplyFuzz()
    while fuzz.measured.executions < runs:
        data = changed(dice, known)
        try:
            fuzz.one(data)
        except Exception as fault:
            raise Finding(f"{fault!r}\ninput: {data!r}") from fault
    slowest = max(map(least_seconds, fuzz.slow), default=0.0)
    if slowest > CPU_MAX_SECONDS:
        raise Finding(f"{max(fuzz.slow, key=least_seconds)!r} takes {slowest * 1000:.0f} ms")
    return fuzz.measured


def _started(runs: int, seed: int, folder: Path) -> subprocess.Popen[bytes]:
    program = [sys.executable, "-m", "tests.support.fuzz_replies"]
    options = [f"--runs={runs}", f"--seed={seed}", f"--folder={folder}"]
    folder.mkdir(parents=True)
    # To a file: of a pipe that nobody reads yet the second process would be held up by the first.
    with (folder / "words-of-libfuzzer").open("wb") as words:
        return subprocess.Popen(
            [*program, *options], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=words
        )


def _last_words(text: str) -> str:
    lines = [line for line in text.splitlines() if not re.match(r"#[0-9]+\t", line)]
    return "\n".join(lines[:40])


def _inputs(folders: list[Path]) -> str:
    kinds = ("crash-*", "timeout-*", "oom-*")
    found = [path for folder in folders for kind in kinds for path in folder.glob(kind)]
    return "\n".join(f"input: {path.read_bytes()!r}" for path in found)


def main(arguments: list[str]) -> int:
    """``make fuzz-replies``: 0 and the figures, or 1 and what was found."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000_000)
    parser.add_argument("--seed", type=int, default=int(time.time()), help="repeats a run")
    options = parser.parse_args(arguments)
    print(f"{options.runs} answers from seed {options.seed} ...", flush=True)  # noqa: T201 - a program
    with TemporaryDirectory() as folder:
        try:
            fuzzed = fuzz_replies(options.runs, options.seed, Path(folder))
        except Finding as finding:
            print(finding)  # noqa: T201 - a program
            return 1
    for line in (*fuzzed.figures, f"{fuzzed.executions} in {fuzzed.seconds:.0f} s"):
        print(line)  # noqa: T201 - a program
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
