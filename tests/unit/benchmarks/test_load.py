"""The load generator against small servers: it counts what is answered and believes nothing."""

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from benchmarks.load import Order, WrongAnswer, measure
from benchmarks.wire import message_end

GOOD = b'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"code":0}'


class Answering(asyncio.Protocol):
    """Answers each request with the next bytes of a script."""

    def __init__(self, answer: Callable[[int], bytes | None], seen: list[bytes]) -> None:
        self._answer = answer
        self._seen = seen

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        assert message_end(data) == len(data)
        self._seen.append(data)
        answer = self._answer(len(self._seen))
        if answer is None:
            self._transport.close()
        else:
            self._transport.write(answer)


@asynccontextmanager
async def serving(answer: Callable[[int], bytes | None], seen: list[bytes]) -> AsyncIterator[int]:
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Answering(answer, seen), "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()


def order(port: int, connections: int = 2) -> Order:
    return Order(
        port=port,
        connections=connections,
        warm_up_seconds=0.02,
        seconds=0.05,
        token="t",
        sessions=["one", "two"],
        tag="b",
        expected='"code":0',
        watched_pid=os.getpid(),
    )


async def test_every_answer_counts_and_every_bet_is_fresh() -> None:
    seen: list[bytes] = []
    async with serving(lambda _: GOOD, seen) as port:
        figures = await measure(order(port))
    assert 0 < figures.requests <= len(seen)
    assert len(set(seen)) == len(seen)
    assert 0 < figures.p50_us <= figures.p99_us
    assert figures.seconds >= 0.05
    assert any(b'"session":"one"' in each for each in seen)
    assert any(b'"session":"two"' in each for each in seen)


async def test_answer_that_never_ends_is_no_answer() -> None:
    seen: list[bytes] = []
    async with serving(lambda _: GOOD[:20], seen) as port:
        with pytest.raises(WrongAnswer, match="no bet was answered"):
            await measure(order(port))
    assert len(seen) == 2


@pytest.mark.parametrize(
    "wrong",
    [
        GOOD.replace(b"200", b"503"),
        GOOD.replace(b'"code":0', b'"code":9'),
        GOOD + b"HTTP/1.1",
        None,
    ],
)
async def test_one_wrong_answer_ends_the_run(wrong: bytes | None) -> None:
    async with serving(lambda number: GOOD if number < 20 else wrong, []) as port:
        with pytest.raises(WrongAnswer):
            await measure(order(port))
