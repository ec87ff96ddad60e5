"""What every store refuses alike."""

from __future__ import annotations

import pytest

from meganodes.domain.transaction import State, Step, Transaction
from meganodes.journal.guards import CLAIMABLE, RowRefused, require_sound, round_refusal
from meganodes.journal.store import Change, Insert, RoundClosed, RoundMoved, RoundStep
from tests.support.transactions import START_MS, accepted, bet, credited, moving, round_key, win


def recording(row: Transaction) -> Change:
    return Change(at_ms=1, inserts=(Insert(row=row, cause="x"),))


def test_step_without_conditions_is_never_refused() -> None:
    assert round_refusal(RoundStep(key=round_key()), 7, closed=True) is None


@pytest.mark.parametrize(("seq", "refused"), [(3, False), (2, True), (4, True), (0, True)])
def test_step_is_refused_when_its_round_went_on(seq: int, *, refused: bool) -> None:
    step = RoundStep(key=round_key(), expected_seq=3)
    expected = RoundMoved(key=step.key) if refused else None
    assert round_refusal(step, seq, closed=False) == expected


def test_closed_round_refuses_what_needs_it_open() -> None:
    step = RoundStep(key=round_key(), must_be_open=True, expected_seq=1)
    assert round_refusal(step, 1, closed=False) is None
    assert round_refusal(step, 2, closed=True) == RoundClosed(key=step.key)


@pytest.mark.parametrize("state", State)
def test_something_may_be_due_only_in_states_that_can_be_claimed(state: State) -> None:
    row = bet(state=state, step=Step.DELIVER, due_at_ms=START_MS)
    if state in CLAIMABLE:
        require_sound(recording(row))
    else:
        with pytest.raises(RowRefused, match="nothing can be due"):
            require_sound(recording(row))


def test_moves_are_looked_at_like_inserts() -> None:
    require_sound(moving(accepted(bet()), credited(win())))
    spoiled = accepted(bet(amount_minor=-1))
    with pytest.raises(RowRefused, match="amount"):
        require_sound(moving(spoiled))


@pytest.mark.parametrize("spoiled", [{"amount_minor": 1.5}, {"balance_minor": 2.0}])
def test_what_is_not_whole_is_refused_before_a_driver_rounds_it(spoiled: dict[str, float]) -> None:
    with pytest.raises(RowRefused, match="whole minor units"):
        require_sound(recording(bet(**spoiled)))
