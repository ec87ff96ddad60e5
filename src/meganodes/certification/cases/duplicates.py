"""Repeats of one transaction: the money moves once."""

from meganodes.certification.bench import Bench
from meganodes.certification.case import Case, Section
from meganodes.certification.sending import How
from meganodes.certification.words import Guess

_TWICE = Guess(
    "A repeat is booked like a new bet: the backend does not remember ids it has booked.",
    "Keep `trans_guid` in a unique column, written in the same database transaction as the money; "
    "answer a repeat with 41 or with 0, and leave the balance alone.",
)


async def _bet_repeated(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    bench.expect(await bench.bet(bet), 0)
    again = await bench.bet(bet, How(title="the same bet again", attempt=2))
    bench.expect(again, *bench.duplicate_results)
    bench.observe("duplicates", again.result)
    await bench.expect_change(before, -bet.amount_minor, "after a bet and its repeat", _TWICE)


CASES = (
    Case(
        id="duplicates-01-bet",
        section=Section.DUPLICATES,
        title="a repeated bet moves the money once",
        rule="A duplicate may be answered 41 or 0: the money must have moved once.",
        source="contract 5",
        run=_bet_repeated,
        needs=("bet-01-taken",),
        money=True,
    ),
)
