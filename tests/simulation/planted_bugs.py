"""Faults planted in the hub: a suite that does not find them would not find others.

Each is a patch in `planted/`, applied to a copy of `src` that a process of its own runs on. The
recorded seed must find it, by the judge that `planted.toml` names.

    python -m tests.simulation.planted_bugs            the recorded runs
    python -m tests.simulation.planted_bugs --search   from seed 0 until it is found
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "planted"
SEARCH_SECONDS = 60.0
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
    """What a run on patched code found. ``source`` is where that code lies."""

    seed: int | None
    seeds: int
    seconds: float
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


def look_for(bug: Planted, *, search: bool = False) -> Found:
    """Run the recorded seed on the patched code, or look from seed 0 on."""
    with planted(bug) as source:
        first, most = (0, SEARCH_SECONDS) if search else (bug.seed, 0.0)
        command = [sys.executable, "-m", "tests.simulation.planted_bugs", "--child"]
        command += [bug.scenario, bug.judge, str(first), str(bug.rounds), str(most)]
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
        answer = json.loads(done.stdout)
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
    began = time.monotonic()
    seed, sentences = int(first), []
    while True:
        sentences = play(seed, int(rounds), judge)
        seconds = time.monotonic() - began
        if sentences or seconds >= float(most_seconds):
            break
        seed += 1
    found = {
        "seed": seed if sentences else None,
        "seeds": seed - int(first) + 1,
        "seconds": round(seconds, 2),
        "sentences": sentences[:3],
        "source": str(meganodes.__file__),
    }
    sys.stdout.write(json.dumps(found))


def main(arguments: list[str]) -> int:
    """Look for all that are planted, or for those named by the beginning of their patch."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--search", action="store_true", help="look from seed 0 on")
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
        found = look_for(bug, search=options.search)
        missed += not found.sentences
        word = f"{bug.judge} at seed {found.seed}" if found.sentences else "NOT FOUND"
        told = f"{bug.patch}: {word}, {found.seeds} seeds, {found.seconds} s"
        sys.stdout.write("\n    ".join((told, *found.sentences[:1])) + "\n")
        sys.stdout.flush()
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
