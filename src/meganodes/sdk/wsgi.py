"""The dispatcher as a WSGI application: for Django, Flask and every other synchronous server.

A backend with `async def` methods gets an event loop per request; connection pools that belong to
one loop are better served by the ASGI application.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any

from meganodes.protocol.wire import BODY_BYTES_MAX
from meganodes.sdk.dispatcher import Dispatcher, HttpAnswer, run_plain

_Environ = dict[str, Any]
_StartResponse = Callable[[str, list[tuple[str, str]]], object]
WsgiApp = Callable[[_Environ, _StartResponse], Iterable[bytes]]


def wsgi_app(dispatcher: Dispatcher) -> WsgiApp:
    """Return the application."""

    def app(environ: _Environ, start_response: _StartResponse) -> Iterable[bytes]:
        answer = _respond(dispatcher, environ)
        status = f"{answer.status} {HTTPStatus(answer.status).phrase}"
        start_response(status, list(answer.headers.items()))
        return [answer.body]

    return app


def _respond(dispatcher: Dispatcher, environ: _Environ) -> HttpAnswer:
    if environ["REQUEST_METHOD"] != "POST":
        return dispatcher.wrong_method()
    headers = _headers(environ)
    refused = dispatcher.turned_away(headers)
    if refused is not None:
        return refused
    body = _body(environ)
    if dispatcher.is_async:
        return asyncio.run(dispatcher.answer(headers, body))
    return run_plain(dispatcher.answer(headers, body))


def _headers(environ: _Environ) -> dict[str, str]:
    prefix = "HTTP_"
    return {
        key.removeprefix(prefix).replace("_", "-").lower(): value
        for key, value in environ.items()
        if key.startswith(prefix)
    }


def _body(environ: _Environ) -> bytes:
    """Read at most one byte more than allowed; a request without a length has no body."""
    length = environ.get("CONTENT_LENGTH") or "0"
    if not (length.isascii() and length.isdecimal()):
        return b""
    body: bytes = environ["wsgi.input"].read(min(int(length), BODY_BYTES_MAX + 1))
    return body
