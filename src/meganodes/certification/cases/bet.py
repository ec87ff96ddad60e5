"""Stakes: taken when they can be paid, refused in the right order when not."""

from meganodes.certification.bench import Bench
from meganodes.certification.case import Case, Section
from meganodes.certification.cases import rules
from meganodes.certification.sending import How
from meganodes.certification.words import Guess

_OVERDRAWN = Guess(
    "The balance is not compared with the amount, or afterwards: the account can go below zero.",
    "Compare inside the database transaction that debits: lock the row first, or "
    "`UPDATE ... SET balance = balance - :amount WHERE account = :account AND balance >= :amount`.",
)
_REFUSED_BUT_TAKEN = Guess(
    "The bet is refused, but its money was taken: the debit came before the check.",
    "Make all checks first; debit only when every one holds, and roll back otherwise.",
)
_NOT_EQUAL = Guess(
    "The balance must be above the amount, instead of at least the amount.",
    "Compare with >=: a bet of all that the account holds is right.",
)
_ZERO = Guess(
    "An amount of 0 is taken for a missing one (`if not amount`, `amount > 0`).",
    "Take a bet of 0 like any other (free rounds have it): book it, answer 0, move nothing.",
)
_NO_BALANCE = Guess(
    "Refusals are written without `data`, or without the balance in it.",
    'Answer {"result": 31, "status": "ERROR", "data": {"balance": ...}} with the balance as it is.',
)
_BY_ROUND = Guess(
    "Ids are remembered by round: the second bet of a round is taken for a repeat of the first.",
    "Tell transactions apart by their id alone; a round may have any number of bets.",
)
_BY_CONTENT = Guess(
    "Bets are compared by content: one that looks the same (account, round, amount) is taken for "
    "a repeat.",
    "Tell transactions apart by their id alone.",
)
_LOCKED = Guess(
    "Whether the account is locked is not looked at.",
    "When `check` has 22, answer 22 for an account that may not play, before any money moves.",
)
_ORDER = Guess(
    "The checks are made in an order of the backend's own.",
    "Walk through `check` from left to right and answer with the first check that does not hold: "
    "21, 22, 41, 31 for a bet.",
)
_MORE_THAN_ANYBODY_HAS = 9_000_000_000_000


async def _is_taken(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    bench.expect(await bench.bet(bet), 0)
    await bench.expect_change(before, -bet.amount_minor, "by the bet")


async def _tells_balance(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    came = await bench.bet(bet)
    bench.expect(came, 0)
    bench.expect_told(came, before, -bet.amount_minor)


async def _zero_is_taken(bench: Bench) -> None:
    before = await bench.held()
    bench.expect(await bench.bet(bench.play(0)), 0, guess=_ZERO)
    await bench.expect_change(before, 0, "after a bet of 0")


async def _too_high_is_refused(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(before + 1)
    came = await bench.bet(bet, How(title=f"bet {bench.text(before + 1)}, more than is there"))
    if came.result == 0:
        await bench.cancel(bet, How(title="taking the bet back"))
    bench.expect(came, 31, guess=_OVERDRAWN)
    await bench.expect_change(before, 0, "after a refused bet", _REFUSED_BUT_TAKEN)


async def _refusal_tells_balance(bench: Bench) -> None:
    before = await bench.held()
    came = await bench.bet(bench.play(before + 1))
    bench.expect(came, 31)
    if came.balance_minor is None:
        faults = came.reply.faults if came.reply else ()
        text = f"No balance that can be read: {faults[0]}." if faults else "No balance."
        expected = f"`data.balance` {bench.text(before)} beside result 31."
        bench.fail(came, expected, text, _NO_BALANCE)
    bench.expect_told(came, before, 0)


async def _everything_is_taken(bench: Bench) -> None:
    before = await bench.whole()
    bet = bench.play(before)
    came = await bench.bet(bet, How(title=f"bet {bench.text(before)}, all that is there"))
    bench.expect(came, 0, guess=_NOT_EQUAL)
    bench.expect_told(came, before, -before)
    bench.expect(await bench.cancel(bet), 0)


async def _unknown_is_refused(bench: Bench) -> None:
    stranger = "certification_" + bench.line.seeded.word(12)
    bet = bench.play(1, account=stranger)
    came = await bench.bet(bet, How(title="bet of an account that does not exist"))
    bench.expect(came, 21)


async def _blocked_is_refused(bench: Bench) -> None:
    blocked = bench.blocked()
    bet = bench.play(1, account=blocked)
    came = await bench.bet(bet, How(title="bet of the locked account"))
    if came.result == 0:
        await bench.cancel(bet, How(title="taking the bet back"))
    bench.expect(came, 22, guess=_LOCKED)


async def _several_in_a_round(bench: Bench) -> None:
    before = await bench.held()
    amount = await bench.amount(parts=4)
    first, other = bench.play(amount), bench.play(amount + 1)
    second = bench.play(amount + 1, round_id=first.round_id)
    bench.expect(await bench.bet(first), 0)
    how = How(title=f"another bet of the same round, {bench.text(second.amount_minor)}")
    bench.expect(await bench.bet(second, how), 0, guess=_BY_ROUND)
    bench.expect(await bench.bet(other), 0)
    stakes = first.amount_minor + second.amount_minor + other.amount_minor
    await bench.expect_change(before, -stakes, "by three bets", _BY_ROUND)


async def _same_content(bench: Bench) -> None:
    before = await bench.held()
    first = bench.play(await bench.amount())
    second = bench.play(first.amount_minor, round_id=first.round_id)
    bench.expect(await bench.bet(first), 0)
    how = How(title="another bet that differs in its id alone")
    bench.expect(await bench.bet(second, how), 0, guess=_BY_CONTENT)
    await bench.expect_change(before, -2 * first.amount_minor, "by two bets", _BY_CONTENT)


async def _unknown_before_money(bench: Bench) -> None:
    stranger = "certification_" + bench.line.seeded.word(12)
    bet = bench.play(_MORE_THAN_ANYBODY_HAS, account=stranger)
    came = await bench.bet(bet, How(title="much too high a bet of an unknown account"))
    bench.expect(came, 21, guess=_ORDER)


async def _blocked_before_money(bench: Bench) -> None:
    bet = bench.play(_MORE_THAN_ANYBODY_HAS, account=bench.blocked())
    came = await bench.bet(bet, How(title="much too high a bet of the locked account"))
    bench.expect(came, 22, guess=_ORDER)


async def _repeat_before_money(bench: Bench) -> None:
    before = await bench.whole()
    bet = bench.play(before)
    bench.expect(await bench.bet(bet), 0)
    how = How(title="the same bet again, with nothing left on the account", attempt=2)
    again = await bench.bet(bet, how)
    await bench.cancel(bet, How(title="taking the bet back"))
    bench.expect(again, *bench.duplicate_results, guess=_ORDER)


CASES = (
    Case(
        id="bet-01-taken",
        section=Section.BET,
        title="a bet below the balance is taken from it",
        rule=rules.CHECK_31,
        run=_is_taken,
        needs=("balance-01-told",),
        money=True,
    ),
    Case(
        id="bet-02-tells-balance",
        section=Section.BET,
        title="the reply to a bet tells the balance after it",
        rule=rules.BALANCE_AFTER,
        run=_tells_balance,
        needs=("bet-01-taken",),
    ),
    Case(
        id="bet-03-zero",
        section=Section.BET,
        title="a bet of amount 0 is taken",
        rule=rules.ZERO,
        run=_zero_is_taken,
        needs=("balance-01-told",),
    ),
    Case(
        id="bet-04-too-high",
        section=Section.BET,
        title="a bet above the balance is refused with 31 and moves nothing",
        rule=rules.CHECK_31,
        run=_too_high_is_refused,
        needs=("bet-01-taken",),
        money=True,
    ),
    Case(
        id="bet-05-refusal-tells-balance",
        section=Section.BET,
        title="the refusal with 31 tells the balance",
        rule=rules.CHECK_31,
        run=_refusal_tells_balance,
        needs=("bet-04-too-high",),
    ),
    Case(
        id="bet-06-everything",
        section=Section.BET,
        title="a bet of all that the account holds is taken",
        rule=rules.CHECK_31,
        run=_everything_is_taken,
        needs=("bet-02-tells-balance", "cancel-01-gives-back"),
    ),
    Case(
        id="bet-07-unknown",
        section=Section.BET,
        title="a bet of an unknown account is refused with 21",
        rule=rules.CHECK_21,
        run=_unknown_is_refused,
        needs=("authenticate-02-unknown",),
        money=True,
    ),
    Case(
        id="bet-08-blocked",
        section=Section.BET,
        title="a bet of a locked account is refused with 22",
        rule=rules.CHECK_22,
        run=_blocked_is_refused,
        needs=("bet-01-taken",),
        money=True,
    ),
    Case(
        id="bet-09-several-in-a-round",
        section=Section.BET,
        title="every bet of a round is taken",
        rule=rules.SEVERAL,
        run=_several_in_a_round,
        needs=("bet-01-taken",),
        money=True,
    ),
    Case(
        id="bet-10-same-content",
        section=Section.BET,
        title="bets that differ in their id alone are both taken",
        rule=rules.CHECK_41,
        run=_same_content,
        needs=("bet-01-taken",),
        money=True,
    ),
    Case(
        id="bet-11-order-unknown",
        section=Section.BET,
        title="an unknown account is refused with 21 before the balance is looked at",
        rule=rules.ORDER,
        run=_unknown_before_money,
        needs=("bet-07-unknown",),
    ),
    Case(
        id="bet-12-order-blocked",
        section=Section.BET,
        title="a locked account is refused with 22 before the balance is looked at",
        rule=rules.ORDER,
        run=_blocked_before_money,
        needs=("bet-08-blocked",),
    ),
    Case(
        id="bet-13-order-repeat",
        section=Section.BET,
        title="a repeat is known for one before the balance is looked at",
        rule=rules.ORDER,
        run=_repeat_before_money,
        needs=("duplicates-01-bet", "cancel-01-gives-back"),
        money=True,
    ),
)
