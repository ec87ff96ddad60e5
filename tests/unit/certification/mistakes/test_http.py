"""Certification: what stands behind another HTTP status than 200."""

import pytest

from meganodes.certification.mistakes.http import status_mistake
from meganodes.protocol.replies import HttpReply
from tests.unit.protocol.asking import JSON, refusal


def words(status: int, body: str = "", location: bytes = b"") -> str:
    headers = (*JSON, (b"location", location)) if location else JSON
    found = status_mistake(HttpReply(status=status, headers=headers, body=body.encode()))
    assert found is not None
    return f"{found.sentence} {found.mend}"


def test_status_200_is_no_mistake() -> None:
    assert status_mistake(HttpReply(status=200, headers=JSON, body=b"<html>")) is None


@pytest.mark.parametrize(
    ("location", "expected"),
    [
        (b"/login?next=/callback", "without a login"),
        (b"https://casino.example/callback", "the https address"),
        (b"/callback/", "a slash at its end"),
        (b"", "the final address"),
    ],
)
def test_a_redirect_is_named_by_where_it_leads(location: bytes, expected: str) -> None:
    said = words(302, location=location)
    assert expected in said
    assert "follow none" in said


def test_a_refusal_by_http_status_is_told_apart_from_a_failure() -> None:
    said = words(402, refusal(31))
    assert "although the body is a reply with result 31" in said
    assert "HTTP status 200" in said


def test_the_page_of_a_csrf_guard_is_known() -> None:
    assert "csrf_exempt" in words(403, "<h1>Forbidden</h1><p>CSRF verification failed.</p>")


def test_a_framework_that_checks_models_is_known() -> None:
    assert "checked the request against a model" in words(422, '{"detail":[{"loc":["body"]}]}')


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (204, "no body"),
        (400, "threw the request away"),
        (401, "without a login"),
        (403, "firewall"),
        (404, "Compare the callback URL with your route"),
        (405, "for POST"),
        (413, "64 KiB"),
        (415, "application/json"),
        (418, "not 200"),
        (419, "CSRF"),
        (429, "rate limit"),
        (500, "nobody caught"),
        (502, "proxy"),
        (503, "workers"),
        (504, "2 s"),
    ],
)
@pytest.mark.parametrize("body", ["", "[]", '{"error":"no"}', '{"result":true}'])
def test_every_usual_status_has_words_of_its_own(status: int, body: str, expected: str) -> None:
    said = words(status, body)
    assert expected in said
    assert str(status) in said
