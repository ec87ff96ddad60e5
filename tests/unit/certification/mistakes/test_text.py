"""Certification: bodies that are not one JSON object, and what made them so."""

import pytest

from meganodes.certification.mistakes.text import text_mistake
from tests.unit.protocol.asking import refusal

GOOD = refusal(31)


@pytest.mark.parametrize("body", [GOOD, "\ufeff" + GOOD, " {}\n"])
def test_one_object_is_no_mistake(body: str) -> None:
    assert text_mistake(body.encode()) is None


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", "is empty"),
        (b" \n", "is empty"),
        (GOOD.encode("utf-16"), "UTF-16"),
        (GOOD.encode("utf-16-le"), "UTF-16"),
        (b'{"name":"Jos\xe9"}', "not UTF-8"),
        (b'{"result":0,"result":0}', "Send each key once"),
        (b"<br />\n<b>Warning</b>:  Undefined array key" + GOOD.encode(), "display_errors"),
        (b"PHP Fatal error:  Uncaught TypeError in a.php", "PHP printed"),
        (b"Traceback (most recent call last):\n  File", "stack trace"),
        (b"Error: no\n    at bet (/srv/app.js:12:3)", "stack trace"),
        (b"<?xml version='1.0'?><r/>", "is XML"),
        (b"<!DOCTYPE html><title>502 Bad Gateway</title>", '"502 Bad Gateway"'),
        (b"<div>oops</div>", "an HTML page, not JSON"),
        (b"callback(" + GOOD.encode() + b")", "JSONP"),
        (b"debug: 12 " + GOOD.encode(), '"debug: 12" stands before'),
        (GOOD.encode() + GOOD.encode(), "answered twice"),
        (GOOD.encode() + b"\ndone", '"done" stands behind'),
        (b'{"result":0,"data":{"balance":NaN}}', "NaN is not"),
        (b'{"result":0,"data":{"balance": undefined}}', "undefined is not"),
        (b"{'result': 0, 'status': 'OK'}", "json.dumps"),
        (b'{"result":0,}', "comma stands before"),
        (b"result=0&status=OK", "is a form"),
        (b"hello", "is not JSON: expecting value at line 1 column 1"),
        (b"{" * 9 + b"}" * 9, "nested deeper than 8 levels"),
        (b'"{\\"result\\":0}"', "encoded twice"),
        (b'"OK"', "a bare JSON value"),
        (b"[" + GOOD.encode() + b"]", "is a JSON list"),
        (b"null", "a bare JSON value"),
    ],
)
def test_each_body_is_named_by_what_made_it(body: bytes, expected: str) -> None:
    found = text_mistake(body)
    assert found is not None
    assert expected in f"{found.sentence} {found.mend}"


def test_long_texts_are_shown_short_and_on_one_line() -> None:
    found = text_mistake(b"line\n" * 100 + GOOD.encode())
    assert found is not None
    assert len(found.sentence) < 100
    assert "line line" in found.sentence
