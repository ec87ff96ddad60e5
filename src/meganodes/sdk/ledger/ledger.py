"""The wallet over any database: reads, judges and writes in one transaction for each callback.

What is decided is in `judging`, what is stated in `books`; a database brings `_books`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Final, TypeVar

from meganodes.protocol.codes import ResultCode
from meganodes.protocol.money import AMOUNT_MAX_MINOR
from meganodes.sdk.backend import (
    Accepted,
    Authenticate,
    Authenticated,
    Balance,
    Bet,
    Cancel,
    Found,
    Refused,
    Status,
    Win,
)
from meganodes.sdk.errors import AccountUnknown, BalanceTooLow, ReferenceTaken
from meganodes.sdk.ledger.auditing import faults_in
from meganodes.sdk.ledger.books import Books, IdTaken
from meganodes.sdk.ledger.judging import (
    Decision,
    Known,
    Writing,
    judge_bet,
    judge_cancel,
    judge_question,
    judge_status,
    judge_win,
)
from meganodes.sdk.ledger.records import (
    CASHIER,
    Account,
    Entry,
    EntryKind,
    EntryState,
    Posting,
)

_T = TypeVar("_T")
_JUDGEMENTS_MAX: Final = 5
_ENTRIES_MAX: Final = 2**62
_OWN: Final = "@"
_UNNAMED: Final = "#"


class Ledger(ABC):
    """A wallet backend of plain methods, with double-entry books; safe for many threads.

    ``duplicates`` is what a repeated transaction is answered: DUPLICATE (41) or OK (0); the money
    moves once either way.
    """

    def __init__(self, duplicates: ResultCode = ResultCode.DUPLICATE) -> None:
        if duplicates not in {ResultCode.DUPLICATE, ResultCode.OK}:
            raise ValueError("a repeated transaction is answered 41 or 0")
        self._duplicates = duplicates

    # --- what the hub asks ----------------------------------------------------------------------

    def authenticate(self, request: Authenticate) -> Accepted | Authenticated | Refused:
        with self._books(writing=False) as books:
            return judge_question(request, Known(account=books.account(request.account)))

    def balance(self, request: Balance) -> Accepted | Refused:
        with self._books(writing=False) as books:
            answer = judge_question(request, Known(account=books.account(request.account)))
        assert not isinstance(answer, Authenticated), "a balance is told without permissions"
        return answer

    def bet(self, request: Bet) -> Accepted | Refused:
        def judge(books: Books) -> Decision:
            known = _known(books, request.account, request.transaction_id)
            return judge_bet(request, known, self._duplicates)

        return self._decide(judge)

    def win(self, request: Win) -> Accepted | Refused:
        def judge(books: Books) -> Decision:
            known = _known(books, request.account, request.transaction_id)
            return judge_win(request, known, self._duplicates)

        return self._decide(judge)

    def cancel(self, request: Cancel) -> Accepted | Refused:
        def judge(books: Books) -> Decision:
            known = _known(books, request.account, request.transaction_id, request.original_id)
            return judge_cancel(request, known, self._duplicates)

        return self._decide(judge)

    def status(self, request: Status) -> Found | Refused:
        with self._books(writing=False) as books:
            known = Known(
                account=books.account(request.account), own=books.entry(request.transaction_id)
            )
            return judge_status(request, known)

    # --- what the casino asks -------------------------------------------------------------------

    def deposit(self, account: str, amount_minor: int, reference: str | None = None) -> Account:
        """Add money to an account, which is opened if it is new.

        With a ``reference`` (a payment's own id) money comes in once, however often it is told.
        Raises ReferenceTaken when it stands for another payment.
        """
        return self._pay(account, EntryKind.DEPOSIT, amount_minor, reference)

    def withdraw(self, account: str, amount_minor: int, reference: str | None = None) -> Account:
        """Take money out of an account; ``reference`` as for `deposit`.

        Raises AccountUnknown, BalanceTooLow and ReferenceTaken.
        """
        return self._pay(account, EntryKind.WITHDRAWAL, amount_minor, reference)

    def set_active(self, account: str, *, active: bool) -> Account:
        """Lock an account or unlock it again. Raises AccountUnknown."""
        with self._books(writing=True) as books:
            if not books.set_active(account, active=active):
                raise AccountUnknown(account)
            return _present(books.account(account), account)

    def account(self, name: str) -> Account | None:
        """Return an account, None when there is none of exactly this name."""
        with self._books(writing=False) as books:
            return books.account(name)

    def balance_minor(self, account: str) -> int:
        """Return what an account has. Raises AccountUnknown."""
        return _present(self.account(account), account).balance_minor

    def accounts(self) -> tuple[Account, ...]:
        """Return all accounts, by name."""
        with self._books(writing=False) as books:
            return books.accounts()

    def entries(self, after: int = 0, limit: int = _ENTRIES_MAX) -> tuple[Entry, ...]:
        """Return the entries behind a position, in the order in which their ids were met."""
        with self._books(writing=False) as books:
            return books.entries(after, limit)

    def newest_entries(self, account: str, limit: int) -> tuple[Entry, ...]:
        """Return an account's newest entries, newest first."""
        with self._books(writing=False) as books:
            return books.newest_entries(account, limit)

    def postings(self, position: int) -> tuple[Posting, ...]:
        """Return both sides of what an entry moved; none where it moved nothing."""
        with self._books(writing=False) as books:
            return books.postings(position)

    def house_minor(self, account: str) -> int:
        """Return what one of CASHIER, STAKES and WINS holds: what players have less is there."""
        with self._books(writing=False) as books:
            return books.house_minor(account)

    def faults(self) -> tuple[str, ...]:
        """Add everything up anew: a sentence for whatever does not fit, none in right books.

        It reads the whole ledger: for a nightly run, not for a page.
        """
        with self._books(writing=False) as books:
            return faults_in(books)

    # --- how --------------------------------------------------------------------------------------

    @abstractmethod
    def _books(self, *, writing: bool) -> AbstractContextManager[Books]:
        """One transaction: what it reads stays true until what it writes is durable.

        Nothing of it is kept when the block raises.
        """

    def _decide(self, judge: Callable[[Books], Decision]) -> Accepted | Refused:
        def decide(books: Books) -> Accepted | Refused:
            reply, writing = judge(books)
            if writing is not None:
                books.write(writing)
            return reply

        return self._again_when_taken(decide)

    def _again_when_taken(self, act: Callable[[Books], _T]) -> _T:
        """Act in a transaction; anew when another one has booked the same id meanwhile.

        The lock on the account orders what one player's money does. Only an id that is used for
        two accounts, or for one that does not exist, gets past it and meets the unique key.
        """
        for _ in range(_JUDGEMENTS_MAX):
            try:
                with self._books(writing=True) as books:
                    return act(books)
            except IdTaken:
                continue
        raise RuntimeError("an id that is taken cannot be read")

    def _pay(
        self, account: str, kind: EntryKind, amount_minor: int, reference: str | None
    ) -> Account:
        if account.startswith(_OWN):
            raise ValueError(f"names that begin with {_OWN} are the casino's own accounts")
        if not 0 <= amount_minor <= AMOUNT_MAX_MINOR:
            raise ValueError(f"an amount is 0 to {AMOUNT_MAX_MINOR} minor units")
        entry = Entry(
            id="" if reference is None else _OWN + reference,
            account=account,
            kind=kind,
            round_id="",
            amount_minor=amount_minor,
            state=EntryState.BOOKED,
        )
        return self._again_when_taken(lambda books: _paid(books, entry))


def _paid(books: Books, entry: Entry) -> Account:
    is_deposit = entry.kind is EntryKind.DEPOSIT
    if is_deposit:
        books.open_account(entry.account)
    account = _present(books.account_to_change(entry.account), entry.account)
    if not entry.id:
        # Without a reference: the account is locked, so what it had before is there only once.
        newest = books.newest_entries(entry.account, 1)
        behind = newest[0].position if newest else 0
        entry = replace(entry, id=f"{_UNNAMED}{entry.account}-{behind}")
    earlier = books.entry(entry.id)
    if earlier is not None:
        told = (earlier.account, earlier.kind, earlier.amount_minor)
        if told != (entry.account, entry.kind, entry.amount_minor):
            raise ReferenceTaken(f"{entry.id.removeprefix(_OWN)} stands for another payment")
        return account
    if not is_deposit and account.balance_minor < entry.amount_minor:
        raise BalanceTooLow(f"{entry.account} has {account.balance_minor} minor units")
    change_minor = entry.amount_minor if is_deposit else -entry.amount_minor
    books.write(Writing(entry=entry, change_minor=change_minor, other_side=CASHIER))
    return _present(books.account(entry.account), entry.account)


def _known(books: Books, account: str, own_id: str, original_id: str | None = None) -> Known:
    """Read what a movement is judged by; the account's lock comes before everything else."""
    locked = books.account_to_change(account)
    return Known(
        account=locked,
        own=books.entry(own_id),
        original=None if original_id is None else books.entry(original_id),
    )


def _present(account: Account | None, name: str) -> Account:
    if account is None:
        raise AccountUnknown(name)
    return account
