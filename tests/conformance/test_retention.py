"""Retention on both databases: what is packed reads the same, what goes leaves its digest."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from string import Template
from typing import Any

import psycopg
import pytest

from meganodes.domain.retention import DAY_MS, RetentionPolicy
from meganodes.hub.retention import NotAlone, Order, Pace, Retention
from meganodes.journal import sealing
from meganodes.journal.attempt_log import RetiredBytes
from meganodes.journal.postgres import PostgresJournal
from meganodes.journal.postgres_parts import Busy, Part, Parts
from meganodes.journal.postgres_reading import PostgresSource
from meganodes.journal.postgres_retention import PostgresShelf
from meganodes.journal.reader import Source
from meganodes.journal.retention import Shelf
from meganodes.journal.seals import body_digest
from meganodes.journal.sqlite import SqliteJournal
from meganodes.journal.sqlite_connection import SqliteSource
from meganodes.journal.sqlite_retention import SqliteShelf
from meganodes.journal.store import AttemptRecord, StoreUnavailable
from meganodes.kit.clock import Clock, ManualClock, SystemClock
from meganodes.kit.identity import first_trans_id
from tests.support.postgres import dsn_of, postgres_database
from tests.support.transactions import accepted, attempt_of, bet, committed, moving, record

REQUEST = b"POST /callback HTTP/1.1\r\nHost: casino.example\r\n\r\n" + b'{"command":"bet"}' * 20
REPLY = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n" + b'{"result":0}' * 9
POLICY = RetentionPolicy(pack_days=7, bodies_days=90)


@dataclass(kw_only=True)
class World:
    """A journal on one database with a retention of its own, and a way past its guards."""

    journal: SqliteJournal | PostgresJournal
    source: Source
    raw: Any
    mark: str
    now_ms: int
    kind: str
    open_shelf: Any
    dsn: str = ""

    def retention(self, at_ms: int | None = None, **changes: object) -> Retention:
        made = Retention(
            open_shelf=self.open_shelf,
            clock=FixedClock(self.now_ms if at_ms is None else at_ms),
            policy=POLICY,
            pace=Pace(rows=4, percent=100),
        )
        return replace(made, **changes)  # type: ignore[arg-type]

    def run(self, text: str, *values: object, **names: str) -> list[Any]:
        cursor = self.raw.execute(Template(text).substitute(names).replace("?", self.mark), values)
        return cursor.fetchall() if cursor.description else []

    async def attempt(self, days_ago: float, **changes: object) -> AttemptRecord:
        """Log the attempt of an accepted bet that was made so many days ago."""
        at_ms = self.now_ms - round(days_ago * DAY_MS)
        trans_id = first_trans_id(at_ms)
        ids = {"trans_id": trans_id, "transaction_id": f"t-{trans_id}", "created_at_ms": at_ms}
        row = bet(**(ids | changes))
        logged = replace(
            attempt_of(row, attempt_id=trans_id + 1),
            request=REQUEST,
            reply=REPLY,
            started_at_ms=at_ms,
        )
        decided = moving(accepted(await record(self.journal, row)), at_ms=at_ms + 50)
        await committed(self.journal, replace(decided, attempts=(logged,)))
        return logged

    async def read(self, logged: AttemptRecord) -> AttemptRecord:
        found = await self.journal.reads.attempt(logged.agent_id, logged.attempt_id)
        assert found is not None
        return found

    def packings(self) -> list[int]:
        return [
            row[0] for row in self.run("SELECT packing FROM attempt_bodies ORDER BY attempt_id")
        ]

    async def seal(self) -> None:
        while await self.journal.seal(now_ms=self.now_ms + DAY_MS):
            pass

    def broken(self) -> list[str]:
        reader = self.source.open()
        with closing(reader.connection):
            minutes = list(sealing.check_minutes(reader, 0, 2**50))
        assert sum(minute.rows for minute in minutes) > 0
        return [one.sentence for minute in minutes for one in minute.broken]


class FixedClock(SystemClock):
    """The moment that a run takes for now; it rests for as long as it is told."""

    def __init__(self, now_ms: int) -> None:
        self._now_ms = now_ms

    def now_ms(self) -> int:
        return self._now_ms


@contextmanager
def sqlite_world(template: Path, folder: Path) -> Iterator[World]:
    path = folder / "journal.db"
    shutil.copy(template, path)
    clock: Clock = ManualClock()
    with closing(sqlite3.connect(path, isolation_level=None)) as raw:
        yield World(
            journal=SqliteJournal(path, clock=clock, owner="node-0"),
            source=SqliteSource(path),
            raw=raw,
            mark="?",
            now_ms=SystemClock().now_ms(),
            kind="sqlite",
            open_shelf=lambda: SqliteShelf(path),
        )


@contextmanager
def postgresql_world() -> Iterator[World]:
    with postgres_database() as url, psycopg.connect(dsn_of(url), autocommit=True) as raw:
        yield World(
            journal=PostgresJournal(url, clock=SystemClock(), owner="node-0"),
            source=PostgresSource(url),
            raw=raw,
            mark="%s",
            now_ms=SystemClock().now_ms(),
            kind="postgresql",
            open_shelf=lambda: PostgresShelf(url),
            dsn=dsn_of(url),
        )


@pytest.fixture(params=["sqlite", "postgresql"])
async def world(request: pytest.FixtureRequest, journal_template: Path, tmp_path: Path) -> Any:  # noqa: ANN401 - an asynchronous generator of World
    opening = (
        sqlite_world(journal_template, tmp_path)
        if request.param == "sqlite"
        else postgresql_world()
    )
    with opening as made:
        await made.journal.start()
        yield made
        await made.journal.close()


LATER = 10 * DAY_MS
"""By then the first part of PostgreSQL, which ends with today, is older than what is packed."""


async def test_old_bytes_are_packed_and_read_as_they_were(world: World) -> None:
    logged = [await world.attempt(days) for days in (20, 12, 11, 10.5, 10.2, 9)]
    await world.seal()
    report = await world.retention(world.now_ms + LATER).run(Order())
    assert report.packed[1].rows == 6
    assert 2 * report.packed[1].bytes_after < report.packed[1].bytes_before
    assert world.packings() == [1] * 6
    for each in logged:
        assert await world.read(each) == each
        assert await world.journal.reads.attempts(1, each.trans_id or 0) == (each,)
    assert world.broken() == []
    assert world.run("SELECT count(*) FROM attempt_digests")[0][0] == 0
    assert (await world.retention(world.now_ms + LATER).run(Order())).is_empty


async def test_bytes_beyond_the_limit_leave_their_digest_and_length(world: World) -> None:
    old = [await world.attempt(days, agent_id=2 if days > 95 else 1) for days in (100, 92, 91)]
    young = await world.attempt(89)
    await world.seal()
    report = await world.retention().run(Order())
    assert {agent: tally.rows for agent, tally in report.retired.items()} == {1: 2, 2: 1}
    kept = RetiredBytes(body_digest(REQUEST, REPLY), len(REQUEST), len(REPLY))
    for each in old:
        assert await world.read(each) == replace(each, request=b"", reply=b"", retired=kept)
    assert await world.read(young) == young
    assert world.broken() == []
    assert report.oldest_ms == world.now_ms - 89 * DAY_MS


async def test_bytes_that_were_packed_go_like_others(world: World) -> None:
    logged = [await world.attempt(days) for days in (30, 29, 28)]
    await world.seal()
    await world.retention(world.now_ms + LATER).run(Order())
    assert world.packings() == [1, 1, 1]
    report = await world.retention(world.now_ms + 200 * DAY_MS).run(Order())
    assert report.retired[1].rows == 3
    assert world.packings() == []
    found = await world.read(logged[0])
    assert found.retired is not None
    assert found.retired.digest == body_digest(REQUEST, REPLY)
    assert world.broken() == []


async def test_a_look_says_what_a_run_does_and_changes_nothing(world: World) -> None:
    for days in (100, 99, 20):
        await world.attempt(days)
    at_ms = world.now_ms + LATER
    looked = await world.retention(at_ms).look()
    assert world.packings() == [0, 0, 0]
    done = await world.retention(at_ms).run(Order())
    assert looked.retired == done.retired
    assert {agent: t.rows for agent, t in looked.packed.items()} == {1: 1}
    assert done.packed[1].bytes_before == looked.packed[1].bytes_before


async def test_nothing_made_from_a_given_moment_on_is_touched(world: World) -> None:
    logged = [await world.attempt(days) for days in (120, 100)]
    until_ms = world.now_ms - 110 * DAY_MS
    report = await world.retention().run(Order(until_ms=until_ms))
    assert report.retired[1].rows == 1
    assert await world.read(logged[1]) == logged[1]


class Killed(Exception):
    """A run that ends in the middle."""


class KilledShelf:
    """A shelf whose process dies after so many steps."""

    def __init__(self, shelf: Shelf, steps: int) -> None:
        self._shelf = shelf
        self._left = steps

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the shelf does
        return getattr(self._shelf, name)

    def retire(self, below: int, limit: int) -> Any:  # noqa: ANN401 - a step
        return self._step(self._shelf.retire, below, limit)

    def pack(self, below: int, limit: int) -> Any:  # noqa: ANN401 - a step
        return self._step(self._shelf.pack, below, limit)

    def _step(self, work: Any, below: int, limit: int) -> Any:  # noqa: ANN401 - a step
        if self._left == 0:
            raise Killed
        self._left -= 1
        return work(below, limit)


async def test_a_run_killed_after_any_step_is_gone_on_with_by_the_next(world: World) -> None:
    logged = [
        await world.attempt(days) for days in (120, 119, 118, 117, 116, 30, 29, 28, 27, 26, 25)
    ]
    await world.seal()
    at_ms, killed = world.now_ms + LATER, 0
    for steps in range(40):
        retention = world.retention(
            at_ms, open_shelf=lambda steps=steps: KilledShelf(world.open_shelf(), min(steps, 3)),
            pace=Pace(rows=2, percent=100),
        )  # fmt: skip
        try:
            await retention.run(Order())
        except Killed:
            killed += 1
            assert world.broken() == []
        else:
            break
    assert killed > 3
    assert world.packings() == [1] * 6
    assert world.run("SELECT count(*) FROM attempt_digests")[0][0] == 5
    for each in logged[5:]:
        assert await world.read(each) == each
    assert world.broken() == []


@pytest.mark.parametrize("column", ["digest", "attempt_id", "agent_id"])
async def test_a_digest_that_was_changed_is_found(world: World, column: str) -> None:
    await world.attempt(100)
    await world.seal()
    await world.retention().run(Order())
    assert world.broken() == []
    _without_triggers(world)
    if column == "digest":
        changed = bytes([7]) + body_digest(REQUEST, REPLY)[1:]
        world.run("UPDATE attempt_digests SET digest = ?", changed)
    else:
        world.run("UPDATE attempt_digests SET $column = $column + 1", column=column)
    assert len(world.broken()) == 1
    assert "was changed after it was sealed" in world.broken()[0]


async def test_bytes_with_another_digest_on_record_are_kept_and_told_of(world: World) -> None:
    logged = await world.attempt(100)
    await world.attempt(99)
    await world.seal()
    world.run("INSERT INTO attempt_digests VALUES (?, 1, ?, 1, 1)", logged.attempt_id, bytes(32))
    assert world.broken() == [f"attempt {logged.attempt_id} has other bytes than its digest says"]
    report = await world.retention().run(Order())
    assert report.kept_back == 1
    assert (await world.read(logged)).request == REQUEST


async def test_a_database_that_cannot_do_a_step_says_so_and_has_done_nothing(world: World) -> None:
    logged = await world.attempt(100)
    world.run("ALTER TABLE attempt_digests RENAME TO elsewhere")
    with pytest.raises(StoreUnavailable, match=r"^retention: .*attempt_digests"):
        await world.retention().run(Order())
    world.run("ALTER TABLE elsewhere RENAME TO attempt_digests")
    assert (await world.read(logged)).request == REQUEST
    assert (await world.retention().run(Order())).retired[1].rows == 1


@pytest.mark.parametrize("column", ["request", "reply", "packing"])
async def test_a_changed_byte_of_what_is_packed_is_found(world: World, column: str) -> None:
    logged = await world.attempt(20)
    await world.seal()
    await world.retention(world.now_ms + LATER).run(Order())
    ((before,),) = world.run("SELECT $column FROM attempt_bodies", column=column)
    after = 0 if column == "packing" else bytes(before)[:-1] + bytes([bytes(before)[-1] ^ 1])
    world.run("UPDATE attempt_bodies SET $column = ?", after, column=column)
    assert len(world.broken()) == 1
    assert await world.read(logged) != logged


async def test_play_goes_on_while_a_run_works(world: World) -> None:
    for number in range(60):
        await world.attempt(100 + number / 100)
    retention = world.retention(pace=Pace(rows=2, percent=100))
    played: list[int] = []
    running = asyncio.get_running_loop().create_task(retention.run(Order()))
    while not running.done():
        made = await world.attempt(-len(played) / 1_000_000)
        played.append(made.attempt_id)
    report = await running
    assert report.retired[1].rows == 60
    assert len(played) > 1, "bets were decided while it worked"
    assert len(world.packings()) == len(played)


async def test_money_and_what_is_known_of_attempts_stay(world: World) -> None:
    await world.attempt(300)
    tables = ("transactions", "events", "attempts", "rounds", "listings")
    before = [world.run("SELECT * FROM $table", table=table) for table in tables]
    assert (await world.retention().run(Order())).retired[1].rows == 1
    assert [world.run("SELECT * FROM $table", table=table) for table in tables] == before


async def test_one_run_at_a_time_works_on_postgresql(world: World) -> None:
    with closing(world.open_shelf()) as other:
        assert other.is_alone()
        if world.kind == "postgresql":
            with pytest.raises(NotAlone):
                await world.retention().run(Order())
        else:
            await world.retention().run(Order())
    await world.retention().run(Order())


def _without_triggers(world: World) -> None:
    if world.kind == "postgresql":
        world.run("SET session_replication_role = replica")
        return
    for (name,) in world.run("SELECT name FROM sqlite_schema WHERE type = 'trigger'"):
        world.run("DROP TRIGGER $name", name=name)


# --- the parts of PostgreSQL ----------------------------------------------------------------------


@pytest.fixture
async def parted() -> Any:  # noqa: ANN401 - an asynchronous generator of World
    with postgresql_world() as made:
        await made.journal.start()
        yield made
        await made.journal.close()


def part_names(world: World) -> set[str]:
    found = world.run(
        "SELECT inhrelid::regclass::text FROM pg_inherits"
        " WHERE inhparent = 'attempt_bodies'::regclass"
    )
    return {name.removeprefix("attempt_bodies_") for (name,) in found}


def part_of(world: World, logged: AttemptRecord) -> str:
    ((name,),) = world.run(
        "SELECT tableoid::regclass::text FROM attempt_bodies WHERE attempt_id = ?",
        logged.attempt_id,
    )
    return str(name).removeprefix("attempt_bodies_")


def day_name(world: World, days_ahead: int) -> str:
    return f"{datetime.fromtimestamp(world.now_ms / 1000 + days_ahead * 86_400, UTC):%Y%m%d}"


async def test_each_day_has_a_part_that_is_made_before_it_begins(parted: World) -> None:
    assert part_names(parted) == {"before", "rest", *(day_name(parted, n) for n in range(1, 8))}
    assert part_of(parted, await parted.attempt(0)) == "before"
    assert part_of(parted, await parted.attempt(-2)) == day_name(parted, 2)
    await parted.retention(parted.now_ms + 5 * DAY_MS).prepare()
    assert part_of(parted, await parted.attempt(-11)) == day_name(parted, 11)
    assert day_name(parted, 13) not in part_names(parted)


async def test_a_day_without_a_part_goes_to_the_last_one_and_hinders_nothing(parted: World) -> None:
    """No hub ran for a month; when one does, the day that began without it stays where it is."""
    stray = await parted.attempt(-30)
    assert part_of(parted, stray) == "rest"
    await parted.retention(parted.now_ms + 30 * DAY_MS).prepare()
    assert day_name(parted, 30) not in part_names(parted)
    assert day_name(parted, 31) in part_names(parted)
    assert await parted.read(stray) == stray
    report = await parted.retention(parted.now_ms + 121 * DAY_MS).run(Order())
    assert report.retired[1].rows == 1
    assert (await parted.read(stray)).retired is not None


async def test_the_part_of_a_day_is_written_anew_and_dropped_as_a_whole(parted: World) -> None:
    logged = [await parted.attempt(-days) for days in (2, 2.001, 3)]
    await parted.retention(parted.now_ms + 11 * DAY_MS).run(Order())
    assert part_of(parted, logged[0]) == f"{day_name(parted, 2)}_packed"
    assert day_name(parted, 2) not in part_names(parted)
    assert [await parted.read(each) for each in logged] == logged
    await parted.retention(parted.now_ms + 94 * DAY_MS).run(Order())
    assert {f"{day_name(parted, 2)}_packed", "before"}.isdisjoint(part_names(parted))
    assert parted.run("SELECT to_regclass('attempt_bodies_before')") == [(None,)]
    assert (await parted.read(logged[0])).retired is not None


async def test_who_holds_the_table_is_not_waited_for_nor_queued_behind(parted: World) -> None:
    """A run that cannot have the table at once leaves the part for the next one."""
    logged = await parted.attempt(-2)
    with psycopg.connect(parted.dsn) as holder:
        holder.execute("SELECT count(*) FROM attempt_bodies")
        await parted.retention(parted.now_ms + 11 * DAY_MS).run(Order())
        assert part_of(parted, logged) == day_name(parted, 2)
        await parted.attempt(-2.5)
    report = await parted.retention(parted.now_ms + 11 * DAY_MS).run(Order())
    assert part_of(parted, logged) == f"{day_name(parted, 2)}_packed"
    assert report.packed[1].rows >= 1
    assert parted.run("SELECT count(*) FROM attempt_bodies") == [(2,)]
    assert await parted.read(logged) == logged


async def test_what_one_run_packed_another_retires_though_it_is_the_same_shelf(
    parted: World,
) -> None:
    logged = await parted.attempt(-2)
    below = first_trans_id(parted.now_ms + 4 * DAY_MS)
    with closing(parted.open_shelf()) as shelf:
        for work in (shelf.pack, shelf.retire):
            while await asyncio.to_thread(work, below, 10) is not None:
                pass
    assert parted.packings() == []
    found = await parted.read(logged)
    assert found.retired is not None
    assert found.retired.digest == body_digest(REQUEST, REPLY)


async def test_a_part_is_not_dropped_while_a_digest_is_missing(parted: World) -> None:
    logged = await parted.attempt(-2)
    with pytest.raises(Busy, match="has grown"):
        _parts(parted).drop(_part_in_two_days(parted))
    assert await parted.read(logged) == logged


async def test_a_part_whose_bytes_have_another_digest_on_record_is_left_alone(
    parted: World,
) -> None:
    logged = await parted.attempt(-2)
    parted.run("INSERT INTO attempt_digests VALUES (?, 1, ?, 1, 1)", logged.attempt_id, bytes(32))
    report = await parted.retention(parted.now_ms + 200 * DAY_MS).run(Order())
    assert report.kept_back == 1
    assert (await parted.read(logged)).request == REQUEST


async def test_a_part_that_grew_while_it_was_copied_is_not_replaced(parted: World) -> None:
    logged = await parted.attempt(-2)
    part = _part_in_two_days(parted)
    _parts(parted).make_copy(part)
    with pytest.raises(Busy, match="has grown"):
        _parts(parted).replace(part)
    assert (await parted.read(logged)).request == REQUEST


def _part_in_two_days(world: World) -> Part:
    return next(each for each in _parts(world).listed() if each.name.endswith(day_name(world, 2)))


def _parts(world: World) -> Parts:
    return Parts(world.raw)
