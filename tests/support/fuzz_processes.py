"""Runs the fuzzer of answers in processes of its own and judges what they leave behind."""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.support.reply_fuzzing import CPU_MAX_SECONDS, least_seconds

ROOT = Path(__file__).parents[2]
PROCESSES = 2
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
