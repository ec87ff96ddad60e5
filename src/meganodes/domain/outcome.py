"""What one attempt at a callback means, as values a type checker can exhaust (contract 3.4).

The journal, the retry rules and the doors know nothing of HTTP or JSON: they match on these six
words.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Phase(StrEnum):
    """How far an attempt got. Only BEFORE_SEND allows the claim that the backend saw nothing."""

    BEFORE_SEND = "before_send"
    SENT = "sent"
    COMPLETE = "complete"


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """The backend said yes (result 0).

    ``balance_minor`` is None when the backend reported no usable balance. ``trans_status`` is
    "OK" or "CANCELED" for a status command, None for the others.
    """

    balance_minor: int | None = None
    trans_status: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A well-formed no: 21, 22, 31 or 100. Final for a bet, never final for a win or a cancel."""

    result: int
    balance_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """Result 41: the backend says it has booked this transaction id before."""

    balance_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSeen:
    """Result 42 or 43: the backend says it does not know the transaction (or the original)."""

    result: int
    balance_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotSent:
    """Provably not one byte left the hub.

    ``counted`` is False where the hub itself held back (open circuit, full bulkhead, refused
    address, closing down): such an attempt uses up no retry (reliability 2.5).
    """

    reason: str
    counted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Unknown:
    """Sent, and no answer that can be trusted: the backend may or may not have acted."""

    reason: str
    result: int | None = None


Outcome = Accepted | Refused | Duplicate | NotSeen | NotSent | Unknown
