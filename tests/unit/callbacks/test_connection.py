"""One connection without a socket: one request at a time, one deadline, no second chance."""

from __future__ import annotations

import asyncio

import pytest

from meganodes.callbacks.connection import Connection
from meganodes.callbacks.egress import Target
from meganodes.callbacks.reader import TOLD_BY_CLOSING
from meganodes.kit.clock import ManualClock
from tests.support.hostile_backend import PLAIN_REPLY, http

TARGET = Target(scheme="https", host="good.example", port=443, path_and_query="/")


class Wire(asyncio.Transport):
    """The event loop's side of a connection, kept in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.unsent = 0
        self.is_aborted = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def get_write_buffer_size(self) -> int:
        return self.unsent

    def abort(self) -> None:
        self.is_aborted = True


class Silent:
    """A link whose socket holds nothing, unless a test says so."""

    address = "93.184.216.34"

    def __init__(self) -> None:
        self.silent = True
        self.looks = 0

    def is_silent(self) -> bool:
        self.looks += 1
        return self.silent


class Line:
    """A connection with all that is around it."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.wire = Wire()
        self.link = Silent()
        self.closed: list[Connection] = []
        self.connection = Connection(TARGET, self.link, self.clock.monotonic, self.closed.append)
        self.connection.connection_made(self.wire)

    def start(self, seconds: float = 2.0) -> asyncio.Future[str | None]:
        return self.connection.start(b"request", self.clock.monotonic() + seconds)

    @property
    def is_over(self) -> bool:
        return self.wire.is_aborted and self.connection.is_closed and len(self.closed) == 1


@pytest.fixture
async def line() -> Line:
    return Line()


async def test_reply_ends_the_wait(line: Line) -> None:
    waiter = line.start()
    assert line.wire.written == b"request"
    line.connection.data_received(http()[:20])
    assert not waiter.done()
    line.connection.data_received(http()[20:])
    assert await waiter is None
    assert line.connection.reader.reply().status == 200
    assert not line.connection.is_closed


async def test_connection_carries_one_request_after_the_other(line: Line) -> None:
    for number in range(3):
        waiter = line.start()
        line.connection.data_received(http(b"%d" % number))
        assert await waiter is None
        assert line.connection.reader.reply().body == b"%d" % number
        line.connection.idle(3.0)
        assert line.connection.is_usable(line.clock.monotonic())


async def test_two_requests_at_once_are_a_defect(line: Line) -> None:
    line.start()
    with pytest.raises(AssertionError):
        line.start()


@pytest.mark.rule("3.3-close-after-irregularity")
async def test_bytes_nobody_asked_for_end_the_connection(line: Line) -> None:
    line.connection.data_received(http())
    assert line.is_over


@pytest.mark.rule("3.3-close-after-irregularity")
async def test_bytes_while_idle_end_the_connection(line: Line) -> None:
    waiter = line.start()
    line.connection.data_received(http())
    await waiter
    line.connection.idle(3.0)
    line.connection.data_received(b"\r\n")
    assert line.is_over
    assert not line.connection.is_usable(line.clock.monotonic())


@pytest.mark.rule("3.3-close-after-irregularity")
async def test_broken_reply_ends_the_connection(line: Line) -> None:
    waiter = line.start()
    line.connection.data_received(b"nonsense")
    assert await waiter == "the reply is not HTTP/1.1: Expected HTTP/, RTSP/ or ICE/"
    assert line.is_over


@pytest.mark.rule("3.3-no-reuse-after-fin")
async def test_fin_while_idle_ends_the_connection(line: Line) -> None:
    waiter = line.start()
    line.connection.data_received(http())
    await waiter
    line.connection.idle(3.0)
    line.connection.eof_received()
    assert line.is_over
    assert not line.connection.is_usable(line.clock.monotonic())


@pytest.mark.rule("3.3-no-reuse-after-fin")
async def test_fin_behind_a_reply_leaves_the_reply_and_ends_the_connection(line: Line) -> None:
    waiter = line.start()
    line.connection.data_received(http())
    line.connection.eof_received()
    assert await waiter is None
    assert line.is_over


async def test_fin_instead_of_a_reply_is_a_fault(line: Line) -> None:
    waiter = line.start()
    line.connection.eof_received()
    assert await waiter == "the backend closed the connection; no byte of a reply had come"
    assert line.is_over


async def test_fin_is_the_end_of_a_reply_that_has_no_other(line: Line) -> None:
    waiter = line.start()
    line.connection.data_received(http(length=None))
    assert not waiter.done()
    line.connection.eof_received()
    assert await waiter is None
    assert line.connection.reader.reply().body == PLAIN_REPLY
    assert line.connection.reader.notes == (TOLD_BY_CLOSING,)
    assert line.is_over


@pytest.mark.rule("3.3-incomplete-at-deadline")
@pytest.mark.parametrize("broken", [ConnectionResetError(), None])
async def test_reply_that_ends_without_a_fin_is_not_whole(
    line: Line, broken: Exception | None
) -> None:
    """None comes without a FIN when we close, or when TLS ends without its parting word."""
    waiter = line.start()
    line.connection.data_received(http(length=None))
    line.connection.connection_lost(broken)
    fault = await waiter
    assert fault is not None
    assert fault.endswith("the reply has no Content-Length and no end after 73 body bytes")


async def test_reply_told_by_closing_before_the_request_was_read_is_a_fault(line: Line) -> None:
    waiter = line.start()
    line.wire.unsent = 1
    line.connection.data_received(http(length=None))
    line.connection.eof_received()
    assert await waiter == "the backend answered before it had read the request"
    assert line.is_over


async def test_lost_connection_is_a_fault(line: Line) -> None:
    waiter = line.start()
    line.connection.data_received(b"HTTP/1.1 200")
    line.connection.connection_lost(ConnectionResetError())
    assert await waiter == (
        "the connection broke; the head of the reply was not complete after 12 bytes"
    )
    assert line.connection.is_closed
    assert line.closed == [line.connection]


async def test_loss_without_a_reason_is_the_end_of_the_backend(line: Line) -> None:
    waiter = line.start()
    line.connection.connection_lost(None)
    assert await waiter == "the backend closed the connection; no byte of a reply had come"


async def test_end_is_told_once(line: Line) -> None:
    line.connection.abort()
    line.connection.abort()
    line.connection.connection_lost(None)
    assert line.is_over


async def test_end_before_it_was_made_is_no_trouble() -> None:
    closed: list[Connection] = []
    connection = Connection(TARGET, Silent(), ManualClock().monotonic, closed.append)
    connection.abort()
    assert closed == [connection]


@pytest.mark.rule("3.3-incomplete-at-deadline")
async def test_deadline_ends_the_wait_and_the_connection(line: Line) -> None:
    waiter = line.start(seconds=2.0)
    line.connection.data_received(http()[:-1])
    line.clock.advance(1.999)
    line.connection._wake()
    assert not waiter.done()
    line.clock.advance(0.001)
    line.connection._wake()
    assert await waiter == "nothing complete at the deadline; 72 of 73 body bytes had come"
    assert line.is_over


async def test_one_timer_serves_many_requests(line: Line) -> None:
    waiter = line.start(seconds=2.0)
    first = line.connection._timer
    line.connection.data_received(http())
    await waiter
    line.connection.idle(3.0)
    waiter = line.start(seconds=4.0)
    assert line.connection._timer is first, "a later moment needs no new timer"
    line.connection.data_received(http())
    await waiter
    waiter = line.start(seconds=1.0)
    assert line.connection._timer is not first, "an earlier one does"
    line.clock.advance(1.0)
    line.connection._wake()
    assert waiter.done()


@pytest.mark.rule("3.3-idle-reuse")
async def test_idle_connection_is_over_after_its_time(line: Line) -> None:
    waiter = line.start()
    line.connection.data_received(http())
    await waiter
    line.connection.idle(3.0)
    line.clock.advance(2.999)
    assert line.connection.is_usable(line.clock.monotonic())
    line.clock.advance(0.001)
    assert not line.connection.is_usable(line.clock.monotonic())
    assert not line.is_over
    line.connection._wake()
    assert line.is_over


@pytest.mark.rule("3.3-no-reuse-after-fin")
@pytest.mark.parametrize("idle_seconds", [0.0, 0.001, 1.0])
async def test_socket_is_asked_for_a_fin_the_loop_has_not_seen(
    line: Line, idle_seconds: float
) -> None:
    """However short the idling was: a FIN may wait right behind the reply."""
    waiter = line.start()
    line.connection.data_received(http())
    await waiter
    line.connection.idle(3.0)
    line.clock.advance(idle_seconds)
    assert line.connection.is_usable(line.clock.monotonic())
    line.link.silent = False
    assert not line.connection.is_usable(line.clock.monotonic())


async def test_answer_before_the_request_was_read_is_a_fault(line: Line) -> None:
    waiter = line.start()
    line.wire.unsent = 1
    line.connection.data_received(http())
    assert await waiter == "the backend answered before it had read the request"
    assert line.is_over


async def test_reply_for_somebody_who_has_gone_does_no_harm(line: Line) -> None:
    waiter = line.start()
    waiter.cancel()
    line.connection.data_received(http())
    assert waiter.cancelled()
