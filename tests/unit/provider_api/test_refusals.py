"""Reading of the headers that decide about a request before its body is looked at."""

from __future__ import annotations

import pytest

from meganodes.provider_api.refusals import CODED_BODY, FORM_BODY, bearer_token, content_fault


@pytest.mark.parametrize(
    ("value", "token"),
    [
        (b"Bearer abc", "abc"),
        (b"bearer abc", "abc"),
        (b"BEARER   abc  ", "abc"),
        (b"Bearer \xff", "\xff"),
        (b"Bearer", None),
        (b"Bearer ", None),
        (b"Basic abc", None),
        (b"abc", None),
        (b"", None),
    ],
)
def test_the_token_stands_behind_bearer(value: bytes, token: str | None) -> None:
    assert bearer_token([(b"host", b"x"), (b"authorization", value)]) == token


def test_no_header_and_two_headers_give_no_token() -> None:
    assert bearer_token([(b"host", b"x")]) is None
    assert bearer_token([(b"authorization", b"Bearer a"), (b"authorization", b"Bearer a")]) is None


@pytest.mark.parametrize(
    "content_type",
    [b"application/x-www-form-urlencoded", b"Multipart/Form-Data; boundary=x"],
)
def test_form_bodies_are_refused(content_type: bytes) -> None:
    assert content_fault({b"content-type": content_type}) is FORM_BODY


@pytest.mark.parametrize("content_type", [b"application/json; charset=utf-8", b"text/plain", b""])
def test_any_other_type_may_carry_json(content_type: bytes) -> None:
    assert content_fault({b"content-type": content_type}) is None
    assert content_fault({}) is None


def test_compressed_bodies_are_refused() -> None:
    assert content_fault({b"content-encoding": b"gzip"}) is CODED_BODY
    assert content_fault({b"content-encoding": b"Identity"}) is None
