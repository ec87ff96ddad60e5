"""What the provider is shown of a row (contract 4)."""

from __future__ import annotations

import pytest

from meganodes.domain.answers import (
    RoundState,
    answered_balance,
    is_decided,
    is_delivered,
    shown_state,
)
from meganodes.domain.transaction import State
from tests.support.rows import owed_win, pending_bet

SHOWN = {
    State.PENDING: (RoundState.PENDING, False),
    State.ACCEPTED: (RoundState.ACCEPTED, True),
    State.REFUSED: (RoundState.REFUSED, True),
    State.CANCELLING: (RoundState.CANCELLING, False),
    State.NOT_SEEN_WAIT: (RoundState.CANCELLING, False),
    State.CANCELLED: (RoundState.CANCELLED, True),
    State.VOID: (RoundState.VOID, True),
    State.TOMBSTONE: (RoundState.CANCELLED, True),
    State.OWED: (RoundState.OWED, False),
    State.CREDITED: (RoundState.ACCEPTED, True),
    State.UNDELIVERED: (RoundState.VOID, True),
    State.PARKED: (RoundState.PARKED, False),
    State.SETTLED_BY_HAND: (RoundState.SETTLED_BY_HAND, True),
    State.RECORDED: (RoundState.ACCEPTED, True),
}


@pytest.mark.rule("4-delivered-means", "4-round")
@pytest.mark.parametrize("state", list(State))
def test_every_state_has_its_word_and_says_whether_something_is_owed(state: State) -> None:
    row = pending_bet(state=state)
    assert (shown_state(row), is_delivered(row)) == SHOWN[state]


def test_only_a_pending_bet_is_undecided() -> None:
    undecided = [state for state in State if not is_decided(pending_bet(state=state))]
    assert undecided == [State.PENDING]


def test_a_win_shows_its_balance_only_once_it_is_credited() -> None:
    assert answered_balance(owed_win(balance_minor=5)) is None
    assert answered_balance(owed_win(state=State.CREDITED, balance_minor=5)) == 5


def test_a_bet_shows_what_its_backend_reported() -> None:
    assert answered_balance(pending_bet(state=State.ACCEPTED, balance_minor=850)) == 850
    assert answered_balance(pending_bet(state=State.REFUSED)) is None


@pytest.mark.rule("4-round")
def test_states_have_the_words_of_the_contract() -> None:
    assert [state.value for state in RoundState] == [
        "pending",
        "accepted",
        "refused",
        "cancelling",
        "cancelled",
        "void",
        "owed",
        "parked",
        "settled_by_hand",
    ]
