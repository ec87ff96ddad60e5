"""Mistakes of memory: which transaction is new, which is a copy, and what became of the first."""

from __future__ import annotations

from typing import Final

from meganodes.certification.clock import Clock
from meganodes.certification.faulty.honest import HonestBackend
from meganodes.certification.faulty.records import (
    Agreed,
    Callback,
    Decision,
    Mistake,
    Standing,
)
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Command, Revision

_COLUMN_WIDTH: Final = 40


class TakesBetsTwice(HonestBackend):
    """Nobody looks whether a bet's id was seen: every copy takes the stake again."""

    mistake = Mistake(
        id="bets-taken-twice", fails=frozenset({"duplicates-01-bet"}), says="does not remember ids"
    )

    def is_new(self, callback: Callback) -> bool:
        return callback.command is Command.BET or super().is_new(callback)


class PaysWinsTwice(HonestBackend):
    """Nobody looks whether a win's id was seen: every repetition pays again."""

    mistake = Mistake(
        id="wins-paid-twice",
        fails=frozenset({"duplicates-02-win", "duplicates-07-other-kind"}),
        says="twice",
    )

    def is_new(self, callback: Callback) -> bool:
        return callback.command is Command.WIN or super().is_new(callback)


class _RemembersMore(HonestBackend):
    """Remembers a transaction under a second name, and takes that for the proof that it is new."""

    def second_name(self, callback: Callback) -> str:
        raise NotImplementedError

    def is_new(self, callback: Callback) -> bool:
        return self.second_name(callback) not in self.entries

    def keep(
        self, callback: Callback, standing: Standing, result: ResultCode = ResultCode.OK
    ) -> None:
        super().keep(callback, standing, result)
        own = self.key(callback.transaction_id, callback)
        self.entries[self.second_name(callback)] = self.entries[own]


class RemembersByRound(_RemembersMore):
    """A transaction is known by its round and kind: the second bet of a round is a duplicate."""

    mistake = Mistake(
        id="memory-by-round",
        fails=frozenset(
            {
                "bet-09-several-in-a-round",
                "bet-10-same-content",
                "duplicates-07-other-kind",
                "win-05-several-in-a-round",
            }
        ),
        says="round",
    )

    def second_name(self, callback: Callback) -> str:
        return f"{callback.command} in {callback.round_id or callback.transaction_id}"


class KeepsOneRowForARound(_RemembersMore):
    """One row holds a round: its win finds the row of the bet and counts as a duplicate."""

    mistake = Mistake(id="win-keyed-with-its-bet", fails=frozenset({"win-01-paid"}), says="round")

    def second_name(self, callback: Callback) -> str:
        return f"the row of {callback.round_id or callback.transaction_id}"

    def is_new(self, callback: Callback) -> bool:
        if callback.command is Command.WIN:
            return super().is_new(callback)
        return HonestBackend.is_new(self, callback)


class KnowsOneOpenRound(HonestBackend):
    """An account has one open round: a win of the one before is answered 99."""

    mistake = Mistake(
        id="one-open-round", fails=frozenset({"win-03-rounds-cross"}), says="win of the first round"
    )

    def __init__(self, agreed: Agreed, clock: Clock) -> None:
        super().__init__(agreed, clock)
        self.open_rounds: dict[str, str] = {}
        self.rounds: set[str] = set()

    def bet(self, callback: Callback) -> Decision:
        self.open_rounds[callback.account] = callback.round_id
        self.rounds.add(callback.round_id)
        return super().bet(callback)

    def win(self, callback: Callback) -> Decision:
        is_open = self.open_rounds.get(callback.account) == callback.round_id
        if callback.round_id in self.rounds and not is_open and self.is_new(callback):
            return self.refused(callback, ResultCode.INTERNAL_FAILURE)
        return super().win(callback)


class RemembersByConnection(_RemembersMore):
    """Ids are remembered in the worker that serves a connection: a copy on another one is new."""

    mistake = Mistake(
        id="memory-by-connection",
        fails=frozenset({"duplicates-05-new-connection", "races-01-same-bet", "races-02-same-win"}),
        says="connection",
    )

    def second_name(self, callback: Callback) -> str:
        return f"{callback.transaction_id} on {callback.connection}"


class RemembersByTimestamp(_RemembersMore):
    """The id is remembered together with `timestamp`, which is new on every attempt."""

    mistake = Mistake(
        id="memory-by-timestamp",
        fails=frozenset({"duplicates-01-bet", "duplicates-02-win"}),
        says="timestamp",
    )

    def second_name(self, callback: Callback) -> str:
        return f"{callback.transaction_id} at {callback.timestamp}"


class ComparesTheAmountToo(_RemembersMore):
    """A copy is known by id and amount together: the same id with another amount is booked."""

    mistake = Mistake(
        id="memory-by-id-and-amount", fails=frozenset({"duplicates-06-other-amount"}), says="amount"
    )

    def second_name(self, callback: Callback) -> str:
        return f"{callback.transaction_id} of {callback.amount_minor}"


class CutsIdsToTheColumn(HonestBackend):
    """The column has 40 characters: a cancel's id, cut, is the id of its bet."""

    mistake = Mistake(
        id="ids-cut-to-40",
        fails=frozenset({"cancel-01-gives-back", "duplicates-11-alike"}),
        says="64",
    )

    def key(self, transaction_id: str, _callback: Callback, /) -> str:
        return transaction_id[:_COLUMN_WIDTH]


class KeepsIdsIn32Bits(HonestBackend):
    """Numbers of transactions are kept in 32 bits, and what is above them is cut off."""

    mistake = Mistake(
        id="ids-in-32-bits", fails=frozenset({"status-07-names"}), says="53", revision=Revision.ID
    )

    def number_of(self, value: object) -> str:
        return str(int(super().number_of(value)) & 0x7FFF_FFFF)


class ReplaysTheOldBalance(HonestBackend):
    """A duplicate is answered with the stored reply, and with the balance of that moment."""

    mistake = Mistake(
        id="replay-with-the-old-balance",
        fails=frozenset({"duplicates-08-balance-of-now"}),
        says="balance",
    )

    def refused(self, callback: Callback, result: ResultCode) -> Decision:
        entry = self.entry(callback)
        if result is ResultCode.DUPLICATE and entry is not None:
            return Decision(result=result, balance_minor=entry.balance_minor)
        return super().refused(callback, result)


class FailsOnDuplicates(HonestBackend):
    """The unique index raises, and a duplicate is answered 99 for ever."""

    mistake = Mistake(
        id="99-for-duplicates",
        fails=frozenset(
            {
                "duplicates-01-bet",
                "duplicates-02-win",
                "duplicates-03-cancel",
                "reordering-01-late-bet",
            }
        ),
        says="99",
    )

    def refused(self, callback: Callback, result: ResultCode) -> Decision:
        if result is ResultCode.DUPLICATE:
            result = ResultCode.INTERNAL_FAILURE
        return super().refused(callback, result)


class ForgetsRefusals(HonestBackend):
    """A refused bet leaves no trace: its late copy is booked once there is money."""

    mistake = Mistake(
        id="refused-id-booked-later", fails=frozenset({"duplicates-09-refused"}), says="refused"
    )

    def keep(
        self, callback: Callback, standing: Standing, result: ResultCode = ResultCode.OK
    ) -> None:
        if standing is not Standing.REFUSED:
            super().keep(callback, standing, result)


BACKENDS: Final[tuple[type[HonestBackend], ...]] = (
    TakesBetsTwice,
    PaysWinsTwice,
    RemembersByRound,
    KeepsOneRowForARound,
    KnowsOneOpenRound,
    RemembersByConnection,
    RemembersByTimestamp,
    ComparesTheAmountToo,
    CutsIdsToTheColumn,
    KeepsIdsIn32Bits,
    ReplaysTheOldBalance,
    FailsOnDuplicates,
    ForgetsRefusals,
)
