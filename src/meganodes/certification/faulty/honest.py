"""A right wallet in memory, taken in small steps: each mistake of this package replaces one step.

It stands on `protocol` alone and shares no code with the SDK, so that certification is judged by
two right wallets that do not know each other.
"""

from __future__ import annotations

import asyncio
import hmac
from typing import ClassVar, Final

from meganodes.certification.clock import Clock
from meganodes.certification.faulty.reading import CallbackReader
from meganodes.certification.faulty.records import (
    Account,
    Agreed,
    Asked,
    Callback,
    Decision,
    Entry,
    Mistake,
    Standing,
    Unreadable,
)
from meganodes.certification.faulty.rendering import ReplyWriter
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Command
from meganodes.protocol.money import AMOUNT_MAX_MINOR
from meganodes.protocol.reply_records import HttpReply
from meganodes.protocol.wire import CALLBACK_TOKEN_HEADER

_NOT_SEEN: Final = frozenset({ResultCode.TRANSACTION_UNKNOWN, ResultCode.ORIGINAL_UNKNOWN})
_MOVED: Final = frozenset({Standing.BOOKED, Standing.CANCELLED})


class HonestBackend(CallbackReader, ReplyWriter):
    """Answers callbacks of one agent as contract 3 asks for."""

    mistake: ClassVar[Mistake | None] = None

    def __init__(self, agreed: Agreed, clock: Clock) -> None:
        super().__init__(agreed)
        self.clock = clock
        self.accounts: dict[str, Account] = {}
        self.entries: dict[str, Entry] = {}
        self.lock = asyncio.Lock()

    def open_account(self, name: str, balance_minor: int, *, active: bool = True) -> Account:
        """Open an account with money in it."""
        self.accounts[name] = Account(name=name, balance_minor=balance_minor, active=active)
        return self.accounts[name]

    # --- one request --------------------------------------------------------------------------

    async def answer(self, asked: Asked) -> HttpReply:
        """Answer one request: the token first, then the reading, then the wallet."""
        if not self.token_fits(asked.headers.get(CALLBACK_TOKEN_HEADER.lower(), "")):
            return self.failed(ResultCode.TOKEN_WRONG)
        try:
            callback = self.read(asked)
        except Unreadable:
            return self.unreadable()
        return self.rendered(callback, await self.decide(callback))

    def token_fits(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self.agreed.callback_token.encode())

    async def decide(self, callback: Callback) -> Decision:
        """Judge and book in one: nothing else happens to the wallet in between."""
        async with self.lock:
            return self.decided(callback)

    def decided(self, callback: Callback) -> Decision:
        match callback.command:
            case Command.AUTHENTICATE | Command.BALANCE:
                return self.look(callback)
            case Command.BET:
                return self.bet(callback)
            case Command.WIN:
                return self.win(callback)
            case Command.CANCEL:
                return self.cancel(callback)
            case Command.STATUS:
                return self.status(callback)

    # --- checks -------------------------------------------------------------------------------

    def first_refusal(self, callback: Callback) -> ResultCode | None:
        """Evaluate the checks in the order asked; the first that does not hold is the answer."""
        for check in callback.checks:
            if not self.holds(check, callback):
                return ResultCode(check)
        return None

    def holds(self, check: int, callback: Callback) -> bool:
        account = self.account(callback)
        match ResultCode(check):
            case ResultCode.ACCOUNT_UNKNOWN:
                return account is not None
            case ResultCode.PLAYER_INACTIVE:
                return account is not None and account.active
            case ResultCode.BALANCE_TOO_LOW:
                return account is not None and self.can_pay(account, callback.amount_minor)
            case ResultCode.DUPLICATE:
                return self.is_new(callback) and not self.is_buried(callback)
            case _:
                return self.moved(self.named(callback), callback)

    def account(self, callback: Callback) -> Account | None:
        return self.accounts.get(callback.account)

    def can_pay(self, account: Account, amount_minor: int) -> bool:
        return account.balance_minor >= amount_minor

    # --- memory -------------------------------------------------------------------------------

    def key(self, transaction_id: str, _callback: Callback, /) -> str:
        """Give the name under which a transaction is remembered: its id, and nothing else."""
        return transaction_id

    def entry(self, callback: Callback) -> Entry | None:
        return self.entries.get(self.key(callback.transaction_id, callback))

    def is_new(self, callback: Callback) -> bool:
        entry = self.entry(callback)
        return entry is None or entry.standing is Standing.BURIED

    def is_buried(self, callback: Callback) -> bool:
        entry = self.entry(callback)
        return entry is not None and entry.standing is Standing.BURIED

    def original(self, callback: Callback) -> Entry | None:
        return self.entries.get(self.key(callback.original_id, callback))

    def named(self, callback: Callback) -> Entry | None:
        """The transaction a question is about: the original of a cancel, else the one named."""
        is_cancel = callback.command is Command.CANCEL
        return self.original(callback) if is_cancel else self.entry(callback)

    def moved(self, entry: Entry | None, callback: Callback) -> bool:
        """Say whether an id has moved money of this account, as a bet or a win."""
        if entry is None or entry.account != callback.account or entry.command is Command.CANCEL:
            return False
        return entry.standing in _MOVED

    def keep(
        self, callback: Callback, standing: Standing, result: ResultCode = ResultCode.OK
    ) -> None:
        """Remember what became of a bet, a win or a cancel, for ever."""
        account = self.account(callback)
        self.entries[self.key(callback.transaction_id, callback)] = Entry(
            account=callback.account,
            command=callback.command,
            amount_minor=callback.amount_minor,
            standing=standing,
            result=result,
            balance_minor=account.balance_minor if account else 0,
        )

    def bury(self, callback: Callback) -> None:
        """Refuse for ever the bet whose cancel came first."""
        self.entries[self.key(callback.original_id, callback)] = Entry(
            account=callback.account,
            command=Command.BET,
            amount_minor=0,
            standing=Standing.BURIED,
        )

    # --- the six commands ---------------------------------------------------------------------

    def look(self, callback: Callback) -> Decision:
        result = self.first_refusal(callback)
        return self.accepted(callback) if result is None else self.refused(callback, result)

    def bet(self, callback: Callback) -> Decision:
        earlier = self.entry(callback)
        if earlier is not None and self.stays_refused(earlier, callback):
            return self.refused(callback, earlier.result)
        result = self.first_refusal(callback)
        if result is None:
            return self.booked(callback, -callback.amount_minor)
        if earlier is None:
            self.keep(callback, Standing.REFUSED, result)
        return self.refused(callback, result)

    def stays_refused(self, earlier: Entry, callback: Callback) -> bool:
        return earlier.standing is Standing.REFUSED and earlier.account == callback.account

    def win(self, callback: Callback) -> Decision:
        """Pay; a refused win stays owed, so that its id is not spent."""
        result = self.first_refusal(callback)
        if result is None:
            return self.booked(callback, callback.amount_minor)
        return self.refused(callback, result)

    def booked(self, callback: Callback, change_minor: int) -> Decision:
        self.move(callback, change_minor)
        self.keep(callback, Standing.BOOKED)
        return self.accepted(callback)

    def move(self, callback: Callback, change_minor: int) -> None:
        account = self.account(callback)
        assert account is not None, "check 21 has held"
        account.balance_minor += change_minor
        assert abs(account.balance_minor) <= AMOUNT_MAX_MINOR, "no reply could tell such a balance"

    def cancel(self, callback: Callback) -> Decision:
        result = self.first_refusal(callback)
        if result is None:
            return self.undone(callback)
        if result in _NOT_SEEN and self.original(callback) is None:
            self.bury(callback)
        return self.refused(callback, result)

    def undone(self, callback: Callback) -> Decision:
        """Reverse what was stored, once, whatever amount the cancel names."""
        original = self.original(callback)
        assert original is not None, "check 42 or 43 has held"
        if original.standing is Standing.CANCELLED:
            return self.undone_before(callback)
        self.move(callback, self.to_give_back(original, callback))
        original.standing = Standing.CANCELLED
        self.keep(callback, Standing.BOOKED)
        return self.accepted(callback)

    def to_give_back(self, original: Entry, _callback: Callback) -> int:
        return -original.amount_minor if original.command is Command.WIN else original.amount_minor

    def undone_before(self, callback: Callback) -> Decision:
        if ResultCode.DUPLICATE in callback.checks:
            return self.refused(callback, ResultCode.DUPLICATE)
        return self.accepted(callback)

    def status(self, callback: Callback) -> Decision:
        result = self.first_refusal(callback)
        if result is not None:
            return self.refused(callback, result)
        entry = self.entry(callback)
        assert entry is not None, "check 42 has held"
        return Decision(result=ResultCode.OK, trans_status=self.trans_status(entry))

    def trans_status(self, entry: Entry) -> str:
        return "CANCELED" if entry.standing is Standing.CANCELLED else "OK"

    # --- deciding -----------------------------------------------------------------------------

    def accepted(self, callback: Callback) -> Decision:
        return Decision(result=ResultCode.OK, balance_minor=self.balance_minor(callback))

    def refused(self, callback: Callback, result: ResultCode) -> Decision:
        told_as_done = self.agreed.duplicates is ResultCode.OK and result is ResultCode.DUPLICATE
        if told_as_done and self.is_copy(callback):
            return self.accepted(callback)
        return Decision(result=result, balance_minor=self.balance_minor(callback))

    def is_copy(self, callback: Callback) -> bool:
        """Say whether the very same transaction was booked: a tombstone was not."""
        entry = self.entry(callback)
        if entry is None or entry.standing is not Standing.BOOKED:
            return False
        return (entry.account, entry.command, entry.amount_minor) == (
            callback.account,
            callback.command,
            callback.amount_minor,
        )

    def balance_minor(self, callback: Callback) -> int:
        """The balance now, also for a duplicate: never the one of the first answer."""
        account = self.account(callback)
        return account.balance_minor if account else 0
