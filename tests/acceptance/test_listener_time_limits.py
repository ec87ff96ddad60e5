"""Callers that take their time: each costs its buffer, for a bounded while (S23)."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack

import pytest

from tests.support.listener import a_listener, eventually
from tests.support.loops import on_each_loop
from tests.support.raw_http import Caller, a_caller, post

DOOR = "/provider/v1/bet"


async def _drip(caller: Caller, data: bytes, pause_seconds: float) -> None:
    """Send byte by byte until everything is sent or nobody listens any more."""
    try:
        for byte in data:
            await caller.send(bytes([byte]))
            await asyncio.sleep(pause_seconds)
    except ConnectionError:
        return


@pytest.mark.parametrize("path", [DOOR, "/v4/x"])
@on_each_loop
async def test_a_head_that_drips_is_refused_at_its_limit(path: str) -> None:
    async with a_listener(headers_seconds=0.2) as running, a_caller(running.port) as caller:
        dripping = asyncio.create_task(_drip(caller, post(path, b"", "X-Slow: " + "x" * 500), 0.01))
        answer = await caller.answer()
        assert (answer.status, answer.closes) == (408, True)
        assert answer.json()["data"][0]["message"] == (
            "The head of the request did not arrive within 0.2 s."
        )
        assert await caller.is_closed()
        await dripping
        assert running.door.asked == []


@on_each_loop
async def test_a_body_that_drips_is_refused_at_the_limit_of_the_whole() -> None:
    async with a_listener(request_seconds=0.2) as running, a_caller(running.port) as caller:
        dripping = asyncio.create_task(_drip(caller, post(DOOR, b"x" * 500), 0.002))
        assert (await caller.answer()).status == 408
        await dripping
        assert running.door.asked == []


@on_each_loop
async def test_a_slow_body_for_the_application_is_refused_too() -> None:
    async with a_listener(request_seconds=0.2) as running, a_caller(running.port) as caller:
        await caller.send(post("/v4/x", b"x" * 500)[:-1])
        assert (await caller.answer()).status == 408
        await eventually(lambda: running.app.left == ["/v4/x"])


@on_each_loop
async def test_an_idle_connection_is_closed_without_a_word() -> None:
    async with a_listener(keep_alive_seconds=0.2) as running, a_caller(running.port) as caller:
        assert (await caller.ask(post(DOOR, b"x"))).status == 200
        assert await caller.is_closed()


@on_each_loop
async def test_a_connection_that_asks_nothing_is_closed_like_a_slow_head() -> None:
    async with (
        a_listener(headers_seconds=0.1, keep_alive_seconds=60.0) as running,
        a_caller(running.port) as caller,
    ):
        assert await caller.is_closed()


@on_each_loop
async def test_blank_lines_do_not_keep_a_connection_open() -> None:
    async with a_listener(headers_seconds=0.2) as running, a_caller(running.port) as caller:
        dripping = asyncio.create_task(_drip(caller, b"\r\n" * 200, 0.01))
        assert await caller.is_closed()
        await dripping
        assert not running.listening._shared.connections


@on_each_loop
async def test_a_slow_answer_is_no_slow_request() -> None:
    async with (
        a_listener(headers_seconds=0.1, request_seconds=0.1, keep_alive_seconds=0.1) as running,
        a_caller(running.port) as caller,
    ):
        gate = running.door.gates[b"slow"] = asyncio.Event()
        await caller.send(post(DOOR, b"slow") + post(DOOR, b"behind")[:-1])
        assert await caller.is_silent(0.4)
    async with (
        a_listener(headers_seconds=0.2, request_seconds=0.2) as running,
        a_caller(running.port) as caller,
    ):
        gate = running.door.gates[b"slow"] = asyncio.Event()
        asyncio.get_running_loop().call_later(0.5, gate.set)
        assert (await caller.ask(post(DOOR, b"slow"))).body == b"slow"


@on_each_loop
async def test_a_caller_that_takes_no_bytes_is_dropped() -> None:
    async with a_listener(stalled_write_seconds=0.2) as running:
        with socket.socket() as deaf:
            deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            deaf.connect(("127.0.0.1", running.port))
            deaf.sendall(post("/large", b""))
            await eventually(lambda: running.listening._shared.connections)
            await eventually(lambda: not running.listening._shared.connections)


@on_each_loop
@pytest.mark.security("S23")
async def test_bets_do_not_notice_a_thousand_slow_callers() -> None:
    async with a_listener(headers_seconds=10.0) as running, AsyncExitStack() as stack:
        for _ in range(1_000):
            slow = await stack.enter_async_context(a_caller(running.port))
            await slow.send(post(DOOR, b"")[:20])
        await eventually(lambda: len(running.listening._shared.connections) == 1_000)
        async with a_caller(running.port) as caller, asyncio.timeout(5.0):
            for at in range(200):
                assert (await caller.ask(post(DOOR, b"%d" % at))).body == b"%d" % at
        await eventually(lambda: not running.listening._shared.connections, seconds=30)
        assert len(running.door.asked) == 200
