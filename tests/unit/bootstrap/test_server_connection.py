"""One connection without a socket: however bytes are cut, and whatever they are."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any, cast

from hypothesis import given
from hypothesis import strategies as st

from meganodes.bootstrap.server_connection import Connection
from meganodes.bootstrap.server_peer import CallerAddress
from meganodes.bootstrap.server_settings import ServerSettings, Shared
from tests.support.listener import ScriptedApp, ScriptedDoor
from tests.support.raw_http import chunked, post

DOOR = "/provider/v1/bet"
UPGRADE = ("Connection: Upgrade", "Upgrade: h2c")


class FakeTransport:
    """Keeps what is written; closing and aborting end the connection in the next turn."""

    def __init__(self, connection: Connection) -> None:
        """Belong to a connection."""
        self._connection = connection
        self.written = b""
        self.has_ended = False

    def get_extra_info(self, name: str) -> tuple[str, int] | None:
        return ("192.0.2.1", 4711) if name == "peername" else None

    def write(self, data: bytes) -> None:
        assert not self.has_ended
        self.written += data

    def close(self) -> None:
        if not self.has_ended:
            self.has_ended = True
            asyncio.get_running_loop().call_soon(self._connection.connection_lost, None)

    abort = write_eof = close

    def is_closing(self) -> bool:
        return self.has_ended

    def pause_reading(self) -> None:
        """The bytes of a test keep coming."""

    resume_reading = pause_reading


async def _exchange(pieces: list[bytes]) -> tuple[bytes, ScriptedDoor]:
    door = ScriptedDoor()
    shared = _shared(door, ServerSettings(body_bytes_max=1_000, head_bytes_max=2_000))
    connection = Connection(shared)
    transport = _connected(connection)
    for piece in pieces:
        if not transport.has_ended:
            connection.data_received(piece)
    await _turns_of_the_loop()
    transport.close()
    await _turns_of_the_loop()
    assert not shared.tasks, "whoever waited for more of a request has learned that none comes"
    return transport.written, door


async def _turns_of_the_loop() -> None:
    for _ in range(60):
        await asyncio.sleep(0)


def _cut(data: bytes, at: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in at), len(data)]
    return [data[start:end] for start, end in itertools.pairwise(edges) if start < end]


_requests = st.sampled_from(
    [
        post(DOOR, b"plain"),
        post(DOOR, b""),
        post(DOOR, b"up", *UPGRADE),
        post("/v4/x", b"up", *UPGRADE),
        post("/v4/x", b"app"),
        chunked(DOOR, b"ab", b"c", trailers="X-Late: 1\r\n"),
        chunked("/v4/x", b"ab", b"c"),
        b"\r\n" + post(DOOR, b"behind a blank line"),
    ]
)
_places = st.lists(st.integers(0, 10_000), max_size=20)


@given(requests=st.lists(_requests, max_size=6), at=_places)
def test_answers_do_not_depend_on_how_the_bytes_are_cut(
    requests: list[bytes], at: list[int]
) -> None:
    whole = b"".join(requests)
    expected, at_once = asyncio.run(_exchange([whole]))
    written, door = asyncio.run(_exchange(_cut(whole, at)))
    assert written == expected
    assert door.asked == at_once.asked
    assert expected.count(b"HTTP/1.1 200 OK\r\n") == len(requests)


@given(requests=st.lists(_requests, max_size=3), noise=st.binary(max_size=200), at=_places)
def test_no_bytes_raise_and_good_requests_before_them_are_answered(
    requests: list[bytes], noise: bytes, at: list[int]
) -> None:
    whole = b"".join(requests) + noise
    written, _ = asyncio.run(_exchange(_cut(whole, at)))
    assert written.count(b"HTTP/1.1 200 OK\r\n") >= len(requests)


@given(request=_requests, place=st.integers(0, 10_000), byte=st.integers(0, 255), at=_places)
def test_a_damaged_request_raises_nothing(
    request: bytes, place: int, byte: int, at: list[int]
) -> None:
    damaged = bytearray(request)
    damaged[place % len(damaged)] = byte
    asyncio.run(_exchange(_cut(bytes(damaged), at)))


def _shared(door: ScriptedDoor, settings: ServerSettings) -> Shared:
    return Shared(
        settings=settings,
        app=ScriptedApp(),
        door=door,
        loop=asyncio.get_running_loop(),
        callers=CallerAddress(()),
        connections_max=1,
    )


def _connected(connection: Connection) -> FakeTransport:
    transport = FakeTransport(connection)
    connection.connection_made(cast("Any", transport))
    return transport


async def _answer_after_the_caller_has_gone() -> None:
    door = ScriptedDoor(gates={b"bet": asyncio.Event()})
    connection = Connection(_shared(door, ServerSettings()))
    transport = _connected(connection)
    connection.data_received(post(DOOR, b"bet"))
    await asyncio.sleep(0)
    transport.close()
    await asyncio.sleep(0)
    assert not connection.shared.connections
    door.gates[b"bet"].set()
    await asyncio.gather(*connection.shared.tasks)
    assert transport.written == b""
    assert door.answered == [b"bet"]


def test_an_answer_for_a_caller_that_has_gone_is_dropped() -> None:
    asyncio.run(_answer_after_the_caller_has_gone())


class BrokenConnection(Connection):
    def head_read(self) -> None:
        raise RuntimeError("row 17 is odd")


async def _defect_while_reading() -> bytes:
    connection = BrokenConnection(_shared(ScriptedDoor(), ServerSettings()))
    transport = _connected(connection)
    connection.data_received(post(DOOR, b"bet"))
    return transport.written


def test_a_defect_while_reading_is_a_500_without_a_trace() -> None:
    written = asyncio.run(_defect_while_reading())
    assert written.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")
    assert written.endswith(b'\r\n\r\n{"code":1001,"message":"INTERNAL_SERVER_ERROR"}')
