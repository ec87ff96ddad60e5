"""The currency registry: code, number and decimals of every currency an agent may have."""

from dataclasses import dataclass
from typing import Final

from meganodes.protocol.currency_table import ROWS


@dataclass(frozen=True, slots=True)
class Currency:
    """One currency: ISO 4217, or one outside it with a number from 10000 up (contract 2.1)."""

    code: str
    number: int
    exponent: int
    """Decimals: 2 for EUR, 0 for JPY, at most 8."""
    name: str


class UnknownCurrency(LookupError):
    """The registry has no such currency."""


_ALL: Final = tuple(Currency(*row) for row in ROWS)
_BY_CODE: Final = {known.code: known for known in _ALL}
_BY_NUMBER: Final = {known.number: known for known in _ALL}


def currency(code: str) -> Currency:
    """Find a currency by its code in upper case, such as EUR; raises `UnknownCurrency`."""
    try:
        return _BY_CODE[code]
    except KeyError:
        raise UnknownCurrency(f"There is no currency {code!r}.") from None


def currency_by_number(number: int) -> Currency:
    """Find a currency by its number, such as 978; raises `UnknownCurrency`."""
    try:
        return _BY_NUMBER[number]
    except KeyError:
        raise UnknownCurrency(f"There is no currency number {number}.") from None


def all_currencies() -> tuple[Currency, ...]:
    """Give every currency: ISO 4217 by code, then the others by number."""
    return _ALL
