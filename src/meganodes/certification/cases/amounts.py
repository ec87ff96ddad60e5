"""Decimals: exact both ways, in the currency's own number of them."""

from meganodes.certification.bench import Bench
from meganodes.certification.case import Case, Section
from meganodes.certification.cases import rules
from meganodes.certification.float_traps import is_float_trap
from meganodes.certification.sending import How
from meganodes.certification.words import Guess

_DECIMALS = Guess(
    "The balance is written from a float, or as text of the program's own making: 98.5 or "
    "98.4999999 for 98.50.",
    "Write the balance with exactly the currency's decimals, from an integer of minor units or a "
    "decimal: 98.50.",
)
_FLOAT = Guess(
    "The amount goes through a binary float: 0.29 times 100 is 28.999999999999996, and cutting or "
    "rounding that loses a minor unit.",
    "Read the amount from the text of the JSON as a decimal (Python: parse_float=Decimal; Java: "
    "BigDecimal; JavaScript and PHP: from the text), and keep integers of minor units.",
)
_SMALLEST = Guess(
    "The smallest amount is rounded away: the backend counts in coarser units than the currency.",
    "Keep integers of the currency's minor units.",
)
_WHOLE = Guess(
    "An amount such as 1.00 is read otherwise than one such as 0.37, for instance as an integer of "
    "minor units.",
    "Read every amount in one way: as a decimal of main units.",
)
_SUM = Guess(
    "Small errors add up: the balance is kept or summed as a float.",
    "Keep the balance as an integer of minor units or as a decimal (NUMERIC), never as a float.",
)
_TRAPS_TRIED = 5


def float_traps(exponent: int, most_minor: int) -> tuple[int, ...]:
    """Give amounts that a program loses a minor unit of when it cuts a float, smallest first."""
    found: list[int] = []
    for minor in range(1, min(most_minor, 100_000) + 1):
        if is_float_trap(minor, exponent):
            found.append(minor)
            if len(found) == _TRAPS_TRIED:
                break
    return tuple(found)


async def _balance_has_its_decimals(bench: Bench) -> None:
    bet = bench.play(await bench.amount())
    for came in (await bench.balance(), await bench.bet(bet)):
        bench.expect(came, 0)
        notes = came.reply.notes if came.reply else ()
        for note in notes:
            if note.startswith("data.balance"):
                expected = f"{came.title}: a balance with {bench.exponent} decimals, as a number."
                bench.fail(came, expected, f"{note}.", _DECIMALS)


async def _smallest_is_exact(bench: Bench) -> None:
    before = await bench.held()
    bench.expect(await bench.bet(bench.play(1)), 0, guess=_SMALLEST)
    await bench.expect_change(before, -1, "by the smallest bet there is", _SMALLEST)


async def _floats_lose_nothing(bench: Bench) -> None:
    most = 2 * await bench.amount()
    traps = float_traps(bench.exponent, most)
    if not traps:
        bench.not_applicable("No amount of this currency below the limit is cut by a float.")
    for minor in traps:
        before = await bench.held()
        bench.expect(await bench.win(bench.play(minor)), 0)
        await bench.expect_change(before, minor, f"by a win of {bench.text(minor)}", _FLOAT)
        bench.expect(await bench.bet(bench.play(minor)), 0)
        await bench.expect_change(before, 0, f"by a win and a bet of {bench.text(minor)}", _FLOAT)


async def _whole_units_are_exact(bench: Bench) -> None:
    if bench.exponent == 0:
        bench.not_applicable("The currency has no decimals.")
    before, unit = await bench.held(), 10**bench.exponent
    limit = bench.target.max_amount_minor
    if before < unit or (limit is not None and limit < unit):
        bench.not_applicable(f"It stakes {bench.text(unit)}: pay in, or raise --max-amount.")
    bench.expect(await bench.bet(bench.play(unit)), 0)
    await bench.expect_change(before, -unit, f"by a bet of {bench.text(unit)}", _WHOLE)


async def _sums_are_exact(bench: Bench) -> None:
    before = await bench.held()
    amount = await bench.amount(parts=10)
    for number in range(1, 6):
        how = How(title=f"win {bench.text(amount)} ({number} of 5)")
        bench.expect(await bench.win(bench.play(amount), how), 0)
    bench.expect(await bench.bet(bench.play(5 * amount)), 0)
    why = "after five wins and a bet of their sum"
    await bench.expect_change(before, 0, why, _SUM)


CASES = (
    Case(
        id="amounts-01-decimals",
        section=Section.AMOUNTS,
        title="balances have exactly the currency's decimals",
        rule=rules.DECIMALS,
        run=_balance_has_its_decimals,
        needs=("bet-01-taken",),
    ),
    Case(
        id="amounts-02-smallest",
        section=Section.AMOUNTS,
        title="the smallest amount is booked",
        rule=rules.AMOUNT,
        run=_smallest_is_exact,
        needs=("bet-01-taken",),
        money=True,
    ),
    Case(
        id="amounts-03-floats",
        section=Section.AMOUNTS,
        title="amounts that a float cannot hold are booked to the last digit",
        rule=rules.AMOUNT_FIELD,
        run=_floats_lose_nothing,
        needs=("bet-01-taken", "win-06-without-a-bet"),
        money=True,
    ),
    Case(
        id="amounts-04-whole",
        section=Section.AMOUNTS,
        title="an amount of a whole unit is booked as one",
        rule=rules.AMOUNT_FIELD,
        run=_whole_units_are_exact,
        needs=("bet-01-taken",),
        money=True,
    ),
    Case(
        id="amounts-05-sums",
        section=Section.AMOUNTS,
        title="small amounts add up",
        rule=rules.AMOUNT,
        run=_sums_are_exact,
        needs=("bet-01-taken", "win-06-without-a-bet"),
        money=True,
    ),
)
