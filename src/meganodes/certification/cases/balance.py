"""The balance of an account."""

from meganodes.certification.bench import Bench
from meganodes.certification.case import Case, Section


async def _is_told(bench: Bench) -> None:
    came = await bench.balance()
    bench.expect(came, 0)


CASES = (
    Case(
        id="balance-01-told",
        section=Section.BALANCE,
        title="the balance of an active account is told",
        rule="balance: checks 21,22. Success data: balance.",
        source="contract 3.1, 3.2",
        run=_is_told,
    ),
)
