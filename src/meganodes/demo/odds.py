"""The toy slot as data: its reels, its lines, what they pay, and how a result is drawn.

A round's result is decided by the studio alone, from the operating system's randomness. The hub
carries the money and never learns how a result came about.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from types import MappingProxyType
from typing import Final


class Symbol(StrEnum):
    """What stands on the reels. The key is a joker: it stands for any other symbol."""

    CHERRY = "cherry"
    LEMON = "lemon"
    PLUM = "plum"
    BELL = "bell"
    STAR = "star"
    SEVEN = "seven"
    KEY = "key"


Stops = tuple[int, int, int]
"""Where the three reels stand: on each, the number of the stop that shows in the top row."""

REELS: Final[tuple[tuple[Symbol, ...], ...]] = tuple(
    tuple(Symbol(name) for name in strip.split())
    for strip in (
        """star plum cherry lemon bell cherry seven plum cherry lemon bell cherry plum
        bell lemon cherry plum lemon cherry star lemon cherry star lemon cherry""",
        """cherry bell lemon cherry bell lemon cherry plum star cherry lemon star cherry
        key plum bell cherry star lemon cherry plum seven bell lemon plum""",
        """lemon plum cherry lemon plum cherry lemon plum cherry bell lemon plum cherry
        lemon star cherry lemon plum cherry lemon bell cherry plum seven cherry""",
    )
)
"""The three reels, from the top down; each stop is as likely as any other of its reel."""

PAYS: Final[Mapping[Symbol, int]] = MappingProxyType(
    {
        Symbol.SEVEN: 100,
        Symbol.STAR: 15,
        Symbol.BELL: 8,
        Symbol.PLUM: 5,
        Symbol.LEMON: 3,
        Symbol.CHERRY: 2,
    }
)
"""Three of a kind on a line pay this many times the whole stake."""

LINES: Final[tuple[tuple[int, int, int], ...]] = (
    (1, 1, 1),
    (0, 0, 0),
    (2, 2, 2),
    (0, 1, 2),
    (2, 1, 0),
)
"""The five lines, always all played: for each reel, the row that belongs to the line."""

ROWS: Final = 3
STOPS: Final = len(REELS[0])
CHANCES: Final = STOPS ** len(REELS)
"""How many results there are, all equally likely."""


@dataclass(frozen=True, slots=True)
class PaidLine:
    """A line that pays: its place in ``LINES``, its symbol, how many stakes it pays."""

    line: int
    symbol: Symbol
    pays: int


def window(stops: Stops) -> tuple[tuple[Symbol, ...], ...]:
    """Return what a result shows: for each reel its three symbols, from the top down."""
    return tuple(
        tuple(reel[(stop + row) % STOPS] for row in range(ROWS))
        for reel, stop in zip(REELS, stops, strict=True)
    )


def paid_lines(stops: Stops) -> tuple[PaidLine, ...]:
    """Return the lines that pay, in their order."""
    shown = window(stops)
    found = []
    for number, line in enumerate(LINES):
        symbol = _three_of_a_kind([shown[reel][row] for reel, row in enumerate(line)])
        if symbol is not None:
            found.append(PaidLine(number, symbol, PAYS[symbol]))
    return tuple(found)


def multiple(stops: Stops) -> int:
    """Return what a result pays, as a multiple of the stake."""
    return sum(line.pays for line in paid_lines(stops))


def draw(token_bytes: Callable[[int], bytes]) -> Stops:
    """Draw a result; every one of them is exactly as likely as any other."""
    first, second, third = (_draw_stop(token_bytes) for _ in REELS)
    return first, second, third


@cache
def odds() -> tuple[tuple[int, int], ...]:
    """Return (chances out of ``CHANCES``, multiple of the stake), found by trying every result."""
    counted: Counter[int] = Counter()
    for first, second, third in itertools.product(range(STOPS), repeat=len(REELS)):
        counted[multiple((first, second, third))] += 1
    return tuple((chances, pays) for pays, chances in sorted(counted.items()))


_FAIR_LIMIT: Final = 256 - 256 % STOPS


def _draw_stop(token_bytes: Callable[[int], bytes]) -> int:
    number = _FAIR_LIMIT
    while number >= _FAIR_LIMIT:  # the incomplete last turn would favour its stops
        number = token_bytes(1)[0]
    return number % STOPS


def _three_of_a_kind(line: Sequence[Symbol]) -> Symbol | None:
    """Return the symbol of a line that pays; the key takes the part of any other symbol."""
    kinds = {symbol for symbol in line if symbol is not Symbol.KEY}
    return kinds.pop() if len(kinds) == 1 else None
