"""What is handed to a transport: exact lines for the wire, masked lines for the log."""

from __future__ import annotations

import pytest

from meganodes.callbacks.egress import Target
from meganodes.callbacks.exchange import MASK, Exchange, Headers, is_ok
from meganodes.protocol.replies import HttpReply

TARGET = Target(scheme="https", host="good.example", port=8443, path_and_query="/cb?x=1")
TOKEN = "mnc_canary-token"
SIGNATURE = "v1,canary-signature"
PAIRS = (
    ("Callback-Token", TOKEN),
    ("Accept", "application/json"),
    ("webhook-signature", SIGNATURE),
)


@pytest.mark.rule("3.1-header-casing")
def test_headers_go_out_in_their_order_and_casing() -> None:
    headers = Headers.of(PAIRS)
    assert headers.wire == (
        b"Callback-Token: mnc_canary-token\r\n"
        b"Accept: application/json\r\n"
        b"webhook-signature: v1,canary-signature\r\n"
    )
    assert tuple(headers) == PAIRS


@pytest.mark.rule("3.5-secrets-masked")
def test_stored_copy_is_made_without_the_secrets() -> None:
    headers = Headers.of(PAIRS)
    assert headers.stored == (
        b"Callback-Token: ****\r\nAccept: application/json\r\nwebhook-signature: ****\r\n"
    )
    assert "canary" not in repr(headers)
    assert MASK in repr(headers)


def test_headers_are_joined_in_both_forms() -> None:
    joined = Headers.of(PAIRS[:1]) + Headers.of(PAIRS[1:])
    assert joined.wire == Headers.of(PAIRS).wire
    assert joined.stored == Headers.of(PAIRS).stored


@pytest.mark.parametrize("bad", ["a\r\nX-Evil: 1", "a\nb", "a\x00", "é", "\t", "\x7f"])
def test_header_that_would_become_two_is_a_defect(bad: str) -> None:
    with pytest.raises(ValueError, match="printable ASCII"):
        Headers.of((("X", bad),))
    with pytest.raises(ValueError, match="printable ASCII"):
        Headers.of(((bad, "x"),))


def test_request_and_its_stored_copy_differ_in_the_secrets_alone() -> None:
    exchange = Exchange(
        agent_id=1, target=TARGET, headers=Headers.of(PAIRS), body=b'{"a":1}', deadline=1.0
    )
    assert exchange.request_bytes() == (
        b"POST /cb?x=1 HTTP/1.1\r\nHost: good.example:8443\r\n"
        b"Callback-Token: mnc_canary-token\r\nAccept: application/json\r\n"
        b'webhook-signature: v1,canary-signature\r\nContent-Length: 7\r\n\r\n{"a":1}'
    )
    assert exchange.stored_bytes() == exchange.request_bytes().replace(
        TOKEN.encode(), b"****"
    ).replace(SIGNATURE.encode(), b"****")
    assert "canary" not in repr(exchange)


@pytest.mark.parametrize(
    ("status", "clean"), [(200, True), (204, False), (302, False), (500, False)]
)
def test_reply_is_clean_by_its_status_unless_somebody_knows_better(
    status: int, *, clean: bool
) -> None:
    assert is_ok(HttpReply(status=status, headers=(), body=b"")) is clean
