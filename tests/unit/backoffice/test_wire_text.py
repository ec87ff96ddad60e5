"""Bytes as people read them: exact, harmless, and without secrets."""

from __future__ import annotations

import pytest

from meganodes.backoffice.wire_text import as_curl, message_of, shown
from tests.support.builders import an_agent

REQUEST = (
    b"POST /callback?a=1 HTTP/1.1\r\nHost: wallet.example.com:8443\r\nCallback-Token: secret\r\n"
    b"webhook-signature: v1,secret\r\nAccept: application/json\r\nContent-Length: 17\r\n\r\n"
    b'{"name":"O\'Neil"}'
)


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (b'{"balance":1}', '{"balance":1}'),
        ("Zoë 桜".encode(), "Zoë 桜"),
        (b"a\xff\xfeb", "a\\xff\\xfeb"),
        (b"a\x00\x1b[2J", "a\\x00\\x1b[2J"),
        ("a\u202eb\u200bc".encode(), "a\\u202eb\\u200bc"),
        (b"one\r\ntwo\n\tthree\rfour", "one\ntwo\n\tthree\\x0dfour"),
    ],
)
def test_bytes_are_shown_exactly_and_do_no_harm(raw: bytes, text: str) -> None:
    assert shown(raw) == text


@pytest.mark.rule("3.5-secrets-masked")
def test_message_is_taken_apart_with_its_secrets_masked() -> None:
    message = message_of(REQUEST)
    assert message is not None
    assert message.first_line == "POST /callback?a=1 HTTP/1.1"
    assert message.headers == (
        ("Host", "wallet.example.com:8443"),
        ("Callback-Token", "****"),
        ("webhook-signature", "****"),
        ("Accept", "application/json"),
        ("Content-Length", "17"),
    )
    assert message.body == b'{"name":"O\'Neil"}'
    assert "secret" not in message.text


def test_nothing_is_no_message() -> None:
    assert message_of(b"") is None


def test_broken_reply_is_shown_all_the_same() -> None:
    message = message_of(b"\x16\x03\x01 not http")
    assert message is not None
    assert (message.first_line, message.body_text) == ("\\x16\\x03\\x01 not http", "")


def test_request_becomes_a_command_for_a_shell() -> None:
    message = message_of(REQUEST)
    assert message is not None
    assert as_curl(message, an_agent()) == (
        "curl -X POST 'https://wallet.example.com:8443/callback?a=1' \\\n"
        "  -H 'Callback-Token: ****' \\\n"
        "  -H 'Accept: application/json' \\\n"
        """  --data-binary '{"name":"O'"'"'Neil"}'"""
    )
