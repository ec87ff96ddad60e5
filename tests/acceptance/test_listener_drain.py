"""The end of the listener: what was asked is answered, nothing is cut off, then the rest ends."""

from __future__ import annotations

import asyncio
import os
import socket

import pytest

from meganodes.bootstrap.server import CannotListen, open_socket
from meganodes.bootstrap.server_settings import ServerSettings
from tests.support.listener import a_listener, eventually
from tests.support.loops import on_each_loop
from tests.support.raw_http import a_caller, post

DOOR = "/provider/v1/bet"


@on_each_loop
async def test_requests_under_way_are_answered_and_told_that_it_is_the_end() -> None:
    async with (
        a_listener(linger_seconds=0.1) as running,
        a_caller(running.port) as caller,
        a_caller(running.port) as other,
    ):
        bet = running.door.gates[b"bet"] = asyncio.Event()
        page = running.app.gates["/page"] = asyncio.Event()
        await caller.send(post(DOOR, b"bet"))
        await other.send(post("/page"))
        await eventually(lambda: running.door.asked and running.app.asked)
        running.listening.stop()
        await eventually(lambda: running.door.is_draining)
        assert running.finished == []
        bet.set()
        page.set()
        for answer in (await caller.answer(), await other.answer()):
            assert (answer.status, answer.closes) == (200, True)
        assert await caller.is_closed()
        assert await running.ended
        assert running.finished == ["drained"]


@on_each_loop
async def test_pipelined_requests_are_all_answered_and_only_the_last_says_close() -> None:
    async with a_listener(linger_seconds=0.1) as running, a_caller(running.port) as caller:
        gate = running.door.gates[b"first"] = asyncio.Event()
        await caller.send(post(DOOR, b"first") + post("/v4/x") + post(DOOR, b"last"))
        await eventually(lambda: running.door.asked)
        running.listening.stop()
        await eventually(lambda: running.listening.is_draining)
        gate.set()
        assert [(await caller.answer()).closes for _ in range(3)] == [False, False, True]
        assert await caller.is_closed()
        assert await running.ended


@pytest.mark.parametrize("path", [DOOR, "/v4/x"])
@on_each_loop
async def test_a_request_that_arrives_while_draining_is_still_served(path: str) -> None:
    async with a_listener(linger_seconds=5.0) as running, a_caller(running.port) as caller:
        assert not (await caller.ask(post(path, b"before"))).closes
        running.listening.stop()
        await eventually(lambda: running.listening.is_draining)
        answer = await caller.ask(post(path, b"while draining"))
        assert (answer.status, answer.closes) == (200, True)
        assert await caller.is_closed()
        assert await running.ended


@pytest.mark.parametrize("path", [DOOR, "/v4/x"])
@on_each_loop
async def test_a_request_that_is_half_read_is_read_and_answered(path: str) -> None:
    async with a_listener(linger_seconds=0.1) as running, a_caller(running.port) as caller:
        request = post(path, b"whole")
        await caller.send(request[:-3])
        await eventually(
            lambda: any(each.in_body for each in running.listening._shared.connections)
        )
        running.listening.stop()
        await eventually(lambda: running.door.is_draining)
        answer = await caller.ask(request[-3:])
        assert answer.closes
        # The linger is over: the door says so, definitely, and the id stays as it was.
        assert answer.status == (503 if path == DOOR else 200)
        assert await running.ended


@on_each_loop
async def test_idle_connections_are_closed_after_the_linger_and_nobody_new_is_let_in() -> None:
    async with a_listener(linger_seconds=0.2) as running, a_caller(running.port) as caller:
        await caller.ask(post(DOOR, b"before"))
        running.listening.stop()
        await eventually(lambda: running.listening.is_draining)
        assert not running.ended.done()
        assert await caller.is_closed()
        with pytest.raises(OSError, match="Connect"):
            await asyncio.open_connection("127.0.0.1", running.port)
        assert await running.ended


@on_each_loop
async def test_a_caller_that_comes_during_the_linger_is_answered_once() -> None:
    """Whoever the kernel has connected before the listener closes must not be reset."""
    async with a_listener(linger_seconds=5.0) as running, a_caller(running.port) as held:
        await held.ask(post(DOOR, b"before"))
        running.listening.stop()
        await eventually(lambda: running.listening.is_draining)
        async with a_caller(running.port) as late:
            answer = await late.ask(post(DOOR, b"late"))
            assert answer.status == 200
            assert answer.closes


@on_each_loop
async def test_a_listener_without_callers_ends_at_once() -> None:
    async with a_listener(linger_seconds=60.0, drain_seconds=60.0) as running:
        running.listening.stop()
        async with asyncio.timeout(5.0):
            assert await running.ended


@on_each_loop
async def test_an_answer_that_does_not_come_ends_with_the_drain() -> None:
    async with (
        a_listener(linger_seconds=0.05, drain_seconds=0.2) as running,
        a_caller(running.port) as caller,
    ):
        running.door.gates[b"never"] = asyncio.Event()
        await caller.send(post(DOOR, b"never"))
        await eventually(lambda: running.door.asked)
        running.listening.stop()
        assert await caller.is_closed()
        assert await running.ended
        assert running.finished == ["drained"]


@on_each_loop
async def test_told_twice_it_ends_at_once() -> None:
    async with a_listener() as running, a_caller(running.port) as caller:
        running.door.gates[b"never"] = asyncio.Event()
        await caller.send(post(DOOR, b"never"))
        await eventually(lambda: running.door.asked)
        running.listening.stop()
        running.listening.stop()
        async with asyncio.timeout(5.0):
            assert not await running.ended
        assert await caller.is_closed()
        assert running.finished == []


@on_each_loop
async def test_told_twice_it_does_not_wait_for_the_hub_either() -> None:
    async with a_listener(slow_finish=asyncio.Event()) as running:
        running.listening.stop()
        await asyncio.sleep(0.05)
        assert not running.ended.done()
        running.listening.stop()
        async with asyncio.timeout(5.0):
            assert not await running.ended


@on_each_loop
async def test_during_notice_all_goes_on_but_readiness() -> None:
    async with (
        a_listener(notice_seconds=60.0, linger_seconds=0.1) as running,
        a_caller(running.port) as caller,
    ):
        running.listening.stop()
        await eventually(lambda: running.listening.is_draining)
        answer = await caller.ask(post(DOOR, b"noticed later"))
        assert (answer.status, answer.closes) == (200, False)
        async with a_caller(running.port) as new:
            assert (await new.ask(post(DOOR, b"new"))).status == 200
        assert not running.ended.done()
        running.listening.stop()
        assert not await running.ended


@on_each_loop
async def test_one_that_retires_leaves_new_callers_in_the_socket_and_refuses_nobody() -> None:
    with open_socket(ServerSettings(port=0)) as shared:
        async with (
            a_listener(descriptor=os.dup(shared.fileno()), linger_seconds=0.1) as running,
            a_caller(running.port) as caller,
        ):
            bet = running.door.gates[b"bet"] = asyncio.Event()
            await caller.send(post(DOOR, b"bet"))
            await eventually(lambda: running.door.asked)
            running.listening.retire()
            running.listening.retire()
            await eventually(lambda: not running.listening.is_accepting)
            waiting = asyncio.create_task(_asked_of(running.port))
            bet.set()
            answer = await caller.answer()
            assert (answer.status, answer.closes) == (200, True)
            assert await running.ended
            assert not running.listening.is_draining, "the group goes on"
            assert not running.door.is_draining
        async with a_listener(descriptor=os.dup(shared.fileno())):
            assert await waiting == b"for the next one"


async def _asked_of(port: int) -> bytes:
    async with a_caller(port) as new:
        return (await new.ask(post(DOOR, b"for the next one"))).body


def test_an_address_in_use_is_told_in_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotListen, match=f"Cannot listen on 127.0.0.1:{port}: Address"):
            open_socket(ServerSettings(port=port))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "::1"])
def test_a_free_port_is_taken(host: str) -> None:
    with open_socket(ServerSettings(host=host, port=0)) as opened:
        assert opened.getsockname()[1] > 0
