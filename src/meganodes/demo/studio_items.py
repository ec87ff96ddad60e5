"""The records of the toy studio: rounds, the calls they make, the transactions these carry."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from meganodes.demo.odds import Stops
from meganodes.demo.studio_rules import StudioCommand


class Style(StrEnum):
    """How a round is played."""

    BET_WIN = "bet_win"
    BETWIN = "betwin"
    CANCEL = "cancel"


class ItemOutcome(StrEnum):
    """What became of a transaction: OPEN until a definite answer came.

    VOID never stood, CANCELLED was undone by a cancel of ours.
    """

    OPEN = "open"
    ACCEPTED = "accepted"
    VOID = "void"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """One play. ``stake_minor`` is in minor units of the session's currency.

    ``stops`` is its result, drawn before anything of it was sent. ``click`` is the browser's own
    number of the click that began it, None for a round that no player began.
    """

    round_id: str
    session: str
    style: Style
    stake_minor: int
    stops: Stops
    click: str | None = None
    is_open: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request to the hub. ``code`` None: no definite answer yet."""

    call_id: int
    round_id: str
    command: StudioCommand
    body: str
    sendings: int
    code: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One transaction. ``delivered`` None: the hub has not said.

    ``balance`` is the player's balance after it, as the hub wrote it; None where it did not.
    """

    transaction_id: str
    kind: str
    amount_minor: int
    bet_transaction_id: str | None = None
    outcome: ItemOutcome = ItemOutcome.OPEN
    transaction_guid: str | None = None
    delivered: bool | None = None
    balance: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a definite answer says about one item."""

    transaction_id: str
    outcome: ItemOutcome
    transaction_guid: str | None = None
    delivered: bool | None = None
    balance: str | None = None
