"""Numbers that somebody typed."""

from __future__ import annotations

import pytest

from meganodes.backoffice.numbers import NUMBER_MAX, number_of


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("007", 7),
        (str(NUMBER_MAX), NUMBER_MAX),
        (str(NUMBER_MAX + 1), None),
        ("9" * 5_000, None),
        ("", None),
        ("-1", None),
        ("1.0", None),
        ("1e3", None),
        (" 1", None),
        ("\u00b2", None),
        ("\uff11", None),
    ],
)
def test_digits_of_ascii_and_nothing_else(text: str, number: int | None) -> None:
    assert number_of(text) == number
