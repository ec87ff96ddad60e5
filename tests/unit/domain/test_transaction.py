"""The row and its guarded moves: an illegal one is a defect that stops at once."""

from __future__ import annotations

import pytest

from meganodes.domain.transaction import LEGAL_MOVES, Kind, State, Step, claimed, move
from tests.support.rows import owed_cancel, owed_win, pending_bet

TERMINAL = {
    State.REFUSED,
    State.TOMBSTONE,
    State.CREDITED,
    State.UNDELIVERED,
    State.SETTLED_BY_HAND,
    State.RECORDED,
}


def test_a_move_raises_the_epoch_and_keeps_the_identity() -> None:
    step = move(pending_bet(epoch=4), "accepted", state=State.ACCEPTED)
    assert (step.after.epoch, step.after.trans_id) == (5, step.before.trans_id)


@pytest.mark.reliability("I7")
@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_nothing_leaves_a_terminal_state(state: State) -> None:
    assert not [pair for pair in LEGAL_MOVES if pair[0] is state]


@pytest.mark.reliability("I7")
def test_an_illegal_move_is_a_defect() -> None:
    with pytest.raises(AssertionError):
        move(owed_win(state=State.CREDITED), "again", state=State.OWED)


@pytest.mark.reliability("2.6-win-schedule-used-up", "I4")
@pytest.mark.rule("3.4-delivered-until-accepted")
def test_no_move_drops_a_win() -> None:
    leaving = {to for start, to in LEGAL_MOVES if start is State.OWED}
    assert leaving == {State.OWED, State.CREDITED, State.UNDELIVERED, State.PARKED}


def test_a_claim_in_the_same_commit_counts_as_the_first_attempt() -> None:
    row = owed_cancel(attempts=0)
    step = claimed(move(row, "owed", due_at_ms=1), 9_000)
    assert (step.after.attempts, step.lease_ms, step.after.epoch) == (1, 9_000, 1)


@pytest.mark.rule("3.1-cancel-guid")
def test_the_cancel_guid_is_the_bets_with_a_suffix() -> None:
    assert pending_bet().cancel_guid == pending_bet().guid + "-c"


def test_what_is_stored_of_a_row_has_these_words_for_ever() -> None:
    assert {kind.value for kind in Kind} == {"bet", "win", "cancel"}
    assert {step.value for step in Step} == {"none", "deliver", "verify", "probe"}
    assert {state.value for state in State} == {
        "pending",
        "accepted",
        "refused",
        "cancelling",
        "not_seen_wait",
        "cancelled",
        "void",
        "tombstone",
        "owed",
        "credited",
        "undelivered",
        "parked",
        "settled_by_hand",
        "recorded",
    }
