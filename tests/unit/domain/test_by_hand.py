"""What a person may do with a parked row (contract 3.4)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meganodes.domain.by_hand import ByTwo, Repair, Settlement, looked_at_again, resumed, settled
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
    ("by", "confirmed_by", "reason", "fault"),
    [
        ("ann", "bob", " ", "needs a reason"),
        ("ann", " ", "paid by wire", "needs two people's names"),
        (" ", "bob", "paid by wire", "needs two people's names"),
        ("ann", "Ann ", "paid by wire", "needs a second person: the two names are the same"),
    ],
)
def test_what_is_done_by_hand_needs_a_reason_and_two_people(
    by: str, confirmed_by: str, reason: str, fault: str
) -> None:
    said = {"by": by, "confirmed_by": confirmed_by, "reason": reason}
    assert Settlement(**said).fault() == f"a settlement by hand {fault}"
    assert Repair(**said).fault() == f"a repair {fault}"
    assert ByTwo(**said).fault() == f"this {fault}"


BY_TWO = {"by": "ann", "confirmed_by": "bob", "reason": "paid by wire"}


@pytest.mark.parametrize("state", [State.VOID, State.CANCELLED])
@pytest.mark.parametrize(("owed_since_ms", "since_ms"), [(NOW_MS, NOW_MS), (None, NOW_MS + 5)])
def test_a_closed_bet_is_looked_at_again_at_once(
    state: State, owed_since_ms: int | None, since_ms: int
) -> None:
    row = owed_cancel(
        state=state, step=Step.NONE, due_at_ms=None, owed_since_ms=owed_since_ms, failures=3
    )
    move = looked_at_again(row, moment(NOW_MS + 5), Repair(**BY_TWO))
    assert (move.after.state, move.after.step) == (state, Step.PROBE)
    assert (move.after.due_at_ms, move.after.owed_since_ms) == (NOW_MS + 5, since_ms)
    assert move.after.failures == 0
    assert move.cause == "looked at again by ann, confirmed by bob: paid by wire"


def test_what_a_person_resumes_is_as_new_and_its_history_says_who() -> None:
    row = parked(owed_cancel(failures=70, not_seen=4, maybe_sent=True))
    move = resumed(row, moment(NOW_MS + 5), "ann")
    after = move.after
    assert (after.due_at_ms, after.owed_since_ms) == (NOW_MS + 5, NOW_MS + 5)
    assert (after.failures, after.not_seen, after.maybe_sent) == (0, 0, False)
    assert move.cause == "resumed by ann"
    assert resumed(row, moment()).cause == "resumed by a person"


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
    move = settled(parked(row), Settlement(**BY_TWO))
    assert (move.after.state, move.after.step) == (State.SETTLED_BY_HAND, Step.NONE)
    assert [entry.trans_type for entry in move.lists] == listed
    assert {entry.balance_minor for entry in move.lists} == {None}
    assert move.after.due_at_ms is None
    assert move.cause == "settled by hand by ann, confirmed by bob: paid by wire"
