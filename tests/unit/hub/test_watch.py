"""Looking at what is open: what is seen, how often rounds are asked for, a journal that is away."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest

from meganodes.domain.retry import DAY_MS
from meganodes.domain.transaction import State
from meganodes.hub.watch import Sight, Watch, WatchSettings
from meganodes.journal.memory import MemoryJournal, StoreFault
from meganodes.journal.store import Change, Insert, RoundStep
from meganodes.kit.clock import ManualClock
from tests.support.listener import eventually
from tests.support.transactions import accepted, bet, committed, moving, record, win


class Faults:
    """Says which method of the journal refuses."""

    method: str | None = None

    def __call__(self, method: str) -> StoreFault | None:
        return StoreFault.REFUSED if method == self.method else None


@pytest.fixture
async def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
async def faults() -> Faults:
    return Faults()


@pytest.fixture
async def journal(clock: ManualClock, faults: Faults) -> AsyncIterator[MemoryJournal]:
    journal = MemoryJournal(clock=clock, fault=faults)
    await journal.start()
    yield journal
    await journal.close()


@pytest.fixture
def watching(journal: MemoryJournal, clock: ManualClock) -> Callable[[int], Watch]:
    return lambda hours: Watch(
        journal, clock, WatchSettings(look_seconds=0.01, open_rounds_hours=hours)
    )


async def forgotten_round(journal: MemoryJournal) -> None:
    row = bet(round_id="forgotten")
    change = Change(
        at_ms=row.created_at_ms,
        inserts=(Insert(row=row, cause="intent"),),
        rounds=(RoundStep(key=row.round_key),),
    )
    (recorded,) = await committed(journal, change)
    await committed(journal, moving(accepted(recorded)))


async def test_a_look_sees_open_work_and_tells_it(
    journal: MemoryJournal, clock: ManualClock, watching: Callable[[int], Watch]
) -> None:
    await record(journal, win())
    told: list[Sight] = []

    async def note(sight: Sight) -> None:
        told.append(sight)

    watch = watching(24)
    watch.told.append(note)
    seen = await watch.look()
    assert seen is not None
    assert [(each.state, each.count) for each in seen.open_work] == [(State.OWED, 1)]
    assert seen.at_ms == clock.now_ms()
    assert watch.last is seen
    assert told == [seen]


async def test_open_rounds_are_asked_for_once_an_hour(
    journal: MemoryJournal, clock: ManualClock, watching: Callable[[int], Watch]
) -> None:
    watch = watching(24)
    await forgotten_round(journal)
    clock.advance(DAY_MS / 1000 - 60)
    first = await watch.look()
    clock.advance(120)
    second = await watch.look()
    clock.advance(3_600)
    third = await watch.look()
    assert first is not None
    assert second is not None
    assert third is not None
    assert (first.open_rounds, second.open_rounds) == ((), ())
    assert [each.key.round_id for each in third.open_rounds] == ["forgotten"]


async def test_no_hours_means_that_rounds_are_not_looked_at(
    journal: MemoryJournal, clock: ManualClock, faults: Faults, watching: Callable[[int], Watch]
) -> None:
    await forgotten_round(journal)
    clock.advance(2 * DAY_MS / 1000)
    faults.method = "open_rounds"
    seen = await watching(0).look()
    assert seen is not None
    assert seen.open_rounds == ()


async def test_a_journal_that_is_away_leaves_the_last_sight_and_no_fault(
    faults: Faults, watching: Callable[[int], Watch]
) -> None:
    watch = watching(24)
    seen = await watch.look()
    faults.method = "open_work"
    assert await watch.look() is None
    assert watch.last is seen


async def test_the_loop_looks_until_it_is_stopped(watching: Callable[[int], Watch]) -> None:
    looks: list[Sight] = []

    async def note(sight: Sight) -> None:
        looks.append(sight)

    watch = watching(24)
    watch.told.append(note)
    watch.start()
    await eventually(lambda: len(looks) > 2, 30)
    await watch.stop()
    seen = len(looks)
    await watching(24).stop()
    assert len(looks) == seen


async def test_a_defect_in_what_is_told_does_not_end_the_watch(
    watching: Callable[[int], Watch],
) -> None:
    looks: list[Sight] = []

    async def fail(sight: Sight) -> None:
        looks.append(sight)
        raise AssertionError("a defect")

    watch = watching(24)
    watch.told.append(fail)
    watch.start()
    await eventually(lambda: len(looks) > 1, 30)
    await watch.stop()
