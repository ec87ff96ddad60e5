"""Reads one HTTP/1.1 response from a stream, strictly enough to know where it ends."""

import asyncio
import re
from dataclasses import dataclass
from typing import Final

HEAD_BYTES_MAX: Final = 65_536
BODY_BYTES_MAX: Final = 1_048_576
"""More than a hub reads, so that a report can say how large the reply is."""

_STATUS_LINE: Final = re.compile(rb"HTTP/(1\.[01]) ([1-9][0-9]{2})(?: [^\r\n]*)?\Z")
_INTERIM_MAX: Final = 8
_NO_CONTENT: Final = frozenset({204, 304})
_FINAL_STATUS_MIN: Final = 200

Headers = tuple[tuple[bytes, bytes], ...]


class BadHttp(Exception):
    """What came is no complete HTTP response; the text is a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One complete response."""

    status: int
    headers: Headers
    body: bytes
    keeps_alive: bool
    """Whether the connection may carry another request."""


async def read_response(reader: asyncio.StreamReader) -> Response:
    """Read the next response that is no interim one; raises `BadHttp` or `OSError`."""
    for _ in range(_INTERIM_MAX):
        version, status, headers = await _read_head(reader)
        if status >= _FINAL_STATUS_MIN:
            return await _read_rest(reader, version, status, headers)
    raise BadHttp("The backend sent nothing but interim responses.")


async def _read_rest(
    reader: asyncio.StreamReader, version: bytes, status: int, headers: Headers
) -> Response:
    length = _value(headers, b"content-length")
    is_chunked = _value(headers, b"transfer-encoding").lower() == b"chunked"
    is_framed = is_chunked or bool(length) or status in _NO_CONTENT
    if status in _NO_CONTENT:
        body = b""
    elif is_chunked:
        body = await _read_chunks(reader)
    elif length:
        body = await _read_exactly(reader, _number(length, 10))
    else:
        body = await _read_to_the_end(reader)
    asked = _value(headers, b"connection").lower()
    usual = version == b"1.1" or asked == b"keep-alive"
    return Response(
        status=status,
        headers=headers,
        body=body,
        keeps_alive=is_framed and usual and asked != b"close",
    )


async def _read_head(reader: asyncio.StreamReader) -> tuple[bytes, int, Headers]:
    first = await _read_line(reader)
    match = _STATUS_LINE.match(first)
    if match is None:
        raise BadHttp(f"The reply is not HTTP/1.1: it starts with {first[:60]!r}.")
    headers: list[tuple[bytes, bytes]] = []
    size = len(first)
    while line := await _read_line(reader):
        size += len(line)
        name, colon, value = line.partition(b":")
        if not colon or size > HEAD_BYTES_MAX:
            raise BadHttp(f"The head of the reply has the line {line[:60]!r}, or is too long.")
        headers.append((name, value.strip()))
    return match[1], int(match[2]), tuple(headers)


async def _read_line(reader: asyncio.StreamReader) -> bytes:
    try:
        return (await reader.readuntil(b"\n")).rstrip(b"\r\n")
    except asyncio.IncompleteReadError as short:
        come = f"after {len(short.partial)} bytes of a line" if short.partial else "without a byte"
        raise BadHttp(f"The backend closed the connection {come}.") from None
    except asyncio.LimitOverrunError:
        raise BadHttp("The head of the reply has a line above 64 KiB.") from None


async def _read_exactly(reader: asyncio.StreamReader, length: int) -> bytes:
    if length > BODY_BYTES_MAX:
        raise BadHttp(f"The reply announces a body of {length} bytes.")
    try:
        return await reader.readexactly(length)
    except asyncio.IncompleteReadError as short:
        raise BadHttp(
            f"The backend closed the connection after {len(short.partial)} of {length} bytes of "
            "the body: its Content-Length is too large."
        ) from None


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while size := _number((await _read_line(reader)).partition(b";")[0].strip(), 16):
        body += await _read_exactly(reader, size)
        if len(body) > BODY_BYTES_MAX:
            raise BadHttp(f"The body of the reply is above {BODY_BYTES_MAX} bytes.")
        if await _read_line(reader):
            raise BadHttp("A chunk of the reply is longer than it says.")
    while await _read_line(reader):
        pass  # trailers mean nothing here
    return bytes(body)


async def _read_to_the_end(reader: asyncio.StreamReader) -> bytes:
    body = bytearray()
    while received := await reader.read(65_536):
        body += received
        if len(body) > BODY_BYTES_MAX:
            raise BadHttp(f"The body of the reply is above {BODY_BYTES_MAX} bytes.")
    return bytes(body)


def _number(digits: bytes, base: int) -> int:
    try:
        return int(digits[:12], base)
    except ValueError:
        raise BadHttp(f"{digits[:20]!r} is no length in the reply.") from None


def _value(headers: Headers, wanted: bytes) -> bytes:
    for name, value in headers:
        if name.lower() == wanted:
            return value
    return b""
