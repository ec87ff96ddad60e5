"""Strict reading of the fields of a JSON request, all faults at once (contract 2.1 and 4).

Any adapter whose supplier speaks JSON may use it. A reader that finds a fault notes it and gives
back a placeholder, so that the remaining fields are still looked at; the placeholder is never used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from meganodes.domain.asked import FieldFault
from meganodes.protocol.ids import is_transaction_id
from meganodes.protocol.wire import JsonError, Number, load_json

BODY_BYTES_MAX: Final = 262_144
"""Largest request body (contract 2.1)."""

TEXT_LENGTH_MAX: Final = 64
"""Longest text of any field, amounts included."""

AMOUNT_PATTERN: Final = r"[0-9]+(?:\.[0-9]+)?"
_AMOUNT: Final = re.compile(AMOUNT_PATTERN, re.ASCII)
_KINDS: Final[Mapping[type, str]] = {
    bool: "a boolean",
    int: "a number",
    Number: "a number",
    str: "text",
    list: "a list",
    dict: "an object",
}


def read_members(body: bytes) -> dict[str, object] | FieldFault:
    """Read the one JSON object of a request; a duplicate key is a fault like any bad syntax."""
    try:
        value = load_json(body, max_bytes=BODY_BYTES_MAX)
    except JsonError as error:
        return FieldFault(field="", message=f"The body cannot be read: {error}.")
    if isinstance(value, dict):
        return value
    return FieldFault(
        field="", message=f"The body must be a JSON object, not {_KINDS.get(type(value), 'null')}."
    )


class Fields:
    """The members of one JSON object. Unknown members are ignored; null equals leaving out."""

    __slots__ = ("_members", "_path", "faults")

    def __init__(
        self, members: Mapping[str, object], faults: list[FieldFault], path: str = ""
    ) -> None:
        """Read `members`, adding to `faults`; `path` stands before each name in them."""
        self._members = members
        self._path = path
        self.faults = faults

    def fault(self, name: str, sentence_end: str) -> None:
        """Note a fault; its sentence begins with the field's full name."""
        path = self._path + name
        self.faults.append(FieldFault(field=path, message=f"{path} {sentence_end}"))

    def text(self, name: str) -> str:
        """Read 1 to 64 characters of any kind."""
        value = self._required(name, "text")
        if value and len(value) <= TEXT_LENGTH_MAX:
            return value
        if value is not None:
            self.fault(name, f"must have 1 to {TEXT_LENGTH_MAX} characters.")
        return ""

    def optional_text(self, name: str) -> str | None:
        """Read the same, or None when it is left out."""
        return None if self._members.get(name) is None else self.text(name)

    def name(self, name: str) -> str:
        """Read 1 to 64 printable ASCII characters, kept byte for byte (contract 4, idempotency)."""
        value = self._required(name, "text")
        if value is None:
            return ""
        if not is_transaction_id(value):
            self.fault(name, f"must have 1 to {TEXT_LENGTH_MAX} printable ASCII characters.")
        return value

    def optional_name(self, name: str) -> str | None:
        """Read the same, or None when it is left out."""
        return None if self._members.get(name) is None else self.name(name)

    def amount(self, name: str) -> str:
        """Read decimal text by its form; how many decimals the currency has is judged later."""
        value = self._members.get(name)
        if isinstance(value, int | Number) and not isinstance(value, bool):
            self.fault(
                name,
                'must be decimal text such as "1.50", not a JSON number: put it in quotes.',
            )
            return ""
        text = self._required(name, 'decimal text such as "1.50"')
        if text is None:
            return ""
        if len(text) > TEXT_LENGTH_MAX or _AMOUNT.fullmatch(text) is None:
            self.fault(
                name,
                "must be written in digits with at most one dot between digits,"
                ' such as "1.50": no sign, no blank, no exponent.',
            )
        return text

    def flag(self, name: str) -> bool:
        """Read a JSON boolean and nothing that resembles one."""
        value = self._members.get(name)
        if isinstance(value, bool):
            return value
        self._misfit(name, value, "true or false, without quotes")
        return False

    def child(self, name: str) -> Fields | None:
        """Read an object inside; None after a fault."""
        value = self._members.get(name)
        if isinstance(value, dict):
            return Fields(value, self.faults, f"{self._path}{name}.")
        self._misfit(name, value, "an object")
        return None

    def children(self, name: str, count_max: int) -> list[Fields]:
        """Read a list of 1 to `count_max` objects; a list of another length is not looked into."""
        value = self._members.get(name)
        if not isinstance(value, list):
            self._misfit(name, value, f"a list of 1 to {count_max} objects")
            return []
        if not 1 <= len(value) <= count_max:
            self.fault(name, f"must have 1 to {count_max} entries, it has {len(value)}.")
            return []
        listed = Fields(
            {f"{name}[{at}]": each for at, each in enumerate(value)}, self.faults, self._path
        )
        return [each for at in range(len(value)) if (each := listed.child(f"{name}[{at}]"))]

    def _required(self, name: str, wanted: str) -> str | None:
        value = self._members.get(name)
        if isinstance(value, str):
            return value
        self._misfit(name, value, wanted)
        return None

    def _misfit(self, name: str, value: object, wanted: str) -> None:
        if value is None:
            self.fault(name, "is required.")
        else:
            self.fault(name, f"must be {wanted}, not {_KINDS[type(value)]}.")
