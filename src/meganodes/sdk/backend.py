"""What an operator implements: six methods that take a frozen request and give back a result.

Amounts are integers of minor units (cents) everywhere; the dispatcher reads and writes decimals.
"""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, TypeAlias

from meganodes.protocol.codes import ResultCode
from meganodes.protocol.reply_records import Permissions

_NEEDS_BALANCE = frozenset(
    {
        ResultCode.BALANCE_TOO_LOW,
        ResultCode.DUPLICATE,
        ResultCode.TRANSACTION_UNKNOWN,
        ResultCode.ORIGINAL_UNKNOWN,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """What every callback carries: the account, and the checks to evaluate in this order.

    ``data`` is the callback's data object as it came, for fields that have no attribute here.
    """

    account: str
    checks: tuple[int, ...]
    data: Mapping[str, object] = field(default_factory=dict, repr=False, compare=False)


class Authenticate(Request):
    """Whether the account exists, what it has and what it may do."""

    __slots__ = ()


class Balance(Request):
    """How much the account has."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement(Request):
    """A bet or a win.

    ``transaction_id`` is the `trans_guid`, or the `trans_id` as decimal text (revision ``id``):
    unique for ever, over bets and wins, and the same on every retry.
    """

    transaction_id: str
    round_id: str
    provider_id: int
    game_code: str
    game_type: str
    amount_minor: int


class Bet(Movement):
    """Take the stake, if every check holds."""

    __slots__ = ()


class Win(Movement):
    """Pay the win; 0 is a lost round and is to be taken too."""

    __slots__ = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancel(Request):
    """Undo the transaction ``original_id`` by the amount that was *stored* for it.

    ``transaction_id`` is the cancel's own id. Revision ``id`` has none on the wire; there it is
    made from the original's, the same every time.
    """

    transaction_id: str
    original_id: str
    round_id: str
    provider_id: int
    game_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Request):
    """What became of a transaction."""

    transaction_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """Yes. ``balance_minor`` is the balance after the movement."""

    balance_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticated:
    """Yes to `authenticate`, with what the hub shall enforce for the session (contract 3.2)."""

    balance_minor: int
    permissions: Permissions | None = None
    language: str | None = None
    country: str | None = None


class TransStatus(StrEnum):
    """What became of a booked transaction."""

    OK = "OK"
    CANCELED = "CANCELED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Yes to `status`: the transaction was booked, and stands or was cancelled."""

    trans_status: TransStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """No, and nothing was booked. 31, 41, 42 and 43 must tell the balance (contract 3.2)."""

    result: ResultCode
    balance_minor: int | None = None

    def __post_init__(self) -> None:
        """Refuse what contract 3.2 does not allow in a reply."""
        if self.result is ResultCode.OK:
            raise ValueError("result 0 is no refusal: return Accepted instead")
        if self.result in _NEEDS_BALANCE and self.balance_minor is None:
            raise ValueError(f"a refusal with result {self.result} must tell the balance")


MovementResult: TypeAlias = Accepted | Refused
Result: TypeAlias = Accepted | Authenticated | Found | Refused


class WalletBackend(Protocol):
    """The operator's wallet. Each method is `def` or `async def`.

    Whatever a method raises becomes result 99: the hub then concludes nothing and asks again. A
    bet, win or cancel must read its facts, judge them and book in ONE transaction of the database.
    """

    def authenticate(
        self, request: Authenticate, /
    ) -> Authenticated | MovementResult | Awaitable[Authenticated | MovementResult]: ...

    def balance(self, request: Balance, /) -> MovementResult | Awaitable[MovementResult]: ...

    def bet(self, request: Bet, /) -> MovementResult | Awaitable[MovementResult]: ...

    def win(self, request: Win, /) -> MovementResult | Awaitable[MovementResult]: ...

    def cancel(self, request: Cancel, /) -> MovementResult | Awaitable[MovementResult]: ...

    def status(self, request: Status, /) -> Found | Refused | Awaitable[Found | Refused]: ...
