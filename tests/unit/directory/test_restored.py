"""What a restore reads of the address book, and how its numbers go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from meganodes.directory.audit import Edit, audit_rows, first_broken_audit_row
from meganodes.directory.changes import next_number
from meganodes.directory.records import Actor
from meganodes.directory.restored import agent_numbers, life_ms, sequence_numbers, skip_numbers
from meganodes.kit.database import Database, WriteConnection, parse_database_url
from tests.support.builders import NOW_MS
from tests.support.directory import (
    MASTER_KEY,
    many_agents,
    open_database,
    set_the_stage,
    started_directory,
)

WHO = Actor(source="cli", name="ada")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "directory.db"


@pytest.fixture
def database(path: Path) -> Iterator[Database]:
    database = open_database(path)
    yield database
    database.close()


def skip(database: Database, **numbers: int) -> None:
    def work(connection: WriteConnection) -> None:
        edit = Edit.begin(connection, MASTER_KEY, WHO, NOW_MS)
        skip_numbers(edit, numbers, "restored")

    database.write_now(work)


def test_sequences_go_on_above(database: Database) -> None:
    before = database.read_now(sequence_numbers)
    assert before["user_code"] == 400_000_000
    skip(database, user_code=500_000_000)
    assert database.write_now(next_number, "user_code") == 500_000_001
    after = database.read_now(sequence_numbers)
    assert {name for name in after if after[name] != before[name]} == {"user_code"}


def test_no_sequence_goes_back(database: Database) -> None:
    with pytest.raises(AssertionError, match="never goes back"):
        skip(database, user_code=7)
    assert database.read_now(sequence_numbers)["user_code"] == 400_000_000


def test_the_audit_log_keeps_the_numbers_and_its_chain(database: Database) -> None:
    skip(database, gplay_id=9)
    (row,) = database.read_now(audit_rows, 10)
    assert (row.actor, row.tag, row.reason) == ("ada", "cli:installation:restore", "restored")
    assert '"gplay_id": 9' in row.new
    assert database.read_now(first_broken_audit_row) is None


def test_all_agents_are_named(path: Path) -> None:
    many_agents(parse_database_url(f"sqlite:///{path}"), 3)
    database = open_database(path)
    assert database.read_now(agent_numbers) == (1, 2, 3)
    database.close()


async def test_a_life_begins_with_the_first_agent_and_lasts_until_the_last_change(
    path: Path, database: Database
) -> None:
    assert database.read_now(life_ms) is None
    async with started_directory(path) as directory:
        await set_the_stage(directory)
    first, last = database.read_now(life_ms) or (0, 0)
    assert 0 < first <= last
