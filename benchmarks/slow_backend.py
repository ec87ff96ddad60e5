"""A backend that takes its time: the same replies as the fast one, some milliseconds later.

It shows what the hub adds to a call of ordinary length; its own CPU is not measured.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import uvloop

from benchmarks.nginx import AUTHENTICATE_REPLY, BET_REPLY
from benchmarks.processes import Program, free_port, running
from benchmarks.wire import message_end

DELAY_SECONDS = 0.020
_AUTHENTICATE = b'{"command":"authenticate"'


@contextmanager
def slow_backend(parent: Path) -> Iterator[Program]:
    """Run the slow backend as a process of its own."""
    port = free_port()
    command = [sys.executable, "-m", "benchmarks.slow_backend", str(port)]
    with running("slow_backend", command, port=port, folder=parent) as program:
        yield program


class Late(asyncio.Protocol):
    """One connection; requests come one after the other."""

    def __init__(self) -> None:
        self._buffer = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.WriteTransport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = message_end(self._buffer)
        if end is not None:
            answer = _AUTHENTICATED if _AUTHENTICATE in self._buffer else _TAKEN
            self._buffer = self._buffer[end:]
            asyncio.get_running_loop().call_later(DELAY_SECONDS, self._answer, answer)

    def _answer(self, answer: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(answer)


def _answer_of(reply: str) -> bytes:
    head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(reply)}\r\n\r\n{reply}".encode()


_AUTHENTICATED = _answer_of(AUTHENTICATE_REPLY)
_TAKEN = _answer_of(BET_REPLY)


async def serve(port: int) -> None:
    """Answer until the process is ended."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Late, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
