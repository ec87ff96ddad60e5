"""What has become of a transaction: the hub decides by it when it does not know."""

from meganodes.certification.bench import Bench
from meganodes.certification.came import Came
from meganodes.certification.case import Case, Section
from meganodes.certification.cases import rules
from meganodes.certification.sending import How
from meganodes.certification.transport import Answer
from meganodes.certification.words import Guess
from meganodes.protocol.wire import load_json

_LIES_YES = Guess(
    "status answers OK to whatever it is asked, or by the account alone.",
    "Look the id up in the table of transactions and answer 42 when it is not there.",
)
_LIES_NO = Guess(
    "status does not find what was booked: it looks in another table, or for another kind.",
    "Look the id up among bets and wins alike, in the table that the booking writes.",
)
_STATE = Guess(
    "The state is not kept with the transaction: a cancel leaves the bet looking untouched.",
    "Set the state of the original in the database transaction that gives the money back.",
)
_REFUSED = Guess(
    "A bet that was refused is told as booked: the hub would believe that its money was taken.",
    "Answer OK and CANCELED for what has moved money alone; 42 for the rest.",
)
_FORGOTTEN = Guess(
    "A bet or a win of 0 is answered and not written down, as it moves nothing.",
    "Write every transaction down, those of amount 0 too: the hub asks what became of them.",
)
_OF_STRANGERS = Guess(
    "status looks at the id and not at the account.",
    "Make the checks in their order: 21 (does the account exist?) comes before 42.",
)


async def _unknown_is_refused(bench: Bench) -> None:
    never = bench.play(1)
    came = await bench.status(never, How(title="status of a transaction that never came"))
    bench.expect(came, 42, guess=_LIES_YES)


async def _of_a_bet(bench: Bench) -> None:
    bet = bench.play(await bench.amount())
    bench.expect(await bench.bet(bet), 0)
    _expect_state(bench, await bench.status(bet, How(title="status of the bet")), "OK", _LIES_NO)


async def _of_a_win(bench: Bench) -> None:
    win = bench.play(await bench.amount())
    bench.expect(await bench.win(win), 0)
    _expect_state(bench, await bench.status(win, How(title="status of the win")), "OK", _LIES_NO)


async def _of_a_cancelled_bet(bench: Bench) -> None:
    bet = bench.play(await bench.amount())
    bench.expect(await bench.bet(bet), 0)
    bench.expect(await bench.cancel(bet), 0)
    came = await bench.status(bet, How(title="status of the cancelled bet"))
    _expect_state(bench, came, "CANCELED", _STATE)


async def _of_a_refused_bet(bench: Bench) -> None:
    before = await bench.held()
    refused = bench.play(before + 1)
    bench.expect(await bench.bet(refused), 31)
    came = await bench.status(refused, How(title="status of the refused bet"))
    bench.expect(came, 42, guess=_REFUSED)


async def _of_an_unknown_account(bench: Bench) -> None:
    never = bench.play(1, account="certification_" + bench.line.seeded.word(12))
    came = await bench.status(never, How(title="status in the name of an unknown account"))
    bench.expect(came, 21, guess=_OF_STRANGERS)


async def _names_the_transaction(bench: Bench) -> None:
    bet = bench.play(await bench.amount())
    bench.expect(await bench.bet(bet), 0)
    came = await bench.status(bet, How(title="status of the bet"))
    bench.expect(came, 0)
    assert isinstance(came.answer, Answer), "it was read"
    envelope = load_json(came.answer.body)
    assert isinstance(envelope, dict), "it was read"
    told = envelope["data"]
    wanted: dict[str, object] = (
        {"account": bet.account, "trans_guid": bet.trans_guid}
        if bench.by_guid
        else {"trans_id": bet.trans_id}
    )
    wrong = [name for name, value in wanted.items() if told.get(name) != value]
    if wrong:
        guess = Guess(
            f"The reply does not repeat {' and '.join(wrong)} as asked: left out, of another type, "
            "or a number that a float has rounded.",
            "Repeat the ids letter by letter; keep `trans_id` as a 64-bit integer.",
        )
        expected = f"data with {', '.join(f'{name} {value}' for name, value in wanted.items())}."
        text = ", ".join(f"{name} {told.get(name, 'missing')}" for name in wrong) + "."
        bench.fail(came, expected, text, guess)


async def _moves_nothing(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    bench.expect(await bench.bet(bet), 0)
    for _ in range(3):
        bench.expect(await bench.status(bet), 0)
    why = "by the bet, and no more by questions about it"
    await bench.expect_change(before, -bet.amount_minor, why)


async def _of_amounts_of_0(bench: Bench) -> None:
    bet, win = bench.play(0), bench.play(0)
    bench.expect(await bench.bet(bet), 0)
    bench.expect(await bench.win(win), 0)
    came = await bench.status(bet, How(title="status of the bet of 0"))
    _expect_state(bench, came, "OK", _FORGOTTEN)
    came = await bench.status(win, How(title="status of the win of 0"))
    _expect_state(bench, came, "OK", _FORGOTTEN)


def _expect_state(bench: Bench, came: Came, state: str, guess: Guess) -> None:
    bench.expect(came, 0, guess=guess)
    told = came.reply.trans_status if came.reply else None
    if told != state:
        bench.fail(came, f"trans_status {state}.", f"trans_status {told}.", guess)


CASES = (
    Case(
        id="status-01-unknown",
        section=Section.STATUS,
        title="a transaction that never came is 42",
        rule=rules.STATUS_UNKNOWN,
        run=_unknown_is_refused,
        needs=("balance-01-told",),
        money=True,
    ),
    Case(
        id="status-02-bet",
        section=Section.STATUS,
        title="a booked bet is OK",
        rule=rules.STATUS,
        run=_of_a_bet,
        needs=("bet-01-taken",),
        money=True,
    ),
    Case(
        id="status-03-win",
        section=Section.STATUS,
        title="a booked win is OK",
        rule=rules.STATUS,
        run=_of_a_win,
        needs=("win-06-without-a-bet",),
        money=True,
    ),
    Case(
        id="status-04-cancelled",
        section=Section.STATUS,
        title="a cancelled bet is CANCELED",
        rule=rules.STATUS,
        run=_of_a_cancelled_bet,
        needs=("cancel-01-gives-back",),
        money=True,
    ),
    Case(
        id="status-05-refused",
        section=Section.STATUS,
        title="a refused bet is 42, as it was never booked",
        rule=rules.TRUTH,
        run=_of_a_refused_bet,
        needs=("bet-04-too-high", "status-01-unknown"),
        money=True,
    ),
    Case(
        id="status-06-unknown-account",
        section=Section.STATUS,
        title="an unknown account is refused with 21 before the id is looked at",
        rule=rules.ORDER,
        run=_of_an_unknown_account,
        needs=("authenticate-02-unknown",),
    ),
    Case(
        id="status-07-names",
        section=Section.STATUS,
        title="the reply repeats what was asked",
        rule=rules.STATUS,
        run=_names_the_transaction,
        needs=("status-02-bet",),
    ),
    Case(
        id="status-08-moves-nothing",
        section=Section.STATUS,
        title="asking moves nothing",
        rule=rules.TRUTH,
        run=_moves_nothing,
        needs=("status-02-bet",),
        money=True,
    ),
    Case(
        id="status-09-zero",
        section=Section.STATUS,
        title="a bet and a win of amount 0 are OK",
        rule=rules.ZERO,
        run=_of_amounts_of_0,
        needs=("bet-03-zero", "win-04-zero", "status-02-bet", "status-03-win"),
    ),
)
