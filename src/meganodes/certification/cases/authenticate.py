"""Which accounts there are."""

from meganodes.certification.bench import Bench
from meganodes.certification.case import Case, Section
from meganodes.certification.cases import rules
from meganodes.certification.sending import How
from meganodes.certification.words import Guess

_FOUND_TOO_MUCH = Guess(
    "The backend finds (or makes) an account that was never opened.",
    "Look the account up and answer 21 when there is none; an authenticate opens no account.",
)
_CASELESS = Guess(
    "Accounts are compared without regard to upper and lower case: the collation of the database, "
    "or a lower() before the look-up.",
    "Compare accounts byte for byte: a binary collation (MySQL: utf8mb4_bin) for that column.",
)
_PADDED = Guess(
    "Blanks around an account are dropped: a trim() before the look-up, or a database that pads "
    "what it compares (MySQL, CHAR columns).",
    "Compare accounts byte for byte, as they were sent.",
)
_TWO_BALANCES = Guess(
    "authenticate and balance read the balance in two ways: from a session, a cache or another "
    "wallet.",
    "Read the balance in one function, from the table that bets change.",
)
_TEST_ACCOUNT = "callback_test"


async def _known_is_found(bench: Bench) -> None:
    bench.expect(await bench.authenticate(), 0)


async def _unknown_is_refused(bench: Bench) -> None:
    stranger = "certification_" + bench.line.seeded.word(12)
    for title in ("authenticate an account that does not exist", "the same once more"):
        came = await bench.authenticate(stranger, How(title=title))
        bench.expect(came, 21, guess=_FOUND_TOO_MUCH)


async def _other_case_is_refused(bench: Bench) -> None:
    other = bench.target.account.swapcase()
    if other == bench.target.account:
        bench.not_applicable("The account's name has no letters.")
    how = How(title="authenticate the account in the other letter case")
    bench.expect(await bench.authenticate(other, how), 21, guess=_CASELESS)


async def _padded_is_refused(bench: Bench) -> None:
    for title, padding in (("after", "{} "), ("before", " {}")):
        how = How(title=f"authenticate the account with a blank {title} it")
        came = await bench.authenticate(padding.format(bench.target.account), how)
        bench.expect(came, 21, guess=_PADDED)


async def _blocked_is_known(bench: Bench) -> None:
    blocked = bench.blocked()
    bench.expect(await bench.authenticate(blocked), 0, 22)


async def _tells_the_balance(bench: Bench) -> None:
    held = await bench.held()
    came = await bench.authenticate()
    bench.expect(came, 0)
    if came.balance_minor != held:
        expected = f"authenticate tells the balance {bench.text(held)}, as balance does."
        bench.fail(came, expected, f"{bench.text(came.balance_minor or 0)}.", _TWO_BALANCES)


async def _test_account_is_answered(bench: Bench) -> None:
    came = await bench.authenticate(_TEST_ACCOUNT, How(title=f"authenticate {_TEST_ACCOUNT}"))
    bench.expect(came, 0, 21, 22)


CASES = (
    Case(
        id="authenticate-01-known",
        section=Section.AUTHENTICATE,
        title="an account that exists is found",
        rule=rules.AUTHENTICATE,
        run=_known_is_found,
        needs=("transport-02-readable",),
    ),
    Case(
        id="authenticate-02-unknown",
        section=Section.AUTHENTICATE,
        title="an account that does not exist is refused with 21, and not opened",
        rule=rules.CHECK_21,
        run=_unknown_is_refused,
        needs=("transport-02-readable",),
        money=True,
    ),
    Case(
        id="authenticate-03-letter-case",
        section=Section.AUTHENTICATE,
        title="the account in another letter case is another account",
        rule=rules.ACCOUNT,
        run=_other_case_is_refused,
        needs=("authenticate-01-known", "authenticate-02-unknown"),
        money=True,
    ),
    Case(
        id="authenticate-04-blanks",
        section=Section.AUTHENTICATE,
        title="the account with a blank around it is another account",
        rule=rules.ACCOUNT,
        run=_padded_is_refused,
        needs=("authenticate-01-known", "authenticate-02-unknown"),
        money=True,
    ),
    Case(
        id="authenticate-05-blocked",
        section=Section.AUTHENTICATE,
        title="a locked account is found, or refused with 22",
        rule=rules.CHECK_22,
        run=_blocked_is_known,
        needs=("authenticate-01-known",),
    ),
    Case(
        id="authenticate-06-balance",
        section=Section.AUTHENTICATE,
        title="the balance is the one that the command balance tells",
        rule=rules.AUTHENTICATE,
        run=_tells_the_balance,
        needs=("authenticate-01-known", "balance-01-told"),
    ),
    Case(
        id="authenticate-07-test-account",
        section=Section.AUTHENTICATE,
        title="the account of the callback test is answered like any other",
        rule=rules.TESTED,
        run=_test_account_is_answered,
        needs=("authenticate-01-known",),
    ),
)
