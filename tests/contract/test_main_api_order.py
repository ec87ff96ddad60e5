"""The order of checks: path, token, IP, state, concurrency, body, fields (contract 2.1)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import combinations
from pathlib import Path

import httpx2
import pytest

from meganodes.directory.records import AgentState
from meganodes.main_api.settings import MainApiSettings
from tests.support.door import World, opened_world

PATH = "/v4/game/game-url"
BAD_TOKEN = {"authorization": "Bearer mna_nonsense"}
UNREADABLE = b"{"
ONE_PLACE = MainApiSettings(in_flight_max=1)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        yield made


def seen(answer: httpx2.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["code"]


@pytest.mark.rule("2.1-check-order")
async def test_each_check_hides_those_after_it(world: World) -> None:
    """Everything is wrong at first; one thing after the other is put right."""
    world.backend.gate = asyncio.Event()
    await world.directory.set_agent("acme", {"allow_list": ("198.51.100.1",)})
    await world.set_state(AgentState.SUSPENDED)
    async with world.client(ONE_PLACE) as client:
        assert seen(await client.post("/v4/nothing", content=UNREADABLE, headers=BAD_TOKEN)) == (
            404,
            1005,
        )
        assert seen(await client.post(PATH, content=UNREADABLE, headers=BAD_TOKEN)) == (401, 1009)
        assert seen(await client.post(PATH, content=UNREADABLE)) == (403, 1020)

        await world.directory.set_agent("acme", {"allow_list": ()})
        assert seen(await client.post(PATH, content=UNREADABLE)) == (200, 1010)

        await world.set_state(AgentState.APPROVED)
        busy = asyncio.create_task(client.post("/v4/user/create", json={"name": "alice"}))
        await world.backend.arrivals.get()
        assert seen(await client.post(PATH, content=UNREADABLE)) == (429, 1018)

        world.backend.gate.set()
        assert seen(await busy) == (200, 0)
        unreadable = await client.post(PATH, content=UNREADABLE)
        assert [each["field"] for each in unreadable.json()["data"]] == [""]
        fields = await client.post(PATH, json={})
        assert [each["field"] for each in fields.json()["data"]] == [
            "user_code",
            "provider_id",
            "game_symbol",
        ]


BROKEN = {
    "path": (404, 1005),
    "token": (401, 1009),
    "IP": (403, 1020),
    "state": (200, 1010),
    "concurrency": (429, 1018),
    "body": (200, 1002),
    "fields": (200, 1002),
}
"""The checks in the contract's order, each with the answer that tells of it."""


async def faulty_call(
    world: World, client: httpx2.AsyncClient, broken: set[str]
) -> tuple[tuple[int, int], list[str]]:
    """Make a call with these things wrong; give what was seen and the fields it told of."""
    path = "/v4/nothing" if "path" in broken else PATH
    headers = BAD_TOKEN if "token" in broken else {}
    allow_list = ("198.51.100.1",) if "IP" in broken else ()
    await world.directory.set_agent("acme", {"allow_list": allow_list})
    await world.set_state(AgentState.SUSPENDED if "state" in broken else AgentState.APPROVED)
    content = b"{}" if "fields" in broken else b'{"user_code":1,"provider_id":1,"game_symbol":"x"}'
    if "body" in broken:
        content = content[:-1]
    answer = await client.post(path, content=content, headers=headers)
    return seen(answer), [fault["field"] for fault in answer.json().get("data", [])]


@pytest.mark.rule("2.1-check-order")
@pytest.mark.parametrize(
    "broken", [pair for count in (1, 2) for pair in combinations(BROKEN, count)]
)
async def test_of_two_faults_the_earlier_check_answers(
    world: World, broken: tuple[str, ...]
) -> None:
    async with world.client(ONE_PLACE) as client:
        world.backend.gate = asyncio.Event()
        busy = None
        if "concurrency" in broken:
            busy = asyncio.create_task(client.post("/v4/user/create", json={"name": "alice"}))
            await world.backend.arrivals.get()
        answered, fields = await faulty_call(world, client, set(broken))
        world.backend.gate.set()
        if busy is not None:
            assert seen(await busy) == (200, 0)
    assert answered == BROKEN[broken[0]]
    if broken[0] == "body":
        assert fields == [""]
    elif broken[0] == "fields":
        assert fields == ["user_code", "provider_id", "game_symbol"]
    else:
        assert fields == []


async def test_path_is_judged_before_the_method_and_the_token(world: World) -> None:
    async with world.client() as client:
        assert seen(await client.get("/v4/nothing", headers=BAD_TOKEN)) == (404, 1005)
        assert seen(await client.get(PATH, headers=BAD_TOKEN)) == (405, 1005)


async def test_body_is_not_read_before_the_token_is_known(world: World) -> None:
    pieces: list[bytes] = []

    async def body() -> AsyncIterator[bytes]:
        for piece in (b"{", b"}"):
            pieces.append(piece)
            yield piece

    async with world.client() as client:
        answer = await client.post(PATH, content=body(), headers=BAD_TOKEN)
    assert seen(answer) == (401, 1009)
    assert pieces == []


@pytest.mark.rule("2.1-status-503")
async def test_draining_hub_turns_calls_away_whoever_calls(world: World) -> None:
    """Contract 2.1: 503 with 1001 while the hub is closing down; unknown paths stay unknown."""
    world.drain.closing = True
    async with world.client() as client:
        answer = await client.post(PATH, json={})
        assert seen(answer) == (503, 1001)
        assert answer.json() == {"code": 1001, "message": "INTERNAL_SERVER_ERROR"}
        assert seen(await client.post("/v4/nothing")) == (404, 1005)
