"""Languages by number."""

import pytest

from meganodes.hub.languages import LANGUAGES, language_number, localised


@pytest.mark.rule("2.1-languages")
def test_the_numbers_are_the_family_s() -> None:
    """Contract 2.1."""
    assert list(LANGUAGES) == list(range(1, 12))
    assert " ".join(LANGUAGES.values()) == "en ko th es ja pt tr de id ms zh"


@pytest.mark.rule("2.1-lang-default")
@pytest.mark.parametrize(("lang", "expected"), [(None, 1), (1, 1), (11, 11), (0, 1), (12, 1)])
def test_anything_else_is_english(lang: int | None, expected: int) -> None:
    assert language_number(lang) == expected


def test_name_falls_back_to_the_plain_one() -> None:
    assert localised("Fruits", {"ko": "과일"}, 2) == "과일"
    assert localised("Fruits", {"ko": "과일"}, 8) == "Fruits"
