"""Bets that were undecided when a backup was taken: a person decides, nothing is sent by itself.

A hub that merely stopped undoes them. A restored one must not: what is undecided in the backup was
decided afterwards, and a bet that was won and paid since then would be given back.
"""

from __future__ import annotations

from meganodes.domain.cancellation import Moment, undo_pending
from meganodes.domain.transaction import Move, State, Step, Transaction, move

_WHY = "undecided when the backup was taken"


def given_up(row: Transaction, moment: Moment) -> Move:
    """Begin to undo the bet; `put_aside` follows before anything is sent."""
    return undo_pending(row, moment, cause=f"restored: {_WHY}")


def put_aside(row: Transaction) -> Move:
    """Park it until a person has compared provider and backend."""
    assert row.state is State.CANCELLING
    return move(row, f"parked: {_WHY}", state=State.PARKED, step=Step.NONE, due_at_ms=None)
