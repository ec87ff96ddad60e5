"""Seals: whatever is changed, added or lost in a sealed journal is found and named."""

from __future__ import annotations

import random
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from string import Template
from typing import Any

import psycopg
import pytest
from psycopg import sql

from meganodes.domain.transaction import State, Step, Transaction, move
from meganodes.journal import sealing
from meganodes.journal.memory import MemoryJournal
from meganodes.journal.postgres import PostgresJournal
from meganodes.journal.postgres_reading import PostgresSource
from meganodes.journal.reader import Reader, Source
from meganodes.journal.seals import MINUTE_MS, seal_digest
from meganodes.journal.sqlite import SqliteJournal
from meganodes.journal.sqlite_connection import SqliteSource
from meganodes.journal.store import Change, JournalStore
from meganodes.kit.clock import ManualClock, SystemClock
from meganodes.kit.identity import first_trans_id
from tests.support.postgres import dsn_of, postgres_database
from tests.support.transactions import (
    START_MS,
    accepted,
    attempt_of,
    bet,
    cancelling,
    committed,
    moving,
    record,
)

END_MS = START_MS + 3_600_000
TABLES = ("transactions", "events", "attempts", "attempt_bodies", "seals")
NOT_COVERED = {
    "transactions.lease_until_ms": "who works on a row at the moment; it says nothing of money",
    "transactions.lease_owner": "who works on a row at the moment; it says nothing of money",
}


@dataclass(kw_only=True)
class Sealed:
    """A journal on one database, and a way past its guards."""

    store: JournalStore
    source: Source
    raw: Any
    mark: str

    def run(self, text: str, *values: object, **names: str) -> list[Any]:
        """Run a statement as somebody who has the database's password."""
        whole = Template(text).substitute(names).replace("?", self.mark)
        cursor = self.raw.execute(whole, values)
        return cursor.fetchall() if cursor.description else []

    def columns(self, table: str) -> list[str]:
        """Name the columns of a table as the database has them."""
        text = Template("SELECT * FROM $table LIMIT 0").substitute(table=table)
        return [each[0] for each in self.raw.execute(text).description]

    def reader(self) -> Reader:
        return self.source.open()

    def broken(self, agent_id: int | None = None) -> list[str]:
        """Check everything as the command does."""
        reader = self.reader()
        with closing(reader.connection):
            chains = [agent_id] if agent_id else list(sealing.sealed_agents(reader))
            links = [link for each in chains for link in sealing.chain(reader, each)]
            found = [fault for _, fault in links if fault is not None]
            for minute in sealing.check_minutes(reader, 0, END_MS, agent_id):
                found += minute.broken
        return [f"{one.agent_id}: {one.sentence}" for one in found]


@pytest.fixture(params=["sqlite", "postgresql"])
async def sealed(request: pytest.FixtureRequest, journal_template: Path, tmp_path: Path) -> Any:  # noqa: ANN401 - an asynchronous generator of Sealed
    if request.param == "sqlite":
        path = tmp_path / "journal.db"
        shutil.copy(journal_template, path)
        store: JournalStore = SqliteJournal(path, clock=ManualClock(), owner="node-0")
        raw = sqlite3.connect(path, isolation_level=None)
        raw.execute("PRAGMA ignore_check_constraints = ON")
        for (name,) in raw.execute(
            "SELECT name FROM sqlite_schema WHERE type = 'trigger'"
        ).fetchall():
            raw.execute(f"DROP TRIGGER {name}")
        made = Sealed(store=store, source=SqliteSource(path), raw=raw, mark="?")
        async with _open(made):
            yield made
    else:
        with postgres_database() as url:
            store = PostgresJournal(url, clock=SystemClock(), owner="node-0")
            server = psycopg.connect(dsn_of(url), autocommit=True)
            server.execute("SET session_replication_role = replica")
            for table, name in server.execute(
                "SELECT conrelid::regclass::text, conname FROM pg_constraint WHERE contype = 'c'"
                " AND conrelid::regclass::text = ANY(%s)",
                [list(TABLES)],
            ).fetchall():
                server.execute(sql.SQL(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))
            made = Sealed(store=store, source=PostgresSource(url), raw=server, mark="%s")
            async with _open(made):
                yield made


class _open:  # noqa: N801 - reads like a function
    def __init__(self, made: Sealed) -> None:
        self._made = made

    async def __aenter__(self) -> None:
        await self._made.store.start()

    async def __aexit__(self, *_: object) -> None:
        await self._made.store.close()
        self._made.raw.close()


def numbered(offset_ms: int, **changes: object) -> Transaction:
    at_ms = START_MS + offset_ms
    trans_id = first_trans_id(at_ms)
    ids = {"trans_id": trans_id, "transaction_id": f"t-{trans_id}", "created_at_ms": at_ms}
    return bet(**(ids | changes))


async def accepted_bet(sealed: Sealed, offset_ms: int, **changes: object) -> Transaction:
    row = numbered(offset_ms, **changes)
    recorded = await record(sealed.store, row)
    logged = attempt_of(row, attempt_id=row.trans_id + 1)
    decided = replace(moving(accepted(recorded), at_ms=row.created_at_ms + 50), attempts=(logged,))
    return (await committed(sealed.store, decided))[0]


async def seal(sealed: Sealed, *, now_ms: int = END_MS) -> None:
    while await sealed.store.seal(now_ms=now_ms):
        pass


async def an_evening(sealed: Sealed) -> None:
    """Write bets of two agents in three minutes, one of which is decided late, and seal them."""
    for minute in range(3):
        for number in range(3):
            await accepted_bet(sealed, minute * MINUTE_MS + number * 100)
    await accepted_bet(sealed, 250, agent_id=2)
    (undone,) = await committed(
        sealed.store,
        Change(at_ms=START_MS, moves=(_undone(await accepted_bet(sealed, 300)),)),
    )
    late = move(undone, "cancelled", state=State.CANCELLED, step=Step.NONE, due_at_ms=None)
    await committed(sealed.store, moving(late, at_ms=START_MS + 5 * MINUTE_MS))
    await seal(sealed)


def _undone(row: Transaction) -> Any:  # noqa: ANN401 - a Move
    return move(
        row,
        "cancelled by its provider",
        state=State.CANCELLING,
        step=Step.DELIVER,
        due_at_ms=START_MS,
        owed_since_ms=START_MS,
    )


@pytest.mark.reliability("I13")
async def test_an_untouched_journal_is_whole(sealed: Sealed) -> None:
    await an_evening(sealed)
    assert sealed.broken() == []
    minutes = sealed.run("SELECT DISTINCT minute_ms FROM seals WHERE agent_id = 1")
    assert len(minutes) == 4, "three of bets, one of what came late"
    assert sealed.run("SELECT max(number) FROM seals WHERE agent_id = 2") == [(1,)]


@pytest.mark.reliability("I13")
@pytest.mark.parametrize("table", TABLES)
async def test_one_changed_value_in_any_column_is_found(sealed: Sealed, table: str) -> None:
    await an_evening(sealed)
    missed, changed = set(), 0
    for column in sealed.columns(table):
        for row in _some_rows(sealed, table):
            before = row[column]
            after = _flipped(before, column)
            _change(sealed, table, row, column, after)
            changed += 1
            if not sealed.broken():
                missed.add(f"{table}.{column}")
            _change(sealed, table, row | {column: after}, column, before)
    assert changed >= len(sealed.columns(table))
    assert missed == {name for name in NOT_COVERED if name.startswith(f"{table}.")}
    assert sealed.broken() == [], "everything was put back"


SMALL_KEYS = {"agent_id", "epoch", "number"}
KEYS = {
    "transactions": ("trans_id", "agent_id"),
    "events": ("trans_id", "agent_id", "epoch"),
    "attempts": ("attempt_id", "agent_id"),
    "attempt_bodies": ("attempt_id", "agent_id"),
    "seals": ("agent_id", "number"),
}
_SOME = "SELECT * FROM $table WHERE agent_id = 1 ORDER BY $first $way, $last $way LIMIT 1"


def _some_rows(sealed: Sealed, table: str) -> list[dict[str, Any]]:
    """Give the first and the last row of agent 1."""
    first, last = KEYS[table][0], KEYS[table][-1]
    columns = sealed.columns(table)
    rows = [
        sealed.run(_SOME, table=table, first=first, last=last, way=way)[0]
        for way in ("ASC", "DESC")
    ]
    return [dict(zip(columns, row, strict=True)) for row in rows]


def _change(sealed: Sealed, table: str, row: dict[str, Any], column: str, value: object) -> None:
    where = " AND ".join(f"{key} = {row[key]}" for key in KEYS[table])
    text = "UPDATE $table SET $column = ? WHERE $where"
    sealed.run(text, value, table=table, column=column, where=where)


def _flipped(value: object, column: str) -> object:
    """Change one byte; of what is not there make something of the column's type."""
    if isinstance(value, int):
        return value + 7_777 if column in SMALL_KEYS else value + 1
    if isinstance(value, bytes | memoryview):
        whole = bytes(value)
        return whole[:-1] + bytes([whole[-1] ^ 1])
    if isinstance(value, str):
        return value[:-1] + chr(ord(value[-1]) ^ 1)
    texts = {"from_state", "notes", "faults", "peer_address", "bet_transaction_id"}
    return "x" if column in texts | {"cancel_transaction_id", "lease_owner"} else 1


async def test_a_single_bit_anywhere_is_found_every_one_of_a_thousand_times(
    sealed: Sealed,
) -> None:
    await an_evening(sealed)
    chance = random.Random(1)  # noqa: S311 - the same thousand bits in every run
    places = list(_places(sealed))
    missed = []
    for _ in range(1_000 if isinstance(sealed.store, SqliteJournal) else 200):
        table, row, column = chance.choice(places)
        after = _with_a_bit_flipped(row[column], column, chance)
        _change(sealed, table, row, column, after)
        if not sealed.broken():
            missed.append(f"{table}.{column}: {row[column]!r} became {after!r}")
        _change(sealed, table, row | {column: after}, column, row[column])
    assert missed == []
    assert sealed.broken() == [], "everything was put back"


def _places(sealed: Sealed) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Name every value that a seal covers."""
    for table in TABLES:
        columns = sealed.columns(table)
        covered = [column for column in columns if f"{table}.{column}" not in NOT_COVERED]
        for values in sealed.run("SELECT * FROM $table", table=table):
            row = dict(zip(columns, values, strict=True))
            yield from (
                (table, row, column) for column in covered if row[column] not in {None, "", b""}
            )


def _with_a_bit_flipped(value: object, column: str, chance: random.Random) -> object:
    if isinstance(value, int):  # numbers that are keys must not become another row's
        return value ^ (1 << chance.randrange(8 if column in SMALL_KEYS else 0, 14))
    if isinstance(value, str):
        at = chance.randrange(len(value))
        return value[:at] + chr(ord(value[at]) ^ (1 << chance.randrange(5))) + value[at + 1 :]
    assert isinstance(value, bytes | memoryview)
    whole = bytearray(value)
    whole[chance.randrange(len(whole))] ^= 1 << chance.randrange(8)
    return bytes(whole)


@pytest.mark.parametrize("table", TABLES[:4])
async def test_a_lost_row_is_found(sealed: Sealed, table: str) -> None:
    await an_evening(sealed)
    row = _some_rows(sealed, table)[0]
    where = " AND ".join(f"{key} = {row[key]}" for key in KEYS[table])
    sealed.run("DELETE FROM $table WHERE $where", table=table, where=where)
    assert sealed.broken()
    assert sealed.broken(2) == [], "another agent's rows are whole"


async def test_a_lost_seal_is_found(sealed: Sealed) -> None:
    await an_evening(sealed)
    sealed.run("DELETE FROM seals WHERE agent_id = 1 AND number = 2")
    assert "1: seal 3 does not follow the one before it: a seal is missing" in sealed.broken()


async def test_a_changed_row_is_named_though_its_seals_are_made_anew(sealed: Sealed) -> None:
    """Whoever forges the leaves of one minute has to forge every later link of the chain."""
    await an_evening(sealed)
    sealed.run("UPDATE seals SET leaves = ? WHERE agent_id = 1 AND number = 1", b"\0" * 16)
    assert "1: seal 1 was changed" in sealed.broken()
    assert seal_digest.__doc__


async def test_an_amount_is_named_with_its_row(sealed: Sealed) -> None:
    await an_evening(sealed)
    ((trans_id,),) = sealed.run("SELECT min(trans_id) FROM transactions WHERE agent_id = 1")
    sealed.run(
        "UPDATE transactions SET amount_minor = amount_minor + 1 WHERE trans_id = ?", trans_id
    )
    assert sealed.broken() == [f"1: transaction {trans_id} was changed after it was sealed"]


async def test_what_is_committed_late_is_sealed_by_a_later_link(sealed: Sealed) -> None:
    """A node that stood still brings a row of a minute that was sealed without it."""
    await accepted_bet(sealed, 0)
    await seal(sealed, now_ms=START_MS + sealing.GRACE_MS + 2 * MINUTE_MS)
    assert sealed.broken() == []
    await accepted_bet(sealed, 10)
    assert sealed.broken(), "it is not vouched for yet"
    await accepted_bet(sealed, 5 * MINUTE_MS)
    await seal(sealed)
    assert sealed.broken() == []
    minutes = sealed.run("SELECT minute_ms FROM seals WHERE agent_id = 1 ORDER BY number")
    assert minutes[0] == minutes[1]


async def test_nothing_new_is_vouched_for_where_something_is_lost(sealed: Sealed) -> None:
    row = await accepted_bet(sealed, 0)
    await seal(sealed, now_ms=START_MS + sealing.GRACE_MS + 2 * MINUTE_MS)
    sealed.run("UPDATE transactions SET amount_minor = 9 WHERE trans_id = ?", row.trans_id)
    await accepted_bet(sealed, 5 * MINUTE_MS)
    await seal(sealed)
    assert sealed.broken() == [f"1: transaction {row.trans_id} was changed after it was sealed"]


async def test_a_minute_is_sealed_only_when_it_is_surely_closed(sealed: Sealed) -> None:
    await accepted_bet(sealed, 0)
    minute_ms = START_MS // MINUTE_MS * MINUTE_MS
    too_early = minute_ms + MINUTE_MS + sealing.GRACE_MS - 1
    await seal(sealed, now_ms=too_early)
    assert sealed.run("SELECT count(*) FROM seals") == [(0,)]
    await seal(sealed, now_ms=too_early + 1)
    assert sealed.run("SELECT count(*) FROM seals") == [(1,)]


async def test_two_at_once_seal_a_minute_once(sealed: Sealed) -> None:
    await accepted_bet(sealed, 0)
    reader = sealed.reader()
    with closing(reader.connection):
        step = sealing.next_step(reader, END_MS)
    assert step is not None
    await seal(sealed)
    store: Any = sealed.store
    adds = (
        store._open().sequencer.add_seals
        if isinstance(store, SqliteJournal)
        else store._open().chores.add_seals
    )
    added = adds(step)
    assert (added if isinstance(added, bool) else await added) is False
    assert sealed.broken() == []


async def test_memory_has_nothing_to_seal() -> None:
    store = MemoryJournal(clock=ManualClock())
    await store.start()
    assert await store.seal(now_ms=END_MS) is False


def test_no_column_is_left_out_without_a_reason() -> None:
    assert all(reason.strip() for reason in NOT_COVERED.values())
    assert cancelling().state is State.CANCELLING
