"""Callbacks that overtake each other, as slow proxies make them."""

from meganodes.certification.bench import Bench
from meganodes.certification.case import Case, Section
from meganodes.certification.cases import rules
from meganodes.certification.sending import How
from meganodes.certification.words import Guess

_NO_TOMBSTONE = Guess(
    "No tombstone is kept: the cancel found no bet and was forgotten, so that the late bet is "
    "booked and its stake is lost to the player.",
    "When a cancel names an unknown bet, store that bet's id as cancelled (a tombstone) before "
    "answering 43; refuse a bet with that id with 41.",
)
_SAYS_TAKEN = Guess(
    "The late bet is answered with 0, so that the hub takes it for accepted, though it was undone.",
    "Answer a bet whose cancel came first with 41.",
)
_TOMBSTONE_PAYS = Guess(
    "The tombstone is taken for a booked bet: its cancel gives back what nobody has staked.",
    "Keep tombstones with a state of their own and no amount.",
)
_TOMBSTONE_LIES = Guess(
    "The tombstone is told as a booked transaction.",
    "Answer 42, or CANCELED, for an id that is known only by its cancel.",
)
_ROUND_CLOSED = Guess(
    "A round is closed by its win, and a bet of it that comes later is refused.",
    "The hub keeps the order within a round; make the checks of `check` and no other.",
)


async def _late_bet(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    await bench.cancel(bet, How(title="cancel, before its bet"))
    late = await bench.bet(bet, How(title="the late bet"))
    why = "after a cancel and its late bet"
    await bench.expect_change(before, 0, why, _NO_TOMBSTONE)
    bench.expect(late, 41, guess=_SAYS_TAKEN)


async def _late_bet_cancelled_again(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    await bench.cancel(bet, How(title="cancel, before its bet"))
    await bench.bet(bet, How(title="the late bet"))
    again = await bench.cancel(bet, How(title="the same cancel again", attempt=2))
    why = "after a cancel, its late bet and the cancel again"
    await bench.expect_change(before, 0, why, _TOMBSTONE_PAYS)
    bench.expect(again, *bench.duplicate_results, bench.unknown_original)


async def _early_cancel_repeated(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    for attempt in (1, 2, 3):
        title = f"cancel of a bet that has not come ({attempt})"
        came = await bench.cancel(bet, How(title=title, attempt=attempt))
        bench.expect(came, bench.unknown_original, 41, guess=_TOMBSTONE_PAYS)
    await bench.expect_change(before, 0, "after three cancels of no bet", _TOMBSTONE_PAYS)


async def _status_of_a_tombstone(bench: Bench) -> None:
    bet = bench.play(await bench.amount())
    await bench.cancel(bet, How(title="cancel of a bet that has not come"))
    came = await bench.status(bet, How(title="status of the bet that has not come"))
    told = came.reply.trans_status if came.reply else None
    if came.result == 0 and told == "CANCELED":
        return
    if came.result == 0:
        bench.fail(came, "Result 42, or CANCELED.", f"trans_status {told}.", _TOMBSTONE_LIES)
    bench.expect(came, 42, guess=_TOMBSTONE_LIES)


async def _win_before_a_bet(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    win = bench.play(bet.amount_minor + 1, round_id=bet.round_id)
    bench.expect(await bench.win(win), 0)
    how = How(title="a bet of the same round, after the win")
    bench.expect(await bench.bet(bet, how), 0, guess=_ROUND_CLOSED)
    await bench.expect_change(before, 1, "by the win and the bet", _ROUND_CLOSED)


async def _cancel_after_others(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount(parts=4))
    bench.expect(await bench.bet(bet), 0)
    for _ in range(5):
        bench.expect(await bench.bet(bench.play(1)), 0)
    bench.expect(await bench.cancel(bet, How(title="cancel, five bets later")), 0)
    await bench.expect_change(before, -5, "by the five bets that stay")


CASES = (
    Case(
        id="reordering-01-late-bet",
        section=Section.REORDERING,
        title="a bet that comes after its cancel is not booked",
        rule=rules.TOMBSTONE,
        run=_late_bet,
        needs=("cancel-01-gives-back", "cancel-03-unknown"),
        money=True,
    ),
    Case(
        id="reordering-02-cancel-again",
        section=Section.REORDERING,
        title="the cancel that is repeated after the late bet gives nothing",
        rule=rules.CANCEL_FIELD,
        run=_late_bet_cancelled_again,
        needs=("cancel-01-gives-back", "cancel-03-unknown"),
        money=True,
    ),
    Case(
        id="reordering-03-cancels-only",
        section=Section.REORDERING,
        title="cancels of a bet that never comes give nothing",
        rule=rules.CANCEL_FIELD,
        run=_early_cancel_repeated,
        needs=("cancel-03-unknown",),
        money=True,
    ),
    Case(
        id="reordering-04-status",
        section=Section.REORDERING,
        title="a bet that is known only by its cancel is not told as booked",
        rule=rules.TRUTH,
        run=_status_of_a_tombstone,
        needs=("cancel-03-unknown", "status-01-unknown"),
        money=True,
    ),
    Case(
        id="reordering-05-win-first",
        section=Section.REORDERING,
        title="a bet after a win of its round is taken",
        rule=rules.SEVERAL,
        run=_win_before_a_bet,
        needs=("bet-01-taken", "win-06-without-a-bet"),
        money=True,
    ),
    Case(
        id="reordering-06-cancel-later",
        section=Section.REORDERING,
        title="a bet is cancelled also when others came in between",
        rule=rules.CANCEL,
        run=_cancel_after_others,
        needs=("cancel-01-gives-back",),
        money=True,
    ),
)
