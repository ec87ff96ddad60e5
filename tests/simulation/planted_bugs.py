"""Faults planted in the hub: a suite that does not find them would not find others.

Each is a patch in `planted/`, applied to a copy of `src` that a process of its own runs on. The
recorded seed must find it, by the judge that `planted.toml` names.

    python -m tests.simulation.planted_bugs            the recorded runs
    python -m tests.simulation.planted_bugs --search   from seed 0 until it is found
    python -m tests.simulation.planted_bugs --record   the same, and note the seeds

A change of the simulation itself changes what a seed plays: record the seeds anew then.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "planted"
SEARCH_SECONDS = 60.0
RECORDED_SECONDS = 2.0
"""What a run that is recorded may take: less than half of the limit."""
_CHILD_SECONDS = 240.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Planted:
    """One fault: its patch, what it breaks, who must speak, and the run that finds it."""

    patch: str
    breaks: str
    judge: str
    seed: int
    rounds: int
    scenario: str = "simulation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What runs on patched code found: in the last of them, or nothing.

    ``seconds`` are those of all runs, ``run_seconds`` those of the last one. ``source`` is where
    the code lies that was run.
    """

    seed: int
    seeds: int
    seconds: float
    run_seconds: float
    sentences: tuple[str, ...]
    source: str


class PatchRefused(Exception):
    """The patch does not apply to the present code: write it anew."""


def all_planted() -> tuple[Planted, ...]:
    """Read the list."""
    bugs = tomllib.loads((FOLDER / "planted.toml").read_text("utf-8"))["bug"]
    return tuple(Planted(**bug) for bug in bugs)


@contextmanager
def planted(bug: Planted) -> Iterator[Path]:
    """Give a copy of `src` with the fault in it; without a patch as it is. Raises PatchRefused."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / "src", folder / "src", ignore=ignored)
        if not bug.patch:
            yield folder / "src"
            return
        patch = FOLDER / f"{bug.patch}.patch"
        done = subprocess.run(
            ["git", "apply", str(patch)],
            cwd=folder,
            env={**os.environ, "GIT_CEILING_DIRECTORIES": str(folder.parent)},
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise PatchRefused(f"{bug.patch}: {done.stderr.strip()}")
        yield folder / "src"


def look_for(bug: Planted, *, most_seconds: float = 0.0) -> Found:
    """Run the recorded seed on the patched code, and the next ones while there is time."""
    with planted(bug) as source:
        command = [sys.executable, "-m", "tests.simulation.planted_bugs", "--child"]
        command += [bug.scenario, bug.judge, str(bug.seed), str(bug.rounds), str(most_seconds)]
        done = subprocess.run(
            command,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": f"{source}{os.pathsep}{ROOT}"},
            capture_output=True,
            text=True,
            timeout=_CHILD_SECONDS,
            check=False,
        )
        assert not done.returncode, done.stderr
        # The hub may log to the same place; what was found stands in the last line.
        answer = json.loads(done.stdout.splitlines()[-1])
        found = Found(**{**answer, "sentences": tuple(answer["sentences"])})
        assert Path(found.source).is_relative_to(source), f"{found.source} was run"
        return found


def _scenario(name: str) -> Callable[[int, int, str], list[str]]:
    """Give what plays one seed and returns what a judge said about it."""
    if name == "simulation":
        return _simulated
    assert name == "commits", name
    from tests.simulation.warned_commits import played  # noqa: PLC0415 - the driver is not for all

    return played


def _simulated(seed: int, rounds: int, judge: str) -> list[str]:
    from tests.simulation.checkers import CHECKERS  # noqa: PLC0415 - the patched hub, here only
    from tests.simulation.plan import draw  # noqa: PLC0415 - as above
    from tests.simulation.world import run  # noqa: PLC0415 - as above

    spoken = CHECKERS[judge](run(draw(seed, rounds=rounds)).evidence)
    return [f"{each.subject}: {each.sentence}" for each in spoken if not each.excuse]


def _child(scenario: str, judge: str, first: str, rounds: str, most_seconds: str) -> None:
    """Play seeds in this process until the judge speaks, or the time is over."""
    import meganodes  # noqa: PLC0415 - whatever the path of this process leads to

    play = _scenario(scenario)
    seed, began = int(first), time.monotonic()
    while True:
        run_began = time.process_time()
        sentences = play(seed, int(rounds), judge)
        run_seconds = time.process_time() - run_began
        seconds = time.monotonic() - began
        if sentences or seconds >= float(most_seconds):
            break
        seed += 1
    found = {
        "seed": seed,
        "seeds": seed - int(first) + 1,
        "seconds": round(seconds, 2),
        "run_seconds": round(run_seconds, 2),
        "sentences": sentences[:3],
        "source": str(meganodes.__file__),
    }
    sys.stdout.write(f"\n{json.dumps(found)}\n")


def record(bug: Planted) -> Planted:
    """Look for a quick run that finds the bug, in which the hub as it is has nothing to say.

    Raises AssertionError when there is none.
    """
    for rounds in (12, 25, 40):
        wanted = replace(bug, seed=0, rounds=rounds)
        give_up = time.monotonic() + 2 * SEARCH_SECONDS
        while time.monotonic() < give_up:
            found = look_for(wanted, most_seconds=give_up - time.monotonic())
            wanted = replace(wanted, seed=found.seed)
            quick = found.sentences and found.run_seconds <= RECORDED_SECONDS
            if quick and not look_for(replace(wanted, patch="")).sentences:
                _write_down(wanted)
                return wanted
            wanted = replace(wanted, seed=found.seed + 1)
    raise AssertionError(f"{bug.patch}: no quick run finds it")


def _write_down(bug: Planted) -> None:
    listed = FOLDER / "planted.toml"
    pattern = rf'(patch = "{bug.patch}".*?\nseed = )\d+(\nrounds = )\d+'
    text = listed.read_text("utf-8")
    text, count = re.subn(
        pattern, rf"\g<1>{bug.seed}\g<2>{bug.rounds}", text, count=1, flags=re.DOTALL
    )
    assert count == 1, bug.patch
    listed.write_text(text, "utf-8")


def main(arguments: list[str]) -> int:
    """Look for all that are planted, or for those named by the beginning of their patch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--search", action="store_true", help="look from seed 0 on")
    parser.add_argument("--record", action="store_true", help="note the seeds that find them")
    parser.add_argument("--child", nargs=5, help=argparse.SUPPRESS)
    parser.add_argument("names", nargs="*", help="beginnings of patches; all without")
    options = parser.parse_args(arguments)
    if options.child:
        _child(*options.child)
        return 0
    missed = 0
    for bug in all_planted():
        if options.names and not bug.patch.startswith(tuple(options.names)):
            continue
        wanted = record(bug) if options.record else bug
        if options.search:
            found = look_for(replace(bug, seed=0), most_seconds=SEARCH_SECONDS)
        else:
            found = look_for(wanted)
        missed += not found.sentences
        word = f"{bug.judge} at seed {found.seed}" if found.sentences else "NOT FOUND"
        told = f"{bug.patch}: {word}, {found.seeds} seeds, {found.seconds} s"
        sys.stdout.write("\n    ".join((told, *found.sentences[:1])) + "\n")
        sys.stdout.flush()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
