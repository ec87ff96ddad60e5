"""What every store judges alike before it writes."""

from __future__ import annotations

from meganodes.domain.transaction import State, Step, Transaction
from meganodes.journal.store import Change, RoundClosed, RoundMoved, RoundStep
from meganodes.protocol.money import AMOUNT_MAX_MINOR


class RowRefused(ValueError):
    """No store may hold this row or attempt: a defect of the caller. Nothing of it was written."""


OWED = frozenset({State.OWED, State.CANCELLING, State.NOT_SEEN_WAIT})
"""States in which the hub owes the backend a callback until it is taken."""

CLAIMABLE = OWED | {State.CANCELLED, State.VOID}
"""States in which a callback may be due: those above, and those that are probed."""

_BALANCE_TYPES = frozenset({int, type(None)})


def round_refusal(step: RoundStep, seq: int, *, closed: bool) -> RoundClosed | RoundMoved | None:
    """Judge a step by where its round stands. That it is closed is final, so it is said first."""
    if step.must_be_open and closed:
        return RoundClosed(key=step.key)
    if step.expected_seq is not None and step.expected_seq != seq:
        return RoundMoved(key=step.key)
    return None


def require_sound(change: Change) -> None:
    """Raise RowRefused for a row that could lose money; databases hold the same as constraints."""
    for insert in change.inserts:
        _require_sound_row(insert.row)
    for move in change.moves:
        _require_sound_row(move.after)


def _require_sound_row(row: Transaction) -> None:
    if type(row.amount_minor) is not int or type(row.balance_minor) not in _BALANCE_TYPES:
        # A driver may round what is not whole, without a word.
        raise RowRefused("amounts and balances are whole minor units")
    if not 0 <= row.amount_minor <= AMOUNT_MAX_MINOR:
        raise RowRefused("an amount is 0 to 2**53-1 minor units")
    if (row.step is Step.NONE) != (row.due_at_ms is None):
        raise RowRefused("what is due has a time, and only that")
    if row.step is Step.NONE and row.state in OWED:
        raise RowRefused("what is owed is due")
    if row.step is not Step.NONE and row.state not in CLAIMABLE:
        raise RowRefused(f"nothing can be due of a row that is {row.state}")
