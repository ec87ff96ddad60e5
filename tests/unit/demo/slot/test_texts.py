"""The game speaks the languages of the Main API, each of them completely."""

from __future__ import annotations

import re

import pytest

import meganodes.demo.lobby.door as lobby
from meganodes.demo.odds import Symbol
from meganodes.demo.slot.texts import ALL_TEXTS, words_in
from meganodes.hub.languages import LANGUAGES

TABLES = [ALL_TEXTS, lobby.ALL_TEXTS]


@pytest.mark.parametrize("texts", TABLES)
def test_every_language_has_every_text(texts: dict[str, dict[str, str]]) -> None:
    assert set(texts) == set(LANGUAGES.values())
    for language, table in texts.items():
        assert set(table) == set(texts["en"]), language
        assert all(table.values()), language


@pytest.mark.parametrize("texts", TABLES)
def test_every_text_has_the_places_of_the_english_one(texts: dict[str, dict[str, str]]) -> None:
    for language, table in texts.items():
        for name, text in table.items():
            wanted = sorted(re.findall(r"\{\w+\}", texts["en"][name]))
            assert sorted(re.findall(r"\{\w+\}", text)) == wanted, (language, name)


def test_every_symbol_has_a_name() -> None:
    assert {symbol.value for symbol in Symbol} <= set(ALL_TEXTS["en"])


@pytest.mark.parametrize(("asked", "given"), [("de", "de"), ("fr", "en"), ("", "en"), ("EN", "en")])
def test_an_unknown_language_reads_english(asked: str, given: str) -> None:
    words = words_in(asked)
    assert words.language == given
    assert words.texts["spin"] == ALL_TEXTS[given]["spin"]
