"""What follows from the outcome of one attempt: from (row, outcome) to the next move.

This file is the state machine of contract 3.4. It holds no loops and no clock; whoever calls it
commits the move it returns before doing anything else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import assert_never

from meganodes.domain.answers import REFUSAL_CODES
from meganodes.domain.outcome import (
    Accepted,
    Duplicate,
    NotSeen,
    NotSent,
    Outcome,
    Refused,
    Unknown,
)
from meganodes.domain.retry import (
    GiveUp,
    RetrySchedule,
    next_try,
    quick_delay_ms,
    quick_retries_used_up,
)
from meganodes.domain.transaction import Kind, Listing, Move, State, Step, Transaction, move
from meganodes.protocol.codes import ApiCode, ResultCode
from meganodes.protocol.commands import TransType

BET_SEND_WINDOW_MS = 1_500
"""A bet's first byte leaves at most this long after its intent's commit (contract 3.3)."""

PROBE_TURNS = 10
"""A row that failed as the probe of an open circuit waits so many quick delays. Else one callback
that its backend can never answer would be each probe, and its agent's circuit open for days."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """What a rule may know besides the row: time, a random share, the agent's schedule and flags.

    ``circuit_probe`` marks the one attempt that tests an open circuit: it uses up no retry.
    """

    now_ms: int
    jitter: float
    schedule: RetrySchedule
    tombstones_shown: bool = False
    circuit_probe: bool = False


def after_bet(row: Transaction, outcome: Outcome, moment: Moment) -> Move:
    """Decide a pending bet. A wish to cancel that came meanwhile takes effect here (contract 4)."""
    assert row.kind is Kind.BET
    assert row.state is State.PENDING
    match outcome:
        case Accepted():
            return _bet_accepted(row, outcome, moment)
        case Refused():
            code = REFUSAL_CODES[outcome.result]
            return _bet_refused(row, code, outcome.balance_minor, moment)
        case NotSent():
            return _bet_refused(row, ApiCode.AGENT_UNAVAILABLE, None, moment)
        case Duplicate() | NotSeen() | Unknown():
            return undo_pending(row, moment, cause="outcome unknown")
        case _:
            assert_never(outcome)


def _bet_accepted(row: Transaction, outcome: Accepted, moment: Moment) -> Move:
    assert outcome.balance_minor is not None, "an accepted bet has a balance, or it is malformed"
    listed = Listing(trans_type=TransType.BET, balance_minor=outcome.balance_minor)
    if row.cancel_asked_at_ms is None:
        decided = move(
            row,
            "accepted",
            state=State.ACCEPTED,
            balance_minor=outcome.balance_minor,
            decided_at_ms=moment.now_ms,
        )
    else:
        decided = _owe_cancel(
            row, moment, "accepted, cancelled meanwhile", ApiCode.TRANSACTION_CANCELLED
        )
    return replace(decided, lists=(listed,))


def _bet_refused(
    row: Transaction, code: ApiCode, balance_minor: int | None, moment: Moment
) -> Move:
    return move(
        row,
        "refused",
        state=State.REFUSED,
        code=code,
        balance_minor=balance_minor,
        decided_at_ms=moment.now_ms,
    )


def undo_pending(row: Transaction, moment: Moment, *, cause: str) -> Move:
    """Undo a bet of unknown outcome, or of a node that stopped: a cancel is owed."""
    assert row.state is State.PENDING
    asked = row.cancel_asked_at_ms is not None
    code = ApiCode.TRANSACTION_CANCELLED if asked else ApiCode.OUTCOME_UNKNOWN
    undone = _owe_cancel(row, moment, cause, code)
    return replace(undone, after=replace(undone.after, outcome_unknown=True))


def cancel_accepted(row: Transaction, moment: Moment) -> Move:
    """Undo an accepted bet because its provider asks for it."""
    assert row.state is State.ACCEPTED
    owed = _owe_cancel(row, moment, "cancelled by its provider", ApiCode.TRANSACTION_CANCELLED)
    return replace(owed, after=replace(owed.after, cancel_asked_at_ms=moment.now_ms))


def wish_cancel(row: Transaction, moment: Moment) -> Move:
    """Note that the provider wants a bet undone whose attempt is still under way."""
    assert row.state is State.PENDING
    wished = move(row, "cancel asked for", cancel_asked_at_ms=moment.now_ms)
    return replace(wished, keep_lease=True)


def _owe_cancel(row: Transaction, moment: Moment, cause: str, code: ApiCode) -> Move:
    return move(
        row,
        cause,
        state=State.CANCELLING,
        code=code,
        decided_at_ms=row.decided_at_ms or moment.now_ms,
        step=Step.DELIVER,
        due_at_ms=moment.now_ms,
        owed_since_ms=moment.now_ms,
        attempts=0,
        failures=0,
        maybe_sent=False,
        not_seen=0,
    )


def after_delivery(row: Transaction, outcome: Outcome, moment: Moment) -> Move:
    """Decide what follows an attempt of an owed win or cancel, a verification or a probe."""
    match row.step:
        case Step.DELIVER:
            return _after_deliver(row, outcome, moment)
        case Step.VERIFY:
            return _after_verify(row, outcome, moment)
        case Step.PROBE:
            return after_probe(row, outcome, moment)
        case Step.NONE:
            raise AssertionError("nothing was due for this row")
        case _:
            assert_never(row.step)


def _after_deliver(row: Transaction, outcome: Outcome, moment: Moment) -> Move:
    match outcome:
        case Accepted():
            return _delivered(row, outcome.balance_minor, moment)
        case Duplicate():
            if row.maybe_sent:
                return _delivered(row, outcome.balance_minor, moment)
            return move(
                row,
                "41 on the first attempt",
                step=Step.VERIFY,
                due_at_ms=moment.now_ms,
                maybe_sent=True,
            )
        case NotSeen():
            return _original_not_seen(row, moment)
        case Refused() | NotSent() | Unknown():
            return _not_delivered(row, outcome, moment)
        case _:
            assert_never(outcome)


def _delivered(row: Transaction, balance_minor: int | None, moment: Moment) -> Move:
    if row.kind is Kind.WIN:
        credited = move(
            row,
            "credited",
            state=State.CREDITED,
            balance_minor=balance_minor,
            decided_at_ms=moment.now_ms,
            step=Step.NONE,
            due_at_ms=None,
        )
        return replace(
            credited, lists=(Listing(trans_type=TransType.WIN, balance_minor=balance_minor),)
        )
    return _cancelled(row, balance_minor, moment)


def _cancelled(row: Transaction, balance_minor: int | None, moment: Moment) -> Move:
    confirmed = move(
        row,
        "cancelled",
        state=State.CANCELLED,
        balance_minor=balance_minor,
        owed_since_ms=moment.now_ms,
        failures=0,
        **_probe_after_cancelled(row, moment),
    )
    return replace(confirmed, lists=cancel_listings(row, balance_minor))


def cancel_listings(row: Transaction, balance_minor: int | None) -> tuple[Listing, ...]:
    """A bet of unknown outcome appears together with its cancel (contract 2.2, transaction-id)."""
    cancel = Listing(trans_type=TransType.CANCEL, balance_minor=balance_minor)
    if not row.outcome_unknown:
        return (cancel,)
    before_cancel = None if balance_minor is None else balance_minor - row.amount_minor
    return (Listing(trans_type=TransType.BET, balance_minor=before_cancel), cancel)


def _probe_after_cancelled(row: Transaction, moment: Moment) -> dict[str, object]:
    """Backends exist that say 0 to an unknown cancel and book the late bet: ask again later."""
    if not row.outcome_unknown or (moment.tombstones_shown and not row.reopened):
        return {"step": Step.NONE, "due_at_ms": None}
    if row.reopened:
        return {"step": Step.PROBE, "due_at_ms": moment.now_ms + moment.schedule.recheck_ms}
    first_ms = moment.schedule.cancelled_probes_ms[0]
    return {"step": Step.PROBE, "due_at_ms": moment.now_ms + first_ms, "probes": 0}


def _original_not_seen(row: Transaction, moment: Moment) -> Move:
    """42 or 43 to a cancel: believed only after a long enough window (contract 3.4)."""
    if row.kind is Kind.WIN:
        return _not_delivered(row, Unknown(reason="a win has no original"), moment)
    schedule = moment.schedule
    answers = row.not_seen + 1
    sent_at_ms = row.created_at_ms + BET_SEND_WINDOW_MS
    waited_enough = moment.now_ms - sent_at_ms >= schedule.not_seen_window_ms
    if answers >= schedule.not_seen_answers and waited_enough:
        return _never_seen(row, answers, moment)
    pause_ms = schedule.not_seen_ms[min(answers, len(schedule.not_seen_ms)) - 1]
    return move(
        row,
        "original not seen",
        state=State.NOT_SEEN_WAIT,
        not_seen=answers,
        maybe_sent=True,
        due_at_ms=moment.now_ms + pause_ms,
    )


def _never_seen(row: Transaction, answers: int, moment: Moment) -> Move:
    if not row.outcome_unknown:
        return _parked(row, "the backend took this bet and now says it does not know it")
    if row.reopened:
        return _parked(row, "the status shows this bet as booked, but no cancel finds it")
    return move(
        row,
        "never seen",
        state=State.VOID,
        not_seen=answers,
        owed_since_ms=moment.now_ms,
        failures=0,
        probes=0,
        step=Step.PROBE,
        due_at_ms=moment.now_ms + moment.schedule.void_probes_ms[0],
    )


def _not_delivered(row: Transaction, outcome: Refused | NotSent | Unknown, moment: Moment) -> Move:
    schedule = moment.schedule
    assert row.owed_since_ms is not None
    sent = row.maybe_sent or not isinstance(outcome, NotSent)
    if moment.circuit_probe or _is_held_back(outcome):
        delay_ms = quick_delay_ms(schedule, moment.jitter)
        if moment.circuit_probe and not _is_held_back(outcome):
            delay_ms *= PROBE_TURNS
        if moment.now_ms >= row.owed_since_ms + schedule.give_up_ms:
            return _parked(row, "not delivered within the time allowed")
        held = move(row, "held back", due_at_ms=moment.now_ms + delay_ms, maybe_sent=sent)
        return replace(held, alarm=_token_alarm(outcome))
    failures = row.failures + 1
    if row.kind is Kind.WIN and not row.amount_minor and quick_retries_used_up(schedule, failures):
        return move(
            row,
            "a win of 0 nobody took",
            state=State.UNDELIVERED,
            failures=failures,
            step=Step.NONE,
            due_at_ms=None,
        )
    again = next_try(
        schedule,
        failures=failures,
        owed_since_ms=row.owed_since_ms,
        now_ms=moment.now_ms,
        jitter=moment.jitter,
    )
    if isinstance(again, GiveUp):
        return _parked(row, "not delivered within the time allowed")
    retried = move(
        row, "to be repeated", failures=failures, maybe_sent=sent, due_at_ms=again.due_at_ms
    )
    return replace(retried, alarm="quick retries are used up" if again.alarm else None)


def _is_held_back(outcome: Outcome) -> bool:
    """Say whether an attempt uses up no retry: held back by the hub, or a wrong token (2.5)."""
    if isinstance(outcome, NotSent):
        return not outcome.counted
    return _token_refused(outcome)


def _token_refused(outcome: Outcome) -> bool:
    return isinstance(outcome, Refused) and outcome.result == ResultCode.TOKEN_WRONG


def _token_alarm(outcome: Outcome) -> str | None:
    return "the backend refuses the Callback-Token" if _token_refused(outcome) else None


def _parked(row: Transaction, why: str) -> Move:
    stopped = move(row, "parked: " + why, state=State.PARKED, step=Step.NONE, due_at_ms=None)
    return replace(stopped, alarm="parked: " + why)


def _after_verify(row: Transaction, outcome: Outcome, moment: Moment) -> Move:
    """Read the status asked for after a 41 on the first attempt (contract 3.4)."""
    match outcome:
        case Accepted(trans_status=status):
            wanted = "OK" if row.kind is Kind.WIN else "CANCELED"
            if status == wanted:
                return _delivered(row, outcome.balance_minor, moment)
            return _parked(row, f"41 on the first attempt, but its status is {status}")
        case NotSeen():
            return _parked(row, "41 on the first attempt, but the status says unknown")
        case Refused():
            if _token_refused(outcome):
                return _not_delivered(row, outcome, moment)
            return _parked(row, f"41 on the first attempt, but the status says {outcome.result}")
        case Duplicate():
            return _not_delivered(row, Unknown(reason="41 to a status"), moment)
        case NotSent() | Unknown():
            return _not_delivered(row, outcome, moment)
        case _:
            assert_never(outcome)


def after_probe(row: Transaction, outcome: Outcome, moment: Moment) -> Move:
    """Read the status of a closed bet that may have been booked late (contract 3.4)."""
    assert row.state in {State.VOID, State.CANCELLED}
    match outcome:
        case Accepted(trans_status="OK"):
            if row.state is State.CANCELLED and row.reopened:
                return _parked(row, "the bet is still booked after its cancel was accepted twice")
            return _reopened(row, moment)
        case Accepted() | NotSeen():
            return _next_probe(row, moment)
        case Refused() | Duplicate() | NotSent() | Unknown():
            return _probe_again(row, outcome, moment)
        case _:
            assert_never(outcome)


def _reopened(row: Transaction, moment: Moment) -> Move:
    owed = _owe_cancel(row, moment, "booked late: cancelled again", row.code)
    after = replace(owed.after, reopened=row.reopened + 1, maybe_sent=row.state is State.CANCELLED)
    return replace(owed, after=after, alarm="a late bet was booked after it was closed")


def _next_probe(row: Transaction, moment: Moment) -> Move:
    times_ms = _probe_times_ms(row, moment.schedule)
    done = row.probes + 1
    assert row.owed_since_ms is not None
    if done >= len(times_ms):
        return move(row, "probed for the last time", probes=done, step=Step.NONE, due_at_ms=None)
    due_at_ms = max(row.owed_since_ms + times_ms[done], moment.now_ms)
    return move(row, "probed", probes=done, failures=0, due_at_ms=due_at_ms)


def _probe_times_ms(row: Transaction, schedule: RetrySchedule) -> tuple[int, ...]:
    return schedule.void_probes_ms if row.state is State.VOID else schedule.cancelled_probes_ms


def _probe_again(row: Transaction, outcome: Outcome, moment: Moment) -> Move:
    """No answer to a probe: a few more tries, then the next probe's time is waited for."""
    due_at_ms = moment.now_ms + moment.schedule.probe_retry_ms
    if moment.circuit_probe or _is_held_back(outcome):
        held = move(row, "probe held back", due_at_ms=due_at_ms)
        return replace(held, alarm=_token_alarm(outcome))
    if row.failures + 1 >= moment.schedule.probe_tries:
        unanswered = _next_probe(row, moment)
        last = unanswered.after.step is Step.NONE
        return replace(unanswered, alarm="the last probe got no answer" if last else None)
    return move(row, "probe without an answer", failures=row.failures + 1, due_at_ms=due_at_ms)


def overdue(row: Transaction) -> Move:
    """Park what could not even be tried in time, because the circuit stayed open."""
    assert row.state in {State.OWED, State.CANCELLING, State.NOT_SEEN_WAIT}
    return _parked(row, "not delivered within the time allowed")
