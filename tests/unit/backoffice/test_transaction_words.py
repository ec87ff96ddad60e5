"""There are words for everything that can happen to a transaction."""

from __future__ import annotations

from typing import get_args

import pytest

from meganodes.backoffice.transaction_words import (
    KINDS,
    OUTCOMES,
    SHOWN_STATES,
    STATES,
    event_tone,
    event_words,
)
from meganodes.domain.outcome import Outcome
from meganodes.domain.transaction import LEGAL_MOVES, Kind, State

TONES = {"success", "warning", "danger", "info", "quiet"}


def test_each_kind_state_and_outcome_has_its_words() -> None:
    assert set(KINDS) == set(Kind)
    assert set(STATES) == set(State)
    assert set(OUTCOMES) == {each.__name__.lower() for each in get_args(Outcome)}
    for said in (*STATES.values(), *OUTCOMES.values()):
        assert said.tone in TONES
        assert said.sentence.endswith(".")


def test_no_two_states_look_the_same_in_a_list() -> None:
    assert len({STATES[state].text for state in SHOWN_STATES}) == len(SHOWN_STATES)


@pytest.mark.parametrize(("before", "after"), sorted(LEGAL_MOVES))
def test_each_legal_move_is_said(before: State, after: State) -> None:
    words = event_words(before.value, after.value, "claimed")
    assert words == ("Taken up" if before is after else words)
    assert STATES[after].text in words or before is after
    assert event_tone(after.value) in {"is-good", "is-bad", "is-waiting", ""}


def test_the_first_step_says_whether_it_was_let_in() -> None:
    assert event_words(None, "pending", "intent") == "Recorded"
    assert event_words(None, "refused", "refused by the hub") == "Refused at once"
    assert event_words("owed", "owed", "to be repeated") == "Goes on"
