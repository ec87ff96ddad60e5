"""The words of the pages, and whose language they are in."""

import pytest

from meganodes.hub.languages import LANGUAGES
from meganodes.player_pages.texts import (
    LANGUAGE_NAMES,
    Topic,
    language_asked,
    language_of,
    wording,
)


@pytest.mark.parametrize("language", LANGUAGES.values())
@pytest.mark.parametrize("topic", Topic)
def test_every_page_has_words_in_every_language(topic: Topic, language: str) -> None:
    """Contract 2.1: eleven languages."""
    words = wording(topic, language)
    assert words.language == language
    assert all(len(text) > 1 for text in (words.title, words.text, words.back))


def test_no_language_repeats_the_english_words() -> None:
    titles = {wording(Topic.USED, language).title for language in LANGUAGES.values()}
    assert len(titles) == len(LANGUAGES)


@pytest.mark.parametrize(
    ("lang", "accept_language", "expected"),
    [
        (8, "ko", "de"),
        (99, "ko", "en"),
        (None, "", "en"),
        (None, "ko", "ko"),
        (None, "de-AT,de;q=0.9,en;q=0.8", "de"),
        (None, "fr-FR, fr;q=0.9, pt-BR;q=0.5, en;q=0.4", "pt"),
        (None, "en;q=0.2, zh-Hant-TW ; q = 0.7", "zh"),
        (None, "th;q=0, es;q=0.1", "es"),
        (None, "fr, *;q=0.5", "en"),
        (None, "TR", "tr"),
        (None, ";;;,,q=1,de;q=9", "en"),
    ],
)
def test_language_is_the_launch_s_or_the_browser_s(
    lang: int | None, accept_language: str, expected: str
) -> None:
    assert language_of(lang, accept_language) == expected


@pytest.mark.parametrize(
    ("code", "accept_language", "expected"),
    [
        ("de", "ko", "de"),
        ("", "ko", "ko"),
        ("xx", "ko", "ko"),
        ("DE", "", "en"),
        ("../en", "", "en"),
    ],
)
def test_language_chosen_on_the_page_goes_before_the_browser_s(
    code: str, accept_language: str, expected: str
) -> None:
    assert language_asked(code, accept_language) == expected


def test_every_language_has_its_own_name() -> None:
    assert list(LANGUAGE_NAMES) == list(LANGUAGES.values())
    assert len(set(LANGUAGE_NAMES.values())) == len(LANGUAGES)
