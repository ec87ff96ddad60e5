"""The demo's own HTTP client: one request, one connection, one deadline for all of it.

A provider must be able to tell "no answer" from every answer there is, so nothing is retried and
nothing is followed here.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import httptools

_READ_BYTES = 65_536
_BODY_BYTES_MAX = 64 * 1024 * 1024


class NoAnswer(Exception):
    """No complete reply came; whether the other side acted is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResult:
    """A complete reply. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> object:
        """Return the body as JSON; amounts with decimals come as text, never as a float."""
        try:
            value: object = json.loads(self.body, parse_float=str)
        except ValueError as error:
            raise NoAnswer(f"the reply is no JSON: {self.body[:80]!r}") from error
        return value


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """What to send. A body goes as JSON."""

    method: str
    url: str
    token: str | None = None
    body: bytes = b""


async def send(request: HttpRequest, timeout_seconds: float) -> HttpResult:
    """Send the request and return the complete reply; raise NoAnswer for anything less."""
    return await send_bytes(request.url, _head(request) + request.body, timeout_seconds)


async def send_bytes(url: str, request: bytes, timeout_seconds: float) -> HttpResult:
    """Send a request that is written already, as it is, to the server of an address."""
    try:
        async with asyncio.timeout(timeout_seconds):
            return await _exchange(url, request)
    except TimeoutError as error:
        raise NoAnswer(f"nothing complete within {timeout_seconds:g} s") from error
    except (OSError, httptools.HttpParserError) as error:
        raise NoAnswer(str(error) or type(error).__name__) from error


async def get_json(url: str, timeout_seconds: float = 10.0) -> object:
    """Read a control endpoint of the toys."""
    return (await send(HttpRequest(method="GET", url=url), timeout_seconds)).json()


async def post_json(
    url: str, fields: object, timeout_seconds: float = 10.0, token: str | None = None
) -> object:
    """Post fields (no floats, no amounts as numbers) and return the JSON that comes back."""
    body = json.dumps(fields).encode()
    request = HttpRequest(method="POST", url=url, token=token, body=body)
    return (await send(request, timeout_seconds)).json()


async def _exchange(url: str, request: bytes) -> HttpResult:
    target = urlsplit(url)
    assert target.hostname is not None, "the demo's addresses have a host"
    reader, writer = await asyncio.open_connection(target.hostname, target.port or 80)
    try:
        writer.write(request)
        await writer.drain()
        return await _reply(reader)
    finally:
        # No wait for the close: a peer that never finishes must not hold up the deadline.
        writer.close()


def _head(request: HttpRequest) -> bytes:
    target = urlsplit(request.url)
    path = f"{target.path or '/'}{'?' if target.query else ''}{target.query}"
    lines = [
        f"{request.method} {path} HTTP/1.1",
        f"Host: {target.netloc}",
        "Connection: close",
        "Accept: application/json",
        "Accept-Encoding: identity",
        f"Content-Length: {len(request.body)}",
    ]
    if request.body:
        lines.append("Content-Type: application/json")
    if request.token is not None:
        lines.append(f"Authorization: Bearer {request.token}")
    return "\r\n".join([*lines, "", ""]).encode()


class _Answer:
    """Collects what the parser finds; the names of the methods are the parser's."""

    def __init__(self) -> None:
        self.headers: dict[str, str] = {}
        self.body = bytearray()
        self.complete = False

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_body(self, body: bytes) -> None:
        self.body += body

    def on_message_complete(self) -> None:
        self.complete = True


async def _reply(reader: asyncio.StreamReader) -> HttpResult:
    answer = _Answer()
    parser = httptools.HttpResponseParser(answer)
    while not answer.complete:
        received = await reader.read(_READ_BYTES)
        if not received:
            raise ConnectionResetError("the connection ended before the reply was complete")
        parser.feed_data(received)
        if len(answer.body) > _BODY_BYTES_MAX:
            raise ConnectionResetError("the reply is without end")
    return HttpResult(
        status=parser.get_status_code(), headers=answer.headers, body=bytes(answer.body)
    )
