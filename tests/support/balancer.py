"""A tiny balancer: asks nodes how they are, sends each call to the next one that is well.

It repeats nothing. It opens a connection for each call, as a balancer does that knows nothing of
what it forwards.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress

from meganodes.demo.http_client import HttpRequest, NoAnswer, send

LOOK_SECONDS = 0.1
_END = b"\r\n\r\n"


class Balancer:
    """Round robin over the nodes that said to be ready when they were asked last."""

    def __init__(self, nodes: Sequence[int]) -> None:
        """Send to these ports of this machine."""
        self._nodes = list(nodes)
        self.ready: set[int] = set()
        self.sent: Counter[int] = Counter()
        self.unanswered = 0
        self.has_changed = asyncio.Condition()

    async def watch(self, node: int) -> None:
        """Ask a node again and again."""
        while True:
            was = node in self.ready
            if await _is_ready(node):
                self.ready.add(node)
            else:
                self.ready.discard(node)
            if was is not (node in self.ready):
                async with self.has_changed:
                    self.has_changed.notify_all()
            await asyncio.sleep(LOOK_SECONDS)

    async def until(self, ready: set[int]) -> None:
        """Wait until exactly these nodes take calls."""
        async with asyncio.timeout(60), self.has_changed:
            await self.has_changed.wait_for(lambda: self.ready == ready)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Forward the calls of one caller."""
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                request = await _message(reader)
                writer.write(await self._forward(request))
                await writer.drain()
        writer.close()

    async def _forward(self, request: bytes) -> bytes:
        node = self._next()
        self.sent[node] += 1
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", node)
            try:
                writer.write(request)
                answer = await _message(reader)
            finally:
                writer.close()
        except (OSError, EOFError):
            self.unanswered += 1
            return b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n"
        return answer.replace(b"connection: close\r\n", b"")

    def _next(self) -> int:
        self._nodes.append(self._nodes.pop(0))
        return next(node for node in self._nodes if node in self.ready)


async def _is_ready(node: int) -> bool:
    url = f"http://127.0.0.1:{node}/health/ready"
    try:
        return (await send(HttpRequest(method="GET", url=url), 5)).status == 200
    except NoAnswer:
        return False


async def _message(reader: asyncio.StreamReader) -> bytes:
    """Read a request or an answer that says how long it is."""
    head = await reader.readuntil(_END)
    lines = head.lower().split(b"\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")), 0
    )
    return head + await reader.readexactly(length)


@asynccontextmanager
async def a_balancer(nodes: Sequence[int]) -> AsyncIterator[tuple[Balancer, int]]:
    """Run a balancer and give its port; it ends with the block."""
    balancer = Balancer(nodes)
    watching = [asyncio.create_task(balancer.watch(node)) for node in nodes]
    server = await asyncio.start_server(balancer.serve, "127.0.0.1", 0)
    try:
        await balancer.until(set(nodes))
        yield balancer, server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for each in watching:
            each.cancel()
        await asyncio.gather(*watching, return_exceptions=True)
