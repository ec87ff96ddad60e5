"""What a player reads in the game, in the languages of the Main API; English for any other."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from meganodes.hub.languages import DEFAULT_LANGUAGE, LANGUAGES


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of one language, by what they are for."""

    language: str
    texts: Mapping[str, str]


def words_in(lang: str) -> Words:
    """Return the words of a language by its code, such as ``de``."""
    language = lang if lang in ALL_TEXTS else LANGUAGES[DEFAULT_LANGUAGE]
    return Words(language=language, texts=ALL_TEXTS[language])


ALL_TEXTS: Final[Mapping[str, Mapping[str, str]]] = tomllib.loads(
    files(__package__).joinpath("texts.toml").read_text("utf-8")
)
