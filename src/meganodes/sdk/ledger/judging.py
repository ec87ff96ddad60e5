"""Decides what a callback is answered and what is written for it, from what was read. No I/O.

It is what contract 3.2 and reliability 2.9 ask of a backend: unique ids, remembered refusals,
tombstones for bets that their cancel overtook, and cancels by the amount that was stored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from meganodes.protocol.codes import ResultCode
from meganodes.sdk.backend import (
    Accepted,
    Authenticate,
    Authenticated,
    Balance,
    Bet,
    Cancel,
    Found,
    Movement,
    MovementResult,
    Refused,
    Request,
    Status,
    TransStatus,
    Win,
)
from meganodes.sdk.checks import Facts, first_refusal
from meganodes.sdk.ledger.records import STAKES, WINS, Account, Entry, EntryKind, EntryState

_ORIGINAL_NOT_SEEN = frozenset({ResultCode.ORIGINAL_UNKNOWN, ResultCode.TRANSACTION_UNKNOWN})
_MOVED = frozenset({EntryState.BOOKED, EntryState.CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the database says, read in the transaction that will write the decision.

    ``own`` is the entry of the request's own id, ``original`` that of the one a cancel names.
    """

    account: Account | None
    own: Entry | None = None
    original: Entry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Writing:
    """One new entry, and what it does: ``change_minor`` moves from ``other_side`` to the account.

    ``undone_id`` names the entry that is cancelled by it.
    """

    entry: Entry
    change_minor: int = 0
    other_side: str | None = None
    undone_id: str | None = None


Decision: TypeAlias = tuple[MovementResult, Writing | None]


def judge_question(
    request: Authenticate | Balance, known: Known
) -> Accepted | Authenticated | Refused:
    """Answer what moves nothing."""
    refused = first_refusal(request, _facts(request, known))
    if refused is not None:
        return refused
    balance_minor = _account(known).balance_minor
    if isinstance(request, Authenticate):
        return Authenticated(balance_minor=balance_minor)
    return Accepted(balance_minor=balance_minor)


def judge_status(request: Status, known: Known) -> Found | Refused:
    """Tell what became of a transaction of this account that moved money."""
    own = known.own if _moved(known.own, request.account) else None
    refused = first_refusal(request, _facts(request, Known(account=known.account, own=own)))
    if refused is not None:
        return refused
    cancelled = own is not None and own.state is EntryState.CANCELLED
    return Found(trans_status=TransStatus.CANCELED if cancelled else TransStatus.OK)


def judge_bet(request: Bet, known: Known, duplicates: ResultCode) -> Decision:
    """Take the stake, or refuse it for ever."""
    own = known.own
    if own is not None and own.state is EntryState.REFUSED and own.account == request.account:
        # The hub was told no and has told the game: no later balance makes a yes of it.
        balance_minor = None if known.account is None else known.account.balance_minor
        return Refused(result=ResultCode(own.result), balance_minor=balance_minor), None
    refused = first_refusal(request, _facts(request, known))
    if refused is None:
        return _booked(request, EntryKind.BET, known)
    if own is not None:
        return _repeated(request, own, refused, duplicates), None
    # The id is spent: a copy that comes late must not be booked after the hub was told no.
    entry = _entry_of(request, EntryKind.BET, EntryState.REFUSED, int(refused.result))
    return refused, Writing(entry=entry)


def judge_win(request: Win, known: Known, duplicates: ResultCode) -> Decision:
    """Pay the win. A refused one stays owed, so its id is not spent: the next attempt is taken."""
    refused = first_refusal(request, _facts(request, known))
    if refused is None:
        return _booked(request, EntryKind.WIN, known)
    if known.own is None:
        return refused, None
    return _repeated(request, known.own, refused, duplicates), None


def judge_cancel(request: Cancel, known: Known, duplicates: ResultCode) -> Decision:
    """Undo a bet or win once, by what was stored; bury the id of one that never came."""
    own, original = known.own, known.original
    refused = first_refusal(request, _facts(request, known))
    if refused is None:
        assert original is not None, "an unknown original fails its check"
        return _undone(request, original, known, duplicates)
    if original is None and refused.result in _ORIGINAL_NOT_SEEN:
        return refused, Writing(entry=_tombstone(request))
    is_copy = own is not None and own.original_id == request.original_id
    if is_copy and refused.result is ResultCode.DUPLICATE and duplicates is ResultCode.OK:
        return Accepted(balance_minor=_account(known).balance_minor), None
    return refused, None


def _booked(request: Movement, kind: EntryKind, known: Known) -> Decision:
    is_bet = kind is EntryKind.BET
    change_minor = -request.amount_minor if is_bet else request.amount_minor
    writing = Writing(
        entry=_entry_of(request, kind, EntryState.BOOKED),
        change_minor=change_minor,
        other_side=STAKES if is_bet else WINS,
    )
    return Accepted(balance_minor=_account(known).balance_minor + change_minor), writing


def _repeated(
    request: Movement, own: Entry, refused: Refused, duplicates: ResultCode
) -> MovementResult:
    """Answer 0 for a true copy of a booked transaction where the option says so."""
    kind = EntryKind.BET if isinstance(request, Bet) else EntryKind.WIN
    copy = (EntryState.BOOKED, request.account, kind, request.amount_minor)
    is_copy = (own.state, own.account, own.kind, own.amount_minor) == copy
    if is_copy and refused.result is ResultCode.DUPLICATE and duplicates is ResultCode.OK:
        assert refused.balance_minor is not None, "41 tells the balance"
        return Accepted(balance_minor=refused.balance_minor)
    return refused


def _undone(request: Cancel, original: Entry, known: Known, duplicates: ResultCode) -> Decision:
    balance_minor = _account(known).balance_minor
    if original.state is EntryState.CANCELLED:
        # By a cancel of another id: true, and no reason to pay twice.
        if duplicates is ResultCode.OK or ResultCode.DUPLICATE not in request.checks:
            return Accepted(balance_minor=balance_minor), None
        return Refused(result=ResultCode.DUPLICATE, balance_minor=balance_minor), None
    was_bet = original.kind is EntryKind.BET
    # The amount that came with the cancel has no say.
    change_minor = original.amount_minor if was_bet else -original.amount_minor
    entry = Entry(
        id=request.transaction_id,
        account=request.account,
        kind=EntryKind.CANCEL,
        round_id=original.round_id,
        amount_minor=original.amount_minor,
        state=EntryState.BOOKED,
        original_id=original.id,
    )
    writing = Writing(
        entry=entry,
        change_minor=change_minor,
        other_side=STAKES if was_bet else WINS,
        undone_id=original.id,
    )
    return Accepted(balance_minor=balance_minor + change_minor), writing


def _entry_of(request: Movement, kind: EntryKind, state: EntryState, result: int = 0) -> Entry:
    return Entry(
        id=request.transaction_id,
        account=request.account,
        kind=kind,
        round_id=request.round_id,
        amount_minor=request.amount_minor,
        state=state,
        result=result,
    )


def _tombstone(request: Cancel) -> Entry:
    """Stand for a bet that was never seen, so that it is not booked when it comes late."""
    return Entry(
        id=request.original_id,
        account=request.account,
        kind=EntryKind.BET,
        round_id=request.round_id,
        amount_minor=0,
        state=EntryState.TOMBSTONE,
    )


def _facts(request: Request, known: Known) -> Facts:
    account, original = known.account, known.original
    return Facts(
        account_known=account is not None,
        active=account is not None and account.active,
        balance_minor=None if account is None else account.balance_minor,
        transaction_known=known.own is not None,
        original_known=_moved(original, request.account) and not _is_cancel(original),
    )


def _account(known: Known) -> Account:
    if known.account is None:
        raise LookupError("the account is unknown, and the callback did not ask for check 21")
    return known.account


def _moved(entry: Entry | None, account: str) -> bool:
    """Say whether the id ever moved this account's money; refused ids and tombstones did not."""
    return entry is not None and entry.account == account and entry.state in _MOVED


def _is_cancel(entry: Entry | None) -> bool:
    """Say whether the id is that of a cancel: a cancel undoes bets and wins, never a cancel."""
    return entry is not None and entry.kind not in {EntryKind.BET, EntryKind.WIN}
