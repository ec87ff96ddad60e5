"""What is decided from what was read: no database, a row of the table each."""

from __future__ import annotations

import pytest

from meganodes.protocol.codes import ResultCode
from meganodes.sdk import Accepted, Balance, Bet, Refused
from meganodes.sdk.ledger import STAKES, WINS, Account, Entry, EntryKind, EntryState
from meganodes.sdk.ledger.judging import (
    Known,
    Writing,
    judge_bet,
    judge_cancel,
    judge_question,
    judge_win,
)
from tests.conformance.test_sdk_ledgers import bet, cancel, no, win, yes

ADA = Account(name="ada", balance_minor=1_000, active=True)
DUPLICATE, OK = ResultCode.DUPLICATE, ResultCode.OK


def entry(kind: EntryKind, state: EntryState, amount_minor: int = 300, name: str = "t-1") -> Entry:
    return Entry(
        id=name,
        account="ada",
        kind=kind,
        round_id="r-1",
        amount_minor=amount_minor,
        state=state,
        result=31 if state is EntryState.REFUSED else 0,
    )


BOOKED_BET = entry(EntryKind.BET, EntryState.BOOKED)
BOOKED_WIN = entry(EntryKind.WIN, EntryState.BOOKED, 500, "t-2")


def moved(writing: Writing | None) -> tuple[int, str | None, str | None]:
    """What a decision moves, against which account, and what it undoes."""
    assert writing is not None
    return writing.change_minor, writing.other_side, writing.undone_id


def test_a_bet_takes_its_stake() -> None:
    reply, writing = judge_bet(bet(1, 300), Known(account=ADA), DUPLICATE)
    assert reply == yes(700)
    assert moved(writing) == (-300, STAKES, None)


def test_a_win_is_paid() -> None:
    reply, writing = judge_win(win(2, 500), Known(account=ADA), DUPLICATE)
    assert reply == yes(1_500)
    assert moved(writing) == (500, WINS, None)


@pytest.mark.parametrize(
    ("original", "change_minor", "other_side"),
    [(BOOKED_BET, 300, STAKES), (BOOKED_WIN, -500, WINS)],
)
def test_a_cancel_turns_round_what_was_stored(
    original: Entry, change_minor: int, other_side: str
) -> None:
    known = Known(account=ADA, original=original)
    reply, writing = judge_cancel(cancel(int(original.id[2:])), known, DUPLICATE)
    assert reply == yes(1_000 + change_minor)
    assert moved(writing) == (change_minor, other_side, original.id)


def test_a_refused_bet_is_written_down_and_moves_nothing() -> None:
    reply, writing = judge_bet(bet(1, 1_001), Known(account=ADA), DUPLICATE)
    assert reply == no(31, 1_000)
    assert writing is not None
    assert (writing.entry.state, writing.entry.result, writing.other_side) == (
        EntryState.REFUSED,
        31,
        None,
    )


def test_a_refused_win_is_not_written_down() -> None:
    locked = Account(name="ada", balance_minor=1_000, active=False)
    assert judge_win(win(2, 500), Known(account=locked), DUPLICATE) == (no(22, 1_000), None)


@pytest.mark.parametrize("state", EntryState)
def test_an_id_that_was_met_is_never_booked_again(state: EntryState) -> None:
    known = Known(account=ADA, own=entry(EntryKind.BET, state))
    for duplicates in (DUPLICATE, OK):
        reply, writing = judge_bet(bet(1, 300), known, duplicates)
        assert writing is None
        told_as_done = state is EntryState.BOOKED and duplicates is OK
        refused = 31 if state is EntryState.REFUSED else 41
        assert reply == (yes(1_000) if told_as_done else no(refused, 1_000))


def test_a_callback_without_the_check_of_the_account_is_a_failure_and_no_reply() -> None:
    unchecked = Bet(
        account="bob",
        checks=(41,),
        transaction_id="t-1",
        round_id="r-1",
        provider_id=1,
        game_code="g",
        game_type="slot",
        amount_minor=1,
    )
    with pytest.raises(LookupError, match="check 21"):
        judge_bet(unchecked, Known(account=None), DUPLICATE)


def test_a_question_is_answered_from_what_was_read() -> None:
    request = Balance(account="ada", checks=(21, 22))
    assert judge_question(request, Known(account=ADA)) == Accepted(balance_minor=1_000)
    assert judge_question(request, Known(account=None)) == Refused(
        result=ResultCode.ACCOUNT_UNKNOWN
    )
