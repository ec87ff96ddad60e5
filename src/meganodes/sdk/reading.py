"""Reads a callback's body strictly into a request record, in both revisions (contract 3.1).

Extra fields are let through, so that a newer hub can add some; a missing or wrongly typed one is
refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import TypedDict

from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Command, Revision, TransType
from meganodes.protocol.ids import cancel_guid
from meganodes.protocol.money import AmountError, parse_amount
from meganodes.protocol.wire import BODY_BYTES_MAX, JsonError, Number, load_json
from meganodes.sdk.backend import Authenticate, Balance, Bet, Cancel, Request, Status, Win
from meganodes.sdk.errors import BadCallback

_CHECKS = frozenset({"21", "22", "31", "41", "42", "43"})
_TEXT_MAX = 256
_INT_MAX = 2**63 - 1


def read_request(body: bytes, revision: Revision, exponent: int) -> tuple[Command, Request]:
    """Return the command and its request; raise BadCallback with a sentence if it is unreadable."""
    try:
        envelope = load_json(body, max_bytes=BODY_BYTES_MAX)
    except JsonError as error:
        raise BadCallback(f"the body is not readable: {error}") from error
    outer = _Fields(_object(envelope, "the body"))
    command = _command(outer.text("command"))
    if not outer.text("timestamp").isdecimal():
        raise BadCallback("`timestamp` must be Unix seconds as text")
    data = _Fields(_object(outer.values.get("data"), "`data`"))
    reader = _Reader(data, revision, exponent, _checks(outer.text("check")))
    return command, _READERS[command](reader)


def _object(value: object, name: str) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise BadCallback(f"{name} must be a JSON object")
    return MappingProxyType(value)


def _command(text: str) -> Command:
    try:
        return Command(text)
    except ValueError:
        raise BadCallback(f"`command` {text!r} is unknown") from None


def _checks(text: str) -> tuple[int, ...]:
    parts = text.split(",")
    if not set(parts) <= _CHECKS or len(set(parts)) != len(parts):
        raise BadCallback(f"`check` {text!r} must list known checks once each, joined by commas")
    return tuple(ResultCode(int(part)) for part in parts)


class _Fields:
    """Typed access to a JSON object; every fault names the field."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self.values = values

    def text(self, name: str, *, may_be_empty: bool = False) -> str:
        value = self.values.get(name)
        if not isinstance(value, str) or len(value) > _TEXT_MAX or not (value or may_be_empty):
            raise BadCallback(f"`{name}` must be text of at most {_TEXT_MAX} characters")
        return value

    def whole(self, name: str, *, least: int = 0) -> int:
        value = self.values.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= _INT_MAX:
            raise BadCallback(f"`{name}` must be an integer of at least {least}")
        return value

    def amount(self, name: str, exponent: int) -> int:
        value = self.values.get(name)
        if isinstance(value, bool) or not isinstance(value, int | Number):
            raise BadCallback(f"`{name}` must be a number")
        text = value.text if isinstance(value, Number) else str(value)
        try:
            return parse_amount(text, exponent)
        except AmountError as error:
            raise BadCallback(f"`{name}` is no amount: {error}") from error


class _RequestParts(TypedDict):
    account: str
    checks: tuple[int, ...]
    data: Mapping[str, object]


class _MovementParts(_RequestParts):
    transaction_id: str
    round_id: str
    provider_id: int
    game_code: str
    game_type: str
    amount_minor: int


class _Reader:
    """One callback's data, with what is needed to read it."""

    def __init__(
        self, fields: _Fields, revision: Revision, exponent: int, checks: tuple[int, ...]
    ) -> None:
        self.fields = fields
        self.revision = revision
        self.exponent = exponent
        self.checks = checks

    def common(self) -> _RequestParts:
        return {
            "account": self.fields.text("account"),
            "checks": self.checks,
            "data": self.fields.values,
        }

    def transaction_id(self) -> str:
        if self.revision is Revision.GUID:
            return self.fields.text("trans_guid")
        return str(self.fields.whole("trans_id", least=1))

    def movement(self, trans_type: TransType) -> _MovementParts:
        self.demand_type(trans_type)
        return {
            **self.common(),
            "transaction_id": self.transaction_id(),
            "round_id": self.fields.text("round_id"),
            "provider_id": self.fields.whole("provider_id"),
            "game_code": self.fields.text("game_code"),
            "game_type": self.fields.text("game_type", may_be_empty=True),
            "amount_minor": self.fields.amount("amount", self.exponent),
        }

    def demand_type(self, trans_type: TransType) -> None:
        if self.fields.whole("type") != trans_type:
            raise BadCallback(f"`type` must be {int(trans_type)} for this command")


def _authenticate(reader: _Reader) -> Request:
    return Authenticate(**reader.common())


def _balance(reader: _Reader) -> Request:
    return Balance(**reader.common())


def _bet(reader: _Reader) -> Request:
    return Bet(**reader.movement(TransType.BET))


def _win(reader: _Reader) -> Request:
    return Win(**reader.movement(TransType.WIN))


def _cancel(reader: _Reader) -> Request:
    if reader.revision is Revision.GUID:
        reader.demand_type(TransType.CANCEL)
        transaction_id = reader.transaction_id()
        original_id = reader.fields.text("cancel_trans_guid")
    else:
        original_id = reader.transaction_id()
        transaction_id = cancel_guid(original_id)
    return Cancel(
        **reader.common(),
        transaction_id=transaction_id,
        original_id=original_id,
        round_id=reader.fields.text("round_id"),
        provider_id=reader.fields.whole("provider_id"),
        game_code=reader.fields.text("game_code"),
    )


def _status(reader: _Reader) -> Request:
    return Status(**reader.common(), transaction_id=reader.transaction_id())


_READERS: dict[Command, Callable[[_Reader], Request]] = {
    Command.AUTHENTICATE: _authenticate,
    Command.BALANCE: _balance,
    Command.BET: _bet,
    Command.WIN: _win,
    Command.CANCEL: _cancel,
    Command.STATUS: _status,
}
