"""The cursor law on the wire, at full size: 100,000 transactions, eight writers, one reader.

Journal, sequencer and door are the real ones; the reader pages through game/transaction-id with
limits by chance while the writers settle.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx2
import pytest

from meganodes.domain.transaction import Move, State, Transaction
from meganodes.hub.worker import Worker
from meganodes.journal.schema import upgrade
from meganodes.journal.sqlite import SqliteJournal
from meganodes.journal.store import Change, Insert, JournalStore
from meganodes.kit.database import parse_database_url
from meganodes.protocol.commands import TransType
from tests.support.builders import NOW_MS
from tests.support.door import World, opened_world
from tests.support.effort import effort
from tests.support.transactions import bet, committed, listing, moving

WRITERS = 8
pytestmark = pytest.mark.thorough
TRANSACTIONS = effort(10_000, 100_000)
IN_FLIGHT = 25
"""Commits that a writer waits for at once: a disk that syncs slowly makes nobody wait long."""
RECORDED_AT_ONCE = 200
SEED = 20_260_921
LISTED = (listing(TransType.BET, 1_000),)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A world whose journal is a file."""
    path = tmp_path / "journal.db"
    upgrade(parse_database_url(f"sqlite:///{path}"))
    async with opened_world(tmp_path) as made:
        journal = SqliteJournal(path, clock=made.clock, owner="node-0")
        await journal.start()
        made.hub.journal, made.hub.reads = journal, journal.reads
        yield made
        await journal.close()


async def recorded(store: JournalStore, agent_id: int) -> list[Transaction]:
    """Record bets that wait for their decision."""
    rows = [bet(agent_id=agent_id, round_id="any") for _ in range(TRANSACTIONS)]
    for start in range(0, TRANSACTIONS, RECORDED_AT_ONCE):
        some = rows[start : start + RECORDED_AT_ONCE]
        inserts = tuple(Insert(row=row, cause="intent", lease_ms=5_000) for row in some)
        await committed(store, Change(at_ms=NOW_MS, inserts=inserts))
    return rows


async def settle(store: JournalStore, rows: list[Transaction]) -> None:
    for start in range(0, len(rows), IN_FLIGHT):
        some = rows[start : start + IN_FLIGHT]
        await asyncio.gather(*(committed(store, moving(decided(row))) for row in some))


def decided(row: Transaction) -> Move:
    """Accept a bet; `accepted` does the same in three copies, which shows at this number."""
    after = replace(row, state=State.ACCEPTED, epoch=row.epoch + 1, balance_minor=1_000)
    return Move(before=row, after=after, cause="accepted", lists=LISTED)


async def page(client: httpx2.AsyncClient, path: str, body: dict[str, object]) -> Any:  # noqa: ANN401 - JSON
    answer = json.loads((await client.post(path, json=body)).content)
    assert answer["code"] == 0, answer
    return answer["data"]


async def follow(
    world: World, client: httpx2.AsyncClient, written: asyncio.Future[list[None]]
) -> list[dict[str, Any]]:
    """Read on from the last trans_id seen until all is written and nothing new comes."""
    chance = random.Random(SEED)  # noqa: S311 - limits by chance, repeatable
    seen: list[dict[str, Any]] = []
    seen_meanwhile = 0
    while True:
        finished = written.done()
        if finished:
            await world.hub.journal.sequence(now_ms=world.clock.now_ms(), limit=TRANSACTIONS)
        else:
            seen_meanwhile = len(seen)
        last_id = seen[-1]["trans_id"] if seen else 0
        limit = chance.choice([1, 7, 100, chance.randint(1, 2000), 2000])
        found = await page(client, "/v4/game/transaction-id", {"last_id": last_id, "limit": limit})
        seen += found
        world.clock.advance(0.02)
        if finished and not found:
            assert seen_meanwhile > 0, "the reader was to read while others wrote"
            await written
            return seen
        if not found:
            await asyncio.sleep(0.01)  # the writers have the same two processors


@pytest.mark.slow
@pytest.mark.rule("2.2-transaction-id-cursor")
async def test_reader_sees_each_transaction_exactly_once_while_eight_write(
    world: World,
) -> None:
    store, agent_id = world.hub.journal, world.agent.agent_id
    rows = await recorded(store, agent_id)
    world.hub.settings = replace(world.hub.settings, turnover_tick_seconds=0.5)
    worker = Worker(world.hub)
    worker.start()
    async with world.client() as client:
        client.headers["accept-encoding"] = "identity"
        written = asyncio.gather(*(settle(store, rows[n::WRITERS]) for n in range(WRITERS)))
        seen = await follow(world, client, written)
        assert [item["trans_id"] for item in seen] == list(range(1, TRANSACTIONS + 1))
        assert {item["trans_guid"] for item in seen} == {row.guid for row in rows}
        assert await by_time(client, seen) == seen
        assert await turned_over(client, seen) == f"{TRANSACTIONS * 3 // 2}.00"
    await worker.stop()


async def by_time(client: httpx2.AsyncClient, seen: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Read the same transactions by time, in windows that meet."""
    first, last = (seen[index]["time_stamp"] // 1000 for index in (0, -1))
    edges = [*range(first, last + 1, 7), last + 1]
    found: list[dict[str, Any]] = []
    for start, end in pairwise(edges):
        window = {"start_time": _text(start), "end_time": _text(end)}
        total, count = 1, 0
        while count < total:
            data = await page(
                client, "/v4/game/transaction", {**window, "offset": count, "limit": 2000}
            )
            found += data["list"]
            total, count = data["total"], count + data["count"]
    return found


async def turned_over(client: httpx2.AsyncClient, seen: list[dict[str, Any]]) -> str:
    """Ask what was staked from the first transaction's second to the last one's."""
    window = {
        "start_time": seen[0]["regdate"],
        "end_time": _text(seen[-1]["time_stamp"] // 1000 + 1),
    }
    body = {**window, "offset": 0, "limit": 10}
    answer = await client.post("/v4/statistics/game", json=body)
    (line,) = json.loads(answer.content, parse_float=str)["data"]["list"]
    return str(line["slot_bet"])


def _text(at_seconds: int) -> str:
    return datetime.fromtimestamp(at_seconds, UTC).strftime("%Y-%m-%d %H:%M:%S")
