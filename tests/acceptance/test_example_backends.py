"""The toy casino, examples/node and examples/php keep the rules of contract 3, over the wire.

Each test has accounts and ids of its own, so that one running program serves them all.
"""

from __future__ import annotations

import itertools
from collections import Counter
from typing import Any

import pytest

from meganodes.protocol.commands import Command, Revision, cancel_data
from meganodes.protocol.replies import HttpReply, Question, read_reply
from meganodes.protocol.wire import render_callback
from tests.support.fake_backend import NOW_SECONDS, Play, callback
from tests.support.wallets import Wallet, Wallets, signed

COPIES = 20
_NUMBERS = itertools.count(1_000)


@pytest.fixture(params=[(revision, told) for revision in Revision for told in (41, 0)])
def any_wallet(wallets: Wallets, kind: str, request: pytest.FixtureRequest) -> Wallet:
    """A wallet of either revision that answers duplicates either way."""
    revision, duplicates = request.param
    return wallets.get(kind=kind, revision=revision, duplicates=duplicates)


def number() -> int:
    return next(_NUMBERS)


def account() -> str:
    return f"ada_{number()}"


def a_play(wallet: Wallet, deposit: str = "100.00", **fields: Any) -> Play:  # noqa: ANN401
    """A transaction of a new account that has the deposit."""
    play = Play(number=number(), account=account(), **fields)
    wallet.open(play.account, deposit)
    return play


def another(play: Play, **changes: Any) -> Play:  # noqa: ANN401 - fields of Play
    """Another transaction of the same account."""
    return Play(**{"number": number(), "account": play.account, **changes})


def cancel_of(play: Play, own: str, original: str) -> bytes:
    """A cancel of revision guid whose ids are not what the hub would give."""
    data = cancel_data(Revision.GUID, play.movement(own), original, play.number)
    return render_callback(Command.CANCEL, data, "21,22,41,43", NOW_SECONDS)


def ok(**data: object) -> dict[str, object]:
    return {"result": 0, "status": "OK", "data": data}


def no(result: int, balance: str) -> dict[str, object]:
    return {"result": result, "status": "ERROR", "data": {"balance": balance}}


def copy_told(wallet: Wallet, balance: str) -> dict[str, object]:
    """What a true copy is answered under the wallet's option."""
    return ok(balance=balance) if wallet.options.duplicates == 0 else no(41, balance)


def not_seen(wallet: Wallet, balance: str) -> dict[str, object]:
    """What a cancel is answered when its original is not there."""
    return no(43 if wallet.options.revision is Revision.GUID else 42, balance)


def test_a_round_is_played(any_wallet: Wallet) -> None:
    bet = a_play(any_wallet, amount_minor=150)
    named = {"account": bet.account}
    assert any_wallet.ask(Command.AUTHENTICATE, bet) == ok(**named, balance="100.00")
    assert any_wallet.ask(Command.BALANCE, bet) == ok(balance="100.00")
    assert any_wallet.ask(Command.BET, bet) == ok(balance="98.50")
    assert any_wallet.ask(Command.WIN, another(bet, amount_minor=400)) == ok(balance="102.50")
    assert any_wallet.ask(Command.WIN, another(bet, amount_minor=0)) == ok(balance="102.50")
    assert any_wallet.ask(Command.BET, another(bet, amount_minor=0)) == ok(balance="102.50")
    assert any_wallet.balance_minor(bet.account) == 10_250


def test_status_is_truthful(any_wallet: Wallet) -> None:
    bet = a_play(any_wallet)
    by_id = any_wallet.options.revision is Revision.ID
    named = {"trans_id": bet.number} if by_id else {"account": bet.account, "trans_guid": bet.guid}
    assert any_wallet.ask(Command.STATUS, bet) == no(42, "100.00")
    any_wallet.ask(Command.BET, bet)
    assert any_wallet.ask(Command.STATUS, bet) == ok(**named, trans_status="OK")
    any_wallet.ask(Command.CANCEL, bet)
    assert any_wallet.ask(Command.STATUS, bet) == ok(**named, trans_status="CANCELED")


def test_a_refused_or_buried_id_is_unknown_to_status(any_wallet: Wallet) -> None:
    refused = a_play(any_wallet, "1.00", amount_minor=150)
    assert any_wallet.ask(Command.BET, refused) == no(31, "1.00")
    assert any_wallet.ask(Command.STATUS, refused) == no(42, "1.00")
    buried = another(refused)
    any_wallet.ask(Command.CANCEL, buried)
    assert any_wallet.ask(Command.STATUS, buried) == no(42, "1.00")


def test_a_copy_moves_no_money(any_wallet: Wallet) -> None:
    bet = a_play(any_wallet)
    win = another(bet)
    for command, play in ((Command.BET, bet), (Command.WIN, win)):
        first = any_wallet.ask(command, play)
        again = any_wallet.ask(command, play)
        assert first["result"] == 0
        assert again == copy_told(any_wallet, first["data"]["balance"])
    assert any_wallet.balance_minor(bet.account) == 10_000


def test_a_copy_with_another_amount_is_41_whatever_the_option_says(any_wallet: Wallet) -> None:
    bet = a_play(any_wallet)
    any_wallet.ask(Command.BET, bet)
    other = Play(number=bet.number, account=bet.account, amount_minor=151)
    assert any_wallet.ask(Command.BET, other) == no(41, "98.50")
    assert any_wallet.ask(Command.WIN, bet) == no(41, "98.50")


def test_an_id_of_another_account_is_not_new(any_wallet: Wallet) -> None:
    bet = a_play(any_wallet)
    any_wallet.ask(Command.BET, bet)
    stranger = Play(number=bet.number, account=account())
    any_wallet.open(stranger.account, "7.00")
    assert any_wallet.ask(Command.BET, stranger) == no(41, "7.00")
    assert any_wallet.ask(Command.STATUS, stranger) == no(42, "7.00")
    assert any_wallet.ask(Command.CANCEL, stranger) == not_seen(any_wallet, "7.00")
    assert any_wallet.balance_minor(bet.account) == 9_850


def test_a_cancel_gives_back_once(any_wallet: Wallet) -> None:
    bet = a_play(any_wallet)
    any_wallet.ask(Command.BET, bet)
    assert any_wallet.ask(Command.CANCEL, bet) == ok(balance="100.00")
    again = any_wallet.ask(Command.CANCEL, bet)
    by_id = any_wallet.options.revision is Revision.ID
    assert again == (ok(balance="100.00") if by_id else copy_told(any_wallet, "100.00"))
    assert any_wallet.ask(Command.BET, bet) == no(41, "100.00")
    rows = [("bet", 150, "cancelled"), ("cancel", 150, "booked")]
    assert any_wallet.rows(bet.account) == rows


def test_cancels_of_another_id_give_nothing_back(wallets: Wallets, kind: str) -> None:
    for duplicates in (41, 0):
        wallet = wallets.get(kind=kind, duplicates=duplicates)
        bet = a_play(wallet)
        wallet.ask(Command.BET, bet)
        wallet.ask(Command.CANCEL, bet)
        undone_again = wallet.post(cancel_of(bet, own=f"other-{bet.guid}", original=bet.guid))
        assert undone_again == copy_told(wallet, "100.00")
        cancel_of_cancel = cancel_of(bet, own=f"{bet.guid}-c-c", original=f"{bet.guid}-c")
        assert wallet.post(cancel_of_cancel) == no(43, "100.00")
        assert wallet.rows(bet.account) == [("bet", 150, "cancelled"), ("cancel", 150, "booked")]


def test_a_cancel_under_the_id_of_its_bet_is_41_and_moves_nothing(
    wallets: Wallets, kind: str
) -> None:
    for duplicates in (41, 0):
        wallet = wallets.get(kind=kind, duplicates=duplicates)
        bet = a_play(wallet)
        wallet.ask(Command.BET, bet)
        assert wallet.post(cancel_of(bet, own=bet.guid, original=bet.guid)) == no(41, "98.50")
        assert wallet.rows(bet.account) == [("bet", 150, "booked")]


def test_a_cancel_of_a_win_takes_it_back(any_wallet: Wallet) -> None:
    win = a_play(any_wallet)
    any_wallet.ask(Command.WIN, win)
    assert any_wallet.ask(Command.CANCEL, win) == ok(balance="100.00")


def test_a_bet_that_its_cancel_overtook_is_never_booked(any_wallet: Wallet) -> None:
    bet = a_play(any_wallet)
    assert any_wallet.ask(Command.CANCEL, bet) == not_seen(any_wallet, "100.00")
    assert any_wallet.ask(Command.CANCEL, bet) == not_seen(any_wallet, "100.00")
    assert any_wallet.ask(Command.BET, bet) == no(41, "100.00")
    assert any_wallet.ask(Command.CANCEL, bet) == not_seen(any_wallet, "100.00")
    assert any_wallet.rows(bet.account) == [("bet", 0, "tombstone")]


@pytest.mark.reliability("2.6-bet-duplicated-by-proxy")
def test_a_refused_bet_stays_refused(any_wallet: Wallet) -> None:
    bet = a_play(any_wallet, "1.00", amount_minor=150)
    assert any_wallet.ask(Command.BET, bet) == no(31, "1.00")
    any_wallet.open(bet.account, "50.00")
    assert any_wallet.ask(Command.BET, bet) == no(31, "51.00")
    assert any_wallet.ask(Command.CANCEL, bet) == not_seen(any_wallet, "51.00")
    assert any_wallet.rows(bet.account) == [("bet", 150, "refused")]


def test_a_refused_win_stays_owed(wallet: Wallet) -> None:
    win = a_play(wallet)
    wallet.open(win.account, "0", active=False)
    assert wallet.ask(Command.WIN, win)["result"] == 22
    wallet.open(win.account, "0", active=True)
    assert wallet.ask(Command.WIN, win) == ok(balance="101.50")


@pytest.mark.reliability("2.6-bet-duplicated-by-proxy", "I3")
def test_twenty_copies_of_a_bet_at_once_move_the_money_once(any_wallet: Wallet) -> None:
    bet = a_play(any_wallet)
    replies = any_wallet.at_once(COPIES, lambda _: any_wallet.ask(Command.BET, bet))
    assert any_wallet.balance_minor(bet.account) == 9_850
    copies = [reply for reply in replies if reply == copy_told(any_wallet, "98.50")]
    assert len(copies) >= COPIES - 1
    assert ok(balance="98.50") in replies


def test_twenty_copies_of_a_win_and_of_a_cancel_move_the_money_once(wallet: Wallet) -> None:
    bet = a_play(wallet)
    wallet.ask(Command.BET, bet)
    cancels = wallet.at_once(COPIES, lambda _: wallet.ask(Command.CANCEL, bet))
    win = another(bet)
    wins = wallet.at_once(COPIES, lambda _: wallet.ask(Command.WIN, win))
    for replies in (cancels, wins):
        assert Counter(reply["result"] for reply in replies) == {0: 1, 41: COPIES - 1}
    assert wallet.balance_minor(bet.account) == 10_150


def test_bets_at_once_never_overspend(wallet: Wallet) -> None:
    first = a_play(wallet, "5.00", amount_minor=100)
    bets = [another(first, amount_minor=100) for _ in range(COPIES)]
    replies = wallet.at_once(COPIES, lambda index: wallet.ask(Command.BET, bets[index]))
    results = Counter(reply["result"] for reply in replies)
    assert results == {0: 5, 31: COPIES - 5}
    assert {reply["data"]["balance"] for reply in replies if reply["result"] == 31} == {"0.00"}
    assert wallet.balance_minor(first.account) == 0


def test_a_cancel_and_its_bet_at_once_leave_the_balance(wallet: Wallet) -> None:
    """Whichever comes first, a cancel that is repeated until it is accepted or not seen wins."""
    bets = [a_play(wallet) for _ in range(8)]
    commands = (Command.BET, Command.CANCEL)
    wallet.at_once(16, lambda index: wallet.ask(commands[index % 2], bets[index // 2]))
    for bet in bets:
        assert wallet.ask(Command.CANCEL, bet)["result"] in {41, 43}
        assert wallet.balance_minor(bet.account) == 10_000


@pytest.mark.parametrize("revision", list(Revision))
@pytest.mark.parametrize("command", list(Command))
@pytest.mark.parametrize("refused", [False, True])
def test_the_hub_reads_every_reply_without_a_word_to_say(
    wallets: Wallets, kind: str, revision: Revision, command: Command, *, refused: bool
) -> None:
    wallet = wallets.get(kind=kind, revision=revision)
    play = a_play(wallet)
    if command in {Command.STATUS, Command.CANCEL} and not refused:
        wallet.ask(Command.BET, play)
    play = Play(number=play.number, account="nobody") if refused else play
    body = callback(command, play, revision)
    answered = wallet.ask_http("POST", "/callback", body, signed(body))
    headers = tuple((name.encode(), text.encode()) for name, text in answered.headers.items())
    reply = read_reply(
        Question(command=command, revision=revision, account=play.account, exponent=2),
        HttpReply(status=answered.status, headers=headers, body=answered.body),
    )
    assert reply.malformed is None
    assert (reply.faults, reply.notes) == ((), ())
    assert reply.result == (21 if refused else 0)
