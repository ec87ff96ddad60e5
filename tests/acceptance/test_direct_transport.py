"""The command line's own transport, over real sockets: one request, one answer, nothing hidden."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from meganodes.certification.direct import BadUrl, DirectTransport
from meganodes.certification.transport import Answer, NoAnswer, Request
from meganodes.kit.clock import SystemClock

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def a_request(*, new_connection: bool = False, timeout_seconds: float = 30.0) -> Request:
    return Request(
        headers=(("Callback-Token", "secret"), ("Accept", "application/json")),
        body=b'{"a":1}',
        timeout_seconds=timeout_seconds,
        new_connection=new_connection,
    )


@asynccontextmanager
async def served(serve: Serve) -> AsyncIterator[DirectTransport]:
    served_now: set[asyncio.Task[object]] = set()

    async def tracked(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        served_now.add(task)
        await serve(reader, writer)

    server = await asyncio.start_server(tracked, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    url = f"http://127.0.0.1:{port}/callback?agent=1"
    async with server:
        async with DirectTransport(url, SystemClock()) as transport:
            yield transport
        await asyncio.gather(*served_now)


async def _one(reader: asyncio.StreamReader) -> bytes:
    return await reader.readuntil(b"\r\n\r\n") + await reader.readexactly(7)


async def _keeps_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while not reader.at_eof():
        try:
            await _one(reader)
        except asyncio.IncompleteReadError:
            break
        writer.write(OK)
    writer.close()


async def test_the_bytes_are_those_of_the_wire() -> None:
    seen: list[bytes] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.append(await _one(reader))
        writer.write(OK)
        writer.close()

    async with served(serve) as transport:
        answer = await transport.send(a_request())
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body, answer.reused_connection) == (200, b"{}", False)
    head, body = seen[0].split(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"POST /callback?agent=1 HTTP/1.1"
    assert lines[1].startswith(b"Host: 127.0.0.1:")
    assert lines[2:] == [
        b"Callback-Token: secret",
        b"Accept: application/json",
        b"Content-Length: 7",
    ]
    assert body == b'{"a":1}'


async def test_a_connection_is_kept_unless_a_new_one_is_asked_for() -> None:
    async with served(_keeps_on) as transport:
        answers = [
            await transport.send(a_request(new_connection=new)) for new in (False, False, True)
        ]
    reused = [answer.reused_connection for answer in answers if isinstance(answer, Answer)]
    assert reused == [False, True, False]


async def test_many_at_once_have_a_connection_each() -> None:
    async with served(_keeps_on) as transport:
        answers = await asyncio.gather(*(transport.send(a_request()) for _ in range(20)))
    assert [isinstance(answer, Answer) for answer in answers] == [True] * 20


async def test_a_connection_that_ends_is_no_answer_and_is_not_tried_again() -> None:
    times = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal times
        times += 1
        await _one(reader)
        writer.close()

    async with served(serve) as transport:
        answer = await transport.send(a_request())
    assert isinstance(answer, NoAnswer)
    assert answer.sentence == "The backend closed the connection without a byte."
    assert answer.sent
    assert times == 1


async def test_a_backend_that_is_silent_is_waited_for_no_longer_than_asked() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with served(serve) as transport:
        answer = await transport.send(a_request(timeout_seconds=0.2))
    assert isinstance(answer, NoAnswer)
    assert answer.sentence.startswith("No complete reply came within")
    assert answer.sent


async def test_nobody_listening_is_told_as_not_sent() -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))  # bound and not listening: every connection is refused
        url = f"http://127.0.0.1:{held.getsockname()[1]}/"
        async with DirectTransport(url, SystemClock()) as transport:
            answer = await transport.send(a_request())
    assert isinstance(answer, NoAnswer)
    assert answer.sentence.startswith("No connection to 127.0.0.1")
    assert not answer.sent


async def test_plain_http_behind_https_is_told() -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(10)
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    url = f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    async with server, DirectTransport(url, SystemClock()) as transport:
        answer = await transport.send(a_request())
    assert isinstance(answer, NoAnswer)
    assert answer.sentence.startswith("TLS with 127.0.0.1")
    assert not answer.sent


@pytest.mark.parametrize("url", ["", "casino.example", "ftp://a/b", "https://", "http://a:99999/"])
def test_what_is_no_callback_url_is_refused(url: str) -> None:
    with pytest.raises(BadUrl, match="is no callback URL"):
        DirectTransport(url, SystemClock())
