"""The same moment: parallel callbacks, as retries, nodes and games send them."""

from collections import Counter

from meganodes.certification.bench import Bench
from meganodes.certification.came import Came
from meganodes.certification.case import Case, Section
from meganodes.certification.cases import rules
from meganodes.certification.sending import How
from meganodes.certification.words import Guess

_COPIES = 20
_BETS = 10
_SPENDERS = 8

_CHECK_THEN_WRITE = Guess(
    "A race between check and write: both copies look, both find the id new, both book.",
    "Let the database decide: a unique column of ids written in the same database transaction as "
    "the money; who meets the unique index answers 41.",
)
_WRONG_NO = Guess(
    "Copies that come at the same time end in an error, instead of in 41.",
    "Catch the violation of the unique index, or lock the account's row first, and answer 41.",
)
_OVERSPENT = Guess(
    "A race between check and write: several bets see the same balance, and all are paid from it.",
    "Lock the account's row before reading (`SELECT ... FOR UPDATE`), or debit by a guarded "
    "`UPDATE ... WHERE balance >= :amount` and look at the number of changed rows.",
)
_LOST = Guess(
    "An update is lost: the balance is read, changed in the program and written back, while "
    "another callback does the same.",
    "Change it in the database (`SET balance = balance - :amount`), or lock the row first.",
)
_STOOD_STILL = Guess(
    "Bets that have nothing to do with each other get in each other's way: a lock time-out, a "
    "deadlock or too few workers.",
    "Lock the account's row alone and for short; repeat the database transaction at a deadlock.",
)
_CROSSED = Guess(
    "A cancel that comes at the same time as its bet leaves the stake where it was not.",
    "Lock the account's row for both; remember the id of a cancel that found no bet, and refuse "
    "that bet.",
)


def _copies(what: str) -> list[How]:
    return [
        How(title=f"{what}, copy {number} of {_COPIES} at once", attempt=number)
        for number in range(1, _COPIES + 1)
    ]


def _expect_copies(bench: Bench, came: list[Came]) -> None:
    for one in came:
        bench.expect(one, *bench.duplicate_results, guess=_WRONG_NO)


async def _same_bet(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    came = await bench.at_once(*(bench.bet(bet, how) for how in _copies("bet")))
    why = f"once, by {_COPIES} copies of one bet at once"
    await bench.expect_change(before, -bet.amount_minor, why, _CHECK_THEN_WRITE)
    _expect_copies(bench, came)


async def _same_win(bench: Bench) -> None:
    before = await bench.held()
    win = bench.play(await bench.amount())
    came = await bench.at_once(*(bench.win(win, how) for how in _copies("win")))
    why = f"once, by {_COPIES} copies of one win at once"
    await bench.expect_change(before, win.amount_minor, why, _CHECK_THEN_WRITE)
    _expect_copies(bench, came)


async def _same_cancel(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    bench.expect(await bench.bet(bet), 0)
    came = await bench.at_once(*(bench.cancel(bet, how) for how in _copies("cancel")))
    why = f"after a bet and {_COPIES} copies of its cancel at once"
    await bench.expect_change(before, 0, why, _CHECK_THEN_WRITE)
    _expect_copies(bench, came)


async def _different_bets(bench: Bench) -> None:
    before = await bench.held()
    amount = await bench.amount(parts=_BETS)
    bets = [bench.play(amount) for _ in range(_BETS)]
    came = await bench.at_once(*(bench.bet(bet, How(title="one of ten bets")) for bet in bets))
    for one in came:
        if one.is_late:
            bench.fail(one, "Every reply within 2 s.", one.reading, _STOOD_STILL)
    taken = sum(one.result == 0 for one in came)
    why = f"by {taken} bets of {bench.text(amount)} that were taken at once"
    await bench.expect_change(before, -taken * amount, why, _LOST)
    for one in came:
        bench.expect(one, 0, guess=_STOOD_STILL)


async def _bets_and_wins(bench: Bench) -> None:
    before = await bench.held()
    amount = await bench.amount(parts=_BETS)
    bets = [bench.play(amount) for _ in range(_BETS // 2)]
    wins = [bench.play(amount + 1) for _ in range(_BETS // 2)]
    asked = [bench.bet(bet, How(title="one of five bets")) for bet in bets]
    asked += [bench.win(win, How(title="one of five wins")) for win in wins]
    came = await bench.at_once(*asked)
    for one in came:
        bench.expect(one, 0, guess=_STOOD_STILL)
    await bench.expect_change(before, len(wins), "by five bets and five wins at once", _LOST)


async def _overspending(bench: Bench) -> None:
    before = await bench.whole()
    bets = [bench.play(before) for _ in range(_SPENDERS)]
    title = f"one of {_SPENDERS} bets of all that is there"
    came = await bench.at_once(*(bench.bet(bet, How(title=title)) for bet in bets))
    taken = [bet for bet, one in zip(bets, came, strict=True) if one.result == 0]
    left = await bench.balance(how=How(title="balance after them"))
    for bet in taken:
        await bench.cancel(bet, How(title="taking the bet back"))
    counted = Counter("unreadable" if one.result is None else str(one.result) for one in came)
    told = ", ".join(f"{times} times {result}" for result, times in sorted(counted.items()))
    expected = (
        f"One of {_SPENDERS} bets of the whole balance is taken, the others are refused with 31."
    )
    if len(taken) != 1 or left.balance_minor != 0:
        bench.fail(left, expected, f"Results: {told}. {left.reading}", _OVERSPENT)
    for one in came:
        bench.expect(one, 0, 31)


async def _bet_and_cancel(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    first, _ = await bench.at_once(
        bench.bet(bet), bench.cancel(bet, How(title="its cancel at the same time"))
    )
    bench.expect(first, 0, 41, guess=_CROSSED)
    last = await bench.cancel(bet, How(title="the same cancel again", attempt=2))
    await bench.expect_change(before, 0, "after a bet and its cancels", _CROSSED)
    bench.expect(last, *bench.duplicate_results, bench.unknown_original)


CASES = (
    Case(
        id="races-01-same-bet",
        section=Section.RACES,
        title="twenty copies of a bet at once are one debit",
        rule=rules.PARALLEL,
        run=_same_bet,
        needs=("duplicates-01-bet",),
        money=True,
    ),
    Case(
        id="races-02-same-win",
        section=Section.RACES,
        title="twenty copies of a win at once are one credit",
        rule=rules.PARALLEL,
        run=_same_win,
        needs=("duplicates-02-win",),
        money=True,
    ),
    Case(
        id="races-03-same-cancel",
        section=Section.RACES,
        title="twenty copies of a cancel at once give back once",
        rule=rules.PARALLEL,
        run=_same_cancel,
        needs=("duplicates-03-cancel",),
        money=True,
    ),
    Case(
        id="races-04-different-bets",
        section=Section.RACES,
        title="ten bets at once are all booked",
        rule=rules.OVERSPENDING,
        run=_different_bets,
        needs=("bet-01-taken",),
        money=True,
    ),
    Case(
        id="races-05-bets-and-wins",
        section=Section.RACES,
        title="bets and wins at once are all booked",
        rule=rules.SEVERAL,
        run=_bets_and_wins,
        needs=("bet-01-taken", "win-06-without-a-bet"),
        money=True,
    ),
    Case(
        id="races-06-overspending",
        section=Section.RACES,
        title="bets at once do not spend the same money twice",
        rule=rules.OVERSPENDING,
        run=_overspending,
        needs=("bet-04-too-high", "bet-06-everything"),
        money=True,
    ),
    Case(
        id="races-07-bet-and-cancel",
        section=Section.RACES,
        title="a bet and its cancel at once leave nothing booked",
        rule=rules.CANCEL_FIELD,
        run=_bet_and_cancel,
        needs=("duplicates-03-cancel",),
        money=True,
    ),
)
