"""Why each move of the state machine was made: what histories and alarms say (contract 3.4)."""

from __future__ import annotations

import pytest

from meganodes.domain.cancellation import (
    after_bet,
    after_delivery,
    cancel_accepted,
    undo_pending,
    wish_cancel,
)
from meganodes.domain.outcome import (
    Accepted,
    Duplicate,
    NotSeen,
    NotSent,
    Outcome,
    Refused,
    Unknown,
)
from meganodes.domain.retry import DAY_MS, HOUR_MS
from meganodes.domain.transaction import State, Step, Transaction
from tests.support.rows import NOW_MS, moment, owed_cancel, owed_win, pending_bet

TIME_OUT = Unknown(reason="time-out")
HELD_BACK = NotSent(reason="open circuit", counted=False)
WRONG_TOKEN = Refused(result=100)


def parked(why: str) -> tuple[str, str]:
    """The cause and the alarm of a row that is parked."""
    return (f"parked: {why}", f"parked: {why}")


def void(**changes: object) -> Transaction:
    return owed_cancel(state=State.VOID, step=Step.PROBE, not_seen=7, **changes)


def cancelled(**changes: object) -> Transaction:
    return owed_cancel(state=State.CANCELLED, step=Step.PROBE, **changes)


CAUSES: tuple[tuple[Transaction, Outcome, int, str, str | None], ...] = (
    (owed_win(), Accepted(balance_minor=1), 0, "credited", None),
    (owed_cancel(), Accepted(balance_minor=1), 0, "cancelled", None),
    (owed_win(), Duplicate(), 0, "41 on the first attempt", None),
    (owed_cancel(), NotSeen(result=43), 0, "original not seen", None),
    (owed_cancel(not_seen=6), NotSeen(result=43), DAY_MS, "never seen", None),
    (owed_win(), TIME_OUT, 0, "to be repeated", None),
    (owed_win(failures=50), TIME_OUT, 0, "to be repeated", "quick retries are used up"),
    (owed_win(failures=50, amount_minor=0), TIME_OUT, 0, "a win of 0 nobody took", None),
    (owed_win(), HELD_BACK, 0, "held back", None),
    (owed_win(), WRONG_TOKEN, 0, "held back", "the backend refuses the Callback-Token"),
    (owed_win(), HELD_BACK, 7 * DAY_MS, *parked("not delivered within the time allowed")),
    (owed_win(), TIME_OUT, 7 * DAY_MS, *parked("not delivered within the time allowed")),
    (
        owed_cancel(outcome_unknown=False, not_seen=2),
        NotSeen(result=43),
        HOUR_MS,
        *parked("the backend took this bet and now says it does not know it"),
    ),
    (
        owed_win(step=Step.VERIFY),
        Accepted(trans_status="CANCELED"),
        0,
        *parked("41 on the first attempt, but its status is CANCELED"),
    ),
    (
        owed_win(step=Step.VERIFY),
        NotSeen(result=42),
        0,
        *parked("41 on the first attempt, but the status says unknown"),
    ),
    (
        owed_win(step=Step.VERIFY),
        Refused(result=21),
        0,
        *parked("41 on the first attempt, but the status says 21"),
    ),
    (void(), NotSeen(result=42), 0, "probed", None),
    (void(probes=2), NotSeen(result=42), 0, "probed for the last time", None),
    (void(), TIME_OUT, 0, "probe without an answer", None),
    (void(), HELD_BACK, 0, "probe held back", None),
    (void(), WRONG_TOKEN, 0, "probe held back", "the backend refuses the Callback-Token"),
    (void(failures=4), TIME_OUT, 0, "probed", None),
    (
        void(failures=4, probes=2),
        TIME_OUT,
        0,
        "probed for the last time",
        "the last probe got no answer",
    ),
    (
        void(),
        Accepted(trans_status="OK"),
        0,
        "booked late: cancelled again",
        "a late bet was booked after it was closed",
    ),
    (
        cancelled(reopened=1),
        Accepted(trans_status="OK"),
        0,
        *parked("the bet is still booked after its cancel was accepted twice"),
    ),
)


@pytest.mark.parametrize(("row", "outcome", "later_ms", "cause", "alarm"), CAUSES)
def test_each_move_says_why_and_raises_the_alarm_that_is_due(
    row: Transaction, outcome: Outcome, later_ms: int, cause: str, alarm: str | None
) -> None:
    move = after_delivery(row, outcome, moment(NOW_MS + later_ms))
    assert (move.cause, move.alarm) == (cause, alarm)


def test_each_decision_about_a_bet_says_why() -> None:
    bet, wished = pending_bet(), wish_cancel(pending_bet(), moment())
    assert wished.cause == "cancel asked for"
    assert wished.after.cancel_asked_at_ms == NOW_MS
    yes = Accepted(balance_minor=1)
    assert after_bet(bet, yes, moment()).cause == "accepted"
    assert after_bet(wished.after, yes, moment()).cause == "accepted, cancelled meanwhile"
    assert after_bet(bet, Refused(result=31), moment()).cause == "refused"
    assert after_bet(bet, TIME_OUT, moment()).cause == "outcome unknown"
    undone = cancel_accepted(pending_bet(state=State.ACCEPTED), moment())
    assert undone.cause == "cancelled by its provider"
    assert undone.after.cancel_asked_at_ms == NOW_MS


def test_a_cancel_that_is_owed_begins_anew_whatever_was_counted_before() -> None:
    bet = pending_bet(attempts=1, failures=3, maybe_sent=True, not_seen=2)
    after = undo_pending(bet, moment(), cause="its node stopped").after
    assert (after.attempts, after.failures, after.maybe_sent, after.not_seen) == (0, 0, False, 0)
    assert (after.due_at_ms, after.owed_since_ms) == (NOW_MS, NOW_MS)
    assert after.decided_at_ms == NOW_MS
    earlier = pending_bet(state=State.ACCEPTED, decided_at_ms=NOW_MS - 9)
    assert cancel_accepted(earlier, moment()).after.decided_at_ms == NOW_MS - 9


def test_nothing_can_follow_an_attempt_of_which_nothing_was_due() -> None:
    with pytest.raises(AssertionError, match=r"^nothing was due for this row$"):
        after_delivery(owed_win(step=Step.NONE), TIME_OUT, moment())
