"""Many seeds, judged one by one and counted together, on as many processes as are wanted."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from tests.simulation.checkers import judge
from tests.simulation.plan import Plan, draw
from tests.simulation.sometimes import counted
from tests.simulation.world import run

ROUNDS = 300
"""Rounds of a seed unless another number is asked for; each has about two transactions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One run as its judges saw it. ``found`` are violations and defects, a sentence each."""

    seed: int
    digest: str
    found: tuple[str, ...]
    reported: int
    figures: dict[str, float]
    met: Counter[str]

    @property
    def as_json(self) -> dict[str, Any]:
        """Give it in a form for other programs."""
        return {
            "seed": self.seed,
            "digest": self.digest,
            "violations": list(self.found),
            "reported": self.reported,
            **self.figures,
        }


@dataclass(slots=True, kw_only=True)
class Total:
    """What many runs brought together."""

    runs: int = 0
    found: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)
    met: Counter[str] = field(default_factory=Counter)
    rates: list[float] = field(default_factory=list)

    def add(self, judged: Judged) -> None:
        """Take a run in."""
        self.runs += 1
        self.found.extend(f"seed {judged.seed}: {each}" for each in judged.found)
        for name, figure in judged.figures.items():
            self.figures[name] = self.figures.get(name, 0) + figure
        self.met.update(judged.met)
        self.rates.append(judged.figures["faults_per_1000"])

    @property
    def faults_per_1000(self) -> float:
        """Give the mean over all messages."""
        return 1_000 * self.figures["faults"] / max(1, self.figures["messages"])

    @property
    def per_minute(self) -> float:
        """Give how many transactions one core simulates in a minute, judging included."""
        return 60 * self.figures["transactions"] / max(0.001, self.figures["cpu_seconds"])

    def summary(self) -> str:
        """Say it in a line."""
        figures = self.figures
        return (
            f"{self.runs} seeds, {figures['transactions']:.0f} transactions, "
            f"{figures['kills']:.0f} kills, {figures['virtual_seconds'] / 3_600:.0f} virtual hours "
            f"({figures['bad_seconds'] / 3_600:.1f} of them bad), "
            f"{figures['faults']:.0f} faults = {self.faults_per_1000:.0f} per 1,000 messages "
            f"({sum(rate >= 300 for rate in self.rates)} seeds above 300), "
            f"{self.per_minute:.0f} transactions a minute and core, "
            f"{len(self.found)} violations"
        )


def judged(plan: Plan) -> Judged:
    """Play a plan and let every judge speak."""
    played = run(plan)
    verdict = judge(played.evidence)
    violations = (
        f"{each.invariant} {each.subject}: {each.sentence}" for each in verdict.violations
    )
    return Judged(
        seed=plan.seed,
        digest=played.digest,
        found=(*violations, *(f"defect: {trouble}" for trouble in played.troubles)),
        reported=len(verdict.reported),
        figures=played.figures,
        met=Counter(counted(played.evidence)),
    )


def judged_seed(seed: int, rounds: int = ROUNDS) -> Judged:
    """Draw the plan of a seed, play it and judge it."""
    return judged(draw(seed, rounds=rounds))


def each_judged(seeds: Iterable[int], rounds: int = ROUNDS, processes: int = 1) -> Iterator[Judged]:
    """Judge many seeds, in their order; with more than one process they are shared out."""
    play = partial(judged_seed, rounds=rounds)
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(processes, mp_context=spawn) if processes > 1 else nullcontext(None)
    with pool as executor:
        yield from map(play, seeds) if executor is None else executor.map(play, seeds)
