"""What the toy slot pays in the long run, exactly: every result is looked at, nothing estimated."""

from __future__ import annotations

import itertools
from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from meganodes.demo.odds import CHANCES, LINES, PAYS, REELS, STOPS, Symbol, odds, paid_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolFigures:
    """How often three of a symbol stand on a line, and what that gives back of all stakes.

    ``on_each_line`` counts the results, out of all, in which a given line pays this symbol.
    """

    symbol: Symbol
    pays: int
    on_each_line: int
    returned: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The figures of the whole game.

    ``returned`` is the return to the player: stakes given back as wins, in the long run. ``hits``
    is the share of rounds that pay anything, ``most`` the largest multiple of the stake.
    """

    results: int
    returned: Fraction
    hits: Fraction
    most: int
    symbols: tuple[SymbolFigures, ...]


@cache
def figures() -> Figures:
    """Count every result of the three reels."""
    found = odds()
    counted: Counter[Symbol] = Counter()
    for first, second, third in itertools.product(range(STOPS), repeat=len(REELS)):
        counted.update(paid.symbol for paid in paid_lines((first, second, third)))
    return Figures(
        results=CHANCES,
        returned=Fraction(sum(chances * pays for chances, pays in found), CHANCES),
        hits=Fraction(sum(chances for chances, pays in found if pays), CHANCES),
        most=max(pays for _, pays in found),
        symbols=tuple(
            SymbolFigures(
                symbol=symbol,
                pays=pays,
                on_each_line=counted[symbol] // len(LINES),
                returned=Fraction(counted[symbol] * pays, CHANCES),
            )
            for symbol, pays in PAYS.items()
        ),
    )


def percent(share: Fraction, decimals: int = 2) -> str:
    """Write a share as a percentage, rounded half up; a whole number without decimals."""
    scaled = (share * 100 * 10**decimals * 2 + 1) // 2
    whole, rest = divmod(scaled, 10**decimals)
    return f"{whole}.{rest:0{decimals}}" if (share * 100).denominator != 1 else str(whole)
