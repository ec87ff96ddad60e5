"""Mistakes at the door: who may ask, which account is meant, what is judged first."""

from __future__ import annotations

from typing import Final

from meganodes.certification.faulty.honest import HonestBackend
from meganodes.certification.faulty.records import Account, Callback, Decision, Entry, Mistake
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Command


class AsksForNoToken(HonestBackend):
    """The Callback-Token is never looked at: anybody may pay themselves a win."""

    mistake = Mistake(id="token-not-checked", fails=frozenset(), says="token")

    def token_fits(self, _given: str) -> bool:
        return True


class TakesAMissingToken(HonestBackend):
    """The Callback-Token is compared only when there is one."""

    mistake = Mistake(id="missing-token-accepted", fails=frozenset(), says="token")

    def token_fits(self, given: str) -> bool:
        return not given or super().token_fits(given)


class ComparesTheBeginningOfTheToken(HonestBackend):
    """The comparison of the Callback-Token ends with the shorter of the two."""

    mistake = Mistake(id="token-prefix-accepted", fails=frozenset(), says="token")

    def token_fits(self, given: str) -> bool:
        return bool(given) and self.agreed.callback_token.startswith(given)


class IgnoresLetterCaseOfAccounts(HonestBackend):
    """The database compares accounts without letter case: Ada plays with ada's money."""

    mistake = Mistake(id="account-in-any-case", fails=frozenset(), says="case")

    def account(self, callback: Callback) -> Account | None:
        wanted = callback.account.casefold()
        return next((a for a in self.accounts.values() if a.name.casefold() == wanted), None)


class OpensAccountsForStrangers(HonestBackend):
    """An account that nobody knows is opened when it is first asked about."""

    mistake = Mistake(id="unknown-account-opened", fails=frozenset(), says="account")

    def decided(self, callback: Callback) -> Decision:
        if callback.account not in self.accounts:
            self.open_account(callback.account, 0)
        return super().decided(callback)


class ForgetsBlockedAccounts(HonestBackend):
    """Nobody looks whether the account is active: check 22 always holds."""

    mistake = Mistake(id="inactive-accepted", fails=frozenset(), says="22")

    def holds(self, check: int, callback: Callback) -> bool:
        return check == ResultCode.PLAYER_INACTIVE or super().holds(check, callback)


class JudgesTheBalanceFirst(HonestBackend):
    """The balance is looked at before the id: a duplicate is answered 31 once money is short."""

    mistake = Mistake(id="checks-out-of-order", fails=frozenset(), says="order")

    def first_refusal(self, callback: Callback) -> ResultCode | None:
        first, account = ResultCode.BALANCE_TOO_LOW, self.account(callback)
        if first in callback.checks and account and not self.holds(first, callback):
            return first
        return super().first_refusal(callback)


class NeverLooksAtTheBalance(HonestBackend):
    """Check 31 is left out: any bet is taken and the balance goes below zero."""

    mistake = Mistake(id="balance-not-checked", fails=frozenset(), says="31")

    def can_pay(self, _account: Account, _amount_minor: int) -> bool:
        return True


class AsksForMoreThanTheStake(HonestBackend):
    """The balance must be above the stake: the last coin cannot be played."""

    mistake = Mistake(id="whole-balance-refused", fails=frozenset(), says="31")

    def can_pay(self, account: Account, amount_minor: int) -> bool:
        return account.balance_minor > amount_minor


class SaysNotFoundForEverything(HonestBackend):
    """Every refusal is 43, whatever the reason."""

    mistake = Mistake(id="43-for-everything", fails=frozenset(), says="43")

    def refused(self, callback: Callback, _result: ResultCode) -> Decision:
        return super().refused(callback, ResultCode.ORIGINAL_UNKNOWN)


class FailsWhenMoneyIsShort(HonestBackend):
    """A balance that is too low raises an error, and the answer is 99."""

    mistake = Mistake(id="99-for-a-low-balance", fails=frozenset(), says="99")

    def refused(self, callback: Callback, result: ResultCode) -> Decision:
        if result is ResultCode.BALANCE_TOO_LOW:
            result = ResultCode.INTERNAL_FAILURE
        return super().refused(callback, result)


class SaysOkToAnyStatus(HonestBackend):
    """`status` answers OK for ids that nobody has seen."""

    mistake = Mistake(id="status-of-unknown-ok", fails=frozenset(), says="42")

    def status(self, callback: Callback) -> Decision:
        known = self.entry(callback)
        told = self.trans_status(known) if known is not None else "OK"
        return Decision(result=ResultCode.OK, trans_status=told)


class NeverSaysCancelled(HonestBackend):
    """`status` looks for the transaction only, and says OK of one that was cancelled."""

    mistake = Mistake(id="status-of-cancelled-ok", fails=frozenset(), says="CANCELED")

    def trans_status(self, _entry: Entry) -> str:
        return "OK"


class SaysRefusedBetsStand(HonestBackend):
    """`status` finds the row of a refused bet and says OK."""

    mistake = Mistake(id="status-of-refused-ok", fails=frozenset(), says="refused")

    def moved(self, entry: Entry | None, callback: Callback) -> bool:
        if callback.command is Command.STATUS:
            return entry is not None
        return super().moved(entry, callback)


BACKENDS: Final[tuple[type[HonestBackend], ...]] = (
    AsksForNoToken,
    TakesAMissingToken,
    ComparesTheBeginningOfTheToken,
    IgnoresLetterCaseOfAccounts,
    OpensAccountsForStrangers,
    ForgetsBlockedAccounts,
    JudgesTheBalanceFirst,
    NeverLooksAtTheBalance,
    AsksForMoreThanTheStake,
    SaysNotFoundForEverything,
    FailsWhenMoneyIsShort,
    SaysOkToAnyStatus,
    NeverSaysCancelled,
    SaysRefusedBetsStand,
)
