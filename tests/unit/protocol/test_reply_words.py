"""Words about values that came: short, printable, and naming their type."""

import pytest

from meganodes.protocol.reply_words import note_extra_keys, shown
from meganodes.protocol.wire import Number


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "null"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (-21, "-21"),
        (Number("0.0"), "0.0"),
        (Number("9" * 40), "9" * 40),
        (Number("9" * 41), "9" * 40 + "..."),
        ("", 'the text ""'),
        ("a\n\u202e", 'the text "a\\n\\u202e"'),
        ("x" * 40, 'the text "' + "x" * 40 + '"'),
        ("x" * 41, 'the text "' + "x" * 40 + '"...'),
        ([], "a list"),
        ([0], "a list"),
        ({}, "an object"),
        ({"a": 1}, "an object"),
    ],
)
def test_a_value_is_named_short_and_harmless(value: object, words: str) -> None:
    assert shown(value) == words
    assert shown(value).isascii()


KNOWN = frozenset({"a", "b"})


@pytest.mark.parametrize(
    ("keys", "notes"),
    [
        ("", []),
        ("a", []),
        ("ab", []),
        ("abc", ['it has extra keys, ignored: "c"']),
        ("cdefg", ['it has extra keys, ignored: "c", "d", "e", "f", "g"']),
        ("cdefgh", ['it has extra keys, ignored: "c", "d", "e", "f", "g" and 1 more']),
    ],
)
def test_extra_keys_are_named_up_to_five(keys: str, notes: list[str]) -> None:
    told: list[str] = []
    note_extra_keys(told, dict.fromkeys(keys), KNOWN, "it")
    assert told == notes
