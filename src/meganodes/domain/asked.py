"""What a provider asks of the hub and what it is answered, free of any supplier's dialect.

Adapters make these records from their protocol and render the answers back; the core knows no
others. Amounts are still decimal text here, because only the session tells the currency (contract
4).
"""

from __future__ import annotations

from dataclasses import dataclass

from meganodes.domain.answers import RoundState
from meganodes.domain.transaction import Kind
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.replies import Permissions


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedAuthenticate:
    """Asks who plays in this session, with what balance and permissions."""

    session: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedBalance:
    """Asks for the player's balance."""

    session: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedBet:
    """Take a stake. ``game_code`` is set when the player switched games in a lobby."""

    session: str
    transaction_id: str
    round_id: str
    amount: str
    game_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedWin:
    """Pay a win (0 closes a lost round)."""

    session: str
    transaction_id: str
    round_id: str
    amount: str
    round_closed: bool
    bet_transaction_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedItem:
    """One movement inside a betwin."""

    transaction_id: str
    amount: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedBetWin:
    """Take a stake and, once it is accepted, owe one to eight wins."""

    session: str
    round_id: str
    bet: AskedItem
    wins: tuple[AskedItem, ...]
    round_closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedCancel:
    """Undo a bet as a whole."""

    session: str
    transaction_id: str
    cancel_transaction_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AskedRound:
    """Asks what became of a round."""

    session: str
    round_id: str


Asked = (
    AskedAuthenticate | AskedBalance | AskedBet | AskedWin | AskedBetWin | AskedCancel | AskedRound
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldFault:
    """A bad field and the English sentence that names it and the cure."""

    field: str
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownUser:
    """The user of a session as a provider may know them: opaque account, no personal data."""

    account: str
    game_code: str
    currency: str
    language: str | None
    country: str | None
    permissions: Permissions | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemAnswer:
    """The answer to one movement of a betwin (``delivered``: wins, ``balance_minor``: the bet)."""

    guid: str
    balance_minor: int | None = None
    delivered: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundItem:
    """One transaction of a round as the ``round`` command shows it."""

    transaction_id: str
    kind: Kind
    amount_minor: int
    guid: str
    state: RoundState
    delivered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The hub's answer. Only the fields that belong to the command are set.

    ``exponent`` is that of the session's currency, for rendering amounts. ``replay`` marks an
    answer given again from the record. ``faults`` go with VALIDATION_ERROR.
    """

    code: ApiCode
    exponent: int = 0
    guid: str | None = None
    balance_minor: int | None = None
    delivered: bool | None = None
    replay: bool = False
    bet: ItemAnswer | None = None
    wins: tuple[ItemAnswer, ...] = ()
    transactions: tuple[RoundItem, ...] = ()
    closed: bool | None = None
    user: ShownUser | None = None
    faults: tuple[FieldFault, ...] = ()
