"""The judges: each reads the evidence alone and says what it violates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.simulation.checkers.answers import agreement, exactness, same_answer
from tests.simulation.checkers.evidence import Evidence, Violation
from tests.simulation.checkers.journal import chain_and_secrets, history_rebuilds_state, liveness
from tests.simulation.checkers.money import (
    at_most_once,
    conservation,
    every_debit_has_an_outcome,
    no_lost_win,
    no_win_for_a_dead_bet,
    three_ledgers,
)
from tests.simulation.checkers.wire import discipline, isolation

Checker = Callable[[Evidence], list[Violation]]

CHECKERS: dict[str, Checker] = {
    "I1": conservation,
    "I2": agreement,
    "I3": at_most_once,
    "I4": no_lost_win,
    "I5": no_win_for_a_dead_bet,
    "I6": every_debit_has_an_outcome,
    "I7": history_rebuilds_state,
    "I8": same_answer,
    "I9": three_ledgers,
    "I10": discipline,
    "I11": isolation,
    "I12": liveness,
    "I13": chain_and_secrets,
    "I14": exactness,
}
"""The invariants of reliability 2.7, each with its judge."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong, and what is reported as a line because the operator's ways explain it."""

    violations: tuple[Violation, ...]
    reported: tuple[Violation, ...]


def judge(run: Evidence) -> Verdict:
    """Let every judge speak."""
    found = [each for check in CHECKERS.values() for each in check(run)]
    return Verdict(
        violations=tuple(each for each in found if not each.excuse),
        reported=tuple(each for each in found if each.excuse),
    )
