"""What must have happened for a run to count: a suite that never meets a fault proves nothing.

`counted` reads one run's evidence: each legal transition of reliability 2.3, each kind of fault and
each line of the tables in 2.6. `missing` compares the sum over many runs with the minima of 3.1.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from meganodes.domain.transaction import Transaction
from tests.simulation.checkers import judge
from tests.simulation.checkers.evidence import Evidence
from tests.simulation.checkers.journal import LEGAL
from tests.simulation.history import Answered, Asked, Executed, Fault, Journaled, Reached
from tests.simulation.wire import read_callback

TRANSITIONS_MIN = 100
FAULTS_MIN = 1_000
LINES_MIN = 50
"""The minima of reliability 3.1 for all runs of the CI's suite together."""

BY_PEOPLE = frozenset({("parked", "cancelling"), ("parked", "owed"), ("parked", "settled_by_hand")})
"""Transitions that two persons make in the Back Office: other suites reach them."""

FAULT_KINDS = frozenset(
    {
        "clock-jumped",
        "commit-ghost",
        "commit-lost",
        "connection-refused",
        "database-outage",
        "duplicate",
        "garbage",
        "late-execution",
        "node-killed",
        "node-paused",
        "operator-outage",
        "operator-restarted",
        "provider-answer-lost",
        "provider-request-duplicated",
        "provider-request-lost",
        "reply-lost",
        "request-lost",
        "reset",
        "setting-changed",
    }
)
"""The kinds of 3.1 by the names they have in the history."""


@dataclass(frozen=True, slots=True)
class _Life:
    """One bet or win with all that was seen of it. ``is_sent``: it left itself, not its cancel."""

    row: Transaction
    steps: list[Journaled]
    executed: list[Executed]
    is_sent: bool

    def moved(self, left: str, entered: str, cause: str = "") -> bool:
        """Tell whether it made this transition, for a cause that begins like this."""
        return any(
            (step.from_state, step.to_state) == (left, entered) and step.cause.startswith(cause)
            for step in self.steps
        )

    def took(self, command: str) -> bool:
        """Tell whether the operator booked it by this command."""
        return any(each.command == command and each.booked for each in self.executed)

    @property
    def is_undone(self) -> bool:
        """Tell whether the bet went from pending to cancelling."""
        return self.moved("pending", "cancelling")

    @property
    def decision(self) -> tuple[float, float]:
        """Give the time from the first execution to the next step, nothing if there is none."""
        first = self.executed[0].at if self.executed else 0.0
        after = [step.at for step in self.steps if step.at >= first]
        return (first, after[0]) if self.executed and after else (0.0, 0.0)


@dataclass(frozen=True, slots=True)
class _Times:
    """Moments of some faults, in order."""

    moments: list[float]

    def within(self, span: tuple[float, float]) -> bool:
        """Tell whether one of them lies in this time."""
        return bisect_right(self.moments, span[1]) > bisect_right(self.moments, span[0])


def _bet_lines(life: _Life, commits: _Times, outages: _Times) -> dict[str, bool]:
    bets = [each for each in life.executed if each.command == "bet"]
    cancels = [each.at for each in life.executed if each.command == "cancel"]
    stopped = life.moved("pending", "cancelling", "its node stopped")
    return {
        "bet: its node stopped, or its commit was unknown, before the send": stopped
        and not life.is_sent,
        "bet: crash, time-out or reset on the way": life.is_undone and life.is_sent,
        "bet: executed, but the answer was lost": life.is_undone and life.took("bet"),
        "bet: crash after the answer was in": stopped and life.took("bet"),
        "bet: executed late, after its cancel": bool(cancels and bets and bets[-1].at > cancels[0]),
        "bet: duplicated by a proxy": len(bets) > 1,
        "bet: the commit of its decision was unknown": commits.within(life.decision),
        "bet: the database was down at its decision": outages.within(life.decision),
        "bet: cancelled while its call was under way": life.moved("pending", "pending"),
        "bet: refused": life.moved("pending", "refused"),
        "bet: its cancel came first": life.row.state == "tombstone",
        "bet: refused by the hub itself": life.steps[0].to_state == "refused",
    }


def _cancel_lines(life: _Life, commits: _Times, changes: _Times) -> dict[str, bool]:
    cancels = [each for each in life.executed if each.command == "cancel"]
    results = {each.result for each in cancels}
    span = (life.steps[0].at, life.steps[-1].at)
    return {
        "cancel: repeated after a failure": life.moved("cancelling", "cancelling", "to be"),
        "cancel: answered 41": 41 in results,
        "cancel: original not seen": life.moved("cancelling", "not_seen_wait"),
        "cancel: 43, and the bet came late": bool(results & {42, 43}) and life.took("bet"),
        "cancel: booked late, cancelled again": life.moved("void", "cancelling")
        or life.moved("cancelled", "cancelling"),
        "cancel: another took a lost attempt up": any(
            step.cause == "claimed after a lost attempt" for step in life.steps
        ),
        "cancel: its settings changed meanwhile": bool(cancels) and changes.within(span),
        "cancel: the commit of an outcome was unknown": bool(cancels) and commits.within(span),
    }


def _win_lines(life: _Life, commits: _Times, changes: _Times) -> dict[str, bool]:
    results = {each.result for each in life.executed if each.command == "win"}
    span = (life.steps[0].at, life.steps[-1].at)
    return {
        "win: repeated after a failure": life.moved("owed", "owed", "to be"),
        "win: 41 after a time-out": 41 in results,
        "win: 41 on the first attempt": any(step.step == "verify" for step in life.steps),
        "win: another took a lost attempt up": any(
            step.cause == "claimed after a lost attempt" for step in life.steps
        ),
        "win: of nothing": life.row.amount_minor == 0,
        "win: its schedule was used up": life.row.state in {"parked", "undelivered"},
        "win: its settings changed meanwhile": changes.within(span),
        "win: the commit of an outcome was unknown": commits.within(span),
    }


_REACHED = {
    "2.6-bet-cancel-overtakes": "bet: its cancel overtook it",
    "2.6-bet-same-id-other-content": "bet: same id, other content",
    "2.6-win-after-session-end": "win: after its session's end",
    "2.6-win-before-decision": "win: before its bet was decided",
    "2.6-win-crosses-cancel": "win: crossed by a cancel",
}

_EXCUSES = {
    "forgets refused": "bet: refused first, executed on the duplicate",
    "no tombstones, later than the last probe": "cancel: no tombstone, later than a day",
    "unknown cancel credited": "cancel: an unknown one was paid",
}
RARE_LINES = frozenset(_EXCUSES.values())
"""Lines that need a rare operator and a rare fault at once: wanted at all, not 50 times."""


def counted(run: Evidence) -> Counter[str]:
    """Count what one run reached, by ``transition ...``, ``fault ...`` and ``line ...``."""
    found: Counter[str] = Counter()
    for steps in run.steps.values():
        for step in steps:
            if step.from_state is not None:
                found[f"transition {step.from_state} -> {step.to_state}"] += 1
    found.update(f"fault {fault.kind}" for fault in run.history.of(Fault))
    found.update(f"line {_REACHED[each.line]}" for each in _reached(run))
    found.update(f"line {name}" for name in _lines(run))
    found.update(f"line {name}" for name in _call_lines(run))
    excuses = {(each.subject, each.excuse) for each in judge(run).reported}
    found.update(f"line {_EXCUSES[excuse]}" for _, excuse in excuses if excuse in _EXCUSES)
    return found


def _reached(run: Evidence) -> list[Reached]:
    return [each for each in run.history.of(Reached) if each.line in _REACHED]


def _lines(run: Evidence) -> list[str]:
    sent = set()
    for each in run.sent:
        callback = read_callback(each.body)
        if callback.command in {"bet", "win"}:
            sent.add((each.agent_id, callback.reference))
    commits = _moments(run, lambda kind: kind.startswith("commit-"))
    outages = _moments(run, lambda kind: kind == "database-outage")
    changes = _moments(run, lambda kind: kind == "setting-changed")
    names: list[str] = []
    for row in run.rows:
        reference = run.reference(row)
        steps = run.steps.get((row.agent_id, row.trans_id), [])
        if row.kind == "cancel" or not steps:
            continue
        life = _Life(row, steps, run.executions.get(reference, []), reference in sent)
        if row.kind == "win":
            met = _win_lines(life, commits, changes)
        else:
            met = _bet_lines(life, commits, outages) | _cancel_lines(life, commits, changes)
        names.extend(name for name, holds in met.items() if holds)
    return names


def _moments(run: Evidence, wanted: Callable[[str], bool]) -> _Times:
    return _Times([fault.at for fault in run.history.of(Fault) if wanted(fault.kind)])


def _call_lines(run: Evidence) -> list[str]:
    """Look at calls that brought nothing, by what was durable when they ended."""
    born = {
        (row.agent_id, row.provider_id, row.transaction_id): run.steps[row.agent_id, row.trans_id]
        for row in run.rows
        if (row.agent_id, row.trans_id) in run.steps
    }
    names = []
    for asked, answered in run.answers:
        key = (asked.agent_id, asked.provider_id, str(asked.field("transaction_id")))
        if answered.status is None and asked.command in {"bet", "win"}:
            names.append(_lost_call(asked, answered, born.get(key, [])))
    return names


def _lost_call(asked: Asked, answered: Answered, steps: list[Journaled]) -> str:
    states = [step.to_state for step in steps if step.at <= answered.at]
    if not states:
        return f"{asked.command}: lost before anything was durable"
    if asked.command == "bet" and states[-1] == "accepted":
        return "bet: crash or lost answer after the decision"
    return f"{asked.command}: lost after it was durable"


WANTED: Mapping[str, int] = {
    **{
        f"transition {left} -> {entered}": TRANSITIONS_MIN
        for left, entered in sorted(LEGAL - BY_PEOPLE)
    },
    **{f"fault {kind}": FAULTS_MIN for kind in sorted(FAULT_KINDS)},
    **{
        f"line {name}": 1 if name in RARE_LINES else LINES_MIN
        for name in (
            "bet: its node stopped, or its commit was unknown, before the send",
            "bet: crash, time-out or reset on the way",
            "bet: executed, but the answer was lost",
            "bet: crash after the answer was in",
            "bet: executed late, after its cancel",
            "bet: duplicated by a proxy",
            "bet: the commit of its decision was unknown",
            "bet: the database was down at its decision",
            "bet: cancelled while its call was under way",
            "bet: refused",
            "bet: its cancel came first",
            "bet: refused by the hub itself",
            "bet: lost before anything was durable",
            "bet: lost after it was durable",
            "bet: crash or lost answer after the decision",
            "cancel: repeated after a failure",
            "cancel: answered 41",
            "cancel: original not seen",
            "cancel: 43, and the bet came late",
            "cancel: booked late, cancelled again",
            "cancel: another took a lost attempt up",
            "cancel: its settings changed meanwhile",
            "cancel: the commit of an outcome was unknown",
            "win: repeated after a failure",
            "win: 41 after a time-out",
            "win: 41 on the first attempt",
            "win: another took a lost attempt up",
            "win: of nothing",
            "win: its schedule was used up",
            "win: its settings changed meanwhile",
            "win: the commit of an outcome was unknown",
            "win: lost before anything was durable",
            "win: lost after it was durable",
            *_REACHED.values(),
            *_EXCUSES.values(),
        )
    },
}
"""How often each must be met in the CI's runs together. Lines about a second database, a failover
and a full disk are met where there is a real one (`tests/money`)."""


def missing(total: Mapping[str, int], wanted: Mapping[str, int] = WANTED) -> list[str]:
    """Say what was not met often enough, a sentence each."""
    return [
        f"{name}: {total.get(name, 0)} of {least}"
        for name, least in wanted.items()
        if total.get(name, 0) < least
    ]
