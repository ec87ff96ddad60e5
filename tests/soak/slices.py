"""What a slice of a long run is, and the line that is kept of it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.machine import commit
from tests.house.tree import ROOT

RESULTS = ROOT / "docs" / "reliability-figures" / "soak.jsonl"
MINUTES_MAX = 60

Counts = dict[str, float]
"""What was done, and what was measured, by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Slice:
    """One run of one part: how long, from which seed, where its files lie."""

    seconds: float
    seed: int
    folder: Path

    @staticmethod
    def tell(sentence: str) -> None:
        """Say how far it is, on the terminal."""
        print(sentence, file=sys.stderr, flush=True)


Part = Callable[[Slice], Coroutine[None, None, Counts]]
"""Runs a slice; raises AssertionError for a violation."""


def result_line(
    part: str, ran: Slice, seconds: float, counts: Mapping[str, float], violation: str | None
) -> dict[str, object]:
    """Make the line of one slice."""
    return {
        "part": part,
        "commit": commit("tests"),
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": ran.seed,
        "seconds": round(seconds),
        "counts": dict(counts),
        "violations": 0 if violation is None else 1,
        **({} if violation is None else {"violation": violation}),
    }


def keep(line: Mapping[str, object], path: Path = RESULTS) -> None:
    """Append a line to the results."""
    with path.open("a") as written:
        written.write(json.dumps(line) + "\n")
