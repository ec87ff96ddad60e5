"""Request ids, and the one answer to a defect."""

from __future__ import annotations

import httpx2
import pytest
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import merge_contextvars
from structlog.testing import capture_logs

from meganodes.kit.identity import SeededIdentity
from meganodes.main_api.v4.correlation import Correlation


def client_of(app: ASGIApp) -> httpx2.AsyncClient:
    layer = Correlation(app, identity=SeededIdentity(1))
    transport = httpx2.ASGITransport(app=layer)
    return httpx2.AsyncClient(transport=transport, base_url="http://hub.test")


async def plain(scope: Scope, receive: Receive, send: Send) -> None:
    await PlainTextResponse("done")(scope, receive, send)


async def broken(_scope: Scope, _receive: Receive, _send: Send) -> None:
    message = "the secret reason"
    raise RuntimeError(message)


async def broken_halfway(_scope: Scope, _receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ha", "more_body": True})
    message = "the secret reason"
    raise RuntimeError(message)


@pytest.mark.rule("2.1-request-id-kept")
@pytest.mark.parametrize("kept", ["a", "abc-123", "with blanks inside", "x" * 64])
async def test_callers_own_request_id_is_kept(kept: str) -> None:
    """Contract 2.1: at most 64 printable characters."""
    async with client_of(plain) as client:
        answer = await client.get("/", headers={"X-Request-Id": kept})
    assert answer.headers["x-request-id"] == kept


@pytest.mark.rule("2.1-request-id-kept", "2.1-request-id")
@pytest.mark.parametrize("sent", [None, "", "x" * 65, "tab\tinside", "ümlaut"])
async def test_request_id_is_made_otherwise(sent: str | None) -> None:
    headers = {} if sent is None else {b"X-Request-Id": sent.encode("latin-1")}
    async with client_of(plain) as client:
        first = await client.get("/", headers=headers)
        second = await client.get("/", headers=headers)
    assert len(first.headers["x-request-id"]) == 32
    assert first.headers["x-request-id"] != second.headers["x-request-id"]


async def test_defect_is_one_500_and_one_log_line_with_the_request_id() -> None:
    """Contract 2.1: 500 with 1001, in the envelope."""
    with capture_logs(processors=[merge_contextvars]) as lines:
        async with client_of(broken) as client:
            answer = await client.get("/", headers={"X-Request-Id": "mine"})
    (line,) = lines
    assert (line["event"], line["log_level"], line["request_id"]) == (
        "call_failed",
        "error",
        "mine",
    )
    assert line["exc_info"]
    assert answer.status_code == 500
    assert answer.headers["x-request-id"] == "mine"
    assert answer.content == b'{"code":1001,"message":"INTERNAL_SERVER_ERROR"}'


async def test_answer_that_has_begun_is_not_followed_by_another() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    layer = Correlation(broken_halfway, identity=SeededIdentity(1))
    scope = {"type": "http", "method": "GET", "path": "/", "headers": []}
    await layer(scope, receive, send)
    assert [message["type"] for message in sent] == ["http.response.start", "http.response.body"]


async def test_other_protocols_pass_through() -> None:
    seen: list[str] = []

    async def app(scope: Scope, _receive: Receive, _send: Send) -> None:
        seen.append(scope["type"])

    async def never() -> Message:
        raise AssertionError

    async def nowhere(_message: Message) -> None:
        raise AssertionError

    layer = Correlation(app, identity=SeededIdentity(1))
    await layer({"type": "lifespan"}, never, nowhere)
    assert seen == ["lifespan"]
