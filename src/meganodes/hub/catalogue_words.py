"""The words of a made-up catalogue, and how a language puts two of them together."""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

Names = Mapping[str, str]
"""One thing's name by language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """What names are made of; ``live`` and ``mini`` are pairs of sub-category and name."""

    themes: Sequence[Names]
    reels: Sequence[Names]
    editions: Sequence[Names]
    live: Sequence[tuple[str, Names]]
    mini: Sequence[tuple[str, Names]]
    provider_beginnings: Sequence[Names]
    provider_ends: Sequence[Names]
    provider_houses: Sequence[str]


@functools.cache
def words() -> Words:
    """Read the table of words."""
    table: dict[str, Any] = tomllib.loads(
        Path(__file__).with_suffix(".toml").read_text(encoding="utf-8")
    )
    languages, companies = table["languages"], table["providers"]
    return Words(
        themes=_lines(languages, table["themes"]),
        reels=_lines(languages, table["reels"]),
        editions=_lines(languages, table["editions"]),
        live=[(kind, _line(languages, line)) for kind, line in table["live"].items()],
        mini=[(kind, _line(languages, line)) for kind, line in table["mini"].items()],
        provider_beginnings=_lines(companies["languages"], companies["beginnings"]),
        provider_ends=_lines(companies["languages"], companies["ends"]),
        provider_houses=companies["houses"],
    )


def themed(theme: Names, thing: Names) -> dict[str, str]:
    """Name a thing after a theme in every language: Dragon Temple, Drachentempel, 神龙神殿."""
    return {
        language: _JOINED.get(language, _theme_first)(theme[language], name)
        for language, name in thing.items()
    }


def _lines(languages: Sequence[str], lines: Sequence[Sequence[str]]) -> list[Names]:
    return [_line(languages, line) for line in lines]


def _line(languages: Sequence[str], line: Sequence[str]) -> Names:
    return MappingProxyType(dict(zip(languages, line, strict=True)))


def _theme_first(theme: str, thing: str) -> str:
    return f"{theme} {thing}"


def _theme_last(theme: str, thing: str) -> str:
    return f"{thing} {theme}"


_JOINED: Final[Mapping[str, Callable[[str, str], str]]] = MappingProxyType(
    {
        "th": lambda theme, thing: f"{thing}{theme}",
        "es": _theme_last,
        "ja": lambda theme, thing: f"{theme}の{thing}",
        "pt": _theme_last,
        "de": lambda theme, thing: f"{theme}{thing[:1].lower()}{thing[1:]}",
        "id": _theme_last,
        "ms": _theme_last,
        "zh": lambda theme, thing: f"{theme}{thing}",
    }
)
