"""Two nodes that are alive never have the same number, and one that lost its own issues nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest

from meganodes.bootstrap.node_number import LentIdentity, NodeNumber, UnnumberedIdentity
from meganodes.directory.node_numbers import (
    Holder,
    Taken,
    give_number_back,
    lent_numbers,
    renew_number,
    take_number,
)
from meganodes.journal.store import StoreUnavailable
from meganodes.kit.clock import ManualClock
from meganodes.kit.database import Database, DatabaseSettings, DatabaseUrl
from tests.support.places import change
from tests.support.postgres import empty_directory, shared_database

ONE = Holder(key="1", name="one")
TWO = Holder(key="2", name="")


@pytest.fixture
def url() -> DatabaseUrl:
    empty_directory(shared_database())
    return shared_database()


@pytest.fixture
def database(url: DatabaseUrl) -> Iterator[Database]:
    opened = Database(url, DatabaseSettings())
    yield opened
    opened.close()


def test_a_number_has_one_holder_and_a_refusal_names_it(database: Database) -> None:
    assert database.write_now(take_number, ONE, 5) == 5
    taken = database.write_now(take_number, TWO, 5)
    assert isinstance(taken, Taken)
    assert taken.by == "one"
    assert taken.free == tuple(number for number in range(64) if number != 5)
    assert database.write_now(take_number, TWO, None) == 0
    assert database.read_now(lent_numbers) == {0: "node-0", 5: "one"}
    database.write_now(give_number_back, ONE)
    assert database.write_now(take_number, TWO, 5) == 5


def test_nodes_of_one_name_are_told_apart_by_their_numbers(database: Database) -> None:
    for key in ("1", "2"):
        holder = Holder(key=key, name="left", is_numbered=True)
        database.write_now(take_number, holder, None)
    assert database.read_now(lent_numbers) == {0: "left-0", 1: "left-1"}


def test_a_number_that_was_not_renewed_in_time_is_lost(
    database: Database, url: DatabaseUrl
) -> None:
    database.write_now(take_number, ONE, 5)
    assert database.write_now(renew_number, ONE, 5)
    change(url, "UPDATE node_numbers SET ends_at_ms = 0")
    assert not database.write_now(renew_number, ONE, 5)
    assert database.write_now(take_number, TWO, 5) == 5
    assert not database.write_now(renew_number, ONE, 5)


async def test_nodes_that_start_at_once_have_a_number_each(url: DatabaseUrl) -> None:
    clock = ManualClock()
    nodes = [NodeNumber(url, Holder(key=f"{n}", name=""), None, clock) for n in range(5)]
    await asyncio.gather(*(node.start() for node in nodes))
    assert sorted(node.number for node in nodes) == [0, 1, 2, 3, 4]
    await asyncio.gather(*(node.close() for node in nodes))


async def test_one_of_many_nodes_has_the_lowest_number(url: DatabaseUrl) -> None:
    clock = ManualClock()
    nodes = [NodeNumber(url, Holder(key=f"{n}", name=""), n, clock) for n in (3, 5)]
    assert not await nodes[0].is_lowest(), "it has none yet"
    await asyncio.gather(*(node.start() for node in nodes))
    assert [await node.is_lowest() for node in nodes] == [True, False]
    await nodes[0].close()
    assert await nodes[1].is_lowest()
    await nodes[1].close()


async def test_a_node_issues_numbers_for_five_seconds_after_a_renewal(url: DatabaseUrl) -> None:
    clock = ManualClock()
    number = NodeNumber(url, ONE, 9, clock)
    assert not number.is_held
    await number.start()
    identity = LentIdentity(clock, number, above=0)
    assert (identity.trans_id() >> 6) & 63 == 9
    clock.advance(5)
    assert not number.is_held
    with pytest.raises(StoreUnavailable, match="node number"):
        identity.trans_id()
    await number.close()


def test_a_command_makes_no_transactions() -> None:
    with pytest.raises(StoreUnavailable, match="no node number"):
        UnnumberedIdentity(ManualClock(), 0).trans_id()
