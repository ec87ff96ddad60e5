"""The toy game's published odds: what a round pays, and how it is drawn.

A round's result is decided by the studio alone, from the operating system's randomness. The hub
carries the money and never learns how a result came about.
"""

from __future__ import annotations

from collections.abc import Callable

ODDS: tuple[tuple[int, int], ...] = ((600, 0), (200, 1), (140, 2), (40, 5), (18, 10), (2, 50))
"""(chances out of 1000, multiple of the stake). 96 % of all stakes come back in the long run."""

CHANCES = 1000
_NUMBERS = 65_536
_FAIR_LIMIT = _NUMBERS - _NUMBERS % CHANCES


def draw(token_bytes: Callable[[int], bytes]) -> int:
    """Draw a multiple of the stake with exactly the published chances."""
    number = _FAIR_LIMIT
    while number >= _FAIR_LIMIT:  # the incomplete last thousand would favour its numbers
        number = int.from_bytes(token_bytes(2), "big")
    return multiple(number % CHANCES)


def multiple(ticket: int) -> int:
    """Return what a ticket from 0 to 999 pays, as a multiple of the stake."""
    assert 0 <= ticket < CHANCES, "tickets are numbered 0 to 999"
    for chances, pays in ODDS:
        if ticket < chances:
            return pays
        ticket -= chances
    raise AssertionError("the chances add up to 1000")
