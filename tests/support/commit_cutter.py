"""A line to PostgreSQL that breaks at the worst moment: when a COMMIT is on its way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from enum import Enum

from meganodes.kit.database import DatabaseUrl

COMMIT = b"Q\x00\x00\x00\x0bCOMMIT\x00"
_CHUNK = 65_536


class Cut(Enum):
    """What happens to a COMMIT."""

    BEFORE = "it never reaches the server, and the line breaks"
    AFTER = "the server does it, and its answer never comes back: the line breaks"
    HOLE = "the server does it, and nothing ever comes back on this line"


@dataclass
class CommitCutter:
    """A proxy in front of a server. ``decide`` is asked at each COMMIT what becomes of it."""

    url: DatabaseUrl
    decide: Callable[[], Cut | None]
    cuts: int = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one connection on."""
        host, port = self.url.url.host, self.url.url.port
        try:
            server = await asyncio.open_connection(host, port)
        except OSError:
            writer.transport.abort()
            return
        cut: asyncio.Future[Cut] = asyncio.get_running_loop().create_future()
        try:
            with suppress(ExceptionGroup):
                async with asyncio.TaskGroup() as ways:
                    ways.create_task(self._forth(reader, server[1], cut))
                    ways.create_task(self._back(server[0], writer, cut))
        finally:
            for each in (writer, server[1]):
                each.transport.abort()

    async def _forth(
        self,
        reader: asyncio.StreamReader,
        server: asyncio.StreamWriter,
        cut: asyncio.Future[Cut],
    ) -> None:
        while chunk := await reader.read(_CHUNK):
            if COMMIT in chunk and not cut.done() and (what := self.decide()) is not None:
                self.cuts += 1
                cut.set_result(what)
                if what is Cut.BEFORE:
                    raise ConnectionResetError
            server.write(chunk)
            await server.drain()
        raise ConnectionResetError

    async def _back(
        self,
        server: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        cut: asyncio.Future[Cut],
    ) -> None:
        while chunk := await server.read(_CHUNK):
            if not cut.done():
                writer.write(chunk)
                await writer.drain()
            elif cut.result() is Cut.AFTER:
                break
        raise ConnectionResetError


@asynccontextmanager
async def commit_cutter(
    url: DatabaseUrl, decide: Callable[[], Cut | None]
) -> AsyncIterator[tuple[CommitCutter, DatabaseUrl]]:
    """Run such a line; give it with the address that leads through it."""
    cutter = CommitCutter(url, decide)
    tasks: set[asyncio.Task[None]] = set()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(cutter.serve(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    listener = await asyncio.start_server(accept, "127.0.0.1", 0)
    port = listener.sockets[0].getsockname()[1]
    try:
        yield cutter, replace(url, url=url.url.set(host="127.0.0.1", port=port))
    finally:
        listener.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
