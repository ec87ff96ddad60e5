"""What is wrong with a logged reply, in the words of `meganodes explain` and of certification."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from meganodes.certification.diagnosis import Diagnosis, diagnose
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.replies import HttpReply, Question

if TYPE_CHECKING:
    from meganodes.directory.records import Agent
    from meganodes.hub.api_log import AttemptRecord

_INTERIM: Final = re.compile(rb"(?:HTTP/1\.1 1\d\d[^\r\n]*\r\n(?:[^\r\n]+\r\n)*\r\n)+")
_BY_NUMBER: Final = b'"trans_id":'


def diagnoses_of(attempt: AttemptRecord, agent: Agent) -> tuple[Diagnosis, ...]:
    """Say what is wrong with the reply of an attempt, the gravest first.

    Nothing is said of an attempt without a complete reply, or whose bytes are no longer kept.
    """
    if attempt.http_status is None or attempt.phase != "complete" or not attempt.reply:
        return ()
    headers, body = _headers_and_body(attempt.reply)
    if body is None:
        return ()
    question = Question(
        command=Command(attempt.command),
        revision=Revision.ID if _BY_NUMBER in attempt.request else Revision.GUID,
        account=attempt.account,
        exponent=agent.currency.exponent,
        overdraft_allowed=agent.overdraft_allowed,
    )
    reply = HttpReply(status=attempt.http_status, headers=headers, body=body)
    return diagnose(question, reply)


def _headers_and_body(raw: bytes) -> tuple[tuple[tuple[bytes, bytes], ...], bytes | None]:
    """Take a logged reply apart; the body is None when its chunks do not add up.

    They may not: the log masks tokens and keeps the first 64 KiB, whatever the framing says.
    """
    head, _, body = _INTERIM.sub(b"", raw, count=1).partition(b"\r\n\r\n")
    headers = tuple(
        (name.strip(), value.strip())
        for name, mark, value in (line.partition(b":") for line in head.split(b"\r\n")[1:])
        if mark
    )
    chunked = any(
        name.lower() == b"transfer-encoding" and b"chunked" in value.lower()
        for name, value in headers
    )
    return headers, _unchunked(body) if chunked else body


def _unchunked(body: bytes) -> bytes | None:
    joined = b""
    while body:
        line, _, rest = body.partition(b"\r\n")
        try:
            size = int(line.partition(b";")[0], 16)
        except ValueError:
            return None
        if size == 0:
            return joined
        if rest[size : size + 2] != b"\r\n":
            return None
        joined += rest[:size]
        body = rest[size + 2 :]
    return None
