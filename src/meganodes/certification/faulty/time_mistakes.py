"""Mistakes that need two requests at once, or a clock, to be seen."""

from __future__ import annotations

from typing import Final

from meganodes.certification.faulty.honest import HonestBackend
from meganodes.certification.faulty.records import Asked, Callback, Decision, Entry, Mistake
from meganodes.protocol.commands import Command
from meganodes.protocol.reply_records import HttpReply

_QUERY_SECONDS: Final = 0.02
"""How long a database takes between the reading and the writing of an unguarded transaction."""
_SLOW_SECONDS: Final = 3.0
"""Above the deadline of a bet."""
_SLUGGISH_SECONDS: Final = 1.2
"""Below every deadline, above what a game can wait for."""
_SERIAL_SECONDS: Final = 0.4
_ASLEEP_AFTER_SECONDS: Final = 3.0


class JudgesBalanceThenBooks(HonestBackend):
    """The balance is read, compared, and written later: two bets at once spend it twice."""

    mistake = Mistake(id="balance-race", fails=frozenset({"races-06-overspending"}), says="race")

    async def decide(self, callback: Callback) -> Decision:
        result = self.first_refusal(callback)
        await self.clock.sleep(_QUERY_SECONDS)
        async with self.lock:
            if callback.command is Command.BET and result is None and self.is_new(callback):
                return self.booked(callback, -callback.amount_minor)
            return self.decided(callback)


class LooksForIdThenBooks(HonestBackend):
    """The id is looked for, not found, and written later: a copy sent at once is booked too."""

    mistake = Mistake(
        id="id-race", fails=frozenset({"races-01-same-bet", "races-02-same-win"}), says="at once"
    )

    async def decide(self, callback: Callback) -> Decision:
        moves = {Command.BET: -callback.amount_minor, Command.WIN: callback.amount_minor}
        was_right = callback.command in moves and self.first_refusal(callback) is None
        await self.clock.sleep(_QUERY_SECONDS)
        async with self.lock:
            account = self.account(callback)
            if was_right and account and self.can_pay(account, -moves[callback.command]):
                return self.booked(callback, moves[callback.command])
            return self.decided(callback)


class WritesBackAReadBalance(HonestBackend):
    """The new balance is computed from one read earlier: of two movements at once, one is lost."""

    mistake = Mistake(
        id="lost-update",
        fails=frozenset(
            {"races-04-different-bets", "races-05-bets-and-wins", "races-07-bet-and-cancel"}
        ),
        says="at once",
    )

    async def decide(self, callback: Callback) -> Decision:
        account = self.account(callback)
        read_minor = account.balance_minor if account else 0
        await self.clock.sleep(_QUERY_SECONDS)
        async with self.lock:
            before_minor = account.balance_minor if account else 0
            decision = self.decided(callback)
            if account and account.balance_minor != before_minor:
                account.balance_minor += read_minor - before_minor
            return decision


class UndoesTwiceAtOnce(HonestBackend):
    """A cancel looks whether it was done, and pays later: two copies at once both pay."""

    mistake = Mistake(id="cancel-race", fails=frozenset({"races-03-same-cancel"}), says="at once")

    async def decide(self, callback: Callback) -> Decision:
        if callback.command is not Command.CANCEL:
            return await super().decide(callback)
        result = self.first_refusal(callback)
        original = self.original(callback)
        stands = result is None and original is not None and self.stands(original)
        await self.clock.sleep(_QUERY_SECONDS)
        async with self.lock:
            if original is not None and stands and not self.stands(original):
                self.move(callback, self.to_give_back(original, callback))
                return self.accepted(callback)
            return self.decided(callback)

    def stands(self, entry: Entry) -> bool:
        return self.trans_status(entry) == "OK"


class AnswersBetsLate(HonestBackend):
    """A bet calls another system first, and is answered when the hub no longer waits."""

    mistake = Mistake(
        id="bets-above-the-deadline",
        fails=frozenset({"bet-01-taken", "bet-03-zero", "bet-07-unknown", "timing-01-quick"}),
        says="waits",
    )

    async def decide(self, callback: Callback) -> Decision:
        if callback.command is Command.BET:
            await self.clock.sleep(_SLOW_SECONDS)
        return await super().decide(callback)


class AnswersSluggishly(HonestBackend):
    """Every reply takes more than a second."""

    mistake = Mistake(id="sluggish", fails=frozenset({"timing-01-quick"}), says="takes long")

    async def answer(self, asked: Asked) -> HttpReply:
        await self.clock.sleep(_SLUGGISH_SECONDS)
        return await super().answer(asked)


class WakesUpSlowly(HonestBackend):
    """After a few seconds without a request the first one waits for a new database connection."""

    mistake = Mistake(id="slow-after-idling", fails=frozenset({"timing-02-pause"}), says="pause")

    last_seconds = 0.0

    async def decide(self, callback: Callback) -> Decision:
        idle_seconds = self.clock.monotonic() - self.last_seconds
        if self.last_seconds and idle_seconds > _ASLEEP_AFTER_SECONDS:
            await self.clock.sleep(_SLOW_SECONDS)
        self.last_seconds = self.clock.monotonic()
        return await super().decide(callback)


class ServesOneAfterTheOther(HonestBackend):
    """One lock holds the whole wallet for as long as a slow transaction takes."""

    mistake = Mistake(
        id="one-at-a-time",
        fails=frozenset(
            {
                "balance-04-steady",
                "races-01-same-bet",
                "races-02-same-win",
                "races-03-same-cancel",
                "races-04-different-bets",
                "races-05-bets-and-wins",
                "races-06-overspending",
                "timing-03-load",
                "transport-07-many-connections",
            }
        ),
        says="at once",
    )

    async def decide(self, callback: Callback) -> Decision:
        async with self.lock:
            await self.clock.sleep(_SERIAL_SECONDS)
            return self.decided(callback)


BACKENDS: Final[tuple[type[HonestBackend], ...]] = (
    JudgesBalanceThenBooks,
    LooksForIdThenBooks,
    WritesBackAReadBalance,
    UndoesTwiceAtOnce,
    AnswersBetsLate,
    AnswersSluggishly,
    WakesUpSlowly,
    ServesOneAfterTheOther,
)
