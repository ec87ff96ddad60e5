"""Time: every reply before its deadline, also after a pause and under load."""

from meganodes.certification.bench import Bench
from meganodes.certification.case import Case, Section
from meganodes.certification.cases import rules
from meganodes.certification.sending import How
from meganodes.certification.words import Guess

_ASKED = 20
_AT_ONCE = 10
_IDLE_SECONDS = 6.0
_QUICK_SECONDS = 1.0
_OUT_OF_A_HUNDRED = 99

_SLOW = Guess(
    "Something in each callback takes long: a look-up without an index, another service, a "
    "connection to the database that is opened every time.",
    "Measure the parts of a callback; keep connections to the database open in a pool.",
)
_COLD = Guess(
    "After a pause the first callback pays for something: a connection to the database that has "
    "gone, a program that is started on demand, a cold cache.",
    "Keep the program running and its connections alive; check them before they are needed.",
)
_CROWDED = Guess(
    "Callbacks wait for each other: one worker, one lock for all, or too few connections.",
    "Serve in parallel, and lock the account's row alone.",
)


async def _is_quick(bench: Bench) -> None:
    for number in range(1, _ASKED + 1):
        bench.expect(await bench.balance(how=How(title=f"balance ({number} of {_ASKED})")), 0)
    taken = sorted(bench.line.durations)
    slow = taken[(len(taken) * _OUT_OF_A_HUNDRED - 1) // 100]
    bench.observe("p99_ms", round(slow * 1_000))
    if slow > _QUICK_SECONDS:
        expected = f"99 of 100 replies within {_QUICK_SECONDS:.0f} s."
        bench.fail(None, expected, f"Of {len(taken)} replies: {slow:.2f} s.", _SLOW)


async def _is_awake_after_a_pause(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    await bench.line.clock.sleep(_IDLE_SECONDS)
    came = await bench.bet(bet, How(title=f"bet after {_IDLE_SECONDS:.0f} s without a callback"))
    if came.trouble is not None:
        expected = "A reply within 2 s, also after a pause."
        bench.fail(came, expected, came.trouble, _COLD)
    bench.expect(came, 0)
    await bench.expect_change(before, -bet.amount_minor, "by the bet")


async def _is_in_time_under_load(bench: Bench) -> None:
    amount = await bench.amount(parts=_AT_ONCE)
    title = f"one of {_AT_ONCE} bets at once"
    plays = [bench.play(amount) for _ in range(_AT_ONCE)]
    for came in await bench.at_once(*(bench.bet(one, How(title=title)) for one in plays)):
        if came.trouble is not None:
            bench.fail(came, "Every reply within 2 s.", came.trouble, _CROWDED)


CASES = (
    Case(
        id="timing-01-quick",
        section=Section.TIMING,
        title="99 of 100 replies come within a second",
        rule=rules.P99,
        run=_is_quick,
        needs=("balance-01-told",),
    ),
    Case(
        id="timing-02-pause",
        section=Section.TIMING,
        title="the first bet after a pause is answered in time",
        rule=rules.IDLE,
        run=_is_awake_after_a_pause,
        needs=("bet-01-taken",),
    ),
    Case(
        id="timing-03-load",
        section=Section.TIMING,
        title="ten bets at once are answered in time",
        rule=rules.DEADLINES,
        run=_is_in_time_under_load,
        needs=("bet-01-taken",),
    ),
)
