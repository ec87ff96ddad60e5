"""What an account holds."""

from meganodes.certification.bench import Bench
from meganodes.certification.case import Case, Section
from meganodes.certification.cases import rules
from meganodes.certification.sending import How
from meganodes.certification.words import Guess

_LOCKED = Guess(
    "Whether the account is locked is not looked at.",
    "When `check` has 22, answer 22 for an account that may not play.",
)
_AT_ONCE = 5


async def _is_told(bench: Bench) -> None:
    bench.expect(await bench.balance(), 0)


async def _unknown_is_refused(bench: Bench) -> None:
    came = await bench.balance(
        "certification_" + bench.line.seeded.word(12),
        How(title="balance of an account that does not exist"),
    )
    bench.expect(came, 21)


async def _blocked_is_refused(bench: Bench) -> None:
    how = How(title="balance of the locked account")
    bench.expect(await bench.balance(bench.blocked(), how), 22, guess=_LOCKED)


async def _is_steady(bench: Bench) -> None:
    before = await bench.held()
    for came in await bench.at_once(*(bench.balance() for _ in range(_AT_ONCE))):
        bench.expect(came, 0)
    await bench.expect_change(before, 0, "by asking for it")


CASES = (
    Case(
        id="balance-01-told",
        section=Section.BALANCE,
        title="the balance of an active account is told",
        rule=rules.BALANCE_AFTER,
        run=_is_told,
        needs=("transport-02-readable",),
    ),
    Case(
        id="balance-02-unknown",
        section=Section.BALANCE,
        title="an account that does not exist is refused with 21",
        rule=rules.CHECK_21,
        run=_unknown_is_refused,
        needs=("balance-01-told",),
    ),
    Case(
        id="balance-03-blocked",
        section=Section.BALANCE,
        title="a locked account is refused with 22",
        rule=rules.CHECK_22,
        run=_blocked_is_refused,
        needs=("balance-01-told",),
    ),
    Case(
        id="balance-04-steady",
        section=Section.BALANCE,
        title="asking moves nothing, also many times at once",
        rule=rules.BALANCE_AFTER,
        run=_is_steady,
        needs=("balance-01-told",),
        money=True,
    ),
)
