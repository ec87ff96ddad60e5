"""How records become rows of a table and back: the one place that knows the order of columns."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import fields
from operator import attrgetter
from typing import Any

from meganodes.domain.transaction import Kind, RoundKey, State, Step, Transaction
from meganodes.journal.attempt_log import RetiredBytes
from meganodes.journal.packing import PLAIN, unpack
from meganodes.journal.store import AttemptRecord, Event, ListedTransaction
from meganodes.journal.turnover import QUARTER_MS, QuarterTurnover, Turnover, whole
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.commands import Revision, TransType

Row = Sequence[Any]
"""A row as the driver gives it."""

COLUMNS = tuple(field.name for field in fields(Transaction))
"""The columns of a transaction, in the order of its fields."""

WIDTH = len(COLUMNS)

MOVING = (
    "state",
    "epoch",
    "code",
    "balance_minor",
    "outcome_unknown",
    "cancel_asked_at_ms",
    "decided_at_ms",
    "step",
    "due_at_ms",
    "owed_since_ms",
    "attempts",
    "failures",
    "maybe_sent",
    "not_seen",
    "probes",
    "reopened",
)
"""What a move may change. All other fields are what was asked, and stay for ever."""

ATTEMPT_COLUMNS = (
    "attempt_id",
    "agent_id",
    "trans_id",
    "account",
    "command",
    "number",
    "started_at_ms",
    "duration_ms",
    "outcome",
    "phase",
    "result",
    "http_status",
    "request",
    "reply",
    "notes",
    "faults",
    "peer_address",
)
"""The columns of an attempt as it is read; its bytes and its sentences are written apart."""

KEPT_COLUMNS = ("packing", "digest", "request_bytes", "reply_bytes")
"""What follows them where bytes are read: how they are packed, or what is left of them."""

# The driver takes plain text and whole numbers only; of anything else it makes them slowly.
_PLAIN = {
    "kind": "kind._value_",
    "revision": "revision._value_",
    "state": "state._value_",
    "code": "code._value_",
    "step": "step._value_",
    "outcome_unknown": "outcome_unknown.real",
    "maybe_sent": "maybe_sent.real",
}
_READ_AS: dict[str, dict[Any, Any]] = {
    "kind": {each.value: each for each in Kind},
    "revision": {each.value: each for each in Revision},
    "state": {each.value: each for each in State},
    "code": {each.value: each for each in ApiCode},
    "step": {each.value: each for each in Step},
    "outcome_unknown": {0: False, 1: True},
    "maybe_sent": {0: False, 1: True},
}
_READ_AT = tuple((COLUMNS.index(name), meaning) for name, meaning in _READ_AS.items())

all_values = attrgetter(*(_PLAIN.get(name, name) for name in COLUMNS))
"""All columns of a transaction, as the driver wants them."""

moving_values = attrgetter(*(_PLAIN.get(name, name) for name in MOVING))
"""The columns that a move writes, as the driver wants them."""

_fields = attrgetter(*COLUMNS)
_PUT = tuple(getattr(Transaction, name).__set__ for name in COLUMNS)
_ROUND_SEQ = COLUMNS.index("round_seq")

attempt_values = attrgetter(*(name for name in ATTEMPT_COLUMNS[:12]))
"""An attempt's columns but for its bytes, its sentences and its peer."""


def transaction(row: Row) -> Transaction:
    """Make a transaction of the first columns of a row."""
    values = list(row[:WIDTH])
    for index, meaning in _READ_AT:
        values[index] = meaning[values[index]]
    return Transaction(**dict(zip(COLUMNS, values, strict=True)))


def numbered(row: Transaction, round_seq: int) -> Transaction:
    """Copy a transaction with its number in its round: ``replace``, but on the path of each bet."""
    copy = object.__new__(Transaction)
    for put, value in zip(_PUT, _fields(row), strict=True):
        put(copy, value)
    _PUT[_ROUND_SEQ](copy, round_seq)
    return copy


def belongs(row: Transaction, key: RoundKey) -> bool:
    """Say whether a transaction is of this round, without making a key for it."""
    return (
        row.round_id == key.round_id
        and row.user_code == key.user_code
        and row.provider_id == key.provider_id
        and row.agent_id == key.agent_id
    )


def transactions(rows: Sequence[Row]) -> tuple[Transaction, ...]:
    """Make a transaction of each row."""
    return tuple(map(transaction, rows))


def round_key(row: Row) -> RoundKey:
    """Make a round's key of its four columns."""
    agent_id, provider_id, user_code, round_id = row[:4]
    return RoundKey(
        agent_id=agent_id, provider_id=provider_id, user_code=user_code, round_id=round_id
    )


def event(row: Row) -> Event:
    """Make an event of a row of its table."""
    epoch, at_ms, from_state, to_state, cause = row
    return Event(epoch=epoch, at_ms=at_ms, from_state=from_state, to_state=to_state, cause=cause)


def listed(row: Row) -> ListedTransaction:
    """Make an entry of an agent's list: its own four columns, then the transaction's."""
    position, trans_type, balance_minor, listed_at_ms, *columns = row
    return ListedTransaction(
        position=position,
        trans_type=TransType(trans_type),
        row=transaction(columns),
        balance_minor=balance_minor or 0,
        balance_known=balance_minor is not None,
        listed_at_ms=listed_at_ms,
    )


def turnover(row: Row) -> Turnover:
    """Make a turnover of its user, provider and game and the two parts of each sum."""
    user_code, provider_id, game_code, bet_high, bet_low, win_high, win_low = row
    return Turnover(
        user_code=user_code,
        provider_id=provider_id,
        game_code=game_code,
        bet_minor=whole(bet_high, bet_low),
        win_minor=whole(win_high, win_low),
    )


def quarter_turnover(row: Row) -> QuarterTurnover:
    """Make the sums of a quarter of its number and the two parts of each."""
    quarter, bet_high, bet_low, win_high, win_low = row
    return QuarterTurnover(
        start_ms=quarter * QUARTER_MS,
        bet_minor=whole(bet_high, bet_low),
        win_minor=whole(win_high, win_low),
    )


def attempt(row: Row) -> AttemptRecord:
    """Make an attempt of a row of its tables, its bytes as they were sent and came."""
    width = len(ATTEMPT_COLUMNS)
    values = dict(zip(ATTEMPT_COLUMNS, row[:width], strict=True))
    if len(row) > width:
        packing, digest, request_bytes, reply_bytes = row[width:]
        for name in ("request", "reply"):
            values[name] = unpack(bytes(values[name] or b""), packing or PLAIN)
        if packing is None and digest is not None:
            values["retired"] = RetiredBytes(bytes(digest), request_bytes, reply_bytes)
    values["notes"] = sentences(values["notes"])
    values["faults"] = sentences(values["faults"])
    return AttemptRecord(**values)


def sentences_text(sentences: tuple[str, ...]) -> str | None:
    """Write sentences into one column; none at all is the usual case and costs nothing."""
    return json.dumps(sentences) if sentences else None


def sentences(text: str | None) -> tuple[str, ...]:
    """Read them back."""
    return tuple(json.loads(text)) if text else ()
