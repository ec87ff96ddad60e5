"""Serves a practice backend over real HTTP/1.1, so that it can be certified from outside.

Plain asyncio: kept connections, bodies of a known length, limits on everything that is read.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from itertools import count
from typing import Final, Self

from meganodes.certification.faulty.honest import HonestBackend
from meganodes.certification.faulty.records import Asked
from meganodes.protocol.reply_records import HttpReply

_HEAD_BYTES_MAX: Final = 16_384
_BODY_BYTES_MAX: Final = 1_048_576
_TOLD_LENGTH: Final = frozenset({b"content-length", b"transfer-encoding"})


@dataclass(frozen=True, slots=True)
class _Head:
    method: str
    headers: Mapping[str, str]


class BackendServer:
    """An `async with` block in which a backend answers on a loopback port of its own."""

    def __init__(self, backend: HonestBackend, *, port: int = 0) -> None:
        self._backend = backend
        self._port = port
        self._numbers = count(1)
        self._open: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    @property
    def url(self) -> str:
        """The callback URL."""
        return f"http://127.0.0.1:{self._port}/callback"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(
            self._serve, "127.0.0.1", self._port, limit=_HEAD_BYTES_MAX
        )
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None, "it was entered"
        self._server.close()
        for writer in self._open:
            writer.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = next(self._numbers)
        self._open.add(writer)
        try:
            while await self._serve_one(reader, writer, number):
                pass
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError):
            pass  # the caller has gone, or speaks no HTTP we know: there is nobody to answer
        finally:
            self._open.discard(writer)
            writer.close()

    async def _serve_one(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, number: int
    ) -> bool:
        """Serve one request; say whether the connection goes on."""
        head = _parsed(await reader.readuntil(b"\r\n\r\n"))
        length = head.headers.get("content-length", "0")
        if not length.isascii() or not length.isdecimal() or int(length) > _BODY_BYTES_MAX:
            return await _write(writer, _plain(HTTPStatus.REQUEST_ENTITY_TOO_LARGE), ends=True)
        body = await reader.readexactly(int(length))
        if head.method != "POST":
            return await _write(writer, _plain(HTTPStatus.METHOD_NOT_ALLOWED), ends=True)
        asked = Asked(headers=head.headers, body=body, connection=number)
        reply = await self._backend.answer(asked)
        ends = head.headers.get("connection", "").lower() == "close"
        return await _write(writer, reply, ends=ends)


def _parsed(head: bytes) -> _Head:
    first, *lines = head.decode("latin-1").split("\r\n")
    pairs = (line.partition(":") for line in lines if line)
    headers = {name.strip().lower(): value.strip() for name, _, value in pairs}
    return _Head(first.partition(" ")[0], headers)


def _plain(status: HTTPStatus) -> HttpReply:
    headers = ((b"Content-Length", b"0"), (b"Allow", b"POST"))
    return HttpReply(status=status, headers=headers, body=b"")


async def _write(writer: asyncio.StreamWriter, reply: HttpReply, *, ends: bool) -> bool:
    """Write a reply; without a length its end can be told by closing only."""
    ends = ends or not any(name.lower() in _TOLD_LENGTH for name, _ in reply.headers)
    lines = [b"HTTP/1.1 %d %b" % (reply.status, HTTPStatus(reply.status).phrase.encode())]
    lines += [b"%b: %b" % header for header in reply.headers]
    lines += [b"Connection: close"] if ends else []
    writer.write(b"\r\n".join(lines) + b"\r\n\r\n" + reply.body)
    await writer.drain()
    return not ends
