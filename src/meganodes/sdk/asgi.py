"""The dispatcher as an ASGI application: mount it at the callback URL, in any ASGI framework.

A backend of plain methods runs in a thread, so that its database never holds up the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from meganodes.protocol.wire import BODY_BYTES_MAX
from meganodes.sdk.dispatcher import Dispatcher, HttpAnswer, run_plain

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]
AsgiApp = Callable[[_Message, _Receive, _Send], Awaitable[None]]


def asgi_app(dispatcher: Dispatcher) -> AsgiApp:
    """Return the application: an object, which routers take for one where a function is a view."""
    return _App(dispatcher)


class _App:
    def __init__(self, dispatcher: Dispatcher) -> None:
        self._dispatcher = dispatcher

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
        elif scope["type"] == "http":
            answer = await _respond(self._dispatcher, scope, receive)
            if answer is not None:
                await _send_answer(send, answer)


async def _respond(dispatcher: Dispatcher, scope: _Message, receive: _Receive) -> HttpAnswer | None:
    if scope["method"] != "POST":
        return dispatcher.wrong_method()
    headers = _headers(scope)
    refused = dispatcher.turned_away(headers)
    if refused is not None:
        return refused
    body = await _body(receive)
    if body is None:
        return None
    if dispatcher.is_async:
        return await dispatcher.answer(headers, body)
    return await asyncio.to_thread(lambda: run_plain(dispatcher.answer(headers, body)))


def _headers(scope: _Message) -> dict[str, str]:
    headers: dict[str, str] = {}
    for raw_name, raw_value in scope["headers"]:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    return headers


async def _body(receive: _Receive) -> bytes | None:
    """Return the body, a byte more than allowed when it is too long, None when the caller left."""
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        body += message.get("body", b"")
        if len(body) > BODY_BYTES_MAX or not message.get("more_body", False):
            return bytes(body[: BODY_BYTES_MAX + 1])


async def _send_answer(send: _Send, answer: HttpAnswer) -> None:
    headers = [(name.lower().encode(), value.encode()) for name, value in answer.headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": headers})
    await send({"type": "http.response.body", "body": answer.body})


async def _lifespan(receive: _Receive, send: _Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
