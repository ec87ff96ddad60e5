"""What players read on the page of a round, and how their language writes amounts and dates."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Final

from meganodes.protocol.money import format_amount

MINUS: Final = "\u2212"
PLUS: Final = "+"
_GROUP_DIGITS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundWords:
    """The words of the page in one language.

    ``times`` has a place for the time zone, ``date`` for day, month and year. ``months`` is empty
    where a month is written as its number. From ``group_from`` digits on, those before the decimal
    sign are grouped in threes. ``steps`` names each kind of step, and kind and standing together.
    """

    round: str
    finished: str
    open: str
    result: str
    result_so_far: str
    staked: str
    returned: str
    won: str
    unpaid: str
    what_happened: str
    replay: str
    new_tab: str
    times: str
    language: str
    date: str
    months: tuple[str, ...]
    decimal: str
    group: str
    group_from: int
    steps: dict[str, str]

    def amount(self, amount_minor: int, exponent: int, *, sign: str = "") -> str:
        """Write an amount, exactly, the way the language does; a negative one has its minus."""
        whole, dot, decimals = format_amount(abs(amount_minor), exponent).partition(".")
        if len(whole) >= self.group_from:
            whole = _grouped(whole, self.group)
        shown_sign = MINUS if amount_minor < 0 else sign
        return f"{shown_sign}{whole}{self.decimal if dot else ''}{decimals}"

    def day(self, at: datetime) -> str:
        """Write a date."""
        month = self.months[at.month - 1] if self.months else str(at.month)
        return self.date.format(day=at.day, month=month, year=at.year)


def _grouped(digits: str, separator: str) -> str:
    first = len(digits) % _GROUP_DIGITS or _GROUP_DIGITS
    rest = range(first, len(digits), _GROUP_DIGITS)
    return separator.join([digits[:first], *(digits[at : at + _GROUP_DIGITS] for at in rest)])


@cache
def round_words(language: str) -> RoundWords:
    """Give the words in one of the languages."""
    texts = _TEXTS[language]
    return RoundWords(**{**texts, "months": tuple(texts["months"])})


_TEXTS: Final = tomllib.loads(files(__package__).joinpath("round_texts.toml").read_text("utf-8"))
