"""Words, amounts and dates of a round's page in eleven languages."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meganodes.hub.languages import LANGUAGES
from meganodes.hub.round_page_steps import Standing, StepKind
from meganodes.player_pages.round_texts import RoundWords, round_words
from meganodes.protocol.money import format_amount

LANGUAGE_CODES = tuple(LANGUAGES.values())
WORDS = [
    field.name
    for field in fields(RoundWords)
    if field.type == "str" and field.name not in {"decimal", "group"}
]
POSSIBLE = {
    StepKind.BET: (
        Standing.DONE,
        Standing.REFUSED,
        Standing.BALANCE_TOO_LOW,
        Standing.CANCELLED,
        Standing.NOT_BOOKED,
        Standing.CHECKING,
    ),
    StepKind.WIN: (Standing.DONE, Standing.ON_ITS_WAY, Standing.CHECKING, Standing.BY_HAND),
    StepKind.NO_WIN: (Standing.DONE,),
    StepKind.RETURN: (Standing.DONE, Standing.ON_ITS_WAY, Standing.CHECKING, Standing.BY_HAND),
}


@pytest.mark.parametrize("language", LANGUAGE_CODES)
def test_every_language_has_every_word(language: str) -> None:
    """Contract 2.1: eleven languages."""
    words = round_words(language)
    assert all(len(getattr(words, name)) > 0 for name in WORDS)
    wanted = {kind.value for kind in StepKind} | {
        f"{kind}_{standing}" for kind, standings in POSSIBLE.items() for standing in standings
    }
    assert set(words.steps) == wanted
    assert len(words.months) in {0, 12}
    assert "{zone}" in words.times


@pytest.mark.parametrize("name", [name for name in WORDS if name != "date"])
def test_no_language_but_english_has_english_words(name: str) -> None:
    english = getattr(round_words("en"), name)
    others = [getattr(round_words(code), name) for code in LANGUAGE_CODES if code != "en"]
    assert english not in others


@pytest.mark.parametrize(
    ("language", "amount_minor", "exponent", "expected"),
    [
        ("en", 0, 2, "0.00"),
        ("en", 123_456, 2, "1,234.56"),
        ("en", 99_999, 2, "999.99"),
        ("en", 123_456_789, 0, "123,456,789"),
        ("en", -1_050, 2, "\u221210.50"),
        ("de", 123_456, 2, "1.234,56"),
        ("es", 123_456, 2, "1234,56"),
        ("es", 1_234_567, 2, "12.345,67"),
        ("pt", 123_456, 2, "1.234,56"),
        ("ja", 123_456, 0, "123,456"),
        ("ko", 1, 8, "0.00000001"),
        ("tr", 2**53 - 1, 8, "90.071.992,54740991"),
        ("th", 5, 3, "0.005"),
        ("zh", -(2**53 - 1), 0, "\u22129,007,199,254,740,991"),
    ],
)
def test_amount_is_written_as_the_language_does(
    language: str, amount_minor: int, exponent: int, expected: str
) -> None:
    assert round_words(language).amount(amount_minor, exponent) == expected


@given(
    amount_minor=st.integers(0, 2**53 - 1),
    exponent=st.integers(0, 8),
    language=st.sampled_from(LANGUAGE_CODES),
)
def test_no_digit_of_an_amount_is_lost(amount_minor: int, exponent: int, language: str) -> None:
    words = round_words(language)
    written = words.amount(amount_minor, exponent, sign="+")
    plain = written[1:].replace(words.group, "").replace(words.decimal, ".")
    assert written[0] == "+"
    assert plain == format_amount(amount_minor, exponent)
    whole = written[1:].split(words.decimal)[0] if exponent else written[1:]
    assert re.fullmatch(r"\d{1,4}|\d{1,3}(\D\d{3})+", whole)


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "5 March 2026"),
        ("ko", "2026년 3월 5일"),
        ("th", "5 มีนาคม ค.ศ. 2026"),
        ("es", "5 de marzo de 2026"),
        ("ja", "2026年3月5日"),
        ("de", "5. März 2026"),
        ("tr", "5 Mart 2026"),
        ("ms", "5 Mac 2026"),
    ],
)
def test_day_is_written_as_the_language_does(language: str, expected: str) -> None:
    assert round_words(language).day(datetime(2026, 3, 5, tzinfo=UTC)) == expected
