"""What the provider is told: a function of the durable row, nothing else (reliability 2.3)."""

from __future__ import annotations

from enum import StrEnum

from meganodes.domain.transaction import Kind, State, Transaction
from meganodes.protocol.codes import ApiCode, ResultCode


class RoundState(StrEnum):
    """The states the provider's ``round`` command shows (contract 4)."""

    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    CANCELLING = "cancelling"
    CANCELLED = "cancelled"
    VOID = "void"
    OWED = "owed"
    PARKED = "parked"
    SETTLED_BY_HAND = "settled_by_hand"


REFUSAL_CODES: dict[int, ApiCode] = {
    ResultCode.BALANCE_TOO_LOW: ApiCode.BALANCE_NOT_ENOUGH,
    ResultCode.ACCOUNT_UNKNOWN: ApiCode.USER_NOT_FOUND,
    ResultCode.PLAYER_INACTIVE: ApiCode.PLAYER_BLOCKED,
    ResultCode.TOKEN_WRONG: ApiCode.AGENT_UNAVAILABLE,
}
"""How a backend's refusal of a bet reaches the provider (contract 4, backend to provider)."""

_SHOWN: dict[State, RoundState] = {
    State.PENDING: RoundState.PENDING,
    State.ACCEPTED: RoundState.ACCEPTED,
    State.REFUSED: RoundState.REFUSED,
    State.CANCELLING: RoundState.CANCELLING,
    State.NOT_SEEN_WAIT: RoundState.CANCELLING,
    State.CANCELLED: RoundState.CANCELLED,
    State.VOID: RoundState.VOID,
    State.TOMBSTONE: RoundState.CANCELLED,
    State.OWED: RoundState.OWED,
    State.CREDITED: RoundState.ACCEPTED,
    State.UNDELIVERED: RoundState.VOID,
    State.PARKED: RoundState.PARKED,
    State.SETTLED_BY_HAND: RoundState.SETTLED_BY_HAND,
    State.RECORDED: RoundState.ACCEPTED,
}

_OWING = frozenset({State.PENDING, State.CANCELLING, State.NOT_SEEN_WAIT, State.OWED, State.PARKED})


def shown_state(row: Transaction) -> RoundState:
    """Give the state of a transaction in the provider's words."""
    return _SHOWN[row.state]


def is_delivered(row: Transaction) -> bool:
    """Say whether nothing is owed for this win or cancelled bet (contract 4, ``delivered``)."""
    return row.state not in _OWING


def is_decided(row: Transaction) -> bool:
    """Say whether the provider can be given a definite answer."""
    return row.state is not State.PENDING


def answered_balance(row: Transaction) -> int | None:
    """Give the balance for the answer: what the backend reported for this very step."""
    if row.kind is Kind.WIN:
        return row.balance_minor if row.state is State.CREDITED else None
    return row.balance_minor
