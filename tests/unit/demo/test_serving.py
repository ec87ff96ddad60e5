"""The toys' server: an application sees its wire, and a taken port is named."""

from __future__ import annotations

import pytest

from meganodes.demo.http_client import HttpRequest, NoAnswer, send
from meganodes.demo.serving import Message, PortTaken, Receive, Send, bind, running, wire_of


async def echo(scope: Message, receive: Receive, send_: Send) -> None:
    """Answer with the request's own bytes; hang up at /cut."""
    if scope["type"] != "http":
        for _ in range(2):
            message = await receive()
            await send_({"type": f"{message['type']}.complete"})
        return
    while (await receive()).get("more_body"):
        pass
    wire = wire_of(scope)
    assert wire is not None
    if scope["path"] == "/cut":
        wire.hang_up()
        await receive()
        return
    await send_({"type": "http.response.start", "status": 200, "headers": []})
    await send_({"type": "http.response.body", "body": bytes(wire.received)})


async def test_an_application_sees_the_exact_bytes() -> None:
    async with running(echo) as url:
        request = HttpRequest(method="POST", url=f"{url}/a", token="ToKeN", body=b'{"a": 1}')
        seen = (await send(request, 5)).body
    assert seen.startswith(b"POST /a HTTP/1.1\r\nHost: ")
    assert b"\r\nAuthorization: Bearer ToKeN\r\n" in seen
    assert seen.endswith(b'\r\n\r\n{"a": 1}')


async def test_an_application_can_hang_up() -> None:
    async with running(echo) as url:
        with pytest.raises(NoAnswer):
            await send(HttpRequest(method="GET", url=f"{url}/cut"), 5)


def test_without_a_socket_there_is_no_wire() -> None:
    assert wire_of({"type": "http"}) is None


def test_a_taken_port_is_named() -> None:
    with bind("127.0.0.1", 0) as first:
        first.listen()
        port = first.getsockname()[1]
        with pytest.raises(PortTaken, match=str(port)) as taken:
            bind("127.0.0.1", port)
    assert taken.value.port == port
