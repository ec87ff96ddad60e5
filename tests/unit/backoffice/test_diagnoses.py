"""What is said about a logged reply: the words of `meganodes explain`, from its kept bytes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meganodes.backoffice.diagnoses import diagnoses_of
from meganodes.journal.store import AttemptRecord
from tests.support.builders import an_agent

BODY = b'{"result":31,"status":"ERROR","data":{}}'
AGENT = an_agent()


def attempt(reply: bytes, *, status: int | None = 200, request: bytes = b"") -> AttemptRecord:
    return AttemptRecord(
        attempt_id=1,
        agent_id=AGENT.agent_id,
        trans_id=None,
        account="anna",
        command="bet",
        number=1,
        started_at_ms=0,
        duration_ms=1,
        outcome="unknown",
        phase="complete",
        result=31,
        http_status=status,
        request=request,
        reply=reply,
    )


def http(body: bytes, *headers: bytes, start: bytes = b"HTTP/1.1 200 OK") -> bytes:
    lines = (start, b"Content-Type: application/json", *headers)
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


def said(reply: bytes) -> list[str]:
    return [each.sentence for each in diagnoses_of(attempt(reply), AGENT)]


def test_a_logged_reply_is_diagnosed() -> None:
    (sentence,) = said(http(BODY))
    assert sentence.startswith("data.balance is missing in a refusal with 31")


def test_a_reply_in_chunks_is_put_together() -> None:
    chunks = (
        b"5;x=y\r\n" + BODY[:5] + b"\r\n" + b"%x\r\n" % len(BODY[5:]) + BODY[5:] + b"\r\n0\r\n\r\n"
    )
    assert said(http(chunks, b"Transfer-Encoding: chunked")) == said(http(BODY))


@pytest.mark.parametrize("chunks", [b"", b"oops\r\n", b"5\r\nab\r\n0\r\n\r\n", b"2\r\nab\r\n"])
def test_chunks_that_do_not_add_up_are_left_alone(chunks: bytes) -> None:
    assert said(http(chunks, b"Transfer-Encoding: chunked")) == []


def test_interim_replies_are_passed_over() -> None:
    interim = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"
    assert said(interim + http(BODY)) == said(http(BODY))


def test_nothing_is_said_where_no_complete_reply_is_kept() -> None:
    whole = attempt(http(BODY))
    for without in (
        replace(whole, http_status=None),
        replace(whole, phase="sent"),
        replace(whole, reply=b""),
    ):
        assert diagnoses_of(without, AGENT) == ()


def test_the_revision_is_read_off_the_request() -> None:
    reply = http(b'{"result":42,"status":"ERROR","data":{"balance":1.00}}')
    by_number = replace(attempt(reply, request=b'{"data":{"trans_id":7}}'), command="cancel")
    assert diagnoses_of(by_number, AGENT) == ()
    by_guid = replace(by_number, request=b'{"data":{"trans_guid":"mn-7"}}')
    (found,) = diagnoses_of(by_guid, AGENT)
    assert "43 in revision guid" in found.mend
