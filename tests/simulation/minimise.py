"""A failing seed made small: fewer rounds, fewer strengths, fewer agents, providers and nodes.

What is left is a cut of the seed's plan, written as arguments that play it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from tests.simulation.many import Judged, judged
from tests.simulation.plan import STRENGTHS, Plan, draw

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What is played of a seed: ``without`` names strengths that are off, 0 leaves as drawn."""

    seed: int
    rounds: int
    without: tuple[str, ...] = ()
    agents: int = 0
    providers: int = 0
    nodes: int = 0

    def plan(self) -> Plan:
        """Draw the seed's plan and cut it."""
        plan = draw(self.seed, rounds=self.rounds)
        for name in self.without:
            plan = STRENGTHS[name](plan)
        nodes = self.nodes or plan.nodes
        kept = plan.providers[: self.providers or None]
        providers = tuple(
            replace(each, rounds=self.rounds // len(kept), habits=replace(each.habits, nodes=nodes))
            for each in kept
        )
        agents = plan.agents[: self.agents or None]
        return replace(
            plan,
            nodes=nodes,
            agents=agents,
            providers=providers,
            without=frozenset(self.without),
        )

    def arguments(self) -> str:
        """Write it as arguments of `python -m tests.simulation`."""
        parts = [f"--seed {self.seed} --rounds {self.rounds}"]
        kept = {"agents": self.agents, "providers": self.providers, "nodes": self.nodes}
        parts.extend(f"--{name} {number}" for name, number in kept.items() if number)
        if self.without:
            parts.append("--without " + ",".join(self.without))
        return " ".join(parts)


def minimise(cut: Cut, fails: Callable[[Cut], bool], say: Say) -> Cut:
    """Shrink a cut for as long as it fails; `fails` plays it."""
    smaller = True
    while smaller:
        smaller = False
        for candidate in _smaller(cut):
            if fails(candidate):
                say(candidate.arguments())
                cut, smaller = candidate, True
                break
    return cut


def fails_alike(cut: Cut) -> Callable[[Cut], bool]:
    """Tell of other cuts whether they break an invariant that this one breaks."""
    wanted = _broken(judged(cut.plan()))

    def fails(candidate: Cut) -> bool:
        return bool(_broken(judged(candidate.plan())) & wanted)

    return fails


def _broken(run: Judged) -> set[str]:
    return {sentence.split(" ", 1)[0] for sentence in run.found}


def _smaller(cut: Cut) -> Iterator[Cut]:
    """Give cuts that are smaller, those that spare most first."""
    plan = cut.plan()
    for rounds in (cut.rounds // 4, cut.rounds // 2, cut.rounds * 3 // 4, cut.rounds - 1):
        if 0 < rounds < cut.rounds:
            yield replace(cut, rounds=rounds)
    if len(plan.providers) > 1:
        yield replace(cut, providers=len(plan.providers) - 1)
    if len(plan.agents) > 1:
        yield replace(cut, agents=len(plan.agents) - 1)
    if plan.nodes > 1:
        yield replace(cut, nodes=plan.nodes - 1)
    for name, off in STRENGTHS.items():
        if name not in cut.without and off(plan) != plan:
            yield replace(cut, without=(*cut.without, name))
