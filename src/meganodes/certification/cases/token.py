"""Who may call: the token of every callback, and the signature where it is looked at."""

from meganodes.certification.bench import Bench
from meganodes.certification.case import Case, Section
from meganodes.certification.cases import rules
from meganodes.certification.sending import How
from meganodes.certification.words import Guess

_ACCEPTED = Guess(
    "The token is not compared, or only when the header is there: anybody may move money.",
    "Compare `Callback-Token` with the agent's token before anything else, in constant time; "
    "answer 100 when they differ or the header is missing.",
)
_IN_PART = Guess(
    "The token is compared in part: only its beginning, or whether one contains the other.",
    "Compare the whole text in constant time (`hmac.compare_digest`, `hash_equals`, "
    "`crypto.timingSafeEqual` after comparing lengths).",
)
_CASELESS = Guess(
    "The token is compared without regard to upper and lower case, for instance by the collation "
    "of a database.",
    "Compare the bytes of the token, in the program and not in the database.",
)
_LATE = Guess(
    "The token is looked at after the money was moved.",
    "Compare the token before anything else, and go no further when it differs.",
)
_SIGNATURE = Guess(
    "The signature is looked at after the money was moved, or its failure is overlooked.",
    "Verify the signature before anything else; answer 100 when it does not fit.",
)
_WINDOW = Guess(
    "The signature is verified, but its time is not: a request that was listened to can be sent "
    "again.",
    "Refuse with 100 when `webhook-timestamp` is more than five minutes from your clock.",
)
_KEY = b"not the key of this agent, but as long"
_TOO_OLD_SECONDS = 1_200


def _wrong(bench: Bench) -> str:
    return "mnc_" + bench.line.seeded.word(40)


async def _wrong_is_refused(bench: Bench) -> None:
    how = How(title="authenticate with a wrong token", token=_wrong(bench))
    bench.expect(await bench.authenticate(how=how), 100, guess=_ACCEPTED)


async def _missing_is_refused(bench: Bench) -> None:
    how = How(title="authenticate without a token", token="")
    bench.expect(await bench.authenticate(how=how), 100, guess=_ACCEPTED)


async def _part_is_refused(bench: Bench) -> None:
    token = bench.target.callback_token
    for title, part in (
        ("without its last letter", token[:-1]),
        ("with a letter more", token + "x"),
    ):
        how = How(title=f"authenticate with the token {title}", token=part)
        bench.expect(await bench.authenticate(how=how), 100, guess=_IN_PART)


async def _other_case_is_refused(bench: Bench) -> None:
    other = bench.target.callback_token.swapcase()
    if other == bench.target.callback_token:
        bench.not_applicable("The token has no letters.")
    how = How(title="authenticate with the token in the other letter case", token=other)
    bench.expect(await bench.authenticate(how=how), 100, guess=_CASELESS)


async def _bet_is_refused(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    how = How(title="bet with a wrong token", token=_wrong(bench))
    bench.expect(await bench.bet(bet, how), 100, guess=_ACCEPTED)
    await bench.expect_change(before, 0, "after a bet with a wrong token", _LATE)


async def _win_is_refused(bench: Bench) -> None:
    before = await bench.held()
    win = bench.play(await bench.amount())
    how = How(title="win with a wrong token", token=_wrong(bench))
    bench.expect(await bench.win(win, how), 100, guess=_ACCEPTED)
    await bench.expect_change(before, 0, "after a win with a wrong token", _LATE)


async def _cancel_is_refused(bench: Bench) -> None:
    before = await bench.held()
    bet = bench.play(await bench.amount())
    bench.expect(await bench.bet(bet), 0)
    how = How(title="cancel with a wrong token", token=_wrong(bench))
    bench.expect(await bench.cancel(bet, how), 100, guess=_ACCEPTED)
    why = "by the bet, after a cancel with a wrong token"
    await bench.expect_change(before, -bet.amount_minor, why, _LATE)


async def _questions_are_refused(bench: Bench) -> None:
    token = _wrong(bench)
    asked = await bench.balance(how=How(title="balance with a wrong token", token=token))
    bench.expect(asked, 100, guess=_ACCEPTED)
    play = bench.play(1)
    asked = await bench.status(play, How(title="status with a wrong token", token=token))
    bench.expect(asked, 100, guess=_ACCEPTED)


async def _signature_is_verified(bench: Bench) -> None:
    if bench.target.signing_secret is None:
        bench.not_applicable("No --signing-secret was given.")
    before = await bench.held()
    bet = bench.play(await bench.amount())
    came = await bench.bet(bet, How(title="bet signed with another key", signature_key=_KEY))
    bench.observe("signatures", "ignored" if came.result == 0 else "verified")
    if came.result == 0:
        bench.not_applicable("The backend looks at no signatures, which is its own affair.")
    bench.expect(came, 100, guess=_SIGNATURE)
    await bench.expect_change(before, 0, "after a bet that was signed wrongly", _SIGNATURE)


async def _old_signature_is_refused(bench: Bench) -> None:
    title = f"authenticate, signed {_TOO_OLD_SECONDS // 60} minutes ago"
    came = await bench.authenticate(how=How(title=title, age_seconds=_TOO_OLD_SECONDS))
    bench.expect(came, 100, guess=_WINDOW)


CASES = (
    Case(
        id="token-01-wrong",
        section=Section.TOKEN,
        title="a wrong token is refused with 100",
        rule=rules.TOKEN,
        run=_wrong_is_refused,
        needs=("authenticate-01-known",),
        money=True,
    ),
    Case(
        id="token-02-missing",
        section=Section.TOKEN,
        title="a callback without a token is refused with 100",
        rule=rules.TOKEN,
        run=_missing_is_refused,
        needs=("authenticate-01-known",),
        money=True,
    ),
    Case(
        id="token-03-part",
        section=Section.TOKEN,
        title="a token that is right in part is refused",
        rule=rules.TOKEN_FIELD,
        run=_part_is_refused,
        needs=("token-01-wrong",),
        money=True,
    ),
    Case(
        id="token-04-letter-case",
        section=Section.TOKEN,
        title="the token in another letter case is refused",
        rule=rules.TOKEN_FIELD,
        run=_other_case_is_refused,
        needs=("token-01-wrong",),
    ),
    Case(
        id="token-05-bet",
        section=Section.TOKEN,
        title="a bet with a wrong token moves nothing",
        rule=rules.TOKEN_FIELD,
        run=_bet_is_refused,
        needs=("bet-01-taken",),
        money=True,
    ),
    Case(
        id="token-06-win",
        section=Section.TOKEN,
        title="a win with a wrong token pays nothing",
        rule=rules.TOKEN_FIELD,
        run=_win_is_refused,
        needs=("win-06-without-a-bet",),
        money=True,
    ),
    Case(
        id="token-07-cancel",
        section=Section.TOKEN,
        title="a cancel with a wrong token gives nothing back",
        rule=rules.TOKEN_FIELD,
        run=_cancel_is_refused,
        needs=("cancel-01-gives-back",),
        money=True,
    ),
    Case(
        id="token-08-questions",
        section=Section.TOKEN,
        title="balance and status tell nothing to a wrong token",
        rule=rules.TOKEN_FIELD,
        run=_questions_are_refused,
        needs=("balance-01-told",),
    ),
    Case(
        id="token-09-signature",
        section=Section.TOKEN,
        title="a wrong signature moves nothing, where signatures are looked at",
        rule=rules.SIGNATURE,
        run=_signature_is_verified,
        needs=("bet-01-taken",),
        money=True,
    ),
    Case(
        id="token-10-old-signature",
        section=Section.TOKEN,
        title="a signature of long ago is refused, where signatures are looked at",
        rule=rules.WINDOW,
        run=_old_signature_is_refused,
        needs=("token-09-signature",),
    ),
)
