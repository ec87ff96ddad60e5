"""Repeats of one transaction: the money moves once, for ever."""

from dataclasses import replace

from meganodes.certification.bench import Bench
from meganodes.certification.case import Case, Section
from meganodes.certification.cases import rules
from meganodes.certification.sending import How
from meganodes.certification.words import Guess
from meganodes.protocol.commands import Revision

_TWICE = Guess(
    "A repeat is booked like a new transaction: the backend does not remember ids it has booked.",
    "Keep the transaction id in a unique column, written in the same database transaction as the "
    "money; answer a repeat with 41 or with 0, and leave the balance alone. Compare the id alone: "
    "`timestamp` is new on every attempt.",
)
_WRONG_NO = Guess(
    "A repeat is answered as if something were wrong with it.",
    "Answer a repeat of a booked transaction with 41, or with 0 as at the first time.",
)
_BACK_TWICE = Guess(
    "The repeat of a cancel gives the money back again: a double refund.",
    "Give back only when the original's state goes from booked to cancelled: "
    "`UPDATE ... SET state = 'cancelled' WHERE id = :id AND state = 'booked'`, one row changed.",
)
_BY_CONNECTION = Guess(
    "Repeats are known within one connection, process or session only; behind a balancer the "
    "other one books again.",
    "Keep ids in the database, in a unique column, and not in the memory of a process.",
)
_BY_CONTENT = Guess(
    "A repeat is known by id and amount together: the same id with another amount is booked anew.",
    "The id alone says whether a transaction is new.",
)
_BY_KIND = Guess(
    "Ids are unique for each kind (bets in one table, wins in another), so that one id moves money "
    "twice.",
    "Keep one unique column of ids over bets, wins and cancels.",
)
_OLD_BALANCE = Guess(
    "The reply to the first one was stored and is sent again, with the balance of that time.",
    "Answer a repeat with the balance as it is now.",
)
_REFUSED_LATER = Guess(
    "Refused ids are forgotten: a late copy of a bet that the game was told is refused is booked.",
    "Keep refused ids too, with the result, and answer every repeat with it (or with 41).",
)
_BOOKED_AGAIN = Guess(
    "A cancel deletes the bet, and with it the memory of its id: a late copy is booked anew.",
    "Never delete a transaction: set its state to cancelled and keep the id for ever.",
)
_SAYS_BOOKED = Guess(
    "The repeat of a cancelled bet is answered with 0: the hub takes that for an accepted bet.",
    "Answer the repeat of a bet that was cancelled with 41.",
)
_CUT_SHORT = Guess(
    "Ids are cut short, or numbers rounded: two that differ in their last digit are taken for one.",
    "Keep `trans_guid` in a column of 64 characters, `trans_id` in one of 64 bits.",
)
_OLD = 12
_EARLIER = How(age_seconds=2)
"""An attempt has a time of its own: whoever knows copies by `timestamp` too must be found out."""


async def _bet_repeated(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    bench.expect(await bench.bet(bet, _EARLIER), 0)
    again = await bench.bet(bet, How(title="the same bet again", attempt=2))
    await bench.expect_change(before, -bet.amount_minor, "once, by a bet and its repeat", _TWICE)
    bench.observe("duplicates", again.result)
    bench.expect(again, *bench.duplicate_results, guess=_WRONG_NO)


async def _win_repeated(bench: Bench) -> None:
    before = await bench.held()
    win = bench.play(await bench.amount())
    bench.expect(await bench.win(win, _EARLIER), 0)
    again = await bench.win(win, How(title="the same win again", attempt=2))
    await bench.expect_change(before, win.amount_minor, "once, by a win and its repeat", _TWICE)
    bench.expect(again, *bench.duplicate_results, guess=_WRONG_NO)


async def _cancel_repeated(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    bench.expect(await bench.bet(bet), 0)
    bench.expect(await bench.cancel(bet, _EARLIER), 0)
    again = await bench.cancel(bet, How(title="the same cancel again", attempt=2))
    why = "after a bet, its cancel and the repeat of that"
    await bench.expect_change(before, 0, why, _BACK_TWICE)
    bench.expect(again, *bench.duplicate_results, guess=_WRONG_NO)


async def _cancelled_under_another_id(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    bench.expect(await bench.bet(bet), 0)
    bench.expect(await bench.cancel(bet), 0)
    how = How(title="another cancel of the same bet, with an id of its own")
    other = await bench.cancel(bet, how, guid=bench.line.seeded.guid())
    await bench.expect_change(before, 0, "after a bet and two cancels of it", _BACK_TWICE)
    bench.expect(other, *bench.duplicate_results, bench.unknown_original)


async def _over_a_new_connection(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    bench.expect(await bench.bet(bet), 0)
    for attempt in (2, 3, 4):
        title = f"the same bet over a new connection ({attempt})"
        how = How(title=title, attempt=attempt, new_connection=True)
        bench.expect(await bench.bet(bet, how), *bench.duplicate_results, guess=_BY_CONNECTION)
    why = "once, by a bet and its repeats"
    await bench.expect_change(before, -bet.amount_minor, why, _BY_CONNECTION)


async def _with_another_amount(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount(parts=4))
    bench.expect(await bench.bet(bet), 0)
    other = replace(bet, amount_minor=bet.amount_minor + 1)
    how = How(title=f"a bet of {bench.text(other.amount_minor)} with the same id")
    came = await bench.bet(other, how)
    await bench.expect_change(before, -bet.amount_minor, "once, by the first bet", _BY_CONTENT)
    bench.expect(came, *bench.duplicate_results)


async def _known_id_as_win(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    bench.expect(await bench.bet(bet), 0)
    came = await bench.win(bet, How(title="a win with the id of the bet"))
    await bench.expect_change(before, -bet.amount_minor, "by the bet alone", _BY_KIND)
    bench.expect(came, 41, guess=_BY_KIND)


async def _tells_the_balance_of_now(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    win = bench.play(await bench.amount())
    bench.expect(await bench.bet(bet), 0)
    bench.expect(await bench.win(win), 0)
    again = await bench.bet(bet, How(title="the same bet again", attempt=2))
    bench.expect(again, *bench.duplicate_results)
    now = before - bet.amount_minor + win.amount_minor
    if again.balance_minor != now:
        told = "none" if again.balance_minor is None else bench.text(again.balance_minor)
        expected = f"The reply to the repeat tells the balance {bench.text(now)}."
        bench.fail(again, expected, f"The balance {told}.", _OLD_BALANCE)


async def _refused_stays_refused(bench: Bench) -> None:
    before = await bench.whole()
    refused = bench.play(before + 1)
    bench.expect(await bench.bet(refused), 31)
    win = bench.play(2)
    bench.expect(await bench.win(win), 0)
    how = How(title="the refused bet again, now that the money is there", attempt=2)
    again = await bench.bet(refused, how)
    if again.result == 0:
        await bench.cancel(refused, How(title="taking the bet back"))
    bench.observe("refused_stays", again.result)
    bench.expect(again, 31, 41, guess=_REFUSED_LATER)
    await bench.expect_change(before, win.amount_minor, "by the win alone", _REFUSED_LATER)


async def _bet_after_its_cancel(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    bench.expect(await bench.bet(bet), 0)
    bench.expect(await bench.cancel(bet), 0)
    late = await bench.bet(bet, How(title="the bet again, after its cancel", attempt=2))
    why = "after a bet, its cancel and a late copy of the bet"
    await bench.expect_change(before, 0, why, _BOOKED_AGAIN)
    bench.expect(late, 41, guess=_SAYS_BOOKED)


async def _ids_that_look_alike(bench: Bench) -> None:
    before = await bench.held()
    first = bench.play(await bench.amount(parts=4))
    last = "1" if first.trans_guid[-1] == "0" else "0"
    second = replace(bench.play(first.amount_minor + 1), trans_guid=first.trans_guid[:-1] + last)
    bench.expect(await bench.bet(first), 0)
    how = How(title="a bet whose id differs in the last digit")
    bench.expect(await bench.bet(second, how), 0, guess=_CUT_SHORT)
    staked = first.amount_minor + second.amount_minor
    await bench.expect_change(before, -staked, "by two bets", _CUT_SHORT)


async def _old_one_repeated(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount(parts=4))
    bench.expect(await bench.bet(bet), 0)
    for _ in range(_OLD // 2):
        other = bench.play(1)
        bench.expect(await bench.bet(other), 0)
        bench.expect(await bench.win(bench.play(1, round_id=other.round_id)), 0)
    how = How(title=f"the first bet again, after {_OLD} other transactions", attempt=2)
    again = await bench.bet(bet, how)
    guess = Guess(
        "Only the last transactions are remembered: a cache, or the last id of an account.",
        "Keep every id for ever, in a unique column; repeats come hours later too.",
    )
    await bench.expect_change(before, -bet.amount_minor, "once, by the first bet", guess)
    bench.expect(again, *bench.duplicate_results, guess=guess)


CASES = (
    Case(
        id="duplicates-01-bet",
        section=Section.DUPLICATES,
        title="a repeated bet moves the money once",
        rule=rules.ONCE,
        run=_bet_repeated,
        needs=("bet-01-taken",),
        money=True,
    ),
    Case(
        id="duplicates-02-win",
        section=Section.DUPLICATES,
        title="a repeated win moves the money once",
        rule=rules.ONCE,
        run=_win_repeated,
        needs=("win-06-without-a-bet",),
        money=True,
    ),
    Case(
        id="duplicates-03-cancel",
        section=Section.DUPLICATES,
        title="a repeated cancel gives the money back once",
        rule=rules.ONE_CANCEL,
        run=_cancel_repeated,
        needs=("cancel-01-gives-back",),
        money=True,
    ),
    Case(
        id="duplicates-04-other-cancel",
        section=Section.DUPLICATES,
        title="a second cancel with an id of its own gives nothing back",
        rule=rules.ONE_CANCEL,
        run=_cancelled_under_another_id,
        needs=("duplicates-03-cancel",),
        revisions=frozenset({Revision.GUID}),
        money=True,
    ),
    Case(
        id="duplicates-05-new-connection",
        section=Section.DUPLICATES,
        title="a repeat over a new connection is a repeat",
        rule=rules.NEW_CONNECTION,
        run=_over_a_new_connection,
        needs=("duplicates-01-bet",),
        money=True,
    ),
    Case(
        id="duplicates-06-other-amount",
        section=Section.DUPLICATES,
        title="a known id with another amount is not booked",
        rule=rules.CHECK_41,
        run=_with_another_amount,
        needs=("duplicates-01-bet",),
        money=True,
    ),
    Case(
        id="duplicates-07-other-kind",
        section=Section.DUPLICATES,
        title="a win with the id of a bet is not paid",
        rule=rules.CHECK_41,
        run=_known_id_as_win,
        needs=("duplicates-01-bet", "win-01-paid"),
        money=True,
    ),
    Case(
        id="duplicates-08-balance-of-now",
        section=Section.DUPLICATES,
        title="the reply to a repeat tells the balance of now",
        rule=rules.CHECK_41,
        run=_tells_the_balance_of_now,
        needs=("duplicates-01-bet", "win-06-without-a-bet"),
    ),
    Case(
        id="duplicates-09-refused",
        section=Section.DUPLICATES,
        title="a refused bet stays refused",
        rule=rules.REFUSED_STAYS,
        run=_refused_stays_refused,
        needs=("bet-04-too-high", "win-06-without-a-bet"),
        money=True,
    ),
    Case(
        id="duplicates-10-cancelled",
        section=Section.DUPLICATES,
        title="a bet that was cancelled is not booked again",
        rule=rules.TOMBSTONE,
        run=_bet_after_its_cancel,
        needs=("duplicates-01-bet", "cancel-01-gives-back"),
        money=True,
    ),
    Case(
        id="duplicates-11-alike",
        section=Section.DUPLICATES,
        title="ids that differ in their last digit are two",
        rule=rules.CHECK_41,
        run=_ids_that_look_alike,
        needs=("bet-01-taken",),
        money=True,
    ),
    Case(
        id="duplicates-12-old",
        section=Section.DUPLICATES,
        title="a repeat is known after many other transactions",
        rule=rules.ONCE,
        run=_old_one_repeated,
        needs=("duplicates-01-bet", "win-01-paid"),
        money=True,
    ),
)
