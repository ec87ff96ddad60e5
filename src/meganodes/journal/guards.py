"""What every store judges alike before it writes."""

from __future__ import annotations

from meganodes.domain.transaction import State, Step, Transaction
from meganodes.journal.store import RoundClosed, RoundMoved, RoundStep
from meganodes.protocol.money import AMOUNT_MAX_MINOR

OWED = frozenset({State.OWED, State.CANCELLING, State.NOT_SEEN_WAIT})
"""States in which the hub owes the backend a callback until it is taken."""


def round_refusal(step: RoundStep, seq: int, *, closed: bool) -> RoundClosed | RoundMoved | None:
    """Judge a step by where its round stands. That it is closed is final, so it is said first."""
    if step.must_be_open and closed:
        return RoundClosed(key=step.key)
    if step.expected_seq is not None and step.expected_seq != seq:
        return RoundMoved(key=step.key)
    return None


def row_fault(row: Transaction) -> str | None:
    """Say why no store may hold this row; databases hold the same rules as constraints."""
    if not 0 <= row.amount_minor <= AMOUNT_MAX_MINOR:
        return "an amount is 0 to 2**53-1 minor units"
    if (row.step is Step.NONE) != (row.due_at_ms is None):
        return "what is due has a time, and only that"
    if row.state in OWED and row.step is Step.NONE:
        return "what is owed is due"
    return None
