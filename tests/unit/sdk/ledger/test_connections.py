"""Connections are lent one at a time, kept while they are good, and never used over a fork."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import pytest

from meganodes.sdk import BalanceTooLow, DatabaseBusy
from meganodes.sdk.ledger.books import Cursor
from meganodes.sdk.ledger.connections import Connections


@dataclass(eq=False)
class FakeConnection:
    """Notes what it is told."""

    autocommit: bool = False
    commits: bool = True
    told: list[str] = field(default_factory=list)

    def cursor(self) -> Cursor:
        raise AssertionError("nothing is executed here")

    def commit(self) -> None:
        self.told.append("commit")
        if not self.commits:
            raise ConnectionError("the line is dead")

    def rollback(self) -> None:
        self.told.append("rollback")

    def close(self) -> None:
        self.told.append("close")


class FakeDatabase:
    """Opens connections and remembers them."""

    def __init__(self) -> None:
        self.opened: list[FakeConnection] = []

    def connect(self) -> FakeConnection:
        self.opened.append(FakeConnection())
        return self.opened[-1]

    def told(self) -> list[list[str]]:
        return [each.told for each in self.opened]


@pytest.fixture
def database() -> FakeDatabase:
    return FakeDatabase()


@pytest.fixture
def connections(database: FakeDatabase) -> Connections:
    return Connections(database.connect, 2, 0.01)


def test_nothing_is_opened_before_the_first_use(
    database: FakeDatabase, connections: Connections
) -> None:
    assert database.opened == []
    for _ in range(3):
        with connections.transaction():
            pass
    assert database.told() == [["commit", "commit", "commit"]]


def test_two_at_once_have_one_each_and_a_third_is_told_that_none_is_free(
    database: FakeDatabase, connections: Connections
) -> None:
    with connections.transaction() as first, connections.transaction() as second:
        assert first is not second
        with pytest.raises(DatabaseBusy), connections.transaction():
            pass
    with connections.transaction():
        pass
    assert len(database.opened) == 2


def test_a_no_of_the_ledger_undoes_and_keeps_the_connection(
    database: FakeDatabase, connections: Connections
) -> None:
    with pytest.raises(BalanceTooLow), connections.transaction():
        raise BalanceTooLow
    with connections.transaction():
        pass
    assert database.told() == [["rollback", "commit"]]


def test_any_other_failure_closes_it_and_all_that_are_idle(
    database: FakeDatabase, connections: Connections
) -> None:
    with connections.transaction(), connections.transaction():
        pass
    with pytest.raises(ConnectionError), connections.transaction():
        raise ConnectionError
    assert database.told() == [["commit", "close"], ["commit", "close"]]
    with connections.transaction():
        pass
    assert len(database.opened) == 3


def test_a_commit_that_fails_is_not_taken_for_one(
    database: FakeDatabase, connections: Connections
) -> None:
    with connections.transaction():
        pass
    database.opened[0].commits = False
    with pytest.raises(ConnectionError), connections.transaction():
        pass
    assert database.told() == [["commit", "commit", "close"]]


def test_a_connection_that_commits_by_itself_is_not_taken(database: FakeDatabase) -> None:
    def connect() -> FakeConnection:
        made = database.connect()
        made.autocommit = True
        return made

    connections = Connections(connect, 1, 0.01)
    with pytest.raises(ValueError, match="commit by themselves"), connections.transaction():
        pass
    assert database.told() == [["close"]]


def test_a_forked_worker_opens_connections_of_its_own(
    database: FakeDatabase, connections: Connections
) -> None:
    with connections.transaction():
        pass
    connections._process = os.getpid() + 1
    with connections.transaction() as own:
        assert own is database.opened[1]
    assert database.told() == [["commit"], ["commit"]]


def test_closing_closes_what_is_idle(database: FakeDatabase, connections: Connections) -> None:
    with connections.transaction():
        pass
    connections.close()
    assert database.told() == [["commit", "close"]]


def test_no_connection_at_all_is_a_mistake(database: FakeDatabase) -> None:
    with pytest.raises(ValueError, match="at least one"):
        Connections(database.connect, 0, 1)
