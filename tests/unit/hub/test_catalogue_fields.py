"""Fields as files have them: numbers as text, words for truth, values that are safe to show."""

from __future__ import annotations

import pytest

from meganodes.hub.catalogue_fields import (
    RawFields,
    integer,
    read_game,
    shown,
    shown_plainly,
    unknown_names,
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (7, 7),
        ("7", 7),
        ("007", 7),
        ("9" * 18, 10**18 - 1),
        *((bad, None) for bad in (True, None, "", "-1", "1.0", "\u0667", "9" * 19, 1.5, [7])),
    ],
)
def test_integers_are_read_also_as_text(value: object, expected: int | None) -> None:
    assert integer(value) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [*((yes, True) for yes in (True, "true", "TRUE", "1", "yes")), *(
        (no, False) for no in (False, "false", "0", "no", "No")
    )],
)  # fmt: skip
def test_truth_is_read_also_as_text(value: object, expected: bool) -> None:
    fields = RawFields({"launch_enable": value})
    assert fields.flag("launch_enable") is expected
    assert fields.reasons == []


def test_every_bad_field_is_noted_with_a_sentence_that_names_it() -> None:
    fields = RawFields({"provider_id": "x", "name": "", "names": {"xx": "y"}, "status": "three"})
    fields.number("provider_id")
    fields.text("name")
    fields.names()
    fields.status()
    fields.text("missing")
    assert [field for field, _ in fields.reasons] == [
        "provider_id",
        "name",
        "names",
        "status",
        "missing",
    ]
    assert all(sentence.startswith(field) for field, sentence in fields.reasons)


def test_what_is_found_later_is_noted_of_fields_that_are_not_noted_yet() -> None:
    fields = RawFields({"game_code": "a", "name": 5, "category": "mini", "image": "a.png"})
    read_game(7, fields)
    assert [field for field, _ in fields.reasons] == ["name", "image"]


def test_empty_names_are_no_names() -> None:
    assert RawFields({"names": {"ko": "", "ja": "あ"}}).names() == {"ja": "あ"}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("abc", "'abc'"),
        ("\x1b[2J", "'\\x1b[2J'"),
        ("\u202e", "'\\u202e'"),
        ("x" * 41, f"'{'x' * 40}...'"),
    ],
)
def test_shown_values_are_short_and_give_a_terminal_no_orders(value: str, expected: str) -> None:
    assert shown(value) == expected
    assert shown_plainly(value) == ("abc" if value == "abc" else expected)


def test_unknown_names_are_given_once() -> None:
    assert unknown_names(["a", "b", "b", "c\n"], {"a"}) == {"b", "'c\\n'"}
