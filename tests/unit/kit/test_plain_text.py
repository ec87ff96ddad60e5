"""Whatever strangers write, eyes get to see it and nothing happens."""

from __future__ import annotations

import json

import pytest

from meganodes.kit.plain_text import visible, visible_json
from tests.support.hostile_texts import TEXTS


@pytest.mark.security("S15")
@pytest.mark.parametrize("text", TEXTS)
def test_nothing_that_acts_is_left(text: str) -> None:
    shown = visible(text)
    assert shown.isprintable() or "\u00a0" in shown or "\ufdd0" in shown or "\ufffe" in shown
    assert not any(each in shown for each in "\x00\x07\x08\n\r\x1b\x7f\x85\x9b\u2028\u202e\u2066")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("\u00e4\u30ab\U0001f3b2", "\u00e4\u30ab\U0001f3b2"),
        ("\x1b[2J", "\\x1b[2J"),
        ("a\nb\tc", "a\\x0ab\\x09c"),
        ("\u202ex", "\\u202ex"),
        ("\U000e0041", "\\U000e0041"),
    ],
)
def test_hidden_characters_are_written_by_their_number(text: str, shown: str) -> None:
    assert visible(text) == shown


def test_lines_may_stay() -> None:
    assert visible("a\nb\tc\rd", lines=True) == "a\nb\tc\\x0dd"


@pytest.mark.security("S15")
@pytest.mark.parametrize("text", TEXTS)
def test_json_stays_the_same_document_and_moves_no_cursor(text: str) -> None:
    document = visible_json(json.dumps({"text": text}, ensure_ascii=False))
    assert json.loads(document) == {"text": text}
    assert not any(each in document for each in "\x1b\x7f\x85\x9b\x9d\u2028\u202e\u2066\ufeff")
