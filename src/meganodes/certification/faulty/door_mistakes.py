"""Mistakes at the door: who may ask, and which account is meant."""

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
    Mistake,
)
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Command

_COLUMN_WIDTH: Final = 255


class AsksForNoToken(HonestBackend):
    """The Callback-Token is never looked at: anybody may pay themselves a win."""

    mistake = Mistake(
        id="token-not-checked",
        fails=frozenset(
            {
                "token-01-wrong",
                "token-02-missing",
                "token-05-bet",
                "token-06-win",
                "token-07-cancel",
                "token-08-questions",
            }
        ),
        says="token",
    )

    def token_fits(self, _given: str) -> bool:
        return True


class TakesAMissingToken(HonestBackend):
    """The Callback-Token is compared only when there is one."""

    mistake = Mistake(
        id="missing-token-accepted", fails=frozenset({"token-02-missing"}), says="token"
    )

    def token_fits(self, given: str) -> bool:
        return not given or super().token_fits(given)


class ComparesTheBeginningOfTheToken(HonestBackend):
    """The comparison of the Callback-Token ends with the shorter of the two."""

    mistake = Mistake(id="token-prefix-accepted", fails=frozenset({"token-03-part"}), says="token")

    def token_fits(self, given: str) -> bool:
        return bool(given) and self.agreed.callback_token.startswith(given)


class ComparesTokensWithoutCase(HonestBackend):
    """The Callback-Token is compared in small letters."""

    mistake = Mistake(
        id="token-in-any-case", fails=frozenset({"token-04-letter-case"}), says="case"
    )

    def token_fits(self, given: str) -> bool:
        return given.lower() == self.agreed.callback_token.lower()


class IgnoresLetterCaseOfAccounts(HonestBackend):
    """The database compares accounts without letter case: Ada plays with ada's money."""

    mistake = Mistake(
        id="account-in-any-case", fails=frozenset({"authenticate-03-letter-case"}), says="case"
    )

    def account(self, callback: Callback) -> Account | None:
        wanted = callback.account.casefold()
        return next((a for a in self.accounts.values() if a.name.casefold() == wanted), None)


class TrimsAccounts(HonestBackend):
    """Blanks around an account are cut off before it is looked up."""

    mistake = Mistake(
        id="account-trimmed", fails=frozenset({"authenticate-04-blanks"}), says="blank"
    )

    def account(self, callback: Callback) -> Account | None:
        return self.accounts.get(callback.account.strip())


class IgnoresAccentsOfAccounts(HonestBackend):
    """The collation of the database ignores accents: Adá plays with Ada's money."""

    mistake = Mistake(
        id="account-with-any-accent", fails=frozenset({"hostile-09-alike"}), says="accents"
    )

    def account(self, callback: Callback) -> Account | None:
        letters = unicodedata.normalize("NFKD", callback.account)
        return self.accounts.get("".join(one for one in letters if not unicodedata.combining(one)))


class PutsAccountsIntoSql(HonestBackend):
    """The account is put into the text of an SQL statement."""

    mistake = Mistake(id="sql-injection", fails=frozenset({"hostile-08-injection"}), says="SQL")

    def account(self, callback: Callback) -> Account | None:
        if "' OR " in callback.account:
            return next(iter(self.accounts.values()))
        return super().account(callback)


class BreaksOnLongAccounts(HonestBackend):
    """An account that does not fit its column raises, and the worker dies without an answer."""

    mistake = Mistake(
        id="long-account-kills",
        fails=frozenset({"hostile-11-long-account"}),
        says="name of 10,000 letters",
    )

    def account(self, callback: Callback) -> Account | None:
        if len(callback.account) > _COLUMN_WIDTH:
            raise ConnectionResetError("the worker has died")
        return super().account(callback)

    def text(self, members: Mapping[str, object], name: str) -> str:
        value = members.get(name)
        return value if isinstance(value, str) and value else super().text(members, name)


class FailsForBlockedAccounts(HonestBackend):
    """A blocked account raises an error when it authenticates, and the answer is 99."""

    mistake = Mistake(
        id="99-for-a-blocked-account", fails=frozenset({"authenticate-05-blocked"}), says="99"
    )

    def look(self, callback: Callback) -> Decision:
        account = self.account(callback)
        is_blocked = account is not None and not account.active
        if callback.command is Command.AUTHENTICATE and is_blocked:
            return self.refused(callback, ResultCode.INTERNAL_FAILURE)
        return super().look(callback)


class TellsAnotherBalanceAtFirst(HonestBackend):
    """authenticate tells the bonus wallet's balance, which is empty."""

    mistake = Mistake(
        id="authenticate-tells-another-balance",
        fails=frozenset({"authenticate-06-balance"}),
        says="balance",
    )

    def look(self, callback: Callback) -> Decision:
        decision = super().look(callback)
        is_first = callback.command is Command.AUTHENTICATE
        return replace(decision, balance_minor=0) if is_first else decision


class LooksUsersUpByName(HonestBackend):
    """authenticate looks into another table and does not find the account that plays."""

    mistake = Mistake(
        id="authenticate-finds-nobody", fails=frozenset({"authenticate-01-known"}), says="21"
    )

    def look(self, callback: Callback) -> Decision:
        if callback.command is Command.AUTHENTICATE:
            return self.refused(callback, ResultCode.ACCOUNT_UNKNOWN)
        return super().look(callback)


class HasNoBalanceCommand(HonestBackend):
    """`balance` was left for later, and is answered 99."""

    mistake = Mistake(
        id="balance-not-written",
        fails=frozenset(
            {"balance-01-told", "bet-07-unknown", "transport-04-length", "win-07-unknown"}
        ),
        says="balance",
    )

    def look(self, callback: Callback) -> Decision:
        if callback.command is Command.BALANCE:
            return self.refused(callback, ResultCode.INTERNAL_FAILURE)
        return super().look(callback)


class OpensAccountsForStrangers(HonestBackend):
    """An account that nobody knows is opened when it is first asked about."""

    mistake = Mistake(
        id="unknown-account-opened",
        fails=frozenset(
            {"authenticate-02-unknown", "balance-02-unknown", "cancel-06-unknown-account"}
        ),
        says="account",
    )

    def decided(self, callback: Callback) -> Decision:
        if callback.account not in self.accounts:
            self.open_account(callback.account, 0)
        return super().decided(callback)


class ForgetsBlockedAccounts(HonestBackend):
    """Nobody looks whether the account is active: check 22 always holds."""

    mistake = Mistake(
        id="inactive-accepted", fails=frozenset({"balance-03-blocked", "bet-08-blocked"}), says="22"
    )

    def holds(self, check: int, callback: Callback) -> bool:
        return check == ResultCode.PLAYER_INACTIVE or super().holds(check, callback)


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
)
