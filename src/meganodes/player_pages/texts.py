"""What players read, in the eleven languages of the Main API, and which of them a browser wants."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from meganodes.hub.languages import DEFAULT_LANGUAGE, LANGUAGES

_PREFERENCE: Final = re.compile(
    r"\s*(?P<tag>[A-Za-z]{2,3})(?:-[A-Za-z0-9-]+)?\s*(?:;\s*q\s*=\s*(?P<q>[01](?:\.\d{0,3})?)\s*)?",
    re.ASCII,
)
_PREFERENCES_MAX: Final = 20


class Topic(StrEnum):
    """Why a page stands where a game or a round should be."""

    USED = "used"
    EXPIRED = "expired"
    UNKNOWN = "unknown"
    CLOSED = "closed"
    FAILED = "failed"
    ROUND_EXPIRED = "round_expired"
    ROUND_UNKNOWN = "round_unknown"
    ROUND_FAILED = "round_failed"


LANGUAGE_NAMES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "en": "English",
        "ko": "한국어",
        "th": "ไทย",
        "es": "Español",
        "ja": "日本語",
        "pt": "Português",
        "tr": "Türkçe",
        "de": "Deutsch",
        "id": "Bahasa Indonesia",
        "ms": "Bahasa Melayu",
        "zh": "中文",
    }
)
"""What each language calls itself, by its code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """The words of one page in one language."""

    language: str
    title: str
    text: str
    back: str


def wording(topic: Topic, language: str) -> Wording:
    """Give the words of a page in one of the languages."""
    texts = _TEXTS[language]
    title, text = texts[topic.value]
    return Wording(language=language, title=title, text=text, back=str(texts["back"]))


def language_of(lang: int | None, accept_language: str) -> str:
    """Give the player's language: that of the launch if known, else what the browser asks for."""
    if lang is not None:
        return LANGUAGES.get(lang, LANGUAGES[DEFAULT_LANGUAGE])
    known = [(q, code) for q, code in _preferences(accept_language) if code in _TEXTS and q > 0]
    best = max(known, key=lambda each: each[0], default=(0.0, LANGUAGES[DEFAULT_LANGUAGE]))
    return best[1]


def language_asked(code: str, accept_language: str) -> str:
    """Give the language of this code, or, when there is none, what the browser asks for."""
    return code if code in _TEXTS else language_of(None, accept_language)


def _preferences(accept_language: str) -> list[tuple[float, str]]:
    parts = accept_language.split(",")[:_PREFERENCES_MAX]
    found = [_PREFERENCE.fullmatch(part) for part in parts]
    return [(float(each["q"] or 1), each["tag"].lower()) for each in found if each]


_TEXTS: Final = tomllib.loads(files(__package__).joinpath("texts.toml").read_text("utf-8"))
