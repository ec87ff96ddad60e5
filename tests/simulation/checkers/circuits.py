"""What an open circuit must not cost: a part of I12 (contract 3.4)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict

from tests.simulation.checkers.evidence import Evidence, Violation
from tests.simulation.history import Fault, Journaled

SURELY_OPEN_AFTER = 20
"""So many owed callbacks that failed on one node, with none that succeeded: ten open a circuit."""

_COUNTED = "to be repeated"
_FAILED = frozenset({_COUNTED, "held back", "a win of 0 nobody took"})
Span = tuple[float, float]


def used_up_retries(run: Evidence) -> list[Violation]:
    """Find retries that were used up while the operator was away and the circuit surely open.

    Judged by what was durable: while an operator is away every callback of a node fails, so from
    the twentieth on its circuit is open, and what is claimed from then on is a probe.
    """
    spans = _outages(run)
    if not spans:
        return []
    lives = _lives(run)
    claims: dict[tuple[int, int], float] = {}
    failed: dict[tuple[int, Span, int | None, int], int] = defaultdict(int)
    opened: dict[tuple[int, Span, int | None, int], float] = {}
    found = []
    for step in run.history.of(Journaled):
        place = (step.agent_id, step.trans_id)
        if step.leased and step.attempts:
            claims[place] = step.at
            continue
        span = _span_at(spans.get(step.agent_id, []), step.at)
        if step.cause not in _FAILED or span is None:
            continue
        life = (step.agent_id, span, step.node, bisect_right(lives.get(step.node, []), step.at))
        claimed_at = claims.get(place, 0.0)
        if life in opened and step.cause == _COUNTED and claimed_at > opened[life]:
            sentence = "a retry was used up while the circuit was open"
            subject = f"{step.agent_id}/{step.guid}"
            found.append(Violation(invariant="I12", subject=subject, sentence=sentence))
        if claimed_at > span[0]:
            failed[life] += 1
            if failed[life] == SURELY_OPEN_AFTER:
                opened[life] = step.at
    return found


def _outages(run: Evidence) -> dict[int, list[Span]]:
    spans: dict[int, list[Span]] = defaultdict(list)
    for fault in run.history.of(Fault):
        if fault.kind == "operator-outage" and fault.agent_id is not None:
            end = min(fault.at + fault.seconds, run.healed_at)
            spans[fault.agent_id].append((fault.at, end))
    return dict(spans)


def _span_at(spans: list[Span], at: float) -> Span | None:
    place = bisect_left(spans, (at, at)) - 1
    return spans[place] if place >= 0 and at < spans[place][1] else None


def _lives(run: Evidence) -> dict[int | None, list[float]]:
    """Give the moments when each node was killed: its circuits are closed afterwards."""
    killed: dict[int | None, list[float]] = defaultdict(list)
    for fault in run.history.of(Fault):
        if fault.kind == "node-killed":
            killed[fault.node].append(fault.at)
    return dict(killed)
