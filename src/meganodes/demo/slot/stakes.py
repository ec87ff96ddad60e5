"""The stakes a player may choose from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from meganodes.protocol.money import format_amount, parse_amount

_CHOICES: Final = (20, 50, 100, 200, 500)
_CENTS: Final = 2
FIRST_CHOICE: Final = 2
"""Which of them is chosen when the game opens."""


def stakes_minor(exponent: int) -> tuple[int, ...]:
    """Return the stakes in minor units: 0.20 to 5.00, or 20 to 500 of money without cents."""
    return tuple(choice * 10 ** max(0, exponent - _CENTS) for choice in _CHOICES)


def stakes_text(exponent: int) -> Sequence[str]:
    """Return the stakes as decimal text."""
    return [format_amount(stake, exponent) for stake in stakes_minor(exponent)]


def chosen_stake(text: str, exponent: int) -> int | None:
    """Read a stake as the browser names it; None when it is none of the list.

    Raises AmountError for text that is no amount.
    """
    stake_minor = parse_amount(text, exponent)
    return stake_minor if stake_minor in stakes_minor(exponent) else None
