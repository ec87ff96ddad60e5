"""Somebody who receives alerts over real HTTP: keeps what came, answers as it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from meganodes.protocol.signature import parse_secret, verify


@dataclass(frozen=True, kw_only=True)
class Received:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def alerts(self) -> list[dict[str, Any]]:
        """What it tells of."""
        alerts: list[dict[str, Any]] = json.loads(self.body)["data"]["alerts"]
        return alerts

    def is_signed_with(self, secret: str) -> bool:
        """Check the signature as a receiver does, with its own clock at the timestamp."""
        timestamp = self.headers["webhook-timestamp"]
        return verify(
            [parse_secret(secret)],
            self.headers["webhook-id"],
            timestamp,
            self.body,
            self.headers["webhook-signature"],
            now_seconds=int(timestamp),
        )


@dataclass(kw_only=True)
class AlertReceiver:
    """Answers 204, or the statuses in `statuses` first; 0 hangs up without an answer."""

    port: int = 0
    statuses: list[int] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/alerts?from=hub"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
        request_line, *lines = head.strip().split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines)
        }
        body = await reader.readexactly(int(headers["content-length"]))
        self.received.append(Received(path=request_line.split()[1], headers=headers, body=body))
        status = self.statuses.pop(0) if self.statuses else 204
        if status:
            writer.write(f"HTTP/1.1 {status} Told\r\nContent-Length: 0\r\n\r\n".encode())
            await writer.drain()
        writer.close()


@asynccontextmanager
async def an_alert_receiver(*statuses: int) -> AsyncIterator[AlertReceiver]:
    """Receive on a free port of this machine until the block ends."""
    receiver = AlertReceiver(statuses=list(statuses))
    server = await asyncio.start_server(receiver.serve, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    async with server:
        yield receiver
