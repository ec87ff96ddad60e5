"""The toy casino's wallet: one SQLite file, one transaction per callback, every id for ever.

It is what contract 3.2 and reliability 2.9 ask of a backend: unique ids, remembered refusals,
tombstones for bets that their cancel overtook, and cancels by the amount that was stored.
"""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeGuard

from meganodes.demo.books import SCHEMA, Books, Entry, EntryState, Player
from meganodes.sdk import (
    Accepted,
    Authenticate,
    Authenticated,
    Balance,
    Bet,
    Cancel,
    Facts,
    Found,
    Movement,
    Refused,
    Request,
    ResultCode,
    Status,
    TransStatus,
    Win,
    first_refusal,
)

_ORIGINAL_NOT_SEEN = frozenset({ResultCode.ORIGINAL_UNKNOWN, ResultCode.TRANSACTION_UNKNOWN})


class Ledger:
    """The casino's books, as a wallet backend of plain methods.

    ``duplicates`` is what a repeated transaction is answered: DUPLICATE (41) or OK (0); the money
    moves once either way.
    """

    def __init__(self, path: Path | str, duplicates: ResultCode = ResultCode.DUPLICATE) -> None:
        assert duplicates in {ResultCode.DUPLICATE, ResultCode.OK}, "duplicates answer 41 or 0"
        self._duplicates = duplicates
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = FULL")
        self._connection.executescript(SCHEMA)

    def close(self) -> None:
        """Close the file; the ledger cannot be used afterwards."""
        with self._lock:
            self._connection.close()

    def deposit(self, account: str, amount_minor: int) -> Player:
        """Open the account if it is new and add money to it."""
        with self._books() as books:
            books.deposit(account, amount_minor)
            return books.known_player(account)

    def set_active(self, account: str, *, active: bool) -> Player:
        """Lock an account or unlock it again; raises KeyError for an unknown one."""
        with self._books() as books:
            books.set_active(account, active=active)
            return books.known_player(account)

    def players(self) -> tuple[Player, ...]:
        """Return all accounts, by name."""
        with self._books() as books:
            return books.players()

    def entries(self) -> tuple[Entry, ...]:
        """Return every transaction id in the order in which they were met."""
        with self._books() as books:
            return books.entries()

    def newest_entries(self, account: str, limit: int) -> tuple[Entry, ...]:
        """Return an account's newest transaction ids, newest first."""
        with self._books() as books:
            return books.newest_entries(account, limit)

    def authenticate(self, request: Authenticate) -> Authenticated | Accepted | Refused:
        with self._books() as books:
            refused = first_refusal(request, _facts(books, request))
            return refused or Authenticated(balance_minor=books.balance_minor(request.account))

    def balance(self, request: Balance) -> Accepted | Refused:
        with self._books() as books:
            refused = first_refusal(request, _facts(books, request))
            return refused or Accepted(balance_minor=books.balance_minor(request.account))

    def bet(self, request: Bet) -> Accepted | Refused:
        with self._books() as books:
            earlier = books.entry(request.transaction_id)
            if _was_refused(earlier, request.account):
                return _same_refusal(earlier, books)
            refused = first_refusal(request, _facts(books, request, earlier))
            if refused is None:
                return books.book(request, "bet", -request.amount_minor)
            if earlier is not None:
                return self._repeated(request, earlier, refused)
            # The id is spent: a copy that comes late must not be booked after the hub was told no.
            books.remember(request, "bet", EntryState.REFUSED, int(refused.result))
            return refused

    def win(self, request: Win) -> Accepted | Refused:
        with self._books() as books:
            earlier = books.entry(request.transaction_id)
            refused = first_refusal(request, _facts(books, request, earlier))
            if refused is None:
                return books.book(request, "win", request.amount_minor)
            # A refused win stays owed, so its id is not spent: the next attempt may be taken.
            return self._repeated(request, earlier, refused) if earlier else refused

    def cancel(self, request: Cancel) -> Accepted | Refused:
        with self._books() as books:
            original = books.entry(request.original_id)
            own = books.entry(request.transaction_id)
            refused = first_refusal(request, _facts(books, request, own, original))
            if refused is None and original is not None:
                return self._undo(request, original, books)
            assert refused is not None, "an unknown original fails its check"
            if original is None and refused.result in _ORIGINAL_NOT_SEEN:
                books.bury(request)
            is_copy = own is not None and own.original_id == request.original_id
            told_as_done = self._duplicates is ResultCode.OK and is_copy
            if told_as_done and refused.result is ResultCode.DUPLICATE:
                return Accepted(balance_minor=books.balance_minor(request.account))
            return refused

    def status(self, request: Status) -> Found | Refused:
        with self._books() as books:
            entry = books.entry(request.transaction_id)
            known = entry if _moved(entry, request.account) else None
            refused = first_refusal(request, _facts(books, request, known))
            cancelled = entry is not None and entry.state is EntryState.CANCELLED
            return refused or Found(
                trans_status=TransStatus.CANCELED if cancelled else TransStatus.OK
            )

    def _undo(self, request: Cancel, original: Entry, books: Books) -> Accepted | Refused:
        if original.state is EntryState.BOOKED:
            return books.undo(request, original)
        # Undone before, by a cancel of another id: true, and no reason to pay twice.
        balance_minor = books.balance_minor(request.account)
        if self._duplicates is ResultCode.OK or ResultCode.DUPLICATE not in request.checks:
            return Accepted(balance_minor=balance_minor)
        return Refused(result=ResultCode.DUPLICATE, balance_minor=balance_minor)

    def _repeated(self, request: Movement, earlier: Entry, refused: Refused) -> Accepted | Refused:
        """Answer 0 for a true copy of a booked transaction where the option says so."""
        is_copy = (
            earlier.state is EntryState.BOOKED
            and earlier.account == request.account
            and earlier.kind == ("bet" if isinstance(request, Bet) else "win")
            and earlier.amount_minor == request.amount_minor
        )
        told_as_done = self._duplicates is ResultCode.OK and is_copy
        if told_as_done and refused.result is ResultCode.DUPLICATE:
            assert refused.balance_minor is not None, "41 tells the balance"
            return Accepted(balance_minor=refused.balance_minor)
        return refused

    @contextmanager
    def _books(self) -> Iterator[Books]:
        """One transaction: what it reads stays true until what it writes is durable."""
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield Books(self._connection)
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


def _facts(
    books: Books, request: Request, own: Entry | None = None, original: Entry | None = None
) -> Facts:
    player = books.player(request.account)
    return Facts(
        account_known=player is not None,
        active=player is not None and player.active,
        balance_minor=None if player is None else player.balance_minor,
        transaction_known=own is not None,
        original_known=_moved(original, request.account) and not _is_cancel(original),
    )


def _moved(entry: Entry | None, account: str) -> bool:
    """Say whether the id ever moved this account's money; refused ids and tombstones did not."""
    if entry is None or entry.account != account:
        return False
    return entry.state in {EntryState.BOOKED, EntryState.CANCELLED}


def _is_cancel(entry: Entry | None) -> bool:
    """Say whether the id is that of a cancel: a cancel undoes bets and wins, never a cancel."""
    return entry is not None and entry.original_id is not None


def _was_refused(entry: Entry | None, account: str) -> TypeGuard[Entry]:
    """Say whether a bet of this account was refused under the id: then it is for ever."""
    return entry is not None and entry.state is EntryState.REFUSED and entry.account == account


def _same_refusal(earlier: Entry, books: Books) -> Refused:
    player = books.player(earlier.account)
    balance_minor = None if player is None else player.balance_minor
    return Refused(result=ResultCode(earlier.result), balance_minor=balance_minor)
