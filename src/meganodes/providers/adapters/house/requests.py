"""Requests of the house protocol: every field rule of contract 4, all bad fields at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from meganodes.domain.asked import (
    Asked,
    AskedAuthenticate,
    AskedBalance,
    AskedBet,
    AskedBetWin,
    AskedCancel,
    AskedItem,
    AskedRound,
    AskedWin,
    FieldFault,
)
from meganodes.providers.fields import Fields, read_members
from meganodes.providers.port import BadRequest

WINS_MAX: Final = 8
"""Most wins of one betwin (contract 4)."""


def parse(command: str, body: bytes) -> Asked | BadRequest:
    """Read the body of a command of `COMMANDS`."""
    members = read_members(body)
    if isinstance(members, FieldFault):
        return BadRequest(faults=(members,))
    faults: list[FieldFault] = []
    asked = read(command, Fields(members, faults))
    return BadRequest(faults=tuple(faults)) if faults else asked


def read(command: str, fields: Fields) -> Asked:
    """Read the fields of a command; what is wrong with them is noted there."""
    return _READERS[command](fields)


def _authenticate(fields: Fields) -> Asked:
    return AskedAuthenticate(session=fields.text("session"))


def _balance(fields: Fields) -> Asked:
    return AskedBalance(session=fields.text("session"))


def _bet(fields: Fields) -> Asked:
    return AskedBet(
        session=fields.text("session"),
        transaction_id=fields.name("transaction_id"),
        round_id=fields.name("round_id"),
        amount=fields.amount("amount"),
        game_code=fields.optional_text("game_code"),
    )


def _win(fields: Fields) -> Asked:
    return AskedWin(
        session=fields.text("session"),
        transaction_id=fields.name("transaction_id"),
        round_id=fields.name("round_id"),
        amount=fields.amount("amount"),
        round_closed=fields.flag("round_closed"),
        bet_transaction_id=fields.optional_name("bet_transaction_id"),
    )


def _betwin(fields: Fields) -> Asked:
    session = fields.text("session")
    round_id = fields.name("round_id")
    bet = fields.child("bet")
    wins = fields.children("wins", WINS_MAX)
    asked = AskedBetWin(
        session=session,
        round_id=round_id,
        bet=_item(bet) if bet else AskedItem(transaction_id="", amount=""),
        wins=tuple(_item(each) for each in wins),
        round_closed=fields.flag("round_closed"),
    )
    _note_repeated_ids(fields, asked)
    return asked


def _item(fields: Fields) -> AskedItem:
    return AskedItem(transaction_id=fields.name("transaction_id"), amount=fields.amount("amount"))


def _note_repeated_ids(fields: Fields, asked: AskedBetWin) -> None:
    """Each id is a key of its own (contract 4, betwin); empty ones are noted already."""
    seen = {asked.bet.transaction_id: "bet.transaction_id"}
    for at, win in enumerate(asked.wins):
        field = f"wins[{at}].transaction_id"
        first = seen.setdefault(win.transaction_id, field)
        if win.transaction_id and first != field:
            fields.fault(field, f"repeats {first}: every movement needs an id of its own.")


def _cancel(fields: Fields) -> Asked:
    asked = AskedCancel(
        session=fields.text("session"),
        transaction_id=fields.name("transaction_id"),
        cancel_transaction_id=fields.name("cancel_transaction_id"),
    )
    if asked.transaction_id and asked.transaction_id == asked.cancel_transaction_id:
        fields.fault(
            "cancel_transaction_id",
            "must name the bet to cancel; transaction_id is the cancel's own, new id.",
        )
    return asked


def _round(fields: Fields) -> Asked:
    return AskedRound(session=fields.text("session"), round_id=fields.name("round_id"))


_READERS: Final[Mapping[str, Callable[[Fields], Asked]]] = {
    "authenticate": _authenticate,
    "balance": _balance,
    "bet": _bet,
    "win": _win,
    "betwin": _betwin,
    "cancel": _cancel,
    "round": _round,
}

COMMANDS: Final = frozenset(_READERS)
"""The commands of contract 4."""
