"""Mistakes about cancels: money given back twice, never, of another amount, or out of nothing."""

from __future__ import annotations

from typing import Final

from meganodes.certification.faulty.honest import HonestBackend
from meganodes.certification.faulty.records import Callback, Decision, Entry, Mistake, Standing
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Command, Revision


class GivesBackTwice(HonestBackend):
    """Nobody looks whether a cancel was done: every repetition gives the stake back again."""

    mistake = Mistake(id="cancels-paid-twice", fails=frozenset(), says="twice")

    def is_new(self, callback: Callback) -> bool:
        return callback.command is Command.CANCEL or super().is_new(callback)

    def undone(self, callback: Callback) -> Decision:
        original = self.original(callback)
        assert original is not None, "check 42 or 43 has held"
        original.standing = Standing.BOOKED
        return super().undone(callback)


class GivesNothingBack(HonestBackend):
    """A cancel marks its bet and answers 0, and the stake stays where it is."""

    mistake = Mistake(id="cancel-gives-nothing-back", fails=frozenset(), says="give")

    def to_give_back(self, _original: Entry, _callback: Callback) -> int:
        return 0


class BelievesTheCancelsAmount(HonestBackend):
    """A cancel gives back the amount that it names, not the one that was booked."""

    mistake = Mistake(id="cancel-amount-believed", fails=frozenset(), says="amount")

    def to_give_back(self, original: Entry, callback: Callback) -> int:
        return -callback.amount_minor if original.command is Command.WIN else callback.amount_minor


class PaysUnknownCancels(HonestBackend):
    """A cancel of a bet that nobody has seen is paid out all the same."""

    mistake = Mistake(id="unknown-cancel-paid", fails=frozenset(), says="43")

    def refused(self, callback: Callback, result: ResultCode) -> Decision:
        if result is not ResultCode.ORIGINAL_UNKNOWN:
            return super().refused(callback, result)
        return self.booked(callback, callback.amount_minor)


class SaysDoneToUnknownCancels(HonestBackend):
    """A cancel of a bet that nobody has seen moves nothing and is answered 0."""

    mistake = Mistake(id="unknown-cancel-answered-0", fails=frozenset(), says="43")

    def refused(self, callback: Callback, result: ResultCode) -> Decision:
        if result is not ResultCode.ORIGINAL_UNKNOWN:
            return super().refused(callback, result)
        return self.accepted(callback)


class KeepsNoTombstones(HonestBackend):
    """A cancel that comes first leaves no trace: the bet that follows it is booked and stays."""

    mistake = Mistake(id="no-tombstones", fails=frozenset(), says="tombstone")

    def bury(self, callback: Callback) -> None:
        """Forget it."""


class DeletesCancelledBets(HonestBackend):
    """A cancel deletes the row of its bet: a late copy of the bet is booked as new."""

    mistake = Mistake(id="cancelled-bet-deleted", fails=frozenset(), says="CANCELED")

    def undone(self, callback: Callback) -> Decision:
        decision = super().undone(callback)
        self.entries.pop(self.key(callback.original_id, callback), None)
        return decision


class GivesBackRefusedBets(HonestBackend):
    """A cancel finds the row of a bet that was refused and gives back what was never taken."""

    mistake = Mistake(id="refused-bet-given-back", fails=frozenset(), says="refused")

    def moved(self, entry: Entry | None, callback: Callback) -> bool:
        if callback.command is Command.CANCEL and entry is not None:
            return entry.command is not Command.CANCEL
        return super().moved(entry, callback)


class TakesCancelsForCopies(HonestBackend):
    """Every id must be new, also a cancel's, which in this revision is its bet's: always 41."""

    mistake = Mistake(
        id="cancel-taken-for-a-copy", fails=frozenset(), says="41", revision=Revision.ID
    )

    def cancel(self, callback: Callback) -> Decision:
        if self.original(callback) is not None:
            return self.refused(callback, ResultCode.DUPLICATE)
        return super().cancel(callback)


class AddsWhenAWinIsCancelled(HonestBackend):
    """A cancel always adds the amount: a cancelled win is paid a second time."""

    mistake = Mistake(
        id="cancelled-win-paid-again", fails=frozenset(), says="win", revision=Revision.ID
    )

    def to_give_back(self, original: Entry, _callback: Callback) -> int:
        return original.amount_minor


BACKENDS: Final[tuple[type[HonestBackend], ...]] = (
    GivesBackTwice,
    GivesNothingBack,
    BelievesTheCancelsAmount,
    PaysUnknownCancels,
    SaysDoneToUnknownCancels,
    KeepsNoTombstones,
    DeletesCancelledBets,
    GivesBackRefusedBets,
    TakesCancelsForCopies,
    AddsWhenAWinIsCancelled,
)
