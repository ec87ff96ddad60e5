"""Mistakes in the checks: their order, their results, and what `status` says afterwards."""

from __future__ import annotations

from typing import Final

from meganodes.certification.faulty.honest import HonestBackend
from meganodes.certification.faulty.records import (
    Account,
    Callback,
    Decision,
    Entry,
    Mistake,
    Standing,
)
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Command

_MUCH_MINOR: Final = 10_000_000


class JudgesTheBalanceFirst(HonestBackend):
    """The balance is looked at before the id: a duplicate is answered 31 once money is short."""

    mistake = Mistake(
        id="checks-out-of-order",
        fails=frozenset({"bet-12-order-blocked", "bet-13-order-repeat"}),
        says="order",
    )

    def first_refusal(self, callback: Callback) -> ResultCode | None:
        first, account = ResultCode.BALANCE_TOO_LOW, self.account(callback)
        if first in callback.checks and account and not self.holds(first, callback):
            return first
        return super().first_refusal(callback)


class JudgesMoneyOfStrangers(HonestBackend):
    """An account that nobody knows has no money: a bet of it is answered 31 instead of 21."""

    mistake = Mistake(
        id="31-for-a-stranger", fails=frozenset({"bet-11-order-unknown"}), says="order"
    )

    def first_refusal(self, callback: Callback) -> ResultCode | None:
        is_high = callback.amount_minor > _MUCH_MINOR
        if is_high and self.account(callback) is None:
            return ResultCode.BALANCE_TOO_LOW
        return super().first_refusal(callback)


class NeverLooksAtTheBalance(HonestBackend):
    """Check 31 is left out: any bet is taken and the balance goes below zero."""

    mistake = Mistake(id="balance-not-checked", fails=frozenset({"bet-04-too-high"}), says="31")

    def can_pay(self, _account: Account, _amount_minor: int) -> bool:
        return True


class AsksForMoreThanTheStake(HonestBackend):
    """The balance must be above the stake: the last coin cannot be played."""

    mistake = Mistake(
        id="whole-balance-refused",
        fails=frozenset({"bet-06-everything", "bet-13-order-repeat"}),
        says="31",
    )

    def can_pay(self, account: Account, amount_minor: int) -> bool:
        return account.balance_minor > amount_minor


class SaysNotFoundForEverything(HonestBackend):
    """Every refusal is 43, whatever the reason."""

    mistake = Mistake(
        id="43-for-everything",
        fails=frozenset(
            {
                "authenticate-02-unknown",
                "authenticate-07-test-account",
                "balance-02-unknown",
                "balance-03-blocked",
                "bet-04-too-high",
                "bet-08-blocked",
                "cancel-06-unknown-account",
                "duplicates-01-bet",
                "duplicates-02-win",
                "duplicates-03-cancel",
                "reordering-01-late-bet",
                "status-01-unknown",
                "win-08-blocked",
            }
        ),
        says="43",
    )

    def refused(self, callback: Callback, _result: ResultCode) -> Decision:
        return super().refused(callback, ResultCode.ORIGINAL_UNKNOWN)


class FailsWhenMoneyIsShort(HonestBackend):
    """A balance that is too low raises an error, and the answer is 99."""

    mistake = Mistake(id="99-for-a-low-balance", fails=frozenset({"bet-04-too-high"}), says="99")

    def refused(self, callback: Callback, result: ResultCode) -> Decision:
        if result is ResultCode.BALANCE_TOO_LOW:
            result = ResultCode.INTERNAL_FAILURE
        return super().refused(callback, result)


class SaysOkToAnyStatus(HonestBackend):
    """`status` answers OK for ids that nobody has seen."""

    mistake = Mistake(
        id="status-of-unknown-ok",
        fails=frozenset({"status-01-unknown", "status-06-unknown-account"}),
        says="42",
    )

    def status(self, callback: Callback) -> Decision:
        known = self.entry(callback)
        told = self.trans_status(known) if known is not None else "OK"
        return Decision(result=ResultCode.OK, trans_status=told)


class KnowsBetsAlone(HonestBackend):
    """`status` looks among the bets, and a win is 42."""

    mistake = Mistake(
        id="status-of-bets-alone", fails=frozenset({"status-03-win"}), says="wins alike"
    )

    def moved(self, entry: Entry | None, callback: Callback) -> bool:
        if callback.command is Command.STATUS and entry and entry.command is Command.WIN:
            return False
        return super().moved(entry, callback)


class KnowsWinsAlone(HonestBackend):
    """`status` looks among the wins, and a bet that stands is 42."""

    mistake = Mistake(
        id="status-of-wins-alone",
        fails=frozenset({"status-02-bet", "status-04-cancelled"}),
        says="wins alike",
    )

    def moved(self, entry: Entry | None, callback: Callback) -> bool:
        is_bet = entry is not None and entry.command is Command.BET
        if callback.command is Command.STATUS and is_bet:
            return False
        return super().moved(entry, callback)


class BooksWhenAsked(HonestBackend):
    """`status` mends what it takes for lost: it takes the stake of a bet again."""

    mistake = Mistake(
        id="status-books-again",
        fails=frozenset({"status-08-moves-nothing"}),
        says="questions about it",
    )

    def status(self, callback: Callback) -> Decision:
        entry = self.entry(callback)
        if entry is not None and entry.standing is Standing.BOOKED:
            self.move(callback, -entry.amount_minor)
        return super().status(callback)


class NeverSaysCancelled(HonestBackend):
    """`status` looks for the transaction only, and says OK of one that was cancelled."""

    mistake = Mistake(
        id="status-of-cancelled-ok", fails=frozenset({"status-04-cancelled"}), says="CANCELED"
    )

    def trans_status(self, _entry: Entry) -> str:
        return "OK"


class SaysRefusedBetsStand(HonestBackend):
    """`status` finds the row of a refused bet and says OK."""

    mistake = Mistake(
        id="status-of-refused-ok",
        fails=frozenset({"reordering-04-status", "status-05-refused"}),
        says="refused",
    )

    def moved(self, entry: Entry | None, callback: Callback) -> bool:
        if callback.command is Command.STATUS:
            return entry is not None
        return super().moved(entry, callback)


BACKENDS: Final[tuple[type[HonestBackend], ...]] = (
    JudgesTheBalanceFirst,
    JudgesMoneyOfStrangers,
    NeverLooksAtTheBalance,
    AsksForMoreThanTheStake,
    SaysNotFoundForEverything,
    FailsWhenMoneyIsShort,
    SaysOkToAnyStatus,
    KnowsBetsAlone,
    KnowsWinsAlone,
    BooksWhenAsked,
    NeverSaysCancelled,
    SaysRefusedBetsStand,
)
