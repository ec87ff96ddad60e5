"""What a restore does with bets that were undecided in the backup."""

from __future__ import annotations

import pytest

from meganodes.domain.by_hand import resumed
from meganodes.domain.cancellation import Moment
from meganodes.domain.restored import given_up, put_aside
from meganodes.domain.retry import CONTRACT_SCHEDULE
from meganodes.domain.transaction import State, Step
from meganodes.protocol.codes import ApiCode
from tests.support.transactions import START_MS, bet

MOMENT = Moment(now_ms=START_MS + 60_000, jitter=0.0, schedule=CONTRACT_SCHEDULE)


@pytest.mark.reliability("2.6-database-restore")
def test_an_undecided_bet_is_put_aside_and_nothing_is_due() -> None:
    given = given_up(bet(), MOMENT)
    assert given.cause == "restored: undecided when the backup was taken"
    move = put_aside(given.after)
    assert move.cause == "parked: undecided when the backup was taken"
    aside = move.after
    assert aside.state is State.PARKED
    assert aside.step is Step.NONE
    assert aside.due_at_ms is None
    assert aside.code is ApiCode.OUTCOME_UNKNOWN
    assert aside.outcome_unknown, "should it be undone, it is listed together with its cancel"


def test_a_person_may_have_it_undone() -> None:
    aside = put_aside(given_up(bet(), MOMENT).after).after
    again = resumed(aside, MOMENT).after
    assert (again.state, again.step) == (State.CANCELLING, Step.DELIVER)
