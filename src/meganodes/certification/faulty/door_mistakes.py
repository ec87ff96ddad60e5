"""Mistakes at the door: who may ask, which account is meant, what is judged first."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import replace
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

_COLUMN_WIDTH: Final = 255
_MUCH_MINOR: Final = 10_000_000


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


class ComparesTokensWithoutCase(HonestBackend):
    """The Callback-Token is compared in small letters."""

    mistake = Mistake(id="token-in-any-case", fails=frozenset(), says="case")

    def token_fits(self, given: str) -> bool:
        return given.lower() == self.agreed.callback_token.lower()


class IgnoresLetterCaseOfAccounts(HonestBackend):
    """The database compares accounts without letter case: Ada plays with ada's money."""

    mistake = Mistake(id="account-in-any-case", fails=frozenset(), says="case")

    def account(self, callback: Callback) -> Account | None:
        wanted = callback.account.casefold()
        return next((a for a in self.accounts.values() if a.name.casefold() == wanted), None)


class TrimsAccounts(HonestBackend):
    """Blanks around an account are cut off before it is looked up."""

    mistake = Mistake(id="account-trimmed", fails=frozenset(), says="blank")

    def account(self, callback: Callback) -> Account | None:
        return self.accounts.get(callback.account.strip())


class IgnoresAccentsOfAccounts(HonestBackend):
    """The collation of the database ignores accents: Adá plays with Ada's money."""

    mistake = Mistake(id="account-with-any-accent", fails=frozenset(), says="accents")

    def account(self, callback: Callback) -> Account | None:
        letters = unicodedata.normalize("NFKD", callback.account)
        return self.accounts.get("".join(one for one in letters if not unicodedata.combining(one)))


class PutsAccountsIntoSql(HonestBackend):
    """The account is put into the text of an SQL statement."""

    mistake = Mistake(id="sql-injection", fails=frozenset(), says="SQL")

    def account(self, callback: Callback) -> Account | None:
        if "' OR " in callback.account:
            return next(iter(self.accounts.values()))
        return super().account(callback)


class BreaksOnLongAccounts(HonestBackend):
    """An account that does not fit its column raises, and the worker dies without an answer."""

    mistake = Mistake(id="long-account-kills", fails=frozenset(), says="name of 10,000 letters")

    def account(self, callback: Callback) -> Account | None:
        if len(callback.account) > _COLUMN_WIDTH:
            raise ConnectionResetError("the worker has died")
        return super().account(callback)

    def text(self, members: Mapping[str, object], name: str) -> str:
        value = members.get(name)
        return value if isinstance(value, str) and value else super().text(members, name)


class FailsForBlockedAccounts(HonestBackend):
    """A blocked account raises an error when it authenticates, and the answer is 99."""

    mistake = Mistake(id="99-for-a-blocked-account", fails=frozenset(), says="99")

    def look(self, callback: Callback) -> Decision:
        account = self.account(callback)
        is_blocked = account is not None and not account.active
        if callback.command is Command.AUTHENTICATE and is_blocked:
            return self.refused(callback, ResultCode.INTERNAL_FAILURE)
        return super().look(callback)


class TellsAnotherBalanceAtFirst(HonestBackend):
    """authenticate tells the bonus wallet's balance, which is empty."""

    mistake = Mistake(id="authenticate-tells-another-balance", fails=frozenset(), says="balance")

    def look(self, callback: Callback) -> Decision:
        decision = super().look(callback)
        is_first = callback.command is Command.AUTHENTICATE
        return replace(decision, balance_minor=0) if is_first else decision


class LooksUsersUpByName(HonestBackend):
    """authenticate looks into another table and does not find the account that plays."""

    mistake = Mistake(id="authenticate-finds-nobody", fails=frozenset(), says="21")

    def look(self, callback: Callback) -> Decision:
        if callback.command is Command.AUTHENTICATE:
            return self.refused(callback, ResultCode.ACCOUNT_UNKNOWN)
        return super().look(callback)


class HasNoBalanceCommand(HonestBackend):
    """`balance` was left for later, and is answered 99."""

    mistake = Mistake(id="balance-not-written", fails=frozenset(), says="balance")

    def look(self, callback: Callback) -> Decision:
        if callback.command is Command.BALANCE:
            return self.refused(callback, ResultCode.INTERNAL_FAILURE)
        return super().look(callback)


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


class JudgesMoneyOfStrangers(HonestBackend):
    """An account that nobody knows has no money: a bet of it is answered 31 instead of 21."""

    mistake = Mistake(id="31-for-a-stranger", fails=frozenset(), says="order")

    def first_refusal(self, callback: Callback) -> ResultCode | None:
        is_high = callback.amount_minor > _MUCH_MINOR
        if is_high and self.account(callback) is None:
            return ResultCode.BALANCE_TOO_LOW
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


class KnowsBetsAlone(HonestBackend):
    """`status` looks among the bets, and a win is 42."""

    mistake = Mistake(id="status-of-bets-alone", fails=frozenset(), says="wins alike")

    def moved(self, entry: Entry | None, callback: Callback) -> bool:
        if callback.command is Command.STATUS and entry and entry.command is Command.WIN:
            return False
        return super().moved(entry, callback)


class KnowsWinsAlone(HonestBackend):
    """`status` looks among the wins, and a bet that stands is 42."""

    mistake = Mistake(id="status-of-wins-alone", fails=frozenset(), says="wins alike")

    def moved(self, entry: Entry | None, callback: Callback) -> bool:
        is_bet = entry is not None and entry.command is Command.BET
        if callback.command is Command.STATUS and is_bet:
            return False
        return super().moved(entry, callback)


class BooksWhenAsked(HonestBackend):
    """`status` mends what it takes for lost: it takes the stake of a bet again."""

    mistake = Mistake(id="status-books-again", fails=frozenset(), says="questions about it")

    def status(self, callback: Callback) -> Decision:
        entry = self.entry(callback)
        if entry is not None and entry.standing is Standing.BOOKED:
            self.move(callback, -entry.amount_minor)
        return super().status(callback)


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
    ComparesTokensWithoutCase,
    IgnoresLetterCaseOfAccounts,
    TrimsAccounts,
    IgnoresAccentsOfAccounts,
    PutsAccountsIntoSql,
    BreaksOnLongAccounts,
    FailsForBlockedAccounts,
    TellsAnotherBalanceAtFirst,
    LooksUsersUpByName,
    HasNoBalanceCommand,
    OpensAccountsForStrangers,
    ForgetsBlockedAccounts,
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
