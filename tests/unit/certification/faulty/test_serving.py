"""A practice backend answers over real HTTP: kept connections, lengths, ends."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from meganodes.certification.faulty.honest import HonestBackend
from meganodes.certification.faulty.request_mistakes import HangsUpOnStrangers
from meganodes.certification.faulty.serving import BackendServer
from meganodes.certification.faulty.wire_mistakes import SendsNoLength
from meganodes.kit.clock import SystemClock
from meganodes.protocol.commands import Command
from tests.support.fake_backend import Play, callback
from tests.support.practice import ACCOUNT, TOKEN, agreed, with_accounts

BALANCE = callback(Command.BALANCE, Play(account=ACCOUNT))


class Caller:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def ask(self, body: bytes = BALANCE, *, method: str = "POST", more: str = "") -> bytes:
        head = (
            f"{method} /callback HTTP/1.1\r\nHost: x\r\nCallback-Token: {TOKEN}\r\n"
            f"Content-Length: {len(body)}\r\n{more}\r\n"
        )
        self.writer.write(head.encode() + body)
        head_came = await self.reader.readuntil(b"\r\n\r\n")
        for line in head_came.split(b"\r\n"):
            if line.lower().startswith(b"content-length:"):
                return head_came + await self.reader.readexactly(int(line.split(b":")[1]))
        return head_came + await self.reader.read()

    async def is_ended(self) -> bool:
        return await self.reader.read() == b""


@pytest.fixture
def kind() -> type[HonestBackend]:
    return HonestBackend


@pytest.fixture
async def caller(kind: type[HonestBackend]) -> AsyncIterator[Caller]:
    backend = with_accounts(kind(agreed(), SystemClock()))
    async with BackendServer(backend) as server:
        port = int(server.url.rsplit(":", 1)[1].partition("/")[0])
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        yield Caller(reader, writer)
        writer.close()
        await writer.wait_closed()


async def test_two_requests_go_over_one_connection(caller: Caller) -> None:
    for _ in range(2):
        reply = await caller.ask()
        assert reply.startswith(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n")
        assert reply.endswith(b'\r\n\r\n{"result":0,"status":"OK","data":{"balance":500.00}}')


async def test_the_connection_ends_when_the_caller_says_so(caller: Caller) -> None:
    assert b"Connection: close\r\n" in await caller.ask(more="Connection: close\r\n")
    assert await caller.is_ended()


async def test_another_method_is_refused(caller: Caller) -> None:
    assert (await caller.ask(b"", method="GET")).startswith(b"HTTP/1.1 405 Method Not Allowed")
    assert await caller.is_ended()


async def test_a_length_that_is_none_is_refused(caller: Caller) -> None:
    refused = await caller.ask(b"", more="Content-Length: many\r\n")
    assert refused.startswith(b"HTTP/1.1 413 ")
    assert await caller.is_ended()


@pytest.mark.parametrize("kind", [SendsNoLength])
async def test_a_reply_without_a_length_ends_by_closing(caller: Caller) -> None:
    reply = await caller.ask()
    assert b"Content-Length" not in reply
    assert reply.endswith(b'"data":{"balance":500.00}}')
    assert await caller.is_ended()


@pytest.mark.parametrize("kind", [HangsUpOnStrangers])
async def test_a_backend_that_hangs_up_leaves_no_reply(caller: Caller) -> None:
    with pytest.raises(asyncio.IncompleteReadError):
        await caller.ask(callback(Command.BALANCE, Play(account="nobody")))
