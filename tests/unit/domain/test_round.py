"""What a round says to a win and to a cancel (contract 4)."""

from __future__ import annotations

import pytest

from meganodes.domain.round import (
    CancelVerdict,
    RoundView,
    WinVerdict,
    judge_cancel,
    judge_win,
    must_wait,
)
from meganodes.domain.transaction import State, Transaction
from tests.support.rows import pending_bet


def bets(*states: State) -> tuple[Transaction, ...]:
    return tuple(
        pending_bet(trans_id=index, transaction_id=f"t-{index}", state=state)
        for index, state in enumerate(states)
    )


@pytest.mark.reliability("2.6-win-dead-bet", "I5")
@pytest.mark.rule("4-win-needs-bet", "4-win-no-bet-2013", "4-win-bets-undone-3005")
@pytest.mark.rule("4-win-bets-undecided", "4-wins-without-bet")
@pytest.mark.parametrize(
    ("states", "free", "verdict"),
    [
        ((), False, WinVerdict.NO_BET),
        ((), True, WinVerdict.ALLOWED),
        ((State.ACCEPTED,), False, WinVerdict.ALLOWED),
        ((State.REFUSED, State.ACCEPTED), False, WinVerdict.ALLOWED),
        ((State.PENDING, State.ACCEPTED), False, WinVerdict.ALLOWED),
        ((State.PENDING,), False, WinVerdict.UNDECIDED),
        ((State.REFUSED, State.PENDING), False, WinVerdict.UNDECIDED),
        ((State.REFUSED,), False, WinVerdict.ALL_UNDONE),
        ((State.CANCELLING, State.VOID), False, WinVerdict.ALL_UNDONE),
        ((State.CANCELLED, State.PARKED), True, WinVerdict.ALL_UNDONE),
        ((State.TOMBSTONE,), True, WinVerdict.ALL_UNDONE),
    ],
)
def test_a_win_needs_an_accepted_bet(
    states: tuple[State, ...], free: bool, verdict: WinVerdict
) -> None:
    assert judge_win(bets(*states), wins_without_bet=free) is verdict


@pytest.mark.rule("3.4-win-after-bets-decided")
def test_a_win_waits_for_an_undecided_bet_but_not_for_a_cancel() -> None:
    assert must_wait(bets(State.ACCEPTED, State.PENDING))
    assert not must_wait(bets(State.ACCEPTED, State.CANCELLING, State.NOT_SEEN_WAIT))


@pytest.mark.rule("4-cancel-undone", "4-cancel-not-cancellable", "4-cancel-profile")
@pytest.mark.parametrize(
    ("state", "closed", "wins", "allowed", "verdict"),
    [
        (State.ACCEPTED, False, 0, False, CancelVerdict.UNDO_ACCEPTED),
        (State.PENDING, False, 0, False, CancelVerdict.WISH),
        (State.ACCEPTED, True, 0, False, CancelVerdict.NOT_CANCELLABLE),
        (State.ACCEPTED, False, 1, False, CancelVerdict.NOT_CANCELLABLE),
        (State.ACCEPTED, True, 1, True, CancelVerdict.UNDO_ACCEPTED),
        (State.REFUSED, True, 1, False, CancelVerdict.NOTHING_TO_DO),
        (State.CANCELLING, True, 0, False, CancelVerdict.NOTHING_TO_DO),
        (State.NOT_SEEN_WAIT, False, 0, False, CancelVerdict.NOTHING_TO_DO),
        (State.CANCELLED, False, 0, False, CancelVerdict.NOTHING_TO_DO),
        (State.VOID, False, 0, False, CancelVerdict.NOTHING_TO_DO),
        (State.TOMBSTONE, False, 0, False, CancelVerdict.NOTHING_TO_DO),
    ],
)
def test_a_cancel_is_judged_by_its_bet_and_its_round(
    state: State, closed: bool, wins: int, allowed: bool, verdict: CancelVerdict
) -> None:
    (bet,) = bets(state)
    view = RoundView(key=bet.round_key, seq=3, closed=closed, wins=wins, bets=(bet,))
    assert judge_cancel(bet, view, cancel_after_win=allowed) is verdict


def test_an_unknown_round_is_open_and_empty() -> None:
    (bet,) = bets(State.ACCEPTED)
    view = RoundView(key=bet.round_key)
    assert (view.seq, view.closed, view.wins, view.bets) == (0, False, 0, ())


def test_alarms_say_why_a_win_was_not_recorded() -> None:
    assert [verdict.value for verdict in WinVerdict] == [
        "allowed",
        "no bet known",
        "all bets refused or undone",
        "no bet decided yet",
    ]
