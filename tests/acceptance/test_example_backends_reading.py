"""What the three wallets believe and understand: callers, bodies, checks, amounts, HTTP."""

from __future__ import annotations

import itertools

import pytest

from meganodes.protocol.commands import Command, Revision
from tests.support.fake_backend import TOKEN, Play, callback
from tests.support.wallets import EXAMPLES, Wallet, Wallets, signed

OTHER_SECRET = "whsec_YW5vdGhlciBzZWNyZXQgb2YgbW9yZSB0aGFuIDI0IGJ5dGVz"
MOST = 2**53 - 1
_NUMBERS = itertools.count(1_000)

TOKEN_WRONG = {"result": 100, "status": "ERROR", "data": {}}
UNREADABLE = {"result": 99, "status": "ERROR", "data": {}}

# What a bet's body is when one piece of it is exchanged for another; none of them may be booked.
SPOILT = {
    "a trailing comma": ('"type":1', '"type":1,'),
    "data after the value": ('"}', '"} x'),
    "a second value": ('"}', '"}{}'),
    "a key twice": ('"amount":1.50', '"amount":1.50,"amount":1.50'),
    "an amount as text": ('"amount":1.50', '"amount":"1.50"'),
    "an amount that is null": ('"amount":1.50', '"amount":null'),
    "an amount that is true": ('"amount":1.50', '"amount":true'),
    "no amount": ('"amount":1.50,', ""),
    "a negative amount": ('"amount":1.50', '"amount":-1.50'),
    "minus zero": ('"amount":1.50', '"amount":-0'),
    "an exponent": ('"amount":1.50', '"amount":15e-1'),
    "a large exponent": ('"amount":1.50', '"amount":1e2'),
    "too many decimals": ('"amount":1.50', '"amount":1.505'),
    "zeros beyond the decimals": ('"amount":1.50', '"amount":1.500'),
    "a zero before the number": ('"amount":1.50', '"amount":01.50'),
    "no digit before the dot": ('"amount":1.50', '"amount":.50'),
    "no digit behind the dot": ('"amount":1.50', '"amount":1.'),
    "a plus sign": ('"amount":1.50', '"amount":+1.50'),
    "not a number": ('"amount":1.50', '"amount":NaN'),
    "infinity": ('"amount":1.50', '"amount":Infinity'),
    "hexadecimal digits": ('"amount":1.50', '"amount":0x10'),
    "digits of another script": ('"amount":1.50', '"amount":\u0661.50'),
    "one cent above the largest amount": ('"amount":1.50', '"amount":90071992547409.92'),
    "thirty digits": ('"amount":1.50', f'"amount":{"9" * 30}'),
    "the type of a win": ('"type":1', '"type":2'),
    "a type with a fraction": ('"type":1', '"type":1.0'),
    "an unknown command": ('"command":"bet"', '"command":"stake"'),
    "a command in another case": ('"command":"bet"', '"command":"Bet"'),
    "a name every object has": ('"command":"bet"', '"command":"constructor"'),
    "no account": ('"account":', '"acount":'),
    "an account that is a number": ('"account":"', '"account":1,"x":"'),
    "a transaction id that is a number": ('"trans_guid":"', '"trans_guid":7,"y":"'),
    "an empty transaction id": ('"trans_guid":"', '"trans_guid":"","y":"'),
    "a provider id as text": ('"provider_id":12', '"provider_id":"12"'),
    "no round": ('"round_id"', '"round"'),
    "an empty check": ('"check":"21,22,41,31"', '"check":""'),
    "an unknown check": ('"check":"21,22,41,31"', '"check":"21,99"'),
    "a check twice": ('"check":"21,22,41,31"', '"check":"21,21"'),
    "blanks in the checks": ('"check":"21,22,41,31"', '"check":"21, 22"'),
    "checks as a list": ('"check":"21,22,41,31"', '"check":[21,22]'),
    "a timestamp that is a number": ('"timestamp":"1790000000"', '"timestamp":1790000000'),
    "a timestamp of letters": ('"timestamp":"1790000000"', '"timestamp":"now"'),
    "half of a surrogate pair": ('"round_id":"r-1"', '"round_id":"\\ud83d"'),
    "a control character in a text": ('"round_id":"r-1"', '"round_id":"r\n1"'),
    "an unknown escape": ('"round_id":"r-1"', '"round_id":"\\x41"'),
    "a text that never ends": ('"}', "}"),
    "a text of 257 characters": ('"round_id":"r-1"', f'"round_id":"{"r" * 257}"'),
    "nesting of nine levels": ('"type":1', f'"type":1,"deep":{"[" * 7}{"]" * 7}'),
    "data that is a list": ('"data":{', '"data":[],"more":{'),
    "a body above 64 KiB": ('"type":1', f'"type":1,"more":"{"x" * 65_536}"'),
}  # fmt: skip

# The same for what must be understood.
ODD = {
    "an unknown field": ('"type":1', '"type":1,"new":{"deep":[1,2.5,null,"x"],"__proto__":1}'),
    "blanks and line breaks": ('"data":{', ' "data" :\r\n\t{ '),
    "a long unknown field": ('"type":1', f'"type":1,"more":"{"ä" * 30_000}"'),
    "one decimal": ('"amount":1.50', '"amount":1.5'),
    "escapes": ('"round_id":"r-1"', '"round_id":"\\u0072\\u002d1 \\ud83d\\ude00 \\" \\\\ \\/"'),
    "a text of 256 characters": ('"round_id":"r-1"', f'"round_id":"{"😀" * 256}"'),
    "no game type": ('"game_type":"slot"', '"game_type":""'),
    "nesting of eight levels": ('"type":1', f'"type":1,"deep":{"[" * 6}{"]" * 6}'),
    "the largest provider id": ('"provider_id":12', '"provider_id":9223372036854775807'),
}


def number() -> int:
    return next(_NUMBERS)


def a_bet(wallet: Wallet, deposit: str = "100.00", amount_minor: int = 150) -> Play:
    """A bet of a new account that has the deposit."""
    exponent = wallet.options.decimals
    play = Play(
        number=number(), account=f"ada_{number()}", amount_minor=amount_minor, exponent=exponent
    )
    wallet.open(play.account, deposit)
    return play


def body_with(bet: Play, old: str, new: str) -> bytes:
    """The bet's body with the last of a piece of it exchanged."""
    head, found, tail = callback(Command.BET, bet).decode().rpartition(old)
    assert found, f"{old} is not in the body"
    return f"{head}{new}{tail}".encode()


def asks(wallet: Wallet, command: Command, play: Play, check: str) -> dict[str, object]:
    """Send a callback with other checks."""
    body = callback(command, play)
    head, _, _ = body.rpartition(b'"check":')
    reply: dict[str, object] = wallet.post(head + f'"check":"{check}"}}'.encode())
    return reply


# --- who is calling ------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "wrong", TOKEN.upper(), f"{TOKEN} x", TOKEN[:-1], "é"])
def test_a_wrong_token_is_100_and_books_nothing(wallet: Wallet, token: str) -> None:
    bet = a_bet(wallet)
    body = callback(Command.BET, bet)
    assert wallet.post(body, {**signed(body), "Callback-Token": token}) == TOKEN_WRONG
    assert wallet.rows(bet.account) == []


def test_no_token_is_100_whatever_the_body_is(wallet: Wallet) -> None:
    assert wallet.post(b"{", {"Content-Type": "application/json"}) == TOKEN_WRONG


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-signature": ""},
        {"webhook-signature": "v1,AAAA"},
        {"webhook-signature": "v2,AAAA v1a,AAAA"},
        {"webhook-id": "msg_2"},
        {"webhook-timestamp": "soon"},
        {"webhook-timestamp": "0"},
    ],
)
def test_a_wrong_signature_is_100_and_books_nothing(wallet: Wallet, change: dict[str, str]) -> None:
    bet = a_bet(wallet)
    body = callback(Command.BET, bet)
    assert wallet.post(body, signed(body) | change) == TOKEN_WRONG
    assert wallet.rows(bet.account) == []


@pytest.mark.parametrize("age_seconds", [400, -400])
def test_a_signature_of_another_time_is_100(wallet: Wallet, age_seconds: int) -> None:
    bet = a_bet(wallet)
    body = callback(Command.BET, bet)
    assert wallet.post(body, signed(body, age_seconds=age_seconds)) == TOKEN_WRONG
    assert wallet.rows(bet.account) == []


def test_a_signature_of_another_body_or_secret_is_100(wallet: Wallet) -> None:
    bet = a_bet(wallet)
    body = callback(Command.BET, bet)
    assert wallet.post(body, signed(body + b" ")) == TOKEN_WRONG
    assert wallet.post(body, signed(body, secret=OTHER_SECRET)) == TOKEN_WRONG
    assert wallet.rows(bet.account) == []


def test_one_of_two_signatures_is_enough(wallet: Wallet) -> None:
    body = callback(Command.BALANCE, a_bet(wallet))
    other = signed(body, secret=OTHER_SECRET)["webhook-signature"]
    headers = signed(body)
    headers["webhook-signature"] = f"{other} {headers['webhook-signature']}"
    assert wallet.post(body, headers)["result"] == 0


@pytest.mark.parametrize("example", EXAMPLES)
def test_two_tokens_and_two_secrets_hold_while_one_is_exchanged(
    wallets: Wallets, example: str
) -> None:
    settings = {
        "WALLET_CALLBACK_TOKEN": f"older, {TOKEN}",
        "WALLET_SIGNING_SECRET": f"{OTHER_SECRET},{OTHER_SECRET[:-4]}AAAA",
    }
    wallet = wallets.get(kind=example, environment=settings)
    body = callback(Command.BALANCE, a_bet(wallet))
    headers = signed(body, secret=OTHER_SECRET)
    assert wallet.post(body, headers)["result"] == 0
    assert wallet.post(body, {**headers, "Callback-Token": "older"})["result"] == 0
    assert wallet.post(body, {**headers, "Callback-Token": f"older, {TOKEN}"}) == TOKEN_WRONG
    assert wallet.post(body) == TOKEN_WRONG


@pytest.mark.parametrize("example", EXAMPLES)
def test_without_a_secret_no_signature_is_asked_for(wallets: Wallets, example: str) -> None:
    wallet = wallets.get(kind=example, environment={"WALLET_SIGNING_SECRET": ""})
    body = callback(Command.BALANCE, a_bet(wallet))
    assert wallet.post(body, {"Callback-Token": TOKEN})["result"] == 0


# --- what is asked -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", SPOILT)
def test_what_is_not_understood_is_99_and_books_nothing(wallet: Wallet, name: str) -> None:
    bet = a_bet(wallet)
    assert wallet.post(body_with(bet, *SPOILT[name])) == UNREADABLE
    assert wallet.rows(bet.account) == []


@pytest.mark.parametrize(
    "body",
    [b"", b"{}", b"null", b"[]", b'"x"', b"1.5", b"\xff\xfe{}", b"{" * 50_000, b'{"a":\x00}'],
)
def test_what_is_no_callback_is_99(wallet: Wallet, body: bytes) -> None:
    assert wallet.post(body) == UNREADABLE


def test_bytes_that_are_no_utf_8_are_99(wallet: Wallet) -> None:
    bet = a_bet(wallet)
    assert wallet.post(callback(Command.BET, bet).replace(b"r-1", b"r\xff1")) == UNREADABLE
    assert wallet.rows(bet.account) == []


@pytest.mark.parametrize("name", ODD)
def test_what_is_odd_and_right_is_taken(wallet: Wallet, name: str) -> None:
    bet = a_bet(wallet)
    assert wallet.post(body_with(bet, *ODD[name]))["data"] == {"balance": "98.50"}


def test_a_byte_order_mark_is_skipped(wallet: Wallet) -> None:
    assert wallet.post(b"\xef\xbb\xbf" + callback(Command.BET, a_bet(wallet)))["result"] == 0


@pytest.mark.parametrize("trans_id", ["0", "-1", "1.0", "1e3", '"7"', str(2**63), "true"])
def test_a_trans_id_is_a_positive_int64(wallets: Wallets, kind: str, trans_id: str) -> None:
    wallet = wallets.get(kind=kind, revision=Revision.ID)
    bet = a_bet(wallet)
    body = callback(Command.BET, bet, Revision.ID)
    wrong = body.replace(f'"trans_id":{bet.number}'.encode(), f'"trans_id":{trans_id}'.encode())
    assert wallet.post(wrong) == UNREADABLE


def test_neighbours_above_what_a_double_can_hold_are_two_ids(wallets: Wallets, kind: str) -> None:
    wallet = wallets.get(kind=kind, revision=Revision.ID)
    first = a_bet(wallet)
    for number_of_id, balance in ((2**53, "98.50"), (2**53 + 1, "97.00"), (2**63 - 1, "95.50")):
        play = Play(number=number_of_id, account=first.account)
        assert wallet.ask(Command.BET, play)["data"] == {"balance": balance}
        assert wallet.ask(Command.STATUS, play)["data"]["trans_id"] == number_of_id


@pytest.mark.parametrize(
    "name",
    ["../../etc/passwd", "ädä ✓", 'a"b\\c', "constructor", "__proto__", "x" * 256, "a\u2028b"],
)
def test_an_account_may_have_any_name(wallet: Wallet, name: str) -> None:
    unique = f"{name[:240]}{number()}"
    wallet.open(unique, "1.00")
    told = wallet.ask(Command.AUTHENTICATE, Play(account=unique))
    assert told["data"] == {"account": unique, "balance": "1.00"}
    assert wallet.ask(Command.AUTHENTICATE, Play(account=name))["result"] == 21


def test_an_account_in_another_letter_case_is_another_account(wallet: Wallet) -> None:
    bet = a_bet(wallet)
    assert wallet.ask(Command.BET, Play(account=bet.account.upper()))["result"] == 21


# --- checks --------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", list(Command))
def test_an_unknown_account_is_21(wallet: Wallet, command: Command) -> None:
    reply = wallet.ask(command, Play(number=number(), account="nobody"))
    assert (reply["result"], reply["status"]) == (21, "ERROR")


@pytest.mark.parametrize(
    ("command", "result"),
    [
        (Command.AUTHENTICATE, 0),
        (Command.BALANCE, 22),
        (Command.BET, 22),
        (Command.WIN, 22),
        (Command.CANCEL, 22),
        (Command.STATUS, 42),
    ],
)
def test_a_locked_player_is_22_where_it_is_asked(
    wallet: Wallet, command: Command, result: int
) -> None:
    bet = a_bet(wallet)
    wallet.open(bet.account, "0", active=False)
    assert wallet.ask(command, bet)["result"] == result
    assert wallet.balance_minor(bet.account) == 10_000


def test_checks_are_made_in_the_order_asked(wallet: Wallet) -> None:
    bet = a_bet(wallet, "2.00")
    wallet.ask(Command.BET, bet)
    for check, result in (
        ("21,22,41,31", 41),
        ("21,22,31,41", 31),
        ("31,41", 31),
        ("41", 41),
        ("22,41", 41),
    ):
        assert asks(wallet, Command.BET, bet, check)["result"] == result
    wallet.open(bet.account, "0", active=False)
    for check, result in (("21,22,41,31", 22), ("41,22", 41), ("31,22", 31), ("21,41", 41)):
        assert asks(wallet, Command.BET, bet, check)["result"] == result


def test_no_id_is_booked_twice_even_if_that_check_is_not_asked(wallet: Wallet) -> None:
    bet = a_bet(wallet)
    wallet.ask(Command.BET, bet)
    assert asks(wallet, Command.BET, bet, "21,22,31") == UNREADABLE
    assert wallet.rows(bet.account) == [("bet", 150, "booked")]


def test_no_bet_overspends_even_if_that_check_is_not_asked(wallet: Wallet) -> None:
    bet = a_bet(wallet, amount_minor=10_001)
    assert asks(wallet, Command.BET, bet, "21,22,41") == UNREADABLE
    assert wallet.rows(bet.account) == []


# --- amounts -------------------------------------------------------------------------------------


def test_a_cancel_gives_back_what_was_stored(wallet: Wallet) -> None:
    bet = a_bet(wallet)
    wallet.ask(Command.BET, bet)
    wrong = Play(number=bet.number, account=bet.account, amount_minor=9_999)
    assert wallet.ask(Command.CANCEL, wrong)["data"] == {"balance": "100.00"}


def test_a_currency_without_decimals(wallets: Wallets, kind: str) -> None:
    wallet = wallets.get(kind=kind, decimals=0)
    bet = a_bet(wallet, "100", 7)
    assert wallet.ask(Command.BET, bet)["data"] == {"balance": 93}
    assert wallet.post(body_with(bet, '"amount":7', '"amount":7.0')) == UNREADABLE
    assert wallet.ask(Command.CANCEL, bet)["data"] == {"balance": 100}


@pytest.mark.parametrize(
    ("deposit", "stake", "left"),
    [
        ("1.00000000", 1, "0.99999999"),
        ("0.00000002", 1, "0.00000001"),
        ("90071992.54740991", MOST, "0.00000000"),
    ],
)
def test_a_currency_with_eight_decimals(
    wallets: Wallets, kind: str, deposit: str, stake: int, left: str
) -> None:
    wallet = wallets.get(kind=kind, decimals=8)
    bet = a_bet(wallet, deposit, stake)
    assert wallet.ask(Command.BET, bet)["data"] == {"balance": left}
    assert wallet.ask(Command.CANCEL, bet)["data"] == {"balance": deposit}


def test_the_largest_amount_is_exact_to_the_cent(wallet: Wallet) -> None:
    bet = a_bet(wallet, "90071992547409.91", MOST - 1)
    assert wallet.ask(Command.BALANCE, bet)["data"] == {"balance": "90071992547409.91"}
    assert wallet.ask(Command.BET, bet)["data"] == {"balance": "0.01"}
    assert wallet.ask(Command.CANCEL, bet)["data"] == {"balance": "90071992547409.91"}


def test_a_win_that_no_balance_can_hold_is_not_booked(wallet: Wallet) -> None:
    win = a_bet(wallet, "0.01", MOST)
    assert wallet.ask(Command.WIN, win) == UNREADABLE
    assert wallet.ask(Command.BALANCE, win)["data"] == {"balance": "0.01"}
    assert wallet.rows(win.account) == []
