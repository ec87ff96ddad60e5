"""A town behind the real listener: its doors on a free port, for callers with real sockets."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from meganodes.bootstrap.server import Listening, serve
from meganodes.bootstrap.server_settings import ServerSettings
from tests.support.town import Town, a_town


@dataclass(frozen=True, kw_only=True)
class ServedTown:
    """A town and the port of its hub."""

    town: Town
    port: int


@asynccontextmanager
async def a_served_town(folder: Path, **settings: object) -> AsyncIterator[ServedTown]:
    """Serve a town until the block ends."""
    async with a_town(folder) as town:
        started: asyncio.Future[Listening] = asyncio.get_running_loop().create_future()
        usual: dict[str, Any] = {"port": 0, "freezes_garbage": False, "close_seconds": 0.2}
        ended = asyncio.create_task(
            serve(
                town.app(),
                town.door,
                ServerSettings(**(usual | settings)),
                started.set_result,
                town.hub.drain,
            )
        )
        either: list[asyncio.Future[Any]] = [started, ended]
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if ended.done():
            ended.result()
        listening = started.result()
        try:
            yield ServedTown(town=town, port=listening.port)
        finally:
            listening.stop()
            listening.stop()
            async with asyncio.timeout(10):
                await ended
