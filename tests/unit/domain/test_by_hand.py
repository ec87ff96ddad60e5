"""What a person may do with a parked row (contract 3.4)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meganodes.domain.by_hand import Settlement, resumed, settled
from meganodes.domain.retry import DAY_MS
from meganodes.domain.transaction import Kind, State, Step, Transaction
from meganodes.protocol.commands import TransType
from tests.support.rows import NOW_MS, moment, owed_cancel, owed_win


def parked(row: Transaction) -> Transaction:

    return replace(row, state=State.PARKED, step=Step.NONE, due_at_ms=None)


@pytest.mark.rule("3.4-parked")
@pytest.mark.parametrize(("kind", "state"), [(Kind.WIN, State.OWED), (Kind.BET, State.CANCELLING)])
def test_a_person_resumes_a_parked_row_with_a_new_schedule(kind: Kind, state: State) -> None:
    later = NOW_MS + 30 * DAY_MS
    row = owed_win(kind=kind, state=State.PARKED, step=Step.NONE, due_at_ms=None, failures=70)
    move = resumed(row, moment(later))
    assert (move.after.state, move.after.step) == (state, Step.DELIVER)
    assert (move.after.failures, move.after.owed_since_ms) == (0, later)


@pytest.mark.rule("3.4-settle-by-hand")
@pytest.mark.parametrize(
    ("by", "confirmed_by", "reason", "word"),
    [
        ("ann", "bob", " ", "reason"),
        ("ann", " ", "paid by wire", "two people"),
        ("ann", "Ann ", "paid by wire", "same"),
    ],
)
def test_a_settlement_needs_a_reason_and_two_people(
    by: str, confirmed_by: str, reason: str, word: str
) -> None:
    fault = Settlement(by=by, confirmed_by=confirmed_by, reason=reason).fault()
    assert fault is not None
    assert word in fault


@pytest.mark.rule("3.4-settle-by-hand")
@pytest.mark.parametrize(
    ("row", "listed"),
    [
        (owed_win(), [TransType.WIN]),
        (owed_cancel(), [TransType.BET, TransType.CANCEL]),
        (owed_cancel(outcome_unknown=False), [TransType.CANCEL]),
    ],
)
def test_a_settled_row_is_closed_for_good_and_listed(
    row: Transaction, listed: list[TransType]
) -> None:
    settlement = Settlement(by="ann", confirmed_by="bob", reason="paid by wire")
    move = settled(parked(row), settlement)
    assert (move.after.state, move.after.step) == (State.SETTLED_BY_HAND, Step.NONE)
    assert [entry.trans_type for entry in move.lists] == listed
    assert "ann" in move.cause
    assert "bob" in move.cause
