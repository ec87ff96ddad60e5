"""Backends of many agents in a process of their own: who measures does none of their work.

The program `backends_apart COUNT` listens with so many well backends. It is told what to do by
lines of JSON: ``["become", number, "silent"]``, ``["wins", number]`` and ``["seen", number]``, each
of which is answered by a line. It ends with its input.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from tests.support.troubled_backends import Backend, Health, backends

LINE_MAX = 1 << 24
END_SECONDS = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a backend has seen: the moments of requests (monotonic), its wins' sum, its bets."""

    requests: list[float]
    wins_minor: int
    bets: int


class ApartBackend:
    """One backend of the other process."""

    def __init__(self, number: int, port: int, process: asyncio.subprocess.Process) -> None:
        self.port = port
        self.health = Health.WELL
        self._number = number
        self._process = process

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/callback"

    async def become(self, health: Health) -> None:
        """Change what it does with its callers, those that are connected too."""
        await self._order("become", health)
        self.health = health

    async def wins(self) -> int:
        """Count its wins so far; costs next to nothing."""
        return int(await self._order("wins"))

    async def seen(self) -> Seen:
        """Look at all that it has seen so far."""
        return Seen(**await self._order("seen"))

    async def _order(self, word: str, *more: str) -> Any:  # noqa: ANN401 - JSON
        sending, answers = self._process.stdin, self._process.stdout
        assert sending is not None
        assert answers is not None
        sending.write(json.dumps([word, self._number, *more]).encode() + b"\n")
        return json.loads(await answers.readline())


@asynccontextmanager
async def backends_apart(count: int) -> AsyncIterator[list[ApartBackend]]:
    """Give so many well backends, each on a port of its own, all in one process. One test's."""
    pipe = asyncio.subprocess.PIPE
    words = ("-m", "tests.support.backends_apart", str(count))
    process = await asyncio.create_subprocess_exec(
        sys.executable, *words, stdin=pipe, stdout=pipe, limit=LINE_MAX
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        ports = json.loads(await process.stdout.readline())
        yield [ApartBackend(number, port, process) for number, port in enumerate(ports)]
    finally:
        process.stdin.close()
        await asyncio.wait_for(process.wait(), END_SECONDS)


async def _main(count: int) -> None:
    lines = asyncio.StreamReader()
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    async with backends(count) as made:
        _say([each.port for each in made])
        async for line in lines:
            word, number, *more = json.loads(line)
            backend = made[number]
            if word == "become":
                await backend.become(Health(more[0]))
            _say(_seen(backend) if word == "seen" else len(backend.ledger.wins))


def _seen(backend: Backend) -> dict[str, object]:
    ledger = backend.ledger
    wins_minor = sum(ledger.wins.values())
    return {"requests": backend.requests, "wins_minor": wins_minor, "bets": len(ledger.bets)}


def _say(value: object) -> None:
    sys.stdout.write(json.dumps(value) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_main(int(sys.argv[1])))
