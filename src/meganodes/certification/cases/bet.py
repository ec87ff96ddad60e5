"""Stakes: taken once, refused when they cannot be paid."""

from meganodes.certification.bench import Bench
from meganodes.certification.case import Case, Section


async def _is_taken(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    bench.expect(await bench.bet(bet), 0)
    await bench.expect_change(before, -bet.amount_minor, "after the bet")


CASES = (
    Case(
        id="bet-01-taken",
        section=Section.BET,
        title="a bet below the balance is taken from it",
        rule="bet: checks 21,22,41,31. 31: is the balance at least `amount`?",
        source="contract 3.1, 3.2",
        run=_is_taken,
        needs=("balance-01-told",),
        money=True,
    ),
)
