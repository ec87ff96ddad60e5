"""The SDK's ledger: what reliability 2.9 asks of a backend, on each database, by each driver."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest

from meganodes.protocol.commands import Command, Revision, checks
from meganodes.sdk import (
    Accepted,
    AccountUnknown,
    Authenticate,
    Authenticated,
    Balance,
    BalanceTooLow,
    Bet,
    Cancel,
    Found,
    ReferenceTaken,
    Refused,
    ResultCode,
    Status,
    TransStatus,
    Win,
)
from meganodes.sdk.ledger import CASHIER, STAKES, WINS, EntryState, Ledger
from tests.support.ledgers import LEDGERS, Opening, a_ledger_place

T = TypeVar("T")


def bet(number: int = 1, amount_minor: int = 300, account: str = "ada") -> Bet:
    return Bet(
        account=account,
        checks=checks(Command.BET, Revision.GUID),
        transaction_id=f"t-{number}",
        round_id="r-1",
        provider_id=1,
        game_code="g",
        game_type="slot",
        amount_minor=amount_minor,
    )


def win(number: int = 2, amount_minor: int = 500, account: str = "ada") -> Win:
    return Win(
        account=account,
        checks=checks(Command.WIN, Revision.GUID),
        transaction_id=f"t-{number}",
        round_id="r-1",
        provider_id=1,
        game_code="g",
        game_type="slot",
        amount_minor=amount_minor,
    )


def cancel(
    number: int = 1,
    revision: Revision = Revision.GUID,
    account: str = "ada",
    own: str | None = None,
) -> Cancel:
    return Cancel(
        account=account,
        checks=checks(Command.CANCEL, revision),
        transaction_id=own or f"t-{number}-c",
        original_id=f"t-{number}",
        round_id="r-1",
        provider_id=1,
        game_code="g",
    )


def status(name: str = "t-1", account: str = "ada") -> Status:
    return Status(account=account, checks=(21, 42), transaction_id=name)


def yes(balance_minor: int) -> Accepted:
    return Accepted(balance_minor=balance_minor)


def no(result: int, balance_minor: int | None) -> Refused:
    return Refused(result=ResultCode(result), balance_minor=balance_minor)


@pytest.fixture(params=LEDGERS)
def opening(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Opening]:
    """Opens ledgers over the same empty books, again and again."""
    with a_ledger_place(request.param, tmp_path) as opened:
        yield opened


@pytest.fixture
def ledger(opening: Opening) -> Ledger:
    made = opening()
    made.deposit("ada", 1_000)
    return made


@pytest.fixture
def zero_ledger(opening: Opening) -> Ledger:
    """A ledger that answers 0 to a repeated transaction."""
    made = opening(ResultCode.OK)
    made.deposit("ada", 1_000)
    return made


@pytest.fixture(autouse=True)
def _adds_up(opening: Opening) -> Iterator[None]:
    """Whatever a test did, the books add up."""
    yield
    books = opening()
    assert books.faults() == ()
    told = sum(account.balance_minor for account in books.accounts())
    assert told + sum(books.house_minor(name) for name in (CASHIER, STAKES, WINS)) == 0


def at_once(times: int, call: Callable[[int], T]) -> list[T]:
    """Make the same call from many threads that start together."""
    start = threading.Barrier(times)

    def one(number: int) -> T:
        start.wait(timeout=10)
        return call(number)

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(one, range(times)))


def test_a_player_is_known_and_has_a_balance(ledger: Ledger) -> None:
    known = ledger.authenticate(Authenticate(account="ada", checks=(21,)))
    assert known == Authenticated(balance_minor=1_000)
    assert ledger.balance(Balance(account="ada", checks=(21, 22))) == yes(1_000)
    assert ledger.balance(Balance(account="bob", checks=(21, 22))) == no(21, None)


def test_an_account_in_another_letter_case_is_another_account(ledger: Ledger) -> None:
    assert ledger.authenticate(Authenticate(account="Ada", checks=(21,))) == no(21, None)


def test_bets_wins_and_a_cancel_move_the_balance(ledger: Ledger) -> None:
    assert ledger.bet(bet(1, 300)) == yes(700)
    assert ledger.win(win(2, 500)) == yes(1_200)
    assert ledger.bet(bet(3, 200)) == yes(1_000)
    assert ledger.cancel(cancel(3)) == yes(1_200)
    kinds = [(row.kind.value, row.amount_minor, row.state.value) for row in ledger.entries()]
    assert kinds == [
        ("deposit", 1_000, "booked"),
        ("bet", 300, "booked"),
        ("win", 500, "booked"),
        ("bet", 200, "cancelled"),
        ("cancel", 200, "booked"),
    ]


def test_amounts_of_zero_are_taken(ledger: Ledger) -> None:
    assert ledger.bet(bet(1, 0)) == yes(1_000)
    assert ledger.win(win(2, 0)) == yes(1_000)


def test_the_whole_balance_can_be_staked_and_not_a_cent_more(ledger: Ledger) -> None:
    assert ledger.bet(bet(1, 1_001)) == no(31, 1_000)
    assert ledger.bet(bet(2, 1_000)) == yes(0)


def test_sixty_four_copies_of_a_bet_at_once_move_the_money_once(ledger: Ledger) -> None:
    answers = at_once(64, lambda _: ledger.bet(bet(1, 300)))
    assert answers.count(yes(700)) == 1
    assert answers.count(no(41, 700)) == 63


def test_sixty_four_copies_of_a_win_at_once_pay_once(ledger: Ledger) -> None:
    answers = at_once(64, lambda _: ledger.win(win(2, 500)))
    assert answers.count(yes(1_500)) == 1
    assert answers.count(no(41, 1_500)) == 63


def test_sixty_four_cancels_at_once_give_back_once(ledger: Ledger) -> None:
    ledger.bet(bet(1, 300))
    answers = at_once(64, lambda _: ledger.cancel(cancel(1)))
    assert answers.count(yes(1_000)) == 1
    assert answers.count(no(41, 1_000)) == 63


def test_many_bets_at_once_never_overspend(ledger: Ledger) -> None:
    answers = at_once(32, lambda number: ledger.bet(bet(number, 300)))
    assert sum(isinstance(answer, Accepted) for answer in answers) == 3
    assert ledger.balance_minor("ada") == 100


def test_the_same_duplicates_may_be_answered_zero(zero_ledger: Ledger) -> None:
    assert zero_ledger.bet(bet(1, 300)) == yes(700)
    assert zero_ledger.bet(bet(1, 300)) == yes(700)
    assert zero_ledger.win(win(2, 500)) == yes(1_200)
    assert zero_ledger.win(win(2, 500)) == yes(1_200)
    assert zero_ledger.bet(bet(3, 200)) == yes(1_000)
    assert zero_ledger.cancel(cancel(3)) == yes(1_200)
    assert zero_ledger.cancel(cancel(3)) == yes(1_200)


@pytest.mark.parametrize("copy", [bet(1, 301), bet(1, 300, "bob"), win(1, 300)])
def test_an_id_with_other_content_is_never_told_as_done(
    zero_ledger: Ledger, copy: Bet | Win
) -> None:
    zero_ledger.deposit("bob", 1_000)
    zero_ledger.bet(bet(1, 300))
    answer = zero_ledger.bet(copy) if isinstance(copy, Bet) else zero_ledger.win(copy)
    assert isinstance(answer, Refused)
    assert answer.result is ResultCode.DUPLICATE


def test_a_copy_of_a_cancelled_bet_is_never_told_as_done(zero_ledger: Ledger) -> None:
    zero_ledger.bet(bet(1, 300))
    zero_ledger.cancel(cancel(1))
    assert zero_ledger.bet(bet(1, 300)) == no(41, 1_000)


def test_a_bet_that_comes_after_its_cancel_is_not_booked(ledger: Ledger) -> None:
    assert ledger.cancel(cancel(1)) == no(43, 1_000)
    assert ledger.bet(bet(1, 300)) == no(41, 1_000)
    assert ledger.cancel(cancel(1)) == no(43, 1_000)
    assert ledger.status(status()) == no(42, 1_000)
    assert ledger.newest_entries("ada", 1)[0].state is EntryState.TOMBSTONE


def test_a_late_bet_is_not_told_as_done_where_duplicates_are_zero(zero_ledger: Ledger) -> None:
    zero_ledger.cancel(cancel(1))
    assert zero_ledger.bet(bet(1, 300)) == no(41, 1_000)


def test_a_cancel_under_another_id_gives_nothing_back_again(ledger: Ledger) -> None:
    ledger.bet(bet(1, 300))
    ledger.cancel(cancel(1))
    assert ledger.cancel(cancel(1, own="t-1-other")) == no(41, 1_000)
    assert ledger.balance_minor("ada") == 1_000


def test_a_cancel_of_revision_id_repeats_its_answer(ledger: Ledger) -> None:
    ledger.bet(bet(1, 300))
    assert ledger.cancel(cancel(1, Revision.ID)) == yes(1_000)
    assert ledger.cancel(cancel(1, Revision.ID)) == yes(1_000)
    assert ledger.cancel(cancel(9, Revision.ID)) == no(42, 1_000)


def test_a_win_can_be_cancelled_too(ledger: Ledger) -> None:
    ledger.win(win(2, 500))
    assert ledger.cancel(cancel(2, Revision.ID)) == yes(1_000)


def test_a_cancel_of_somebody_elses_bet_is_refused(ledger: Ledger) -> None:
    ledger.deposit("bob", 0)
    ledger.bet(bet(1, 300))
    assert ledger.cancel(cancel(1, account="bob")) == no(43, 0)
    assert ledger.status(status(account="bob")) == no(42, 0)


def test_a_refused_bet_stays_refused(ledger: Ledger) -> None:
    assert ledger.bet(bet(1, 5_000)) == no(31, 1_000)
    ledger.deposit("ada", 9_000)
    assert ledger.bet(bet(1, 5_000)) == no(31, 10_000)
    assert ledger.cancel(cancel(1)) == no(43, 10_000)
    assert ledger.status(status()) == no(42, 10_000)


def test_a_bet_of_an_unknown_account_stays_refused(ledger: Ledger) -> None:
    assert ledger.bet(bet(1, 300, "bob")) == no(21, None)
    ledger.deposit("bob", 1_000)
    assert ledger.bet(bet(1, 300, "bob")) == no(21, 1_000)


def test_a_locked_players_win_is_paid_once_they_are_unlocked(ledger: Ledger) -> None:
    ledger.set_active("ada", active=False)
    assert ledger.win(win(2, 500)) == no(22, 1_000)
    assert ledger.bet(bet(1, 300)) == no(22, 1_000)
    ledger.set_active("ada", active=True)
    assert ledger.win(win(2, 500)) == yes(1_500)


def test_locking_an_unknown_account_is_an_error(ledger: Ledger) -> None:
    with pytest.raises(AccountUnknown):
        ledger.set_active("nobody", active=False)


def test_status_tells_what_became_of_a_transaction(ledger: Ledger) -> None:
    ledger.bet(bet(1, 300))
    assert ledger.status(status()) == Found(trans_status=TransStatus.OK)
    ledger.cancel(cancel(1))
    assert ledger.status(status()) == Found(trans_status=TransStatus.CANCELED)
    assert ledger.status(status("t-1-c")) == Found(trans_status=TransStatus.OK)
    assert ledger.status(status("t-9")) == no(42, 1_000)


def test_answers_are_the_same_after_a_restart(ledger: Ledger, opening: Opening) -> None:
    ledger.bet(bet(1, 300))
    ledger.bet(bet(2, 9_999))
    ledger.cancel(cancel(3))
    again = opening()
    assert again.bet(bet(1, 300)) == no(41, 700)
    assert again.bet(bet(2, 9_999)) == no(31, 700)
    assert again.bet(bet(3, 100)) == no(41, 700)


def test_a_bet_without_its_balance_check_still_cannot_overspend(ledger: Ledger) -> None:
    unchecked = Bet(
        account="ada",
        checks=(21,),
        transaction_id="t-1",
        round_id="r-1",
        provider_id=1,
        game_code="g",
        game_type="slot",
        amount_minor=1_001,
    )
    with pytest.raises(RuntimeError):
        ledger.bet(unchecked)
    assert [row.kind.value for row in ledger.entries()] == ["deposit"]
    assert ledger.bet(bet(1, 1_000)) == yes(0)


def test_one_id_for_two_accounts_at_once_is_booked_for_one(ledger: Ledger) -> None:
    """The lock on an account does not order them: the unique key has to."""
    names = [f"player{number}" for number in range(8)]
    for name in names:
        ledger.deposit(name, 1_000)
    answers = at_once(8, lambda number: ledger.bet(bet(1, 300, names[number])))
    assert answers.count(yes(700)) == 1
    assert answers.count(no(41, 1_000)) == 7


def test_copies_of_a_bet_of_nobody_at_once_are_refused_alike(ledger: Ledger) -> None:
    answers = at_once(16, lambda _: ledger.bet(bet(1, 300, "bob")))
    assert answers == [no(21, None)] * 16
    assert len(ledger.entries()) == 2


def test_a_bet_and_its_cancel_at_once_leave_nothing_taken(ledger: Ledger) -> None:
    def either(number: int) -> Accepted | Refused:
        name = number // 2
        return ledger.cancel(cancel(name)) if number % 2 else ledger.bet(bet(name, 10))

    at_once(32, either)
    for name in range(16):
        ledger.cancel(cancel(name))
    assert ledger.balance_minor("ada") == 1_000
    assert all(ledger.bet(bet(name, 10)) == no(41, 1_000) for name in range(16))


def test_every_movement_has_its_other_side(ledger: Ledger) -> None:
    ledger.bet(bet(1, 300))
    ledger.win(win(2, 500))
    ledger.bet(bet(3, 200))
    ledger.cancel(cancel(3))
    sides = [
        [(posting.account, posting.amount_minor) for posting in ledger.postings(entry.position)]
        for entry in ledger.entries()
    ]
    assert sides == [
        [(CASHIER, -1_000), ("ada", 1_000)],
        [(STAKES, 300), ("ada", -300)],
        [(WINS, -500), ("ada", 500)],
        [(STAKES, 200), ("ada", -200)],
        [(STAKES, -200), ("ada", 200)],
    ]
    assert [ledger.house_minor(name) for name in (CASHIER, STAKES, WINS)] == [-1_000, 300, -500]


def test_undoing_a_win_that_is_spent_leaves_a_debt(ledger: Ledger) -> None:
    ledger.win(win(2, 500))
    ledger.bet(bet(1, 1_400))
    assert ledger.cancel(cancel(2)) == yes(-400)
    assert ledger.bet(bet(3, 1)) == no(31, -400)


def test_money_goes_out_and_never_more_than_there_is(ledger: Ledger) -> None:
    assert ledger.withdraw("ada", 400).balance_minor == 600
    with pytest.raises(BalanceTooLow):
        ledger.withdraw("ada", 601)
    with pytest.raises(AccountUnknown):
        ledger.withdraw("bob", 1)
    assert ledger.balance_minor("ada") == 600


def test_a_payment_with_a_reference_comes_in_once(ledger: Ledger) -> None:
    answers = at_once(16, lambda _: ledger.deposit("bob", 250, "payment-7"))
    assert {account.balance_minor for account in answers} == {250}
    with pytest.raises(ReferenceTaken):
        ledger.deposit("bob", 251, "payment-7")
    with pytest.raises(ReferenceTaken):
        ledger.withdraw("bob", 250, "payment-7")
    assert ledger.balance_minor("bob") == 250


@pytest.mark.parametrize("amount_minor", [-1, 2**53])
def test_a_payment_that_is_no_amount_is_an_error(ledger: Ledger, amount_minor: int) -> None:
    with pytest.raises(ValueError, match="amount"):
        ledger.deposit("ada", amount_minor)


def test_the_casinos_own_accounts_cannot_be_paid_to(ledger: Ledger) -> None:
    with pytest.raises(ValueError, match="own accounts"):
        ledger.deposit(STAKES, 1)
    assert ledger.bet(bet(1, 0, STAKES)) == no(21, None)


def test_entries_are_read_on_from_a_position(ledger: Ledger) -> None:
    for number in range(5):
        ledger.bet(bet(number, 1))
    everything = ledger.entries()
    assert ledger.entries(everything[1].position, 2) == everything[2:4]


@pytest.mark.parametrize(
    ("spoiling", "sentence"),
    [
        ("UPDATE wallet_accounts SET balance_minor = 701", "balance of ada is not"),
        ("UPDATE wallet_postings SET amount_minor = 299 WHERE amount_minor = 300", "sum to zero"),
        ("DELETE FROM wallet_postings", "has no postings"),
        ("UPDATE wallet_entries SET state = 'refused'", "moved nothing and has postings"),
        ("UPDATE wallet_entries SET amount_minor = 301", "is not its amount"),
        ("UPDATE wallet_entries SET state = 'cancelled'", "by exactly one cancel"),
    ],
)
def test_the_audit_finds_what_was_spoilt(opening: Opening, spoiling: str, sentence: str) -> None:
    spoilt = opening()
    spoilt.deposit("ada", 1_000)
    spoilt.bet(bet(1, 300))
    assert spoilt.faults() == ()
    opening.execute(spoiling)
    assert any(sentence in fault for fault in spoilt.faults())
    opening.execute("DELETE FROM wallet_postings")
    opening.execute("DELETE FROM wallet_entries")
    opening.execute("DELETE FROM wallet_accounts")
