"""Changes are numbered in the order of their commits, and numbers are never given out twice."""

from collections.abc import Iterator

import pytest

from meganodes.directory.changes import (
    Change,
    Subject,
    changes_after,
    current_version,
    forget_changes,
    lock_version,
    next_number,
    record_change,
)
from meganodes.kit.database import Database, DatabaseUrl, WriteConnection
from tests.support.directory import open_database


@pytest.fixture
def database(place: DatabaseUrl) -> Iterator[Database]:
    opened = open_database(place)
    yield opened
    opened.close()


def test_reader_goes_on_from_the_version_it_knows(database: Database) -> None:
    assert database.read_now(current_version) == 0
    for number, subject in enumerate((Subject.AGENT, Subject.USER, Subject.SESSION), 1):
        assert database.write_now(record_change, subject, number * 10, at_ms=5) == number
    assert database.read_now(current_version) == 3
    assert database.read_now(changes_after, 1) == [
        Change(2, Subject.USER, 20),
        Change(3, Subject.SESSION, 30),
    ]
    assert database.read_now(changes_after, 3) == []


def test_locking_changes_nothing(database: Database) -> None:
    database.write_now(lock_version)
    assert database.read_now(current_version) == 0


def test_old_notes_are_forgotten_and_the_version_stays(database: Database) -> None:
    for at_ms in (100, 200, 300):
        database.write_now(record_change, Subject.AGENT, 1, at_ms)
    database.write_now(forget_changes, 300)
    assert [change.version for change in database.read_now(changes_after, 0)] == [3]
    assert database.read_now(current_version) == 3


def test_sequences_start_where_the_contract_says(database: Database) -> None:
    assert database.write_now(next_number, "user_code") == 400_000_001
    assert database.write_now(next_number, "user_code") == 400_000_002
    assert database.write_now(next_number, "gplay_id") == 1
    assert database.write_now(next_number, "agent_id") == 1


def test_number_of_an_undone_change_was_never_given_out(database: Database) -> None:
    def take_and_fail(connection: WriteConnection) -> None:
        next_number(connection, "user_code")
        raise LookupError

    with pytest.raises(LookupError):
        database.write_now(take_and_fail)
    assert database.write_now(next_number, "user_code") == 400_000_001


def test_numbers_go_on_after_the_process_ended(place: DatabaseUrl) -> None:
    first = open_database(place)
    assert first.write_now(next_number, "user_code") == 400_000_001
    first.close()
    second = open_database(place)
    assert second.write_now(next_number, "user_code") == 400_000_002
    second.close()
