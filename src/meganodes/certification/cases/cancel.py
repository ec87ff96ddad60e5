"""Cancels: they give back what was booked, once, and never make money."""

from dataclasses import replace

from meganodes.certification.bench import Bench
from meganodes.certification.case import Case, Section
from meganodes.certification.cases import rules
from meganodes.certification.sending import How
from meganodes.certification.words import Guess
from meganodes.protocol.commands import Revision

_GIVES_BACK = Guess(
    "The cancel is answered with 0, but another amount than the bet's was given back, or none.",
    "Give back the amount stored with the original, in the same database transaction as its state.",
)
_MAKES_MONEY = Guess(
    "A cancel credits its own `amount` without looking for the bet: anybody's cancel makes money.",
    "Look the original up first; answer 43 (revision `id`: 42) when it was never booked.",
)
_SAYS_YES = Guess(
    "A cancel of something unknown is answered with 0, so that the hub believes that a bet which "
    "may still arrive has been undone.",
    "Answer 43 (revision `id`: 42), and keep the cancelled id, so that its late bet is refused.",
)
_NO_BALANCE = Guess(
    "Refusals are written without `data`, or without the balance in it.",
    'Answer {"result": 43, "status": "ERROR", "data": {"balance": ...}} with the balance as it is.',
)
_BELIEVED = Guess(
    "The cancel's own `amount` is credited, instead of the one that was booked.",
    "Give back the amount stored with the original; the cancel's `amount` decides nothing.",
)
_NOT_TAKEN = Guess(
    "A bet that was refused is taken for one that was booked: refused ids are stored like bets.",
    "Store refused ids with a state of their own; a cancel of one gives nothing back.",
)
_ROUND_OVER = Guess(
    "A bet is not cancelled once its round has a win, or the win is taken back with it.",
    "Make the checks that `check` names; give back the stake of this bet and nothing else.",
)
_WIN = Guess(
    "The cancel of a win is booked like that of a bet: it gives, where it must take back.",
    "Look at the kind of the original: the cancel of a win debits its amount.",
)


async def _gives_back(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    bench.expect(await bench.bet(bet), 0)
    bench.expect(await bench.cancel(bet), 0)
    await bench.expect_change(before, 0, "after a bet and its cancel", _GIVES_BACK)


async def _tells_balance(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    bench.expect(await bench.bet(bet), 0)
    came = await bench.cancel(bet)
    bench.expect(came, 0)
    bench.expect_told(came, before - bet.amount_minor, bet.amount_minor)


async def _unknown_moves_nothing(bench: Bench) -> None:
    before = await bench.held()
    never = bench.play(await bench.amount())
    came = await bench.cancel(never, How(title="cancel of a bet that never came"))
    await bench.expect_change(before, 0, "after the cancel of an unknown bet", _MAKES_MONEY)
    bench.observe("unknown_cancel", came.result)
    bench.expect(came, bench.unknown_original, guess=_SAYS_YES)


async def _refusal_tells_balance(bench: Bench) -> None:
    before = await bench.held()
    came = await bench.cancel(bench.play(1), How(title="cancel of a bet that never came"))
    bench.expect(came, bench.unknown_original)
    if came.balance_minor is None:
        faults = came.reply.faults if came.reply else ()
        text = f"No balance that can be read: {faults[0]}." if faults else "No balance."
        expected = f"`data.balance` {bench.text(before)} beside the refusal."
        bench.fail(came, expected, text, _NO_BALANCE)
    bench.expect_told(came, before, 0)


async def _other_amount_is_not_believed(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount(parts=4))
    bench.expect(await bench.bet(bet), 0)
    wrong = replace(bet, amount_minor=3 * bet.amount_minor)
    how = How(title=f"cancel that says {bench.text(wrong.amount_minor)} instead")
    came = await bench.cancel(wrong, how)
    if came.result == 0:
        await bench.expect_change(before, 0, "after a bet and its cancel", _BELIEVED)
    else:
        why = "by the bet, as its cancel was refused"
        await bench.expect_change(before, -bet.amount_minor, why, _BELIEVED)


async def _unknown_account_is_refused(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    bench.expect(await bench.bet(bet), 0)
    stranger = replace(bet, account="certification_" + bench.line.seeded.word(12))
    came = await bench.cancel(stranger, How(title="cancel in the name of an unknown account"))
    bench.expect(came, 21)
    why = "by the bet, which nobody has cancelled"
    await bench.expect_change(before, -bet.amount_minor, why)


async def _refused_bet_gives_nothing(bench: Bench) -> None:
    before = await bench.held()
    refused = bench.play(before + 1)
    bench.expect(await bench.bet(refused), 31)
    came = await bench.cancel(refused, How(title="cancel of the refused bet"))
    await bench.expect_change(before, 0, "after a refused bet and its cancel", _NOT_TAKEN)
    bench.expect(came, bench.unknown_original, *bench.duplicate_results)


async def _zero_is_cancelled(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(0)
    bench.expect(await bench.bet(bet), 0)
    bench.expect(await bench.cancel(bet), 0)
    await bench.expect_change(before, 0, "after a bet of 0 and its cancel")


async def _after_a_win(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    win = bench.play(await bench.amount(), round_id=bet.round_id)
    bench.expect(await bench.bet(bet), 0)
    bench.expect(await bench.win(win), 0)
    how = How(title="cancel of the bet, after a win of its round")
    bench.expect(await bench.cancel(bet, how), 0, guess=_ROUND_OVER)
    await bench.expect_change(before, win.amount_minor, "by the win alone", _ROUND_OVER)


async def _win_is_taken_back(bench: Bench) -> None:
    before = await bench.held()
    win = bench.play(await bench.amount())
    bench.expect(await bench.win(win), 0)
    bench.expect(await bench.cancel(win, How(title="cancel of the win")), 0)
    await bench.expect_change(before, 0, "after a win and its cancel", _WIN)


async def _one_of_two(bench: Bench) -> None:
    before = await bench.held()
    first = bench.play(await bench.amount(parts=4))
    second = bench.play(first.amount_minor + 1, round_id=first.round_id)
    bench.expect(await bench.bet(first), 0)
    bench.expect(await bench.bet(second, How(title="another bet of the same round")), 0)
    bench.expect(await bench.cancel(second, How(title="cancel of the second bet")), 0)
    guess = Guess(
        "The cancel undoes the round, or another bet of it, instead of the bet that it names.",
        "Undo the transaction with the id that the cancel names, and no other.",
    )
    await bench.expect_change(before, -first.amount_minor, "by the bet that stays", guess)


CASES = (
    Case(
        id="cancel-01-gives-back",
        section=Section.CANCEL,
        title="the cancel of a bet gives its amount back",
        rule=rules.CANCEL,
        run=_gives_back,
        needs=("bet-01-taken",),
        money=True,
    ),
    Case(
        id="cancel-02-tells-balance",
        section=Section.CANCEL,
        title="the reply to a cancel tells the balance after it",
        rule=rules.BALANCE_AFTER,
        run=_tells_balance,
        needs=("cancel-01-gives-back",),
    ),
    Case(
        id="cancel-03-unknown",
        section=Section.CANCEL,
        title="the cancel of an unknown bet is refused and moves nothing",
        rule=rules.CHECK_43,
        run=_unknown_moves_nothing,
        needs=("balance-01-told",),
        money=True,
    ),
    Case(
        id="cancel-04-refusal-tells-balance",
        section=Section.CANCEL,
        title="that refusal tells the balance",
        rule=rules.CHECK_43,
        run=_refusal_tells_balance,
        needs=("cancel-03-unknown",),
    ),
    Case(
        id="cancel-05-other-amount",
        section=Section.CANCEL,
        title="a cancel gives back what was booked, whatever amount it says",
        rule=rules.CANCEL_FIELD,
        run=_other_amount_is_not_believed,
        needs=("cancel-01-gives-back",),
        revisions=frozenset({Revision.GUID}),
        money=True,
    ),
    Case(
        id="cancel-06-unknown-account",
        section=Section.CANCEL,
        title="a cancel in the name of an unknown account is refused with 21",
        rule=rules.CHECK_21,
        run=_unknown_account_is_refused,
        needs=("bet-01-taken",),
        money=True,
    ),
    Case(
        id="cancel-07-refused-bet",
        section=Section.CANCEL,
        title="the cancel of a refused bet gives nothing back",
        rule=rules.CANCEL,
        run=_refused_bet_gives_nothing,
        needs=("bet-04-too-high",),
        money=True,
    ),
    Case(
        id="cancel-08-zero",
        section=Section.CANCEL,
        title="a bet of amount 0 is cancelled like any other",
        rule=rules.ZERO,
        run=_zero_is_cancelled,
        needs=("bet-03-zero", "cancel-01-gives-back"),
    ),
    Case(
        id="cancel-09-after-a-win",
        section=Section.CANCEL,
        title="a bet is cancelled also after a win of its round",
        rule=rules.CANCEL,
        run=_after_a_win,
        needs=("cancel-01-gives-back", "win-01-paid"),
        money=True,
    ),
    Case(
        id="cancel-10-one-of-two",
        section=Section.CANCEL,
        title="of two bets of a round the one that is named is cancelled",
        rule=rules.CANCEL,
        run=_one_of_two,
        needs=("cancel-01-gives-back", "bet-09-several-in-a-round"),
        money=True,
    ),
    Case(
        id="cancel-11-of-a-win",
        section=Section.CANCEL,
        title="the cancel of a win takes it back",
        rule=rules.CANCEL_OF_WIN,
        run=_win_is_taken_back,
        needs=("win-06-without-a-bet",),
        revisions=frozenset({Revision.ID}),
        money=True,
    ),
)
