"""Players on connections that are kept open, who never stop and never ask twice.

Each waits for its answer, then asks again on the same connection, until the answer said that it was
the last one of it. Whatever is not an accepted bet is a failed call.
"""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.support.evening import Evening
from tests.support.raw_http import Caller, a_caller, post

THINKING_SECONDS = 0.02
"""Less than any idle connection lasts; without it the players would take the processor."""

_numbers = itertools.count(1)


@dataclass(kw_only=True)
class SteadyPlayers:
    """What has been asked so far: ``accepted`` bets by their ids, and what went wrong."""

    evening: Evening
    port: int
    accepted: list[str] = field(default_factory=list)
    failed: list[str] = field(default_factory=list)
    connections: int = 0
    enough: asyncio.Event = field(default_factory=asyncio.Event)

    async def play(self, session: str) -> None:
        """Bet until it is enough."""
        while not self.enough.is_set():
            try:
                await self._play_on_one_connection(session)
            except (OSError, EOFError, TimeoutError) as fault:
                self.failed.append(repr(fault))

    async def more(self, bets: int, within_seconds: float = 60.0) -> None:
        """Wait until so many more bets were accepted, or one failed."""
        wanted = len(self.accepted) + bets
        async with asyncio.timeout(within_seconds):
            while len(self.accepted) < wanted and not self.failed:  # noqa: ASYNC110 - no event
                await asyncio.sleep(0.02)

    async def _play_on_one_connection(self, session: str) -> None:
        async with a_caller(self.port) as caller:
            self.connections += 1
            while not self.enough.is_set():
                if await self._bet(caller, session):
                    return
                await asyncio.sleep(THINKING_SECONDS)

    async def _bet(self, caller: Caller, session: str) -> bool:
        """Bet once; tell whether the connection ends with the answer."""
        name = f"steady{next(_numbers)}"
        fields = {"session": session, "transaction_id": name, "round_id": name, "amount": "0.10"}
        token = f"Authorization: Bearer {self.evening.provider['provider_token']}"
        kind = "Content-Type: application/json"
        body = json.dumps(fields).encode()
        answer = await caller.ask(post("/provider/v1/bet", body, token, kind))
        if answer.status == 200 and answer.json()["code"] == 0:
            self.accepted.append(name)
        else:
            self.failed.append(f"{answer.status} {answer.body!r}")
        return answer.closes


@asynccontextmanager
async def steady_players(
    evening: Evening, port: int, count: int, name: str = "steady"
) -> AsyncIterator[SteadyPlayers]:
    """Let so many play, and stop them when the block ends."""
    sessions = [
        await evening.open_session(f"{name}_{number}", "9000.00") for number in range(count)
    ]
    players = SteadyPlayers(evening=evening, port=port)
    playing = [asyncio.create_task(players.play(session)) for session in sessions]
    try:
        yield players
    finally:
        players.enough.set()
        await asyncio.gather(*playing)
