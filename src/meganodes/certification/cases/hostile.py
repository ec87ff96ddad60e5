"""What no hub sends, but anybody may who has got hold of the token, or a program gone wrong."""

from dataclasses import replace

from meganodes.certification.bench import Bench
from meganodes.certification.came import Came
from meganodes.certification.case import Case, Section
from meganodes.certification.cases import rules
from meganodes.certification.sending import How, Swap
from meganodes.certification.words import Guess

_NEGATIVE = Guess(
    "The sign of the amount is not looked at: a bet of less than nothing makes money.",
    "Refuse an amount below 0 with 99 before anything else.",
)
_HUGE = Guess(
    "The amount overflows, or becomes infinite, or is cut to what the column can hold.",
    "Bound the amount (2^53-1 minor units) when you read it, and answer 99 beyond.",
)
_FINER = Guess(
    "An amount with more decimals than the currency has is rounded and booked.",
    "Refuse such an amount with 99: what was meant is not known.",
)
_UNREAD = Guess(
    "A field that is missing or of another type is replaced by something, and the rest is booked.",
    "Read the request strictly: every field there and of its type, or 99.",
)
_NO_BODY = Guess(
    "What cannot be read is answered as a success.",
    "Answer 99 to what cannot be read, and book nothing.",
)
_COMMAND = Guess(
    "A command that does not exist is answered as a success, or taken for another.",
    "Answer 99 to a command that you do not know.",
)
_INJECTED = Guess(
    "The account is put into the text of an SQL statement: whoever writes it writes the statement.",
    "Pass values as parameters of a prepared statement, never inside its text.",
)
_LOOKS_ALIKE = Guess(
    "Accounts that only look alike are taken for the same: the collation of the database ignores "
    "accents.",
    "Compare accounts byte for byte: a binary collation (MySQL: utf8mb4_bin) for that column.",
)
_ALIKE = str.maketrans({"a": "á", "e": "é", "i": "í", "o": "ó", "u": "ú", "n": "ñ", "c": "ç"})
_HUGE_NUMBER = "1e30"


async def _bet_of(bench: Bench, number: str, title: str, guess: Guess) -> None:
    """Send a bet whose amount is written as ``number``, which must not be booked."""
    before = await bench.held()
    bet = bench.play(await bench.amount())
    written = f'"amount":{bench.text(bet.amount_minor)}'.encode()
    swap = Swap(written, f'"amount":{number}'.encode())
    came = await bench.bet(bet, How(title=title, swap=swap))
    await bench.expect_change(before, 0, f"after {title}", guess)
    _expect_no_success(bench, came, guess)


def _expect_no_success(bench: Bench, came: Came, guess: Guess) -> None:
    if came.result == 0:
        bench.fail(came, "Anything but result 0; best is 99.", came.reading, guess)


async def _negative(bench: Bench) -> None:
    amount = await bench.amount()
    await _bet_of(bench, f"-{bench.text(amount)}", "a bet of a negative amount", _NEGATIVE)


async def _huge(bench: Bench) -> None:
    await _bet_of(bench, _HUGE_NUMBER, f"a bet of {_HUGE_NUMBER}", _HUGE)


async def _finer(bench: Bench) -> None:
    number = f"{bench.text(await bench.amount())}{'' if bench.exponent else '.'}5"
    await _bet_of(bench, number, f"a bet of {number}, finer than the currency", _FINER)


async def _missing_amount(bench: Bench) -> None:
    await _bet_of(bench, "null", "a bet without an amount", _UNREAD)


async def _win_of_a_negative_amount(bench: Bench) -> None:
    before = await bench.held()
    win = bench.play(await bench.amount())
    written = f'"amount":{bench.text(win.amount_minor)}'.encode()
    title = "a win of a negative amount"
    swap = Swap(written, written.replace(b":", b":-"))
    came = await bench.win(win, How(title=title, swap=swap))
    await bench.expect_change(before, 0, f"after {title}", _NEGATIVE)
    _expect_no_success(bench, came, _NEGATIVE)


async def _broken_json(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    how = How(title="a bet whose JSON is cut", swap=Swap(b'"type":1}', b'"type":1'))
    came = await bench.bet(bet, how)
    await bench.expect_change(before, 0, "after a bet whose JSON is cut", _NO_BODY)
    _expect_no_success(bench, came, _NO_BODY)


async def _unknown_command(bench: Bench) -> None:
    before = await bench.held()
    win = bench.play(await bench.amount())
    how = How(title="a command that does not exist")
    named = Swap(b'"command":"win"', b'"command":"credit"')
    came = await bench.win(win, replace(how, swap=named))
    await bench.expect_change(before, 0, "after a command that does not exist", _COMMAND)
    _expect_no_success(bench, came, _COMMAND)


async def _injection(bench: Bench) -> None:
    for account in (f"{bench.target.account}' OR '1'='1", "' OR 1=1 -- ", '" OR ""="'):
        came = await bench.authenticate(account, How(title=f"authenticate {account}"))
        _expect_no_success(bench, came, _INJECTED)
    bench.expect(await bench.balance(how=How(title="balance afterwards")), 0)


async def _looks_alike(bench: Bench) -> None:
    other = bench.target.account.translate(_ALIKE)
    if other == bench.target.account:
        bench.not_applicable("The account's name has no letter that an accent could be put on.")
    came = await bench.authenticate(other, How(title=f"authenticate {other}"))
    _expect_no_success(bench, came, _LOOKS_ALIKE)


async def _account_of_another_type(bench: Bench) -> None:
    before = await bench.held()
    written = f'"account":"{bench.target.account}"'.encode()
    for other in (b'{"$ne":""}', b"[]", b"null", b"true"):
        swap = Swap(written, b'"account":' + other)
        how = How(title=f"a bet whose account is {other.decode()}", swap=swap)
        came = await bench.bet(bench.play(1), how)
        _expect_no_success(bench, came, _UNREAD)
    await bench.expect_change(before, 0, "after bets without a right account", _UNREAD)


async def _long_account(bench: Bench) -> None:
    account = bench.target.account + "x" * 10_000
    came = await bench.authenticate(account, How(title="authenticate a name of 10,000 letters"))
    bench.expect(came, 21, 99, guess=_UNREAD)
    bench.expect(await bench.balance(how=How(title="balance afterwards")), 0)


CASES = (
    Case(
        id="hostile-01-negative-bet",
        section=Section.HOSTILE,
        title="a bet of a negative amount makes no money",
        rule=rules.AMOUNT_BOUNDS,
        run=_negative,
        needs=("bet-01-taken",),
        money=True,
    ),
    Case(
        id="hostile-02-negative-win",
        section=Section.HOSTILE,
        title="a win of a negative amount takes nothing",
        rule=rules.AMOUNT_BOUNDS,
        run=_win_of_a_negative_amount,
        needs=("win-06-without-a-bet",),
        money=True,
    ),
    Case(
        id="hostile-03-huge",
        section=Section.HOSTILE,
        title="a bet beyond all bounds is not booked",
        rule=rules.AMOUNT_BOUNDS,
        run=_huge,
        needs=("bet-01-taken",),
        money=True,
    ),
    Case(
        id="hostile-04-finer",
        section=Section.HOSTILE,
        title="an amount finer than the currency is not booked",
        rule=rules.AMOUNT,
        run=_finer,
        needs=("bet-01-taken",),
        money=True,
    ),
    Case(
        id="hostile-05-no-amount",
        section=Section.HOSTILE,
        title="a bet without an amount is not booked",
        rule=rules.FAILURE,
        run=_missing_amount,
        needs=("bet-01-taken",),
        money=True,
    ),
    Case(
        id="hostile-06-broken-json",
        section=Section.HOSTILE,
        title="a callback that is no JSON is not booked",
        rule=rules.FAILURE,
        run=_broken_json,
        needs=("bet-01-taken",),
        money=True,
    ),
    Case(
        id="hostile-07-unknown-command",
        section=Section.HOSTILE,
        title="a command that does not exist moves nothing",
        rule=rules.FAILURE,
        run=_unknown_command,
        needs=("win-06-without-a-bet",),
        money=True,
    ),
    Case(
        id="hostile-08-injection",
        section=Section.HOSTILE,
        title="an account with SQL in it is not found",
        rule=rules.CHECK_21,
        run=_injection,
        needs=("authenticate-02-unknown", "balance-01-told"),
        money=True,
    ),
    Case(
        id="hostile-09-alike",
        section=Section.HOSTILE,
        title="an account that only looks like the right one is not found",
        rule=rules.ACCOUNT,
        run=_looks_alike,
        needs=("authenticate-01-known", "authenticate-02-unknown"),
        money=True,
    ),
    Case(
        id="hostile-10-account-type",
        section=Section.HOSTILE,
        title="a bet whose account is no text is not booked",
        rule=rules.FAILURE,
        run=_account_of_another_type,
        needs=("bet-01-taken",),
        money=True,
    ),
    Case(
        id="hostile-11-long-account",
        section=Section.HOSTILE,
        title="a very long account is refused, and the backend goes on",
        rule=rules.CHECK_21,
        run=_long_account,
        needs=("authenticate-02-unknown", "balance-01-told"),
    ),
)
