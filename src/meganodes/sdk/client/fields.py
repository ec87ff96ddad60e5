"""Strict access to the data of an answer: whatever is not as the contract says is told by name.

Unknown fields are let through, so that a newer hub can add some.
"""

from __future__ import annotations

from typing import Any

from meganodes.protocol.money import AmountError, parse_amount
from meganodes.protocol.wire import Number
from meganodes.sdk.client.errors import AnswerUnreadable


class Fields:
    """The fields of a JSON object. ``exponent`` is how many decimals its amounts have."""

    def __init__(self, value: object, exponent: int) -> None:
        if not isinstance(value, dict):
            raise AnswerUnreadable("the answer's data is no object")
        self._values: dict[str, object] = value
        self._exponent = exponent

    def text(self, name: str) -> str:
        value = self._values.get(name)
        if not isinstance(value, str):
            raise AnswerUnreadable(f"`{name}` is no text")
        return value

    def optional_text(self, name: str) -> str | None:
        return None if self._values.get(name) is None else self.text(name)

    def whole(self, name: str) -> int:
        value = self._values.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise AnswerUnreadable(f"`{name}` is no whole number")
        return value

    def optional_whole(self, name: str) -> int | None:
        return None if self._values.get(name) is None else self.whole(name)

    def truth(self, name: str) -> bool:
        value = self._values.get(name)
        if not isinstance(value, bool):
            raise AnswerUnreadable(f"`{name}` is neither true nor false")
        return value

    def texts(self, name: str) -> tuple[str, ...]:
        value = self._values.get(name)
        if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
            raise AnswerUnreadable(f"`{name}` is no list of texts")
        return tuple(value)

    def items(self, name: str) -> list[Any]:
        return listed(self._values.get(name), name)

    def amount_minor(self, name: str) -> int:
        """Read an amount, which may be below zero. Its decimals must be the currency's, exactly.

        A client that was made for another currency would else be wrong by a power of ten.
        """
        value = self._values.get(name)
        if isinstance(value, bool) or not isinstance(value, int | Number):
            raise AnswerUnreadable(f"`{name}` is no amount")
        written = value.text if isinstance(value, Number) else str(value)
        decimals = len(written.partition(".")[2])
        if decimals != self._exponent:
            raise AnswerUnreadable(
                f"`{name}` has {decimals} decimals and the client was made for a currency with "
                f"{self._exponent}: give it the right `currency_exponent`"
            )
        try:
            amount_minor = parse_amount(written.removeprefix("-"), self._exponent)
        except AmountError as error:
            raise AnswerUnreadable(f"`{name}` is no amount: {error}") from error
        return -amount_minor if written.startswith("-") else amount_minor


def listed(value: object, name: str) -> list[Any]:
    """Return a JSON list."""
    if not isinstance(value, list):
        raise AnswerUnreadable(f"{name} is no list")
    return value
