"""The toy casino's books: what reliability 2.9 asks of a backend, on a real file."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meganodes.demo.books import EntryState
from meganodes.demo.ledger import Ledger
from meganodes.protocol.commands import Command, Revision, checks
from meganodes.sdk import (
    Accepted,
    Authenticate,
    Authenticated,
    Balance,
    Bet,
    Cancel,
    Found,
    Refused,
    ResultCode,
    Status,
    TransStatus,
    Win,
)

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


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "casino.db"


@pytest.fixture
def ledger(path: Path) -> Iterator[Ledger]:
    made = Ledger(path)
    made.deposit("ada", 1_000)
    yield made
    made.close()


@pytest.fixture
def zero_ledger(path: Path) -> Iterator[Ledger]:
    """A ledger that answers 0 to a repeated transaction."""
    made = Ledger(path, ResultCode.OK)
    made.deposit("ada", 1_000)
    yield made
    made.close()


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
    kinds = [(row.kind, row.amount_minor, row.state.value) for row in ledger.entries()]
    assert kinds == [
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
    assert ledger.players()[0].balance_minor == 100


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
    assert ledger.entries()[0].state is EntryState.TOMBSTONE


def test_a_late_bet_is_not_told_as_done_where_duplicates_are_zero(zero_ledger: Ledger) -> None:
    zero_ledger.cancel(cancel(1))
    assert zero_ledger.bet(bet(1, 300)) == no(41, 1_000)


def test_a_cancel_under_another_id_gives_nothing_back_again(ledger: Ledger) -> None:
    ledger.bet(bet(1, 300))
    ledger.cancel(cancel(1))
    assert ledger.cancel(cancel(1, own="t-1-other")) == no(41, 1_000)
    assert ledger.players()[0].balance_minor == 1_000


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
    with pytest.raises(KeyError):
        ledger.set_active("nobody", active=False)


def test_status_tells_what_became_of_a_transaction(ledger: Ledger) -> None:
    ledger.bet(bet(1, 300))
    assert ledger.status(status()) == Found(trans_status=TransStatus.OK)
    ledger.cancel(cancel(1))
    assert ledger.status(status()) == Found(trans_status=TransStatus.CANCELED)
    assert ledger.status(status("t-1-c")) == Found(trans_status=TransStatus.OK)
    assert ledger.status(status("t-9")) == no(42, 1_000)


def test_answers_are_the_same_after_a_restart(ledger: Ledger, path: Path) -> None:
    ledger.bet(bet(1, 300))
    ledger.bet(bet(2, 9_999))
    ledger.cancel(cancel(3))
    ledger.close()
    again = Ledger(path)
    assert again.bet(bet(1, 300)) == no(41, 700)
    assert again.bet(bet(2, 9_999)) == no(31, 700)
    assert again.bet(bet(3, 100)) == no(41, 700)
    again.close()


def test_every_commit_reaches_the_disk(ledger: Ledger) -> None:
    connection = ledger._connection
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)


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
    assert ledger.entries() == ()
    assert ledger.bet(bet(1, 1_000)) == yes(0)


REQUESTS = st.lists(
    st.builds(
        lambda make, number, amount: make(number, amount),
        st.sampled_from([bet, win, lambda number, _: cancel(number)]),
        st.integers(min_value=1, max_value=6),
        st.integers(min_value=0, max_value=1_500),
    ),
    max_size=30,
)


@given(REQUESTS)
def test_the_balance_is_always_the_sum_of_what_was_booked(
    requests: list[Bet | Win | Cancel],
) -> None:
    ledger = Ledger(":memory:")
    ledger.deposit("ada", 1_000)
    for request in requests:
        match request:
            case Bet():
                ledger.bet(request)
            case Win():
                ledger.win(request)
            case Cancel():
                ledger.cancel(request)
    moved = 0
    for row in ledger.entries():
        if row.state is EntryState.BOOKED and row.kind in {"bet", "win"}:
            moved += row.amount_minor if row.kind == "win" else -row.amount_minor
    assert ledger.players()[0].balance_minor == 1_000 + moved
    ledger.close()
