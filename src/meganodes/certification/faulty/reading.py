"""The honest backend's reading: bytes of a request to a `Callback`, strictly, in small steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from meganodes.certification.faulty.records import Agreed, Asked, Callback, Unreadable
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.ids import cancel_guid
from meganodes.protocol.money import AmountError, parse_amount
from meganodes.protocol.wire import JsonError, Number, load_json

_TEXT_MAX: Final = 256
_ID_MAX: Final = 2**53 - 1
_CHECKS: Final = frozenset({"21", "22", "31", "41", "42", "43"})


class CallbackReader:
    """Reads callbacks of the agreed revision."""

    def __init__(self, agreed: Agreed) -> None:
        self.agreed = agreed

    def read(self, asked: Asked) -> Callback:
        """Read the body; raises `Unreadable`."""
        envelope = self.members(self.loaded(asked.body))
        data = self.members(envelope.get("data"))
        command = self.command(envelope)
        original_id = self.original_id(data) if command is Command.CANCEL else ""
        moves = command in {Command.BET, Command.WIN}
        if moves and "amount" not in data:
            raise Unreadable("`amount` is missing")
        return Callback(
            command=command,
            checks=self.checks(envelope),
            account=self.text(data, "account"),
            transaction_id=self.transaction_id(command, data),
            original_id=original_id,
            round_id=self.text(data, "round_id") if moves else "",
            amount_minor=self.amount_minor(data["amount"]) if "amount" in data else 0,
            timestamp=self.text(envelope, "timestamp"),
            connection=asked.connection,
        )

    def loaded(self, body: bytes) -> object:
        try:
            return load_json(body)
        except JsonError as error:
            raise Unreadable(str(error)) from error

    def members(self, value: object) -> Mapping[str, object]:
        if not isinstance(value, dict):
            raise Unreadable("an object was expected")
        return value

    def text(self, members: Mapping[str, object], name: str) -> str:
        value = members.get(name)
        if not isinstance(value, str) or not 0 < len(value) <= _TEXT_MAX:
            raise Unreadable(f"`{name}` is no text")
        return value

    def command(self, envelope: Mapping[str, object]) -> Command:
        try:
            return Command(self.text(envelope, "command"))
        except ValueError:
            raise Unreadable("there is no such command") from None

    def checks(self, envelope: Mapping[str, object]) -> tuple[int, ...]:
        parts = self.text(envelope, "check").split(",")
        if not set(parts) <= _CHECKS or len(set(parts)) != len(parts):
            raise Unreadable("`check` is no list of checks")
        return tuple(map(int, parts))

    def transaction_id(self, command: Command, data: Mapping[str, object]) -> str:
        """The request's own id; revision `id` has none for a cancel, so it is made here."""
        if command in {Command.AUTHENTICATE, Command.BALANCE}:
            return ""
        if self.agreed.revision is Revision.GUID:
            return self.text(data, "trans_guid")
        number = self.number_of(data.get("trans_id"))
        return cancel_guid(number) if command is Command.CANCEL else number

    def original_id(self, data: Mapping[str, object]) -> str:
        if self.agreed.revision is Revision.GUID:
            return self.text(data, "cancel_trans_guid")
        return self.number_of(data.get("trans_id"))

    def number_of(self, value: object) -> str:
        if type(value) is not int or not 0 < value <= _ID_MAX:
            raise Unreadable("`trans_id` is no positive integer")
        return str(value)

    def amount_minor(self, value: object) -> int:
        """Read an amount exactly, from its digits."""
        if type(value) is not int and not isinstance(value, Number):
            raise Unreadable("`amount` is no number")
        digits = value.text if isinstance(value, Number) else str(value)
        try:
            return parse_amount(digits, self.agreed.exponent)
        except AmountError as error:
            raise Unreadable(error.reason) from error
