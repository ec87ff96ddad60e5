"""Why attempts were not accepted: sentences as they are written by those who find the faults."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meganodes.callbacks.interpret import interpret
from meganodes.domain.outcome import Unknown
from meganodes.hub.attempt_causes import AttemptFacts, Cause, cause_of
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.replies import HttpReply, Question, read_reply

FACTS = AttemptFacts(
    command="bet",
    number=1,
    outcome="unknown",
    phase="complete",
    result=-1,
    http_status=200,
    reason="",
)
JSON_TYPE = ((b"Content-Type", b"application/json"),)


def read(
    body: bytes,
    command: Command = Command.BET,
    *,
    status: int = 200,
    headers: tuple[tuple[bytes, bytes], ...] = JSON_TYPE,
) -> AttemptFacts:
    """Read a reply as the hub does, and keep of it what the API log keeps."""
    question = Question(
        command=command,
        revision=Revision.GUID,
        account="alice",
        exponent=2,
        overdraft_allowed=False,
    )
    reply = read_reply(question, HttpReply(status=status, headers=headers, body=body))
    outcome = interpret(command, reply)
    reason = outcome.reason if isinstance(outcome, Unknown) else ""
    return AttemptFacts(
        command=command,
        number=1,
        outcome=type(outcome).__name__.lower(),
        phase="complete",
        result=reply.result,
        http_status=status,
        reason=reason,
    )


def ok(data: str) -> bytes:
    return f'{{"result":0,"status":"OK","data":{data}}}'.encode()


def no(result: int) -> bytes:
    return f'{{"result":{result},"status":"ERROR","data":{{"balance":1.00}}}}'.encode()


@pytest.mark.parametrize(
    ("facts", "cause"),
    [
        (read(b"", status=302), Cause.REDIRECT),
        (read(ok('{"balance":1}'), status=502), Cause.HTTP_STATUS),
        (
            read(ok('{"balance":1}'), headers=((b"Content-Encoding", b"gzip"),)),
            Cause.COMPRESSED,
        ),
        (read(b"x" * 70_000), Cause.TOO_LARGE),
        (read(ok("{}"), headers=((b"X", b"y" * 9_000),)), Cause.TOO_LARGE),
        (read(b"<html>"), Cause.NOT_JSON),
        (read(b""), Cause.NOT_JSON),
        (read(b"[1]"), Cause.NOT_JSON),
        (read(b"\xff{}"), Cause.NOT_JSON),
        (read(b'{"result":NaN}'), Cause.NOT_JSON),
        (read(b'{"result":-Infinity}'), Cause.NOT_JSON),
        (read(ok('{"balance":1}') + b"x"), Cause.NOT_JSON),
        (read(b'{"a":' * 20 + b"1" + b"}" * 20), Cause.NOT_JSON),
        (read(b'{"a":"\\ud800"}'), Cause.NOT_JSON),
        (read(b'{"result":0,"result":0}'), Cause.DUPLICATE_KEYS),
        (read(b'{"code":0,"message":"OK"}'), Cause.MAIN_API_SHAPE),
        (read(b'{"status":"OK"}'), Cause.RESULT_WRONG),
        (read(b'{"result":false}'), Cause.RESULT_WRONG),
        (read(b'{"result":0.0}'), Cause.RESULT_WRONG),
        (read(b'{"result":7}'), Cause.RESULT_UNKNOWN),
        (read(b'{"result":31}', Command.WIN), Cause.RESULT_UNKNOWN),
        (read(b'{"result":0,"status":"ERROR"}'), Cause.STATUS_CONTRADICTS),
        (read(ok("{}")), Cause.BALANCE_WRONG),
        (read(ok('{"balance":-1}')), Cause.BALANCE_WRONG),
        (read(ok('{"balance":true}')), Cause.BALANCE_WRONG),
        (read(ok('{"balance":1,"account":"Alice"}')), Cause.ACCOUNT_WRONG),
        (read(ok('{"balance":1}'), Command.AUTHENTICATE), Cause.ACCOUNT_WRONG),
        (read(ok("[]")), Cause.FIELD_WRONG),
        (read(ok('{"trans_status":"YES"}'), Command.STATUS), Cause.FIELD_WRONG),
        (read(no(99)), Cause.INTERNAL_FAILURE),
        (read(no(100)), Cause.TOKEN_REFUSED),
        (read(no(21)), Cause.ACCOUNT_UNKNOWN),
        (read(no(22)), Cause.ACCOUNT_LOCKED),
        (read(no(41)), Cause.ALREADY_BOOKED),
        (read(no(41), Command.WIN), Cause.ALREADY_BOOKED),
        (read(no(43), Command.CANCEL), Cause.NOT_SEEN),
    ],
    ids=str,
)
def test_reply_has_its_cause(facts: AttemptFacts, cause: Cause) -> None:
    assert cause_of(facts) is cause


@pytest.mark.rule("3.5-error-log")
@pytest.mark.parametrize(
    "facts",
    [
        read(ok('{"balance":1}')),
        read(no(31)),
        read(no(42), Command.STATUS),
        replace(read(no(41), Command.WIN), number=2),
    ],
    ids=["accepted", "balance too low", "status of an unknown one", "repeat booked before"],
)
def test_an_answer_is_no_error(facts: AttemptFacts) -> None:
    assert cause_of(facts) is None


@pytest.mark.rule("3.3-not-sent")
@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("the name w.example could not be resolved: Name or service not known", "name"),
        ("the name w.example was not resolved within 2 s", "name"),
        ("the name w.example has no address", "name"),
        ("no connection to w.example port 443: Connection refused", "refused"),
        ("no connection to w.example port 443 in time", "timed-out"),
        ("no connection to w.example port 443: Network is unreachable", "failed"),
        ("the backend closed the connection, or spoke, before the request", "failed"),
        ("TLS with w.example port 443 failed: certificate has expired", "tls"),
        ("w.example leads to an address callbacks may not go to", "address"),
        ("the connection to 192.0.2.1 leads to another address", "address"),
        ("the callback URL must begin with https:// in small letters", "address"),
        ("the circuit is open: 5 failures in a row, the last one refused", "circuit"),
        ("the hub is closing down", "held"),
        ("it was too late for the first byte", "held"),
        ("too many connections to this backend are in use", "held"),
        ("", "held"),
    ],
)
def test_what_was_not_sent_has_its_cause(reason: str, cause: str) -> None:
    facts = replace(FACTS, outcome="notsent", phase="before_send", result=None, reason=reason)
    expected = {
        "name": Cause.NAME_NOT_RESOLVED,
        "refused": Cause.CONNECTION_REFUSED,
        "timed-out": Cause.CONNECTION_TIMED_OUT,
        "failed": Cause.CONNECTION_FAILED,
        "tls": Cause.TLS,
        "address": Cause.ADDRESS_NOT_ALLOWED,
        "circuit": Cause.CIRCUIT_OPEN,
        "held": Cause.HELD_BACK,
    }
    assert cause_of(facts) is expected[cause]


@pytest.mark.parametrize(
    ("reason", "cause"),
    [
        ("nothing complete at the deadline; no byte of a reply had come", "no-reply-in-time"),
        ("the connection broke; 3 of 9 body bytes had come", "connection-broke"),
        ("the backend closed the connection; no byte of a reply had come", "connection-broke"),
        ("the backend answered before it had read the request", "not-http"),
        ("the reply is not HTTP/1.1", "not-http"),
        ("the backend wants to switch the protocol", "not-http"),
        ("the reply has a Transfer-Encoding other than chunked", "not-http"),
        ("there are more bytes after the end of the reply: two replies", "not-http"),
        ("the body of the reply is above 65536 bytes", "too-large"),
        ("the reply has more than 8192 bytes of headers", "too-large"),
        ("something that nobody has thought of", "no-reply-in-time"),
    ],
)
def test_what_brought_no_reply_has_its_cause(reason: str, cause: str) -> None:
    facts = replace(FACTS, phase="sent", result=None, http_status=None, reason=reason)
    assert cause_of(facts) == cause


@pytest.mark.parametrize(
    ("changes", "cause"),
    [
        ({"http_status": 503}, Cause.HTTP_STATUS),
        ({"phase": "sent", "http_status": None}, Cause.NO_REPLY_IN_TIME),
        ({"result": 99}, Cause.INTERNAL_FAILURE),
        ({}, Cause.OTHER),
    ],
)
def test_entry_of_before_reasons_were_kept_has_a_cause(
    changes: dict[str, object], cause: Cause
) -> None:
    assert cause_of(replace(FACTS, **changes)) is cause  # type: ignore[arg-type]
