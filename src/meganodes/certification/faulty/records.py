"""What the practice backends of this package hold and pass on: records without behaviour."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Command, Revision


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What the people of the backend and of the hub have agreed on."""

    callback_token: str
    revision: Revision
    exponent: int
    """Decimals of the agent's currency."""
    duplicates: ResultCode = ResultCode.DUPLICATE
    """What a repeated transaction is answered, 41 or 0: both are right (contract 5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One HTTP request as the server read it."""

    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes
    connection: int
    """Which connection it came on, by number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Callback:
    """One callback, read."""

    command: Command
    checks: tuple[int, ...]
    account: str
    transaction_id: str = ""
    """Of a bet, a win, a cancel or a status question; made from the original's where the wire gives
    a cancel no id of its own (revision `id`)."""
    original_id: str = ""
    """What a cancel undoes."""
    round_id: str = ""
    amount_minor: int = 0
    timestamp: str = ""
    """The attempt's own time, as the envelope says it."""
    connection: int = 0


@dataclass(slots=True, kw_only=True)
class Account:
    """One account of the casino."""

    name: str
    balance_minor: int
    active: bool = True


class Standing(Enum):
    """What became of a transaction id."""

    BOOKED = "booked"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    """The hub was told no: a late copy must not be booked."""
    BURIED = "buried"
    """A cancel came first: the bet is taken by a tombstone."""


@dataclass(slots=True, kw_only=True)
class Entry:
    """One transaction id and what became of it."""

    account: str
    command: Command
    amount_minor: int
    standing: Standing
    result: ResultCode = ResultCode.OK
    balance_minor: int = 0
    """The account's balance right after it."""
    round_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What the wallet says, before it is written as a reply."""

    result: ResultCode
    balance_minor: int = 0
    trans_status: str = ""


class Unreadable(Exception):
    """The request is no callback of the agreed revision."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """How certification must see what is wrong; the backend's docstring says what that is."""

    id: str
    fails: frozenset[str]
    """The ids of all cases that it must fail, and no others."""
    says: str
    """Words that a verdict must contain, in any letter case, for the author to understand."""
    revision: Revision = Revision.GUID
    """The dialect in which it shows."""
