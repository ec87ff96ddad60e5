"""Fifty at once for each agent, and not one place lost however calls end (contract 2.1)."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from structlog.testing import capture_logs

from meganodes.bootstrap.program import main_api_settings
from meganodes.bootstrap.settings import load_settings
from meganodes.main_api.settings import MainApiSettings
from tests.support.builders import a_new_agent
from tests.support.door import World, opened_world
from tests.support.main_api import seen

CREATE = "/v4/user/create"
INFO = "/v4/agent/info"
ROUNDS = 1_000
PLACES = 5


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        yield made


def release(world: World) -> None:
    """Let the backend answer whoever waits."""
    if world.backend.gate is not None:
        world.backend.gate.set()


async def held(
    world: World, client: httpx2.AsyncClient, count: int
) -> list[asyncio.Task[httpx2.Response]]:
    """Start so many calls, each of which then waits for the backend."""
    world.backend.gate = asyncio.Event()
    calls = [
        asyncio.create_task(client.post(CREATE, json={"name": f"user_{number}"}))
        for number in range(count)
    ]
    for _ in calls:
        await world.backend.arrivals.get()
    return calls


@pytest.mark.rule("2.1-concurrency-limit", "2.1-status-429")
async def test_the_51st_is_told_at_once_and_nothing_waits(world: World) -> None:
    async with world.client() as client:
        calls = await held(world, client, 50)
        refused = [await client.post(CREATE, json={"name": f"more_{n}"}) for n in range(20)]
        assert {seen(answer) for answer in refused} == {(429, 1018)}
        assert {answer.headers["retry-after"] for answer in refused} == {"1"}
        assert not any(call.done() for call in calls)

        release(world)
        assert {seen(answer) for answer in await asyncio.gather(*calls)} == {(200, 0)}
        assert [account for _, account in world.backend.asked if account.startswith("more")] == []
        calls = await held(world, client, 50)
        assert seen(await client.post(INFO)) == (429, 1018)
        release(world)
        await asyncio.gather(*calls)


@pytest.mark.rule("2.1-concurrency-limit")
async def test_one_more_gets_in_for_each_that_leaves(world: World) -> None:
    async with world.client(MainApiSettings(in_flight_max=2)) as client:
        first, second = await held(world, client, 2)
        assert seen(await client.post(INFO)) == (429, 1018)
        first.cancel()
        await asyncio.wait({first})
        assert seen(await client.post(INFO)) == (200, 0)
        release(world)
        assert seen(await second) == (200, 0)


@pytest.mark.rule("2.1-concurrency-limit")
@pytest.mark.security("S19")
async def test_agents_do_not_share_places(world: World) -> None:
    other = await world.directory.add_agent(a_new_agent(name="other"))
    async with world.client(MainApiSettings(in_flight_max=1)) as client:
        (call,) = await held(world, client, 1)
        headers = {"authorization": f"Bearer {other.api_token.reveal()}"}
        assert seen(await client.post(INFO, headers=headers)) == (200, 0)
        assert seen(await client.post(INFO)) == (429, 1018)
        release(world)
        await call


@pytest.mark.rule("2.1-concurrency-limit")
async def test_who_is_refused_earlier_takes_no_place(world: World) -> None:
    """Nobody without the token can use up an agent's places."""
    async with world.client(MainApiSettings(in_flight_max=1)) as client:
        stop = asyncio.Event()

        async def slow_body() -> AsyncIterator[bytes]:
            await stop.wait()
            yield b"{}"

        headers = {"authorization": "Bearer mna_nonsense"}
        answer = await client.post(INFO, content=slow_body(), headers=headers)
        assert seen(answer) == (401, 1009)
        assert seen(await client.post(INFO)) == (200, 0)


async def lost_client(world: World, client: httpx2.AsyncClient, *, in_body: bool) -> None:
    """Make a call whose caller vanishes: while it sends its body, or while it waits."""
    reached = asyncio.Event()

    async def body() -> AsyncIterator[bytes]:
        yield b'{"name":'
        if in_body:
            reached.set()
            await asyncio.Event().wait()
        yield b'"alice"}'

    call = asyncio.create_task(client.post(CREATE, content=body()))
    if in_body:
        await reached.wait()
    else:
        await world.backend.arrivals.get()
    call.cancel()
    await asyncio.wait({call})


async def a_call_that_ends_well(world: World, client: httpx2.AsyncClient) -> None:
    release(world)
    assert seen(await client.post(INFO)) == (200, 0)


async def an_unreadable_call(_world: World, client: httpx2.AsyncClient) -> None:
    assert seen(await client.post(CREATE, content=b"{")) == (200, 1002)


async def a_client_lost_while_it_waits(world: World, client: httpx2.AsyncClient) -> None:
    world.backend.gate = asyncio.Event()
    await lost_client(world, client, in_body=False)


async def a_client_lost_while_it_sends(world: World, client: httpx2.AsyncClient) -> None:
    await lost_client(world, client, in_body=True)


async def a_full_door(world: World, client: httpx2.AsyncClient) -> None:
    calls = await held(world, client, PLACES)
    assert seen(await client.post(INFO)) == (429, 1018)
    calls[0].cancel()
    release(world)
    await asyncio.wait(calls)


@pytest.mark.slow
@pytest.mark.rule("2.1-concurrency-limit")
async def test_no_place_is_lost_in_a_thousand_rounds(world: World) -> None:
    """Calls that succeed, fail, are refused, and vanish, around a door with five places."""
    kinds = itertools.cycle(
        (
            a_call_that_ends_well,
            an_unreadable_call,
            a_client_lost_while_it_waits,
            a_client_lost_while_it_sends,
            a_full_door,
        )
    )
    async with world.client(MainApiSettings(in_flight_max=PLACES)) as client:
        for a_round in itertools.islice(kinds, ROUNDS):
            await a_round(world, client)
        calls = await held(world, client, PLACES)
        assert seen(await client.post(INFO)) == (429, 1018)
        release(world)
        assert {seen(answer) for answer in await asyncio.gather(*calls)} == {(200, 0)}


@pytest.mark.rule("2.1-concurrency-setting")
def test_the_number_of_places_is_a_setting_and_fifty() -> None:
    usual = load_settings(environment={})
    fewer = load_settings(environment={"MEGANODES_MAIN_API__CONCURRENT_MAX": "17"})
    assert main_api_settings(usual).in_flight_max == 50
    assert main_api_settings(fewer).in_flight_max == 17


async def test_a_defect_gives_its_place_back(world: World) -> None:
    class Broken:
        def __getattr__(self, name: str) -> object:
            raise RuntimeError(name)

    async with world.client(MainApiSettings(in_flight_max=1)) as client:
        whole = world.hub.gateway
        for _ in range(3):
            world.hub.gateway = Broken()  # type: ignore[assignment]
            with capture_logs():
                assert seen(await client.post(CREATE, json={"name": "alice"})) == (500, 1001)
        world.hub.gateway = whole
        assert seen(await client.post(CREATE, json={"name": "alice"})) == (200, 0)
