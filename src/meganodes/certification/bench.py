"""What a case works with: new transactions, the six callbacks, and the judging of what comes.

A case that goes on to the end has passed; every `expect` ends it when the backend broke the rule.
"""

from collections.abc import Awaitable
from dataclasses import replace
from typing import Final, NoReturn, TypeVar

from meganodes.certification.came import Came
from meganodes.certification.case import CaseFailed, Finding, NotApplicable, NotJudged
from meganodes.certification.float_traps import is_safe_from_floats
from meganodes.certification.play import Play
from meganodes.certification.sending import USUAL, How, Line, Sender
from meganodes.certification.words import (
    CUT_TO_UNITS,
    TOLD_BEFORE,
    UNEXPLAINED,
    Guess,
    change_text,
    fitting_guess,
    guess_of_change,
    guess_of_trouble,
    meaning,
    results_text,
)
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.money import format_amount

_LEAST_MINOR: Final = 20
"""With less money on the account the amounts of a case could not all differ."""
_ROUND: Final = 10
_STAKE_OF_NO_DECIMALS: Final = 100

T = TypeVar("T")


class Bench:
    """One case's way to the backend."""

    def __init__(self, line: Line) -> None:
        self.line = line
        self.target = line.target
        self.exponent = line.target.currency.exponent
        self.sender = Sender(line)
        self.observed: dict[str, str] = {}
        self.moved_minor = 0
        """Sum of all amounts that were sent: no honest settlement is above it."""
        self.before_minor: int | None = None
        """What the account held when the case first asked."""
        self._last_held: Came | None = None

    # --- transactions ----------------------------------------------------------------------------

    @property
    def by_guid(self) -> bool:
        """Whether transactions are named by text."""
        return self.target.revision is Revision.GUID

    @property
    def duplicate_results(self) -> tuple[int, int]:
        """What a repeat may be answered (contract 5)."""
        return 0, 41

    @property
    def unknown_original(self) -> int:
        """What a cancel of an unknown bet is answered."""
        return 43 if self.by_guid else 42

    def play(
        self, amount_minor: int, *, account: str | None = None, round_id: str | None = None
    ) -> Play:
        """Make a transaction that nobody has seen yet."""
        seeded = self.line.seeded
        return Play(
            account=account or self.target.account,
            trans_guid=seeded.guid(),
            trans_id=seeded.number(),
            round_id=round_id or "cert-" + seeded.word(12),
            amount_minor=amount_minor,
            time_stamp_ms=self.line.clock.now_ms(),
            exponent=self.exponent,
        )

    async def amount(self, parts: int = 2) -> int:
        """Choose an amount of which ``parts`` fit into what a case may stake; not a round one."""
        held = await self.held() if self.before_minor is None else self.before_minor
        limit = self.target.max_amount_minor
        usual = 10**self.exponent if self.exponent else _STAKE_OF_NO_DECIMALS
        most = min(usual if limit is None else limit, held)
        if most < _LEAST_MINOR or most // parts < 1:
            needed = self.text(max(_LEAST_MINOR, parts))
            raise NotJudged(
                f"The account holds {self.text(held)} and a case may stake {self.text(most)}; "
                f"this one needs {needed} at least: pay in, or raise --max-amount."
            )
        share = most // parts
        chosen = self.line.seeded.between(max(1, share // 2), share)
        while chosen > 1 and not self._is_ordinary(chosen):
            chosen -= 1
        return chosen

    def _is_ordinary(self, amount_minor: int) -> bool:
        return amount_minor % _ROUND != 0 and is_safe_from_floats(amount_minor, self.exponent)

    async def whole(self) -> int:
        """Give all that the account holds, for the cases that need it to run empty."""
        held = await self.held() if self.before_minor is None else self.before_minor
        limit = self.target.max_amount_minor
        if limit is not None and held > limit:
            raise NotApplicable(
                f"It stakes all that the account holds, {self.text(held)}, for a moment, which is "
                f"above --max-amount {self.text(limit)}: raise that, or use an account with less."
            )
        if held < _LEAST_MINOR:
            raise NotJudged(f"The account holds {self.text(held)}: pay in.")
        return held

    def blocked(self) -> str:
        """Give the locked account; ends the case where none was named."""
        if self.target.blocked_account is None:
            raise NotApplicable("No --blocked-account was given.")
        return self.target.blocked_account

    def text(self, minor: int) -> str:
        """Write an amount in main units."""
        return format_amount(minor, self.exponent)

    # --- callbacks -------------------------------------------------------------------------------

    async def authenticate(self, account: str | None = None, how: How = USUAL) -> Came:
        return await self._ask(Command.AUTHENTICATE, self._nothing(account), how)

    async def balance(self, account: str | None = None, how: How = USUAL) -> Came:
        return await self._ask(Command.BALANCE, self._nothing(account), how)

    async def bet(self, play: Play, how: How = USUAL) -> Came:
        return await self._move(Command.BET, play, how)

    async def win(self, play: Play, how: How = USUAL) -> Came:
        return await self._move(Command.WIN, play, how)

    async def cancel(self, bet: Play, how: How = USUAL, guid: str | None = None) -> Came:
        """Cancel a bet under the one guid that its cancel has, or under another."""
        return await self._move(Command.CANCEL, bet, how, guid)

    async def status(self, play: Play, how: How = USUAL) -> Came:
        return await self._ask(Command.STATUS, play, how)

    async def at_once(self, *asked: Awaitable[T]) -> list[T]:
        """Send several at the same time."""
        return await self.sender.at_once(*asked)

    async def _move(self, command: Command, play: Play, how: How, guid: str | None = None) -> Came:
        if self.before_minor is None:
            await self.held()
        self.moved_minor += play.amount_minor
        titled = how.title or f"{command} {self.text(play.amount_minor)}"
        return await self._ask(command, play, replace(how, title=titled), guid)

    async def _ask(self, command: Command, play: Play, how: How, guid: str | None = None) -> Came:
        data = play.data(command, self.target.revision, guid)
        return await self.sender.ask(command, play.account, data, how)

    def _nothing(self, account: str | None) -> Play:
        """Stand for a callback that is about no transaction."""
        return Play(
            account=self.target.account if account is None else account,
            trans_guid="",
            trans_id=0,
            round_id="",
            amount_minor=0,
            time_stamp_ms=0,
            exponent=self.exponent,
        )

    # --- judging ---------------------------------------------------------------------------------

    def expect(self, came: Came, *results: int, guess: Guess | None = None) -> None:
        """End the case unless the backend has answered with one of the results.

        ``guess`` is the case's own idea of the mistake, for well-formed replies.
        """
        if came.result in results:
            return
        expected = f"{came.title}: result {results_text(results)}."
        if came.trouble is not None:
            self.fail(came, expected, came.trouble, guess_of_trouble(came))
        assert came.result is not None, "what cannot be read has a trouble"
        fitting = fitting_guess(came.command, came.result, guess)
        self.fail(came, expected, f"Result {meaning(came.result)}.", fitting)

    def expect_told(self, came: Came, before_minor: int, change_minor: int) -> None:
        """End the case unless the reply tells the balance after the movement."""
        wanted = before_minor + change_minor
        if came.balance_minor == wanted:
            return
        expected = f"{came.title}: the reply tells the balance {self.text(wanted)}."
        if came.balance_minor is None:
            faults = came.reply.faults if came.reply else ()
            self.fail(
                came,
                expected,
                f"No balance that can be read: {faults[0] if faults else 'it is missing'}.",
                Guess(
                    "The reply is written without the balance after the movement.",
                    "Put `data.balance` into the reply, a JSON number in main units.",
                ),
            )
        change = came.balance_minor - before_minor
        guess = TOLD_BEFORE if change == 0 != change_minor else None
        self._fail_about_change(came, expected, change_minor, change, guess)

    async def held(self, account: str | None = None) -> int:
        """Ask what the account holds, in minor units."""
        came = await self.balance(account, How(title="balance"))
        self.expect(came, 0)
        assert came.balance_minor is not None, "a balance without one is malformed"
        if account is None:
            self._last_held = came
            if self.before_minor is None:
                self.before_minor = came.balance_minor
        return came.balance_minor

    async def expect_change(
        self, before_minor: int, change_minor: int, why: str, guess: Guess | None = None
    ) -> None:
        """Ask for the balance, and end the case unless it has changed by so much.

        ``why`` says what has happened, such as `after the bet and its repeat`.
        """
        held = await self.held()
        if held == before_minor + change_minor:
            return
        came = self._last_held
        assert came is not None, "it was just asked"
        expected = (
            f"The balance {change_text(change_minor, self.exponent)} {why}: "
            f"{self.text(before_minor + change_minor)}."
        )
        self._fail_about_change(came, expected, change_minor, held - before_minor, guess)

    def _fail_about_change(
        self,
        came: Came,
        expected: str,
        wanted: int,
        found: int,
        guess: Guess | None = None,
    ) -> NoReturn:
        by_change = guess_of_change(wanted, found, self.exponent)
        cut = CUT_TO_UNITS if self._is_cut_to_units(came, wanted, found) else None
        fitting = cut or guess or by_change or UNEXPLAINED
        text = f"{self.text(came.balance_minor or 0)}: it {change_text(found, self.exponent)}."
        self.fail(came, expected, text, fitting)

    def _is_cut_to_units(self, came: Came, wanted: int, found: int) -> bool:
        """Say whether the balance was told without decimals, and not in minor units."""
        has_none = f"data.balance has 0 decimals, the currency has {self.exponent}"
        notes = came.reply.notes if came.reply is not None else ()
        return has_none in notes and found != wanted * 10**self.exponent

    def fail(self, came: Came | None, expected: str, text: str, guess: Guess) -> NoReturn:
        """End the case with a finding."""
        raise CaseFailed(
            Finding(
                expected=expected,
                came=text,
                mistake=guess.mistake,
                mend=guess.mend,
                step=None if came is None else came.step,
            )
        )

    def observe(self, what: str, came: object) -> None:
        """Keep something that the case has learnt besides its verdict."""
        self.observed[what] = str(came)

    def not_applicable(self, reason: str) -> NoReturn:
        """End the case because there is nothing to try here."""
        raise NotApplicable(reason)

    # --- afterwards ------------------------------------------------------------------------------

    async def give_back(self) -> None:
        """Put the account back to what it held before the case, as far as the backend lets us."""
        before = self.before_minor
        if before is None or self.moved_minor == 0:
            return
        came = await self.balance(how=How(title="balance after the case"))
        held = self.sender.balance_below_zero_too(came)
        if held is None:
            return
        change = held - before
        if change == 0 or abs(change) > self.moved_minor:
            return
        play = self.play(abs(change))
        how = How(title=f"giving back {self.text(abs(change))}")
        command = Command.BET if change > 0 else Command.WIN
        await self._ask(command, play, how)
