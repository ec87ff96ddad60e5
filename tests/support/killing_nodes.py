"""Three nodes on one PostgreSQL, killed in turn while players play and somebody reads the list."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

from meganodes.demo.http_client import NoAnswer
from meganodes.directory import schema as directory_schema
from meganodes.journal import schema as journal_schema
from meganodes.kit.database import DatabaseUrl, parse_database_url
from meganodes.kit.postgres_server import PostgresServer
from tests.support.evening import Evening, EveningOptions, an_evening
from tests.support.nodes import ask

NODES = ("hub", "hub-b", "hub-c")
SEED = 20261122
PAGE = 50
AGREED_SECONDS = 180.0


@dataclass
class Reader:
    """Somebody who reads transaction-id at whichever node answers, and never goes back."""

    evening: Evening
    entries: list[dict[str, Any]] = field(default_factory=list)
    _nodes: Any = field(default_factory=lambda: cycle(NODES))

    async def read_on(self) -> None:
        """Read until there is nothing new; ask the next node where one gives no answer."""
        while found := await self.page(self._last_id(), PAGE):
            self.entries += found

    async def page(self, last_id: int, limit: int) -> list[dict[str, Any]]:
        """Read one page: from a node that is there and can reach its database."""
        wanted = {"last_id": last_id, "limit": limit}
        while True:
            try:
                path = "game/transaction-id"
                answer = await self.evening.main_api(path, wanted, node=next(self._nodes))
            except NoAnswer:
                answer = {"code": None}
            if answer["code"] == 0:
                found: list[dict[str, Any]] = answer["data"]
                return found
            await asyncio.sleep(0.1)

    def _last_id(self) -> int:
        return int(self.entries[-1]["trans_id"]) if self.entries else 0


@dataclass
class Storm:
    """Players at three nodes; ``kill_next`` takes one of the nodes away and brings it back."""

    evening: Evening
    reader: Reader
    enough: asyncio.Event = field(default_factory=asyncio.Event)
    work: list[asyncio.Task[None]] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311 - repeatable moments
    _victims: Any = field(default_factory=lambda: cycle(NODES))

    async def play(self, session: str) -> None:
        """Play rounds of every style until it is enough."""
        while not self.enough.is_set():
            await self.evening.play(session, 8)

    async def read(self) -> None:
        """Read the list as it grows."""
        while not self.enough.is_set():
            await self.reader.read_on()
            await asyncio.sleep(0.05)

    async def kill_next(self) -> None:
        """Kill a node somewhere in its work, and start it again."""
        await asyncio.sleep(self.chance.uniform(0.05, 0.6))
        victim = next(self._victims)
        await self.evening.kill_hub(victim)
        await self.evening.start_hub(victim)

    async def pause_next(self, seconds: float) -> None:
        """Stop a node in the middle of its work as a paused machine does, and let it go on."""
        await asyncio.sleep(self.chance.uniform(0.05, 0.6))
        process = self.evening.running[next(self._victims)]
        os.kill(process.pid, signal.SIGSTOP)
        await asyncio.sleep(seconds)
        os.kill(process.pid, signal.SIGCONT)

    async def kill_all(self) -> None:
        """Kill every node at once, and start them again."""
        await asyncio.sleep(self.chance.uniform(0.05, 0.6))
        for process in self.evening.running.values():
            os.kill(process.pid, signal.SIGKILL)
        await asyncio.gather(*(each.wait() for each in self.evening.running.values()))
        await asyncio.gather(*map(self.evening.start_hub, NODES))

    async def nothing_was_lost_or_doubled(self, bets_min: int) -> None:
        """Hold the three records, the wire and what the reader saw against each other."""
        self.enough.set()
        await asyncio.gather(*self.work)
        comparison = await self.evening.agreed(AGREED_SECONDS)
        assert comparison.agrees, comparison
        bets = await self.evening.casino("/arrivals?command=bet")
        assert len(bets) >= bets_min, "the kills fell into play"
        assert set(bets.values()) == {1}, "no bet was on the wire twice"
        await self.reader.read_on()
        seen = self.reader.entries
        assert len({each["trans_id"] for each in seen}) == len(seen)
        anew = Reader(self.evening)
        await anew.read_on()
        assert seen == anew.entries, "the reader saw every settled transaction, in its place"


def undone_by_recovery(url: DatabaseUrl) -> int:
    """Count the bets that were found without an outcome after their node's death."""
    ((found,),) = ask(url, "SELECT count(*) FROM events WHERE cause = 'its node stopped'")
    assert isinstance(found, int)
    return found


@asynccontextmanager
async def a_storm(folder: Path, players: int) -> AsyncIterator[Storm]:
    """Start three nodes on one server and let players play and somebody read; the block kills."""
    server = PostgresServer()
    try:
        await asyncio.to_thread(server.start)
        async with storm_over(server.create("meganodes"), folder, players) as storm:
            yield storm
    finally:
        server.remove()


@asynccontextmanager
async def storm_over(address: str, folder: Path, players: int) -> AsyncIterator[Storm]:
    """Start three nodes on this database and let players play and somebody read."""
    url = parse_database_url(address)
    journal_schema.upgrade(url)
    directory_schema.upgrade(url)
    async with an_evening(folder, EveningOptions(database_url=address, nodes=NODES)) as evening:
        names = [f"player_{number}" for number in range(players)]
        sessions = [await evening.open_session(name, "9000.00") for name in names]
        storm = Storm(evening, Reader(evening))
        storm.work = [asyncio.create_task(storm.play(each)) for each in sessions]
        storm.work.append(asyncio.create_task(storm.read()))
        yield storm
