"""Following chains and comparing minutes: what a check tells and finds."""

from __future__ import annotations

import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from pathlib import Path

import pytest

from meganodes.hub.seals import SealReport, verify
from meganodes.journal import sealing
from meganodes.journal.schema import upgrade
from meganodes.journal.sqlite import SqliteJournal
from meganodes.kit.clock import ManualClock
from meganodes.kit.database import parse_database_url
from meganodes.kit.identity import first_trans_id
from tests.support.transactions import bet, record

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
START_MS = 1_790_000_000_000 // DAY_MS * DAY_MS
ALWAYS = (0, None)


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[SqliteJournal]:
    """Two agents' bets on two days, sealed."""
    path = tmp_path / "journal.db"
    upgrade(parse_database_url(f"sqlite:///{path}"))
    store = SqliteJournal(path, clock=ManualClock(), owner="node-0")
    await store.start()
    for agent_id in (1, 2):
        for day in range(2):
            at_ms = START_MS + day * DAY_MS + agent_id * HOUR_MS
            number = first_trans_id(at_ms)
            names = {"trans_id": number, "transaction_id": f"t-{number}", "round_id": f"{number}"}
            await record(store, bet(agent_id=agent_id, created_at_ms=at_ms, **names))
    while await store.seal(now_ms=START_MS + 3 * DAY_MS):
        pass
    yield store
    await store.close()


def checked(
    journal: SqliteJournal, agent_id: int | None, window: tuple[int, int | None]
) -> tuple[SealReport, list[str]]:
    told: list[str] = []
    reader = journal.open_reader()
    with closing(reader.connection):
        report = verify(
            reader, agent_id, window, lambda what, done, _: told.append(f"{what} {done}")
        )
    return report, told


@pytest.mark.reliability("I13")
async def test_a_whole_journal_has_a_root_for_each_agents_day(journal: SqliteJournal) -> None:
    report, told = checked(journal, None, ALWAYS)
    assert report.broken == []
    assert (report.rows, report.minutes, report.seals) == (8, 4, 4), "each bet has an event"
    assert sorted(report.roots) == [
        (agent_id, START_MS + day * DAY_MS) for agent_id in (1, 2) for day in range(2)
    ]
    assert report.sealed_to_ms > START_MS + DAY_MS
    assert told[:2] == ["Following the chains 2", "Following the chains 4"]
    assert told[-1] == "Comparing rows 8"


async def test_one_agent_and_one_day_may_be_looked_at_alone(journal: SqliteJournal) -> None:
    report, _ = checked(journal, 2, (START_MS + DAY_MS, START_MS + 2 * DAY_MS))
    assert (report.rows, report.seals) == (2, 2)
    assert {agent_id for agent_id, _ in report.roots} == {2}


@pytest.mark.parametrize(
    "damage",
    ["DELETE FROM seals WHERE number = 1", "UPDATE transactions SET amount_minor = 151"],
)
async def test_what_was_changed_or_taken_away_is_found(journal: SqliteJournal, damage: str) -> None:
    with closing(sqlite3.connect(journal._path, isolation_level=None)) as raw:
        for (name,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            raw.execute(f"DROP TRIGGER {name}")
        raw.execute(damage)
    report, _ = checked(journal, None, ALWAYS)
    assert report.broken


async def test_before_the_first_number_there_is_nothing_to_seal(journal: SqliteJournal) -> None:
    reader = journal.open_reader()
    with closing(reader.connection):
        assert sealing.blocks_of(reader, 0) == {}
