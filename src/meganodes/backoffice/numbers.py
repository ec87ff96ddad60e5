"""Numbers in addresses and forms: what somebody typed, or None for anything that is no number."""

from __future__ import annotations

from typing import Final

NUMBER_MAX: Final = 2**63 - 1
"""No column of a database holds a larger one."""

_DIGITS_MAX: Final = len(str(NUMBER_MAX))


def number_of(text: str) -> int | None:
    """Read a whole number from 0 on: digits of ASCII and nothing else."""
    if not (text.isascii() and text.isdigit() and len(text) <= _DIGITS_MAX):
        return None
    number = int(text)
    return number if number <= NUMBER_MAX else None
