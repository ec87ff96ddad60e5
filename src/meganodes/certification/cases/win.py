"""Winnings: paid whatever came before, and owed until they are."""

from meganodes.certification.bench import Bench
from meganodes.certification.case import Case, Section
from meganodes.certification.cases import rules
from meganodes.certification.sending import How
from meganodes.certification.words import Guess

_ZERO = Guess(
    "An amount of 0 is taken for a missing one (`if not amount`, `amount > 0`).",
    "Take a win of 0: it is how the end of a lost round is told. Answer 0 and move nothing.",
)
_ONE_PER_ROUND = Guess(
    "Wins are remembered by round: the second win of a round is taken for a repeat, and its money "
    "is lost to the player.",
    "Tell transactions apart by their id alone; a round may have any number of wins.",
)
_NEEDS_BET = Guess(
    "A win is paid only where a bet of its round is known.",
    "Make the checks that `check` names and no other: prizes and free rounds come without a bet.",
)
_CROSSED = Guess(
    "An account has one round at a time: a win is booked to the last round, or refused.",
    "Keep rounds apart by `round_id`; an account plays several at once.",
)
_LOCKED = Guess(
    "For a locked account something else than the check happens.",
    "Pay the win (best: money is owed to a locked player too), or answer 22 and move nothing.",
)
_LOCKED_LOST = Guess(
    "The win of a locked account is answered with 0, but was not paid: the hub takes it as "
    "delivered and never comes again.",
    "Pay it, or answer 22 so that it stays owed.",
)


async def _is_paid(bench: Bench) -> None:
    bet = bench.play(await bench.amount())
    win = bench.play(bet.amount_minor + 2, round_id=bet.round_id)
    bench.expect(await bench.bet(bet), 0)
    before = await bench.held()
    how = How(title=f"win {bench.text(win.amount_minor)} of the same round")
    bench.expect(await bench.win(win, how), 0)
    await bench.expect_change(before, win.amount_minor, "by the win")


async def _tells_balance(bench: Bench) -> None:
    before = await bench.held()
    win = bench.play(await bench.amount())
    came = await bench.win(win)
    bench.expect(came, 0)
    bench.expect_told(came, before, win.amount_minor)


async def _rounds_cross(bench: Bench) -> None:
    before = await bench.held()
    first = bench.play(await bench.amount(parts=4))
    second = bench.play(first.amount_minor + 1)
    bench.expect(await bench.bet(first), 0)
    bench.expect(await bench.bet(second, How(title="bet of another round")), 0)
    for bet, title in ((second, "win of the second round"), (first, "win of the first round")):
        win = bench.play(bet.amount_minor + 3, round_id=bet.round_id)
        bench.expect(await bench.win(win, How(title=title)), 0, guess=_CROSSED)
    await bench.expect_change(before, 6, "by two rounds that crossed", _CROSSED)


async def _zero_is_taken(bench: Bench) -> None:
    bet = bench.play(await bench.amount())
    bench.expect(await bench.bet(bet), 0)
    before = await bench.held()
    how = How(title="win of 0, which ends a lost round")
    bench.expect(await bench.win(bench.play(0, round_id=bet.round_id), how), 0, guess=_ZERO)
    await bench.expect_change(before, 0, "after a win of 0", _ZERO)


async def _several_in_a_round(bench: Bench) -> None:
    before = await bench.held()
    first = bench.play(await bench.amount())
    second = bench.play(first.amount_minor + 1, round_id=first.round_id)
    bench.expect(await bench.win(first), 0)
    how = How(title=f"another win of the same round, {bench.text(second.amount_minor)}")
    bench.expect(await bench.win(second, how), 0, guess=_ONE_PER_ROUND)
    won = first.amount_minor + second.amount_minor
    await bench.expect_change(before, won, "by two wins of a round", _ONE_PER_ROUND)


async def _prize_is_paid(bench: Bench) -> None:
    before = await bench.held()
    prize = bench.play(await bench.amount())
    how = How(title=f"win {bench.text(prize.amount_minor)} of a round without a bet")
    bench.expect(await bench.win(prize, how), 0, guess=_NEEDS_BET)
    await bench.expect_change(before, prize.amount_minor, "by the win", _NEEDS_BET)


async def _unknown_is_refused(bench: Bench) -> None:
    stranger = "certification_" + bench.line.seeded.word(12)
    win = bench.play(1, account=stranger)
    bench.expect(await bench.win(win, How(title="win of an account that does not exist")), 21)


async def _blocked_is_paid_or_refused(bench: Bench) -> None:
    blocked = bench.blocked()
    win = bench.play(0, account=blocked)  # a locked account could not give more back
    came = await bench.win(win, How(title="win of the locked account"))
    bench.observe("win_of_locked", "paid" if came.result == 0 else "refused")
    bench.expect(came, 0, 22, guess=_LOCKED)
    if came.result == 0:
        bench.expect(await bench.status(win), 0, guess=_LOCKED_LOST)


CASES = (
    Case(
        id="win-01-paid",
        section=Section.WIN,
        title="the win of a round is paid",
        rule=rules.BALANCE_AFTER,
        run=_is_paid,
        needs=("bet-01-taken",),
        money=True,
    ),
    Case(
        id="win-02-tells-balance",
        section=Section.WIN,
        title="the reply to a win tells the balance after it",
        rule=rules.BALANCE_AFTER,
        run=_tells_balance,
        needs=("win-06-without-a-bet",),
    ),
    Case(
        id="win-03-rounds-cross",
        section=Section.WIN,
        title="rounds that run at the same time do not disturb each other",
        rule=rules.SEVERAL,
        run=_rounds_cross,
        needs=("win-01-paid",),
        money=True,
    ),
    Case(
        id="win-04-zero",
        section=Section.WIN,
        title="a win of amount 0 is taken",
        rule=rules.ZERO,
        run=_zero_is_taken,
        needs=("win-01-paid",),
    ),
    Case(
        id="win-05-several-in-a-round",
        section=Section.WIN,
        title="every win of a round is paid",
        rule=rules.SEVERAL,
        run=_several_in_a_round,
        needs=("win-06-without-a-bet",),
        money=True,
    ),
    Case(
        id="win-06-without-a-bet",
        section=Section.WIN,
        title="a win of a round without a bet is paid",
        rule=rules.PRIZE,
        run=_prize_is_paid,
        needs=("win-01-paid",),
        money=True,
    ),
    Case(
        id="win-07-unknown",
        section=Section.WIN,
        title="a win of an unknown account is refused with 21",
        rule=rules.CHECK_21,
        run=_unknown_is_refused,
        needs=("authenticate-02-unknown",),
        money=True,
    ),
    Case(
        id="win-08-blocked",
        section=Section.WIN,
        title="a win of a locked account is paid, or refused with 22",
        rule=rules.OWED,
        run=_blocked_is_paid_or_refused,
        needs=("win-04-zero", "status-03-win"),
        money=True,
    ),
)
