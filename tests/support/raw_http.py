"""A caller that writes bytes and reads answers: for tests of what no proper client would send."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """One answer as it came over the socket; header names in lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict[str, Any]:
        """The body, which is an object."""
        read: dict[str, Any] = json.loads(self.body)
        return read

    @property
    def closes(self) -> bool:
        """Whether it says that it is the last one of its connection."""
        return self.headers.get("connection") == "close"


class Caller:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Wrap an open connection."""
        self._reader = reader
        self._writer = writer

    async def send(self, data: bytes) -> None:
        """Send; raises ConnectionError when the other side is gone, however the loop says so."""
        if self._writer.transport.is_closing():
            raise ConnectionResetError("the connection is closed")
        self._writer.write(data)
        await self._writer.drain()

    async def ask(self, data: bytes) -> Answered:
        await self.send(data)
        return await self.answer()

    async def answer(self, method: str = "POST") -> Answered:
        """Read the next answer; one to HEAD has no body."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            head = await self._reader.readuntil(b"\r\n\r\n")
            status, *lines = head[:-4].decode("latin-1").split("\r\n")
            pairs = [line.split(": ", 1) for line in lines]
            headers = {name.lower(): value for name, value in pairs}
            return Answered(
                status=int(status.split(" ")[1]),
                headers=headers,
                body=b"" if method == "HEAD" else await self._body(headers),
            )

    async def _body(self, headers: dict[str, str]) -> bytes:
        if headers.get("transfer-encoding") != "chunked":
            return await self._reader.readexactly(int(headers.get("content-length", "0")))
        body = b""
        while size := int(await self._reader.readline(), 16):
            body += await self._reader.readexactly(size)
            await self._reader.readline()
        await self._reader.readline()
        return body

    async def is_silent(self, seconds: float) -> bool:
        """Tell whether neither a byte nor an end comes for so long."""
        try:
            await asyncio.wait_for(self._reader.read(1), seconds)
        except TimeoutError:
            return True
        return False

    async def rest(self) -> bytes:
        """Read to the end; a reset is an end too."""
        async with asyncio.timeout(TIMEOUT_SECONDS):
            try:
                return await self._reader.read()
            except ConnectionError:
                return b""

    async def is_closed(self) -> bool:
        """Tell whether the other side closes without another byte."""
        return await self.rest() == b""

    def end(self) -> None:
        """Say that nothing more will be sent."""
        self._writer.write_eof()

    def abort(self) -> None:
        """Vanish."""
        self._writer.transport.abort()

    async def close(self) -> None:
        self._writer.close()
        try:
            await self._writer.wait_closed()
        except ConnectionError:
            return


@asynccontextmanager
async def a_caller(port: int) -> AsyncIterator[Caller]:
    """Connect to a listener on this machine."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    caller = Caller(reader, writer)
    try:
        yield caller
    finally:
        await caller.close()


def post(
    path: str = "/provider/v1/bet", body: bytes = b"{}", *headers: str, version: str = "1.1"
) -> bytes:
    """Write a request with its length."""
    lines = [f"POST {path} HTTP/{version}", "Host: hub", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def chunked(path: str, *chunks: bytes, trailers: str = "") -> bytes:
    """Write a request in chunks."""
    head = f"POST {path} HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: chunked\r\n\r\n".encode()
    coded = b"".join(b"%x\r\n%b\r\n" % (len(chunk), chunk) for chunk in chunks)
    return head + coded + b"0\r\n" + trailers.encode() + b"\r\n"
