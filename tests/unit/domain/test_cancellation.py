"""The state machine of contract 3.4 as tables: from (row, outcome) to the next state."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meganodes.domain.cancellation import (
    after_bet,
    after_delivery,
    cancel_accepted,
    overdue,
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
from meganodes.domain.retry import DAY_MS, HOUR_MS, MINUTE_MS
from meganodes.domain.transaction import State, Step, Transaction
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.commands import TransType
from tests.support.rows import NOW_MS, moment, owed_cancel, owed_win, pending_bet

BET_OUTCOMES: tuple[tuple[Outcome, State, ApiCode], ...] = (
    (Accepted(balance_minor=850), State.ACCEPTED, ApiCode.OK),
    (Refused(result=31, balance_minor=5), State.REFUSED, ApiCode.BALANCE_NOT_ENOUGH),
    (Refused(result=21), State.REFUSED, ApiCode.USER_NOT_FOUND),
    (Refused(result=22), State.REFUSED, ApiCode.PLAYER_BLOCKED),
    (Refused(result=100), State.REFUSED, ApiCode.AGENT_UNAVAILABLE),
    (NotSent(reason="DNS"), State.REFUSED, ApiCode.AGENT_UNAVAILABLE),
    (NotSent(reason="open circuit", counted=False), State.REFUSED, ApiCode.AGENT_UNAVAILABLE),
    (Duplicate(balance_minor=850), State.CANCELLING, ApiCode.OUTCOME_UNKNOWN),
    (NotSeen(result=42), State.CANCELLING, ApiCode.OUTCOME_UNKNOWN),
    (Unknown(reason="time-out"), State.CANCELLING, ApiCode.OUTCOME_UNKNOWN),
    (Unknown(reason="internal", result=99), State.CANCELLING, ApiCode.OUTCOME_UNKNOWN),
)


@pytest.mark.reliability("2.6-bet-broken-call", "2.6-bet-duplicated-by-proxy")
@pytest.mark.rule(
    "3.4-bet-meaning",
    "3.4-unknown-bet-cancelled",
    "4-bet-0",
    "4-bet-31",
    "4-bet-21",
    "4-bet-22",
    "4-bet-unavailable",
    "4-bet-unknown",
)
@pytest.mark.parametrize(("outcome", "state", "code"), BET_OUTCOMES)
def test_a_bet_is_decided_by_its_one_outcome(outcome: Outcome, state: State, code: ApiCode) -> None:
    move = after_bet(pending_bet(), outcome, moment())
    assert (move.after.state, move.after.code) == (state, code)
    assert move.after.epoch == 1


def test_an_accepted_bet_is_listed_with_the_balance_reported() -> None:
    move = after_bet(pending_bet(), Accepted(balance_minor=850), moment())
    assert [(entry.trans_type, entry.balance_minor) for entry in move.lists] == [
        (TransType.BET, 850)
    ]
    assert move.after.step is Step.NONE


@pytest.mark.rule("3.4-unknown-bet-cancelled")
def test_a_bet_of_unknown_outcome_owes_a_cancel_at_once_and_is_not_listed_yet() -> None:
    move = after_bet(pending_bet(), Unknown(reason="time-out"), moment())
    assert move.after.step is Step.DELIVER
    assert move.after.due_at_ms == NOW_MS
    assert move.after.outcome_unknown
    assert move.lists == ()


@pytest.mark.reliability("2.6-bet-cancel-in-flight")
@pytest.mark.rule("4-cancel-in-flight", "4-cancel-in-flight-answer")
@pytest.mark.parametrize(
    ("outcome", "state", "code"),
    [
        (Accepted(balance_minor=850), State.CANCELLING, ApiCode.TRANSACTION_CANCELLED),
        (Unknown(reason="time-out"), State.CANCELLING, ApiCode.TRANSACTION_CANCELLED),
        (Refused(result=31), State.REFUSED, ApiCode.BALANCE_NOT_ENOUGH),
        (NotSent(reason="DNS"), State.REFUSED, ApiCode.AGENT_UNAVAILABLE),
    ],
)
def test_a_wish_to_cancel_takes_effect_when_the_attempt_has_ended(
    outcome: Outcome, state: State, code: ApiCode
) -> None:
    wished = wish_cancel(pending_bet(), moment())
    assert wished.keep_lease
    move = after_bet(wished.after, outcome, moment())
    assert (move.after.state, move.after.code) == (state, code)


def test_an_accepted_bet_cancelled_meanwhile_is_listed_as_a_bet_of_known_outcome() -> None:
    wished = wish_cancel(pending_bet(), moment()).after
    move = after_bet(wished, Accepted(balance_minor=850), moment())
    assert [entry.trans_type for entry in move.lists] == [TransType.BET]
    assert not move.after.outcome_unknown


@pytest.mark.reliability("2.6-bet-crash-before-send")
def test_recovery_undoes_a_pending_bet_and_never_sends_it_again() -> None:
    move = undo_pending(pending_bet(), moment(), cause="its node stopped")
    assert move.after.state is State.CANCELLING
    assert move.after.code is ApiCode.OUTCOME_UNKNOWN
    assert move.after.outcome_unknown


ACCEPTING: tuple[tuple[Outcome, bool], ...] = (
    (Accepted(balance_minor=1000), False),
    (Duplicate(balance_minor=1000), True),
)


@pytest.mark.reliability("2.6-win-already-credited")
@pytest.mark.rule("3.4-win-meaning")
@pytest.mark.parametrize(("outcome", "maybe_sent"), ACCEPTING)
def test_a_win_is_credited_by_0_or_by_41_on_a_repeat(outcome: Outcome, maybe_sent: bool) -> None:
    move = after_delivery(owed_win(maybe_sent=maybe_sent), outcome, moment())
    assert move.after.state is State.CREDITED
    assert move.after.due_at_ms is None
    assert [(entry.trans_type, entry.balance_minor) for entry in move.lists] == [
        (TransType.WIN, 1000)
    ]


@pytest.mark.reliability("2.6-cancel-already-done")
@pytest.mark.rule("3.4-cancel-meaning")
@pytest.mark.parametrize(("outcome", "maybe_sent"), ACCEPTING)
def test_a_cancel_is_confirmed_by_0_or_by_41_on_a_repeat(
    outcome: Outcome, maybe_sent: bool
) -> None:
    row = owed_cancel(maybe_sent=maybe_sent, outcome_unknown=False)
    move = after_delivery(replace(row, failures=3), outcome, moment())
    assert move.after.state is State.CANCELLED
    assert (move.after.failures, move.after.balance_minor) == (0, 1000)
    assert move.after.step is Step.NONE
    assert [entry.trans_type for entry in move.lists] == [TransType.CANCEL]


def test_a_cancelled_bet_of_unknown_outcome_is_listed_as_1_and_16_next_to_each_other() -> None:
    move = after_delivery(owed_cancel(), Accepted(balance_minor=1000), moment())
    assert [(entry.trans_type, entry.balance_minor) for entry in move.lists] == [
        (TransType.BET, 850),
        (TransType.CANCEL, 1000),
    ]


@pytest.mark.rule("3.4-41-first-attempt")
@pytest.mark.parametrize("row", [owed_win(), owed_cancel()])
def test_41_on_the_first_attempt_asks_for_the_status(row: Transaction) -> None:
    move = after_delivery(row, Duplicate(), moment())
    assert move.after.step is Step.VERIFY
    assert move.after.state is row.state
    assert move.after.due_at_ms == NOW_MS
    assert move.after.maybe_sent, "it was sent now: another 41 proves nothing new"


@pytest.mark.reliability("2.6-win-first-41")
@pytest.mark.rule("3.4-41-first-attempt")
@pytest.mark.parametrize(
    ("row", "outcome", "state"),
    [
        (owed_win(), Accepted(trans_status="OK"), State.CREDITED),
        (owed_win(), Accepted(trans_status="CANCELED"), State.PARKED),
        (owed_win(), NotSeen(result=42), State.PARKED),
        (owed_win(), Refused(result=21), State.PARKED),
        (owed_win(), Refused(result=100), State.OWED),
        (owed_win(), Unknown(reason="time-out"), State.OWED),
        (owed_win(), NotSent(reason="DNS"), State.OWED),
        (owed_win(), Duplicate(), State.OWED),
        (owed_cancel(), Accepted(trans_status="CANCELED"), State.CANCELLED),
        (owed_cancel(), Accepted(trans_status="OK"), State.PARKED),
        (owed_cancel(), NotSeen(result=42), State.PARKED),
        (owed_cancel(), Unknown(reason="time-out"), State.CANCELLING),
    ],
)
def test_a_definite_status_decides_what_a_41_left_open(
    row: Transaction, outcome: Outcome, state: State
) -> None:
    verifying = after_delivery(row, Duplicate(), moment()).after
    move = after_delivery(verifying, outcome, moment())
    assert move.after.state is state
    assert (move.alarm is not None) is (state is State.PARKED or outcome == Refused(result=100))
    if state is row.state:
        assert move.after.step is Step.VERIFY


REPEATED = (
    Refused(result=21),
    Refused(result=22),
    Refused(result=31),
    Unknown(reason="internal", result=99),
    Unknown(reason="time-out"),
    NotSent(reason="connect refused"),
)


@pytest.mark.reliability("2.6-cancel-not-taken", "I4")
@pytest.mark.rule("3.4-21-22-do-not-end", "3.4-delivered-until-accepted")
@pytest.mark.parametrize("outcome", REPEATED)
@pytest.mark.parametrize("row", [owed_win(), owed_cancel()])
def test_nothing_but_an_acceptance_ends_what_is_owed(row: Transaction, outcome: Outcome) -> None:
    move = after_delivery(row, outcome, moment())
    assert move.after.state is row.state
    assert move.after.failures == 1
    assert move.after.due_at_ms == NOW_MS + 3_000
    assert move.after.maybe_sent is not isinstance(outcome, NotSent)


@pytest.mark.rule("3.4-circuit-time")
@pytest.mark.parametrize(
    "outcome", [NotSent(reason="open circuit", counted=False), Refused(result=100)]
)
def test_an_attempt_that_was_held_back_or_met_a_wrong_token_uses_up_no_retry(
    outcome: Outcome,
) -> None:
    move = after_delivery(owed_win(failures=50), outcome, moment())
    assert move.after.failures == 50
    assert move.after.state is State.OWED
    assert move.after.due_at_ms == NOW_MS + 3_000
    assert move.after.maybe_sent is not isinstance(outcome, NotSent)


@pytest.mark.reliability("2.6-cancel-not-taken")
@pytest.mark.rule("3.4-circuit-time")
def test_time_with_an_open_circuit_counts_towards_the_seven_days() -> None:
    late = moment(NOW_MS + 7 * DAY_MS)
    held = NotSent(reason="open circuit", counted=False)
    assert after_delivery(owed_win(), held, late).after.state is State.PARKED
    parked = overdue(owed_cancel())
    assert parked.after.state is State.PARKED
    assert parked.cause == parked.alarm == "parked: not delivered within the time allowed"


def test_a_probe_of_the_circuit_uses_up_no_retry() -> None:
    move = after_delivery(owed_win(), Unknown(reason="time-out"), moment(circuit_probe=True))
    assert move.after.failures == 0
    assert move.after.maybe_sent


def test_a_row_that_failed_as_a_probe_leaves_the_next_ones_to_others() -> None:
    """Else one callback that is never answered would keep its agent's circuit open for days."""
    failed = after_delivery(owed_win(), Unknown(reason="99"), moment(circuit_probe=True)).after
    assert failed.due_at_ms is not None
    assert failed.due_at_ms - NOW_MS >= 5 * 4_000, "five probes, 4 s apart, close a circuit"
    held = NotSent(reason="no place", counted=False)
    held_back = after_delivery(owed_win(), held, moment(circuit_probe=True)).after
    assert held_back.due_at_ms is not None
    assert held_back.due_at_ms - NOW_MS <= 4_000, "it was not sent, so it is no probe that failed"


@pytest.mark.reliability("2.6-win-schedule-used-up")
@pytest.mark.rule("3.4-retry-schedule", "3.4-parked")
def test_after_seven_days_a_win_is_parked_with_an_alarm_and_nothing_is_due() -> None:
    move = after_delivery(
        owed_win(failures=60), Unknown(reason="time-out"), moment(NOW_MS + 7 * DAY_MS)
    )
    assert move.after.state is State.PARKED
    assert move.after.step is Step.NONE
    assert move.after.due_at_ms is None
    assert move.alarm is not None


@pytest.mark.reliability("2.6-cancel-not-taken")
@pytest.mark.rule("3.4-retry-schedule")
def test_the_end_of_the_quick_retries_raises_an_alarm_once() -> None:
    first = after_delivery(owed_win(failures=50), Unknown(reason="x"), moment())
    assert first.alarm is not None
    assert first.after.due_at_ms == NOW_MS + MINUTE_MS
    assert after_delivery(owed_win(failures=51), Unknown(reason="x"), moment()).alarm is None


@pytest.mark.rule("3.4-zero-win-undelivered")
def test_a_win_of_0_is_closed_after_the_quick_retries_and_a_win_of_1_is_not() -> None:
    nothing = owed_win(failures=50, amount_minor=0)
    assert after_delivery(nothing, Unknown(reason="x"), moment()).after.state is State.UNDELIVERED
    something = owed_win(failures=50, amount_minor=1)
    assert after_delivery(something, Unknown(reason="x"), moment()).after.state is State.OWED
    early = owed_win(failures=49, amount_minor=0)
    assert after_delivery(early, Unknown(reason="x"), moment()).after.state is State.OWED


@pytest.mark.reliability("2.6-cancel-not-seen")
@pytest.mark.rule("3.4-not-seen-schedule", "3.4-not-seen-void")
def test_original_not_seen_is_believed_only_after_15_minutes_and_three_answers() -> None:
    row, now_ms, pauses_ms = owed_cancel(), NOW_MS, []
    while row.state is not State.VOID:
        move = after_delivery(row, NotSeen(result=43), moment(now_ms))
        row = move.after
        assert row.due_at_ms is not None
        pauses_ms.append(row.due_at_ms - now_ms)
        now_ms = row.due_at_ms
    minutes = [10_000, 30_000, MINUTE_MS, 2 * MINUTE_MS, 5 * MINUTE_MS, 10 * MINUTE_MS]
    assert pauses_ms == [*minutes, HOUR_MS]
    assert row.not_seen == 7


@pytest.mark.rule("3.4-not-seen-void")
@pytest.mark.parametrize(("early_ms", "state"), [(0, State.VOID), (1, State.NOT_SEEN_WAIT)])
def test_the_window_runs_from_the_last_moment_of_the_send(early_ms: int, state: State) -> None:
    """The bet's first byte may have left a second and a half after its intent's commit."""
    row = owed_cancel(not_seen=2, failures=3, probes=1)
    at_ms = NOW_MS + 1_500 + 15 * MINUTE_MS - early_ms
    after = after_delivery(row, NotSeen(result=43), moment(at_ms)).after
    assert (after.state, after.not_seen) == (state, 3)
    if state is State.VOID:
        assert (after.failures, after.probes) == (0, 0)
        assert (after.step, after.due_at_ms) == (Step.PROBE, at_ms + HOUR_MS)
        assert after.owed_since_ms == at_ms
    else:
        assert after.maybe_sent, "another 41 would mean that it was done"


@pytest.mark.rule("3.4-not-seen-void")
@pytest.mark.parametrize(("answers", "state"), [(1, State.NOT_SEEN_WAIT), (2, State.VOID)])
def test_a_long_silence_does_not_replace_the_three_answers(answers: int, state: State) -> None:
    late = moment(NOW_MS + HOUR_MS)
    row = owed_cancel(not_seen=answers)
    assert after_delivery(row, NotSeen(result=42), late).after.state is state


def test_a_bet_the_backend_took_and_then_does_not_know_is_parked_not_voided() -> None:
    row = owed_cancel(outcome_unknown=False, not_seen=2)
    move = after_delivery(row, NotSeen(result=43), moment(NOW_MS + HOUR_MS))
    assert move.after.state is State.PARKED


def test_not_seen_to_a_win_is_repeated_like_any_other_failure() -> None:
    move = after_delivery(owed_win(), NotSeen(result=42), moment())
    assert (move.after.state, move.after.failures) == (State.OWED, 1)


def void(**changes: object) -> Transaction:
    return owed_cancel(state=State.VOID, step=Step.PROBE, not_seen=7, **changes)


def cancelled(**changes: object) -> Transaction:
    return owed_cancel(state=State.CANCELLED, step=Step.PROBE, **changes)


@pytest.mark.reliability("2.6-cancel-not-seen")
def test_a_bet_shown_as_booked_that_no_cancel_finds_is_parked_and_not_asked_about_for_ever() -> (
    None
):
    row = owed_cancel(state=State.NOT_SEEN_WAIT, not_seen=6, reopened=1)
    row = replace(row, created_at_ms=NOW_MS - 16 * MINUTE_MS)
    move = after_delivery(row, NotSeen(result=43), moment())
    assert (move.after.state, move.after.step) == (State.PARKED, Step.NONE)
    assert move.alarm is not None


@pytest.mark.rule("3.4-void-probes")
def test_a_void_bet_is_probed_after_1_6_and_24_hours() -> None:
    row, due = void(), []
    for _ in range(3):
        row = after_delivery(row, NotSeen(result=42), moment()).after
        due.append(row.due_at_ms)
    assert due == [NOW_MS + 6 * HOUR_MS, NOW_MS + DAY_MS, None]
    assert (row.state, row.step) == (State.VOID, Step.NONE)


@pytest.mark.reliability("2.6-cancel-not-seen")
@pytest.mark.rule("3.4-void-probes")
def test_a_late_bet_found_by_a_probe_is_cancelled_again_under_the_same_guid() -> None:
    move = after_delivery(void(), Accepted(trans_status="OK"), moment())
    assert move.after.state is State.CANCELLING
    assert move.after.cancel_guid == void().cancel_guid
    assert (move.after.reopened, move.after.maybe_sent) == (1, False)
    assert move.alarm is not None
    done = after_delivery(move.after, Accepted(balance_minor=1000), moment()).after
    assert done.state is State.CANCELLED


@pytest.mark.rule("3.4-unknown-cancel-probes")
def test_a_cancel_of_an_unknown_bet_is_probed_after_15_minutes_1_and_24_hours() -> None:
    row = after_delivery(owed_cancel(), Accepted(balance_minor=1000), moment()).after
    due = [row.due_at_ms]
    for _ in range(3):
        row = after_delivery(row, Accepted(trans_status="CANCELED"), moment()).after
        due.append(row.due_at_ms)
    assert due == [NOW_MS + 15 * MINUTE_MS, NOW_MS + HOUR_MS, NOW_MS + DAY_MS, None]


@pytest.mark.rule("3.4-unknown-cancel-probes")
def test_shown_tombstones_make_the_probes_needless() -> None:
    move = after_delivery(
        owed_cancel(), Accepted(balance_minor=1000), moment(tombstones_shown=True)
    )
    assert move.after.step is Step.NONE


@pytest.mark.rule("3.4-unknown-cancel-probes")
def test_a_bet_still_booked_after_a_second_cancel_is_parked() -> None:
    found = Accepted(trans_status="OK")
    again = after_delivery(cancelled(), found, moment()).after
    assert again.state is State.CANCELLING
    assert again.maybe_sent, "the first cancel was sent: 41 now means done"
    confirmed = after_delivery(again, Duplicate(), moment()).after
    assert (confirmed.state, confirmed.step) == (State.CANCELLED, Step.PROBE)
    assert confirmed.due_at_ms == NOW_MS + 5_000
    assert after_delivery(confirmed, found, moment()).after.state is State.PARKED


@pytest.mark.parametrize("row", [void(), cancelled()])
def test_a_probe_without_an_answer_is_repeated_a_few_times_then_left_to_the_next_one(
    row: Transaction,
) -> None:
    for tries in range(1, 5):
        row = after_delivery(row, Unknown(reason="time-out"), moment()).after
        assert (row.failures, row.due_at_ms) == (tries, NOW_MS + MINUTE_MS)
    row = after_delivery(row, Unknown(reason="time-out"), moment()).after
    assert (row.failures, row.probes) == (0, 1)


def test_a_probe_that_was_held_back_counts_as_no_try() -> None:
    held = NotSent(reason="open circuit", counted=False)
    row = after_delivery(void(), held, moment()).after
    assert (row.failures, row.probes) == (0, 0)


def test_a_provider_may_undo_an_accepted_bet() -> None:
    row = pending_bet(state=State.ACCEPTED, balance_minor=850, decided_at_ms=NOW_MS)
    move = cancel_accepted(row, moment())
    assert move.after.state is State.CANCELLING
    assert move.after.code is ApiCode.TRANSACTION_CANCELLED
    assert not move.after.outcome_unknown
