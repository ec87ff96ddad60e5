"""The languages of the Main API by their number, and the name of a thing in one of them."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

DEFAULT_LANGUAGE: Final = 1

LANGUAGES: Final[Mapping[int, str]] = MappingProxyType(
    {
        1: "en",
        2: "ko",
        3: "th",
        4: "es",
        5: "ja",
        6: "pt",
        7: "tr",
        8: "de",
        9: "id",
        10: "ms",
        11: "zh",
    }
)
"""``lang`` of the wire to the language's code (contract 2.1)."""


def language_number(lang: int | None) -> int:
    """Give the language to use: left out or outside 1 to 11 is taken as 1 (contract 2.1)."""
    return lang if lang is not None and lang in LANGUAGES else DEFAULT_LANGUAGE


def localised(name: str, names: Mapping[str, str], lang: int) -> str:
    """Give a name in a language, or the plain name where there is none."""
    return names.get(LANGUAGES[language_number(lang)], name)
