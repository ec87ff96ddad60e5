"""The connections of one agent: newest first, none that is stale, none to an old address."""

from __future__ import annotations

import asyncio

import pytest

from meganodes.callbacks.connection import Connection
from meganodes.callbacks.egress import Target
from meganodes.callbacks.pool import Pool
from meganodes.kit.clock import ManualClock

TARGET = Target(scheme="https", host="good.example", port=443, path_and_query="/callback")
SAME = Target(scheme="https", host="good.example", port=443, path_and_query="/callback")
OTHER = Target(scheme="https", host="other.example", port=443, path_and_query="/callback")


class Silent:
    address = "93.184.216.34"

    def is_silent(self) -> bool:
        return True


class Filled:
    """A pool and a way to put connections into it."""

    def __init__(self) -> None:
        self.clock = ManualClock()
        self.pool = Pool()

    def connect(self, target: Target = TARGET) -> Connection:
        self.pool.opening()
        connection = Connection(target, Silent(), self.clock.monotonic, self.pool.forget)
        connection.connection_made(asyncio.Transport())
        connection._transport = None  # nothing to abort beneath it
        self.pool.opened(connection)
        return connection

    def take(self, target: Target = TARGET) -> Connection | None:
        return self.pool.take(target, self.clock.monotonic())


@pytest.fixture
async def filled() -> Filled:
    return Filled()


async def test_empty_pool_gives_nothing(filled: Filled) -> None:
    assert filled.take() is None
    assert filled.pool.sockets == 0


async def test_newest_connection_is_taken_first(filled: Filled) -> None:
    first, second = filled.connect(), filled.connect()
    filled.pool.put_back(first, 3.0)
    filled.pool.put_back(second, 3.0)
    assert filled.take() is second
    assert filled.take(SAME) is first
    assert filled.take() is None
    assert filled.pool.sockets == 2


@pytest.mark.rule("3.3-idle-reuse")
async def test_stale_connections_are_ended_on_the_way(filled: Filled) -> None:
    old, kept_longer = filled.connect(), filled.connect()
    filled.pool.put_back(kept_longer, 28.0)
    filled.pool.put_back(old, 3.0)
    filled.clock.advance(3.0)
    assert filled.take() is kept_longer
    assert old.is_closed
    assert filled.pool.sockets == 1


@pytest.mark.rule("3.1-url-token-current")
async def test_connection_to_an_address_the_agent_has_left_is_ended(filled: Filled) -> None:
    left = filled.connect(TARGET)
    filled.pool.put_back(left, 3.0)
    assert filled.take(OTHER) is None
    assert left.is_closed
    assert filled.pool.sockets == 0


@pytest.mark.rule("3.3-close-after-irregularity")
async def test_connection_without_idle_time_is_ended(filled: Filled) -> None:
    connection = filled.connect()
    filled.pool.put_back(connection, 0.0)
    assert connection.is_closed
    assert filled.take() is None
    assert filled.pool.sockets == 0


async def test_connection_that_closed_meanwhile_is_not_kept(filled: Filled) -> None:
    connection = filled.connect()
    connection.abort()
    filled.pool.put_back(connection, 3.0)
    assert filled.take() is None


async def test_connection_that_closes_while_idle_is_forgotten(filled: Filled) -> None:
    connection = filled.connect()
    filled.pool.put_back(connection, 3.0)
    connection.abort()
    assert filled.take() is None
    assert filled.pool.sockets == 0


async def test_connections_being_opened_count(filled: Filled) -> None:
    filled.pool.opening()
    assert filled.pool.sockets == 1
    filled.pool.opened(None)
    assert filled.pool.sockets == 0


async def test_connection_that_closed_while_opening_does_not_count(filled: Filled) -> None:
    filled.pool.opening()
    connection = Connection(TARGET, Silent(), filled.clock.monotonic, filled.pool.forget)
    connection.abort()
    filled.pool.opened(connection)
    assert filled.pool.sockets == 0


async def test_all_are_ended_together(filled: Filled) -> None:
    idle, busy = filled.connect(), filled.connect()
    filled.pool.put_back(idle, 3.0)
    filled.pool.abort_all()
    assert idle.is_closed
    assert busy.is_closed
    assert filled.pool.sockets == 0
