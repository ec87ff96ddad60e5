"""The words of a made-up catalogue: whole in every language, put together as each does it."""

from __future__ import annotations

import itertools

from meganodes.hub.catalogue_words import themed, words
from meganodes.hub.languages import LANGUAGES


def test_every_word_is_there_in_every_language() -> None:
    table = words()
    things = [*table.themes, *table.reels, *table.editions]
    things += [names for _, names in (*table.live, *table.mini)]
    for names in things:
        assert list(names) == list(LANGUAGES.values())
        assert all(name == name.strip() != "" for name in names.values())


def test_no_word_means_two_things() -> None:
    table = words()
    for group in (table.themes, table.reels):
        for language in ("en", "ko", "de", "zh"):
            named = [names[language] for names in group]
            assert len(set(named)) == len(named)


def test_names_of_providers_have_a_sound_in_four_scripts() -> None:
    table = words()
    parts = [*table.provider_beginnings, *table.provider_ends]
    assert all(list(names) == ["en", "ko", "th", "ja", "zh"] for names in parts)
    pairs = itertools.product(table.provider_beginnings, table.provider_ends)
    whole = [beginning["en"] + end["en"] for beginning, end in pairs]
    assert len(set(whole)) == len(whole) >= 200


def test_each_language_puts_theme_and_thing_together_in_its_way() -> None:
    table = words()
    assert themed(table.themes[0], table.reels[1]) == {
        "en": "Dragon Temple",
        "ko": "드래곤 신전",
        "th": "วิหารมังกร",
        "es": "Templo del Dragón",
        "ja": "ドラゴンの神殿",
        "pt": "Templo do Dragão",
        "tr": "Ejderha Tap\u0131na\u011f\u0131",
        "de": "Drachentempel",
        "id": "Kuil Naga",
        "ms": "Kuil Naga",
        "zh": "神龙神殿",
    }
