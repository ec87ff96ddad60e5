"""The simulated database loses, hides and refuses commits, and works on for nodes that are dead."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from meganodes.journal.memory_tables import Tables
from meganodes.journal.store import Change, CommitUnknown, Insert, StoreUnavailable
from tests.simulation.history import Fault, History
from tests.simulation.loop import VirtualLoop
from tests.simulation.plan import draw
from tests.simulation.store import Database, DatabaseClock, NodeJournal, StoreHabits
from tests.support.transactions import bet


class Stage:
    """A database with one node's journal on it, on a loop of its own."""

    def __init__(self, loop: VirtualLoop) -> None:
        self.history = History(loop.time)
        clock = DatabaseClock(loop.time, 1_790_000_000_000)
        self.database = Database(Tables(), clock, draw(1).rng("database"), self.history)
        self.journal = NodeJournal(self.database, 0)

    async def record(self) -> bool:
        """Record a bet; False when nobody can know whether it is there."""
        insert = Insert(row=bet(), cause="intent", lease_ms=5_000)
        try:
            await self.journal.commit(Change(at_ms=1, inserts=(insert,)))
        except CommitUnknown:
            return False
        return True

    @property
    def rows(self) -> int:
        return len(self.database.tables.held)

    @property
    def faults(self) -> list[str]:
        return [fault.kind for fault in self.history.of(Fault)]


def staged(play: Callable[[VirtualLoop, Stage], Awaitable[None]]) -> None:
    loop = VirtualLoop()

    async def main() -> None:
        stage = Stage(loop)
        await stage.journal.start()
        await play(loop, stage)

    try:
        loop.run_until_complete(main())
    finally:
        loop.end()


@pytest.mark.parametrize(
    ("habits", "is_known", "rows", "faults"),
    [
        (StoreHabits(), True, 1, []),
        (StoreHabits(lost=1.0), False, 0, ["commit-lost"]),
        (StoreHabits(ghost=1.0), False, 1, ["commit-ghost"]),
        (StoreHabits(slow=1.0, slow_seconds=9.0, usual_seconds=6.0), False, 0, ["commit-late"]),
    ],
)
def test_a_commit_is_there_or_not_and_its_writer_knows_it_or_not(
    habits: StoreHabits, *, is_known: bool, rows: int, faults: list[str]
) -> None:
    async def play(_: VirtualLoop, stage: Stage) -> None:
        stage.database.habits = habits
        assert await stage.record() is is_known
        assert stage.rows == rows
        assert stage.faults == faults

    staged(play)


def test_a_commit_that_nobody_waits_for_any_more_still_lands() -> None:
    async def play(_: VirtualLoop, stage: Stage) -> None:
        stage.database.habits = StoreHabits(slow=1.0, slow_seconds=9.0, usual_seconds=6.0)
        assert not await stage.record()
        await asyncio.sleep(10)
        assert stage.rows == 1

    staged(play)


def test_a_commit_that_was_asked_for_lands_although_its_node_is_killed() -> None:
    async def play(loop: VirtualLoop, stage: Stage) -> None:
        stage.database.habits = StoreHabits(usual_seconds=1.0)
        node = loop.process(0)
        node.spawn(stage.record())
        await asyncio.sleep(0)
        node.kill()
        await asyncio.sleep(3)
        assert stage.rows == 1

    staged(play)


def test_a_database_that_is_away_answers_nobody_until_it_is_back() -> None:
    async def play(_: VirtualLoop, stage: Stage) -> None:
        stage.database.fail(20.0)
        with pytest.raises(StoreUnavailable):
            await stage.record()
        with pytest.raises(StoreUnavailable):
            await stage.journal.due_work(now_ms=1)
        await asyncio.sleep(21)
        assert await stage.record()
        assert stage.rows == 1

    staged(play)
