"""What the ledger keeps: accounts, entries (one for each id it ever met) and postings."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

CASHIER: Final = "@cashier"
STAKES: Final = "@stakes"
WINS: Final = "@wins"


class EntryKind(StrEnum):
    """What an entry is: the hub's three, and the two by which money comes in and goes out."""

    BET = "bet"
    WIN = "win"
    CANCEL = "cancel"
    DEPOSIT = "deposit"
    WITHDRAWAL = "withdrawal"


class EntryState(StrEnum):
    """BOOKED moved money; CANCELLED was booked and undone; the other two never moved any."""

    BOOKED = "booked"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    TOMBSTONE = "tombstone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One id the ledger has met; ids are kept for ever.

    ``amount_minor`` of a cancel is what was stored for its original. ``result`` is what a refused
    bet was answered. ``position`` grows with every entry; 0 is an entry not yet written.
    """

    id: str
    account: str
    kind: EntryKind
    round_id: str
    amount_minor: int
    state: EntryState
    result: int = 0
    original_id: str | None = None
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One player's money, by the name that stands in `data.account` of every callback."""

    name: str
    balance_minor: int
    active: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One side of a movement. All postings of an entry's ``position`` add up to zero.

    ``account`` is a player's account, or one of the casino's own: CASHIER, STAKES, WINS.
    """

    position: int
    account: str
    amount_minor: int
