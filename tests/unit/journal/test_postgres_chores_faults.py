"""What claims and lists tell their callers when the link refuses or the work piles up."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, cast

import asyncpg
import pytest

from meganodes.journal.guards import RowRefused
from meganodes.journal.postgres_batch import Leases, Ways
from meganodes.journal.postgres_chores import PostgresChores, _add_turnovers
from meganodes.journal.postgres_link import Link, PostgresSettings, Session
from meganodes.journal.reports import EntrySums
from meganodes.journal.store import StoreUnavailable
from meganodes.kit.clock import SystemClock
from meganodes.kit.metrics import CommitMeters


class FakeLink:
    """Fails as often as it is told to; then each piece of work has this result."""

    def __init__(self, *faults: BaseException) -> None:
        self.faults = list(faults)
        self.gate = asyncio.Event()
        self.gate.set()

    async def transaction(self, body: Callable[[Session], Awaitable[Any]]) -> Any:  # noqa: ANN401
        await self.gate.wait()
        if self.faults:
            raise self.faults.pop(0)
        wishes = getattr(body, "args", [()])[0]
        return [() for _ in wishes]

    async def close(self) -> None:
        """Nothing is open."""


def chores_over(link: FakeLink, patience_seconds: float = 30.0) -> PostgresChores:
    ways = Ways(
        settings=PostgresSettings(patience_seconds=patience_seconds),
        leases=Leases("node-1", None),
        clock=SystemClock(),
        meters=CommitMeters(),
    )
    return PostgresChores(cast("Link", link), ways)


async def claim(chores: PostgresChores, agent_id: int = 1) -> object:
    return await chores.claim(agent_id, now_ms=1, limit=1, lease_ms=1)


@pytest.mark.reliability("2.6-database-conflict")
async def test_a_conflict_is_tried_again_within_its_time() -> None:
    chores = chores_over(FakeLink(asyncpg.SerializationError("again")))
    assert await claim(chores) == ()
    await chores.close()


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (asyncpg.SerializationError("again"), StoreUnavailable),
        (asyncpg.UndefinedTableError("no table"), StoreUnavailable),
        (asyncpg.CheckViolationError("never"), RowRefused),
        (ZeroDivisionError(), ZeroDivisionError),
    ],
)
async def test_a_claim_is_refused_as_its_fault_says(
    fault: Exception, seen: type[Exception]
) -> None:
    chores = chores_over(FakeLink(fault), patience_seconds=0)
    with pytest.raises(seen):
        await claim(chores)
    assert await claim(chores) == (), "the next one is served"
    await chores.close()


async def test_what_is_wrong_with_one_claim_is_no_business_of_the_others() -> None:
    link = FakeLink(asyncpg.CheckViolationError("one of two"), asyncpg.CheckViolationError("this"))
    chores = chores_over(link)
    told = await asyncio.gather(claim(chores, 1), claim(chores, 2), return_exceptions=True)
    assert [type(each) for each in told] == [RowRefused, tuple]
    await chores.close()


async def test_a_flood_of_work_is_refused_at_once() -> None:
    link = FakeLink()
    link.gate.clear()
    chores = chores_over(link)
    waiting = [asyncio.create_task(claim(chores, agent_id)) for agent_id in range(999)]
    await asyncio.sleep(0)
    with pytest.raises(StoreUnavailable, match="the database is slow"):
        await claim(chores)
    with pytest.raises(StoreUnavailable, match="the database is slow"):
        await chores.settle(1, 1, None)
    link.gate.set()
    await asyncio.gather(*waiting)
    await chores.close()


class Noting:
    """A session that notes which statements were run."""

    def __init__(self) -> None:
        self.names: list[str] = []

    async def rows(self, name: str, *_: object) -> list[tuple[int]]:
        self.names.append(name)
        return [(1,)]


async def test_entries_that_turned_nothing_over_are_noted_as_summed_and_add_nothing() -> None:
    session = Noting()
    nothing = EntrySums(
        agent_id=1, after=3, until=5, are_days_summed=True, turnovers=[], day_turnovers=[]
    )
    assert await _add_turnovers([nothing], cast("Session", session)) == 2
    assert session.names == ["note_summed"]
