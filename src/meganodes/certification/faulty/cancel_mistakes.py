"""Mistakes about cancels: money given back twice, never, of another amount, or out of nothing."""

from __future__ import annotations

from typing import Final

from meganodes.certification.faulty.honest import HonestBackend
from meganodes.certification.faulty.records import Callback, Decision, Entry, Mistake, Standing
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Command, Revision


class GivesBackTwice(HonestBackend):
    """Nobody looks whether a cancel was done: every repetition gives the stake back again."""

    mistake = Mistake(
        id="cancels-paid-twice", fails=frozenset({"duplicates-03-cancel"}), says="double refund"
    )

    def is_new(self, callback: Callback) -> bool:
        return callback.command is Command.CANCEL or super().is_new(callback)

    def undone(self, callback: Callback) -> Decision:
        original = self.original(callback)
        assert original is not None, "check 42 or 43 has held"
        original.standing = Standing.BOOKED
        return super().undone(callback)


class GivesBackForEveryId(HonestBackend):
    """Only the cancel's own id is compared: another cancel of the same bet pays again."""

    mistake = Mistake(
        id="another-cancel-paid",
        fails=frozenset({"duplicates-04-other-cancel"}),
        says="double refund",
    )

    def undone(self, callback: Callback) -> Decision:
        original = self.original(callback)
        assert original is not None, "check 43 has held"
        original.standing = Standing.BOOKED
        return super().undone(callback)


class GivesNothingBack(HonestBackend):
    """A cancel marks its bet and answers 0, and the stake stays where it is."""

    mistake = Mistake(
        id="cancel-gives-nothing-back", fails=frozenset({"cancel-01-gives-back"}), says="give"
    )

    def to_give_back(self, _original: Entry, _callback: Callback) -> int:
        return 0


class BelievesTheCancelsAmount(HonestBackend):
    """A cancel gives back the amount that it names, not the one that was booked."""

    mistake = Mistake(
        id="cancel-amount-believed", fails=frozenset({"cancel-05-other-amount"}), says="amount"
    )

    def to_give_back(self, original: Entry, callback: Callback) -> int:
        return -callback.amount_minor if original.command is Command.WIN else callback.amount_minor


class PaysUnknownCancels(HonestBackend):
    """A cancel of a bet that nobody has seen is paid out all the same."""

    mistake = Mistake(
        id="unknown-cancel-paid",
        fails=frozenset({"cancel-03-unknown", "cancel-07-refused-bet"}),
        says="43",
    )

    def refused(self, callback: Callback, result: ResultCode) -> Decision:
        if result is not ResultCode.ORIGINAL_UNKNOWN:
            return super().refused(callback, result)
        return self.booked(callback, callback.amount_minor)


class SaysDoneToUnknownCancels(HonestBackend):
    """A cancel of a bet that nobody has seen moves nothing and is answered 0."""

    mistake = Mistake(
        id="unknown-cancel-answered-0", fails=frozenset({"cancel-03-unknown"}), says="43"
    )

    def refused(self, callback: Callback, result: ResultCode) -> Decision:
        if result is not ResultCode.ORIGINAL_UNKNOWN:
            return super().refused(callback, result)
        return self.accepted(callback)


class KeepsNoTombstones(HonestBackend):
    """A cancel that comes first leaves no trace: the bet that follows it is booked and stays."""

    mistake = Mistake(
        id="no-tombstones", fails=frozenset({"reordering-01-late-bet"}), says="tombstone"
    )

    def bury(self, callback: Callback) -> None:
        """Forget it."""


class DeletesCancelledBets(HonestBackend):
    """A cancel deletes the row of its bet: a late copy of the bet is booked as new."""

    mistake = Mistake(
        id="cancelled-bet-deleted",
        fails=frozenset({"duplicates-10-cancelled", "status-04-cancelled"}),
        says="deletes the bet",
    )

    def undone(self, callback: Callback) -> Decision:
        decision = super().undone(callback)
        self.entries.pop(self.key(callback.original_id, callback), None)
        return decision


class GivesBackRefusedBets(HonestBackend):
    """A cancel finds the row of a bet that was refused and gives back what was never taken."""

    mistake = Mistake(
        id="refused-bet-given-back",
        fails=frozenset({"cancel-07-refused-bet", "reordering-03-cancels-only"}),
        says="refused",
    )

    def moved(self, entry: Entry | None, callback: Callback) -> bool:
        if callback.command is Command.CANCEL and entry is not None:
            return entry.command is not Command.CANCEL
        return super().moved(entry, callback)


class LeavesBalanceOutOfUnknownCancels(HonestBackend):
    """A refusal with result 43 has no balance."""

    mistake = Mistake(
        id="balance-missing-in-43",
        fails=frozenset({"cancel-04-refusal-tells-balance"}),
        says="data.balance is missing",
    )

    def reply_members(self, callback: Callback, decision: Decision) -> dict[str, object]:
        if decision.result is ResultCode.ORIGINAL_UNKNOWN:
            return {}
        return super().reply_members(callback, decision)


class RefusesCancelsOfNothing(HonestBackend):
    """The cancel of a bet of 0 is answered 99: there is nothing to give back."""

    mistake = Mistake(id="cancel-of-0-refused", fails=frozenset({"cancel-08-zero"}), says="0")

    def undone(self, callback: Callback) -> Decision:
        original = self.original(callback)
        if original is not None and not original.amount_minor:
            return self.refused(callback, ResultCode.INTERNAL_FAILURE)
        return super().undone(callback)


class _KnowsRounds(HonestBackend):
    """Notes what has happened in each round, for mistakes that look at it."""

    def keep(
        self, callback: Callback, standing: Standing, result: ResultCode = ResultCode.OK
    ) -> None:
        super().keep(callback, standing, result)
        entry = self.entries[self.key(callback.transaction_id, callback)]
        entry.round_id = callback.round_id

    def in_round(self, round_id: str, command: Command) -> list[Entry]:
        return [
            entry
            for entry in self.entries.values()
            if entry.round_id == round_id and entry.command is command
        ]


class RefusesCancelsAfterAWin(_KnowsRounds):
    """A round with a win is over: the cancel of its bet is answered 99."""

    mistake = Mistake(
        id="cancel-after-a-win-refused", fails=frozenset({"cancel-09-after-a-win"}), says="win"
    )

    def undone(self, callback: Callback) -> Decision:
        original = self.original(callback)
        if original is not None and self.in_round(original.round_id, Command.WIN):
            return self.refused(callback, ResultCode.INTERNAL_FAILURE)
        return super().undone(callback)


class CancelsTheRound(_KnowsRounds):
    """A cancel undoes every bet of the round, not the one that it names."""

    mistake = Mistake(
        id="cancel-undoes-the-round", fails=frozenset({"cancel-10-one-of-two"}), says="round"
    )

    def to_give_back(self, original: Entry, _callback: Callback) -> int:
        bets = self.in_round(original.round_id, Command.BET)
        return sum(bet.amount_minor for bet in bets if bet.standing is Standing.BOOKED)


class PaysWinsOfBetsAlone(_KnowsRounds):
    """A win is paid only where a bet of its round is known: prizes are answered 99."""

    mistake = Mistake(
        id="win-needs-a-bet",
        fails=frozenset({"win-06-without-a-bet"}),
        says="round without a bet",
    )

    def booked(self, callback: Callback, change_minor: int) -> Decision:
        is_prize = not self.in_round(callback.round_id, Command.BET)
        if callback.command is Command.WIN and is_prize:
            return self.refused(callback, ResultCode.INTERNAL_FAILURE)
        return super().booked(callback, change_minor)


class ClosesRoundsByWins(_KnowsRounds):
    """A win closes its round, and a bet of it that comes later is answered 99."""

    mistake = Mistake(
        id="bet-after-a-win-refused", fails=frozenset({"reordering-05-win-first"}), says="round"
    )

    def bet(self, callback: Callback) -> Decision:
        if self.in_round(callback.round_id, Command.WIN) and self.is_new(callback):
            return self.refused(callback, ResultCode.INTERNAL_FAILURE)
        return super().bet(callback)


class CancelsTheLastAlone(HonestBackend):
    """Only the account's last transaction can be cancelled; an older one is answered 43."""

    mistake = Mistake(
        id="only-the-last-cancelled",
        fails=frozenset({"cancel-09-after-a-win", "reordering-06-cancel-later"}),
        says="43",
    )

    def cancel(self, callback: Callback) -> Decision:
        original = self.original(callback)
        moved = [entry for entry in self.entries.values() if self.is_later(entry, callback)]
        if original is not None and moved and original is not moved[-1]:
            return self.refused(callback, ResultCode.ORIGINAL_UNKNOWN)
        return super().cancel(callback)

    def is_later(self, entry: Entry, callback: Callback) -> bool:
        return entry.account == callback.account and entry.command is not Command.CANCEL


class PaysForTombstones(HonestBackend):
    """The tombstone holds the cancel's amount, and the cancel's second attempt pays it out."""

    mistake = Mistake(
        id="tombstone-paid",
        fails=frozenset({"reordering-02-cancel-again", "reordering-03-cancels-only"}),
        says="tombstone",
    )

    def cancel(self, callback: Callback) -> Decision:
        buried = self.original(callback)
        if buried is not None and buried.standing is Standing.BURIED:
            self.move(callback, callback.amount_minor)
            buried.standing = Standing.CANCELLED
            return self.accepted(callback)
        return super().cancel(callback)


class TakesCancelsForCopies(HonestBackend):
    """Every id must be new, also a cancel's, which in this revision is its bet's: always 41."""

    mistake = Mistake(
        id="cancel-taken-for-a-copy",
        fails=frozenset(
            {"cancel-01-gives-back", "cancel-06-unknown-account", "cancel-11-of-a-win"}
        ),
        says="41",
        revision=Revision.ID,
    )

    def cancel(self, callback: Callback) -> Decision:
        if self.original(callback) is not None:
            return self.refused(callback, ResultCode.DUPLICATE)
        return super().cancel(callback)


class AddsWhenAWinIsCancelled(HonestBackend):
    """A cancel always adds the amount: a cancelled win is paid a second time."""

    mistake = Mistake(
        id="cancelled-win-paid-again",
        fails=frozenset({"cancel-11-of-a-win"}),
        says="win",
        revision=Revision.ID,
    )

    def to_give_back(self, original: Entry, _callback: Callback) -> int:
        return original.amount_minor


BACKENDS: Final[tuple[type[HonestBackend], ...]] = (
    GivesBackTwice,
    GivesBackForEveryId,
    GivesNothingBack,
    BelievesTheCancelsAmount,
    PaysUnknownCancels,
    SaysDoneToUnknownCancels,
    KeepsNoTombstones,
    DeletesCancelledBets,
    GivesBackRefusedBets,
    LeavesBalanceOutOfUnknownCancels,
    RefusesCancelsOfNothing,
    RefusesCancelsAfterAWin,
    CancelsTheRound,
    PaysWinsOfBetsAlone,
    ClosesRoundsByWins,
    CancelsTheLastAlone,
    PaysForTombstones,
    TakesCancelsForCopies,
    AddsWhenAWinIsCancelled,
)
