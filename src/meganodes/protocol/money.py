"""Amounts as integers of minor units, read from text and written to text without a float.

Whatever the contract allows for an amount is decided here and nowhere else (contract 2.1).
"""

import re
from typing import Final, NamedTuple

AMOUNT_MAX_MINOR: Final = 2**53 - 1
"""Largest amount and largest balance, in minor units: backends parse doubles (contract 2.1)."""

EXPONENT_MAX: Final = 8
"""Most decimals of any currency; assets with more are carried at 8 (contract 2.1)."""

_TEXT_LENGTH_MAX: Final = 64
_POWER_MAX: Final = 40
_AMOUNT: Final = re.compile(r"([0-9]+)(?:\.([0-9]+))?", re.ASCII)
_DECIMAL: Final = re.compile(r"(-?[0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,4}))?", re.ASCII)


class AmountError(ValueError):
    """The text is no amount of the currency; `reason` is a sentence that says why."""

    def __init__(self, reason: str) -> None:
        """Keep the sentence for the answer to the caller."""
        super().__init__(reason)
        self.reason = reason


class CutAmount(NamedTuple):
    """A number as somebody else wrote it, cut to the decimals of a currency."""

    amount_minor: int
    """Minor units; decimals beyond the currency's are dropped, towards zero."""
    decimals: int
    """Decimals that were written."""
    exponent_form: bool
    """Whether it was written like 1.5E3."""


def parse_amount(text: str, exponent: int) -> int:
    """Read an amount in main units strictly and give its minor units (contract 2.1).

    Digits and at most one dot with digits on both sides; raises `AmountError` for a sign, a blank,
    an exponent, more decimals than `exponent`, or more than `AMOUNT_MAX_MINOR` minor units.
    """
    match = _AMOUNT.fullmatch(text) if len(text) <= _TEXT_LENGTH_MAX else None
    if match is None:
        raise AmountError("An amount is written in digits with at most one dot, such as 12.50.")
    whole, fraction = match[1], match[2] or ""
    if len(fraction) > exponent:
        raise AmountError(_too_many_decimals(len(fraction), exponent))
    amount_minor = int(whole + fraction.ljust(exponent, "0"))
    if amount_minor > AMOUNT_MAX_MINOR:
        raise AmountError(f"An amount is at most {format_amount(AMOUNT_MAX_MINOR, exponent)}.")
    return amount_minor


def _too_many_decimals(decimals: int, exponent: int) -> str:
    allowed = "no decimals" if exponent == 0 else f"at most {exponent} decimals"
    return f"The currency has {allowed}, the amount has {decimals}."


def format_amount(amount_minor: int, exponent: int) -> str:
    """Write minor units in main units with exactly `exponent` decimals, a minus sign if below 0."""
    assert type(amount_minor) is int, "amounts are integers of minor units"
    if exponent == 0:
        return str(amount_minor)
    digits = str(abs(amount_minor)).rjust(exponent + 1, "0")
    sign = "-" if amount_minor < 0 else ""
    return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}"


def cut_amount(text: str, exponent: int) -> CutAmount | None:
    """Read a JSON number tolerantly: a sign, any number of decimals and exponent form are taken.

    None when `text` is no such number, is longer than 64 characters, or has a power of ten beyond
    40. Bounds are the caller's: the value may be negative or above `AMOUNT_MAX_MINOR`.
    """
    match = _DECIMAL.fullmatch(text) if len(text) <= _TEXT_LENGTH_MAX else None
    if match is None:
        return None
    fraction, power = match[2] or "", int(match[3] or 0)
    if abs(power) > _POWER_MAX:
        return None
    mantissa = int(match[1] + fraction)
    shift = exponent + power - len(fraction)
    amount_minor = mantissa * 10**shift if shift >= 0 else _divide(mantissa, 10**-shift)
    return CutAmount(amount_minor, max(len(fraction) - power, 0), match[3] is not None)


def _divide(mantissa: int, divisor: int) -> int:
    """Divide towards zero, as cutting digits off does."""
    return mantissa // divisor if mantissa >= 0 else -(-mantissa // divisor)
