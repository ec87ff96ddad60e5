"""What a change costs in statements, and that nothing stays behind a refusal."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from meganodes.journal.rows import belongs
from meganodes.journal.schema import upgrade
from meganodes.journal.sqlite_change import ChangeWriter
from meganodes.journal.sqlite_connection import open_writer
from meganodes.journal.store import Committed, KeyTaken, RoundStep, StateMoved
from meganodes.kit.clock import ManualClock, SteadyClock
from meganodes.kit.database import parse_database_url
from tests.support.transactions import accepted, attempt_of, bet, intent, moving, round_key


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    path = tmp_path / "journal.db"
    upgrade(parse_database_url(f"sqlite:///{path}"))
    with closing(open_writer(path)) as connection:
        yield connection


@pytest.fixture
def changes(connection: sqlite3.Connection) -> ChangeWriter:
    return ChangeWriter(connection, SteadyClock(ManualClock(now_ms=1_000)), "node-3")


def test_bet_costs_nine_statements(connection: sqlite3.Connection, changes: ChangeWriter) -> None:
    """Each of them is a bet's time; one more is a decision, not an accident."""
    seen: list[str] = []
    connection.set_trace_callback(seen.append)
    row = bet()
    changes.apply(intent(row, step=RoundStep(key=row.round_key, must_be_open=True)))
    assert len(seen) == 4
    decided = replace(moving(accepted(replace(row, round_seq=1))), attempts=(attempt_of(row),))
    changes.apply(decided)
    assert len(seen) == 9


def test_refused_change_of_one_row_has_changed_nothing(
    connection: sqlite3.Connection, changes: ChangeWriter
) -> None:
    """The group writer relies on it: a refusal needs no savepoint."""
    row = bet()
    recorded = changes.apply(intent(row))
    assert isinstance(recorded, Committed)
    changes.apply(moving(accepted(recorded.rows[0])))
    before = connection.total_changes
    again = bet(transaction_id=row.transaction_id)
    assert isinstance(changes.apply(intent(again)), KeyTaken)
    assert isinstance(changes.apply(moving(accepted(recorded.rows[0]))), StateMoved)
    assert connection.total_changes == before


def test_lease_names_its_owner_and_its_end(
    connection: sqlite3.Connection, changes: ChangeWriter
) -> None:
    changes.apply(intent(bet(), lease_ms=5_000))
    changes.apply(intent(bet(round_id="r-2"), lease_ms=None))
    leases = connection.execute("SELECT lease_until_ms, lease_owner FROM transactions").fetchall()
    assert sorted(leases, key=str) == [(6_000, "node-3"), (None, None)]


@pytest.mark.parametrize(
    ("other", "inside"),
    [
        ({}, True),
        ({"agent_id": 2}, False),
        ({"provider_id": 2}, False),
        ({"user_code": 2}, False),
        ({"round_id": "R-1"}, False),
    ],
)
def test_row_belongs_to_its_own_round_alone(other: dict[str, object], *, inside: bool) -> None:
    assert belongs(bet(), round_key(**other)) is inside
