"""What the writer tells those who wait when its link refuses, breaks or lies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import asyncpg
import pytest
from structlog.testing import capture_logs

from meganodes.journal.guards import RowRefused
from meganodes.journal.postgres_batch import GuardFailed, Leases, Ways
from meganodes.journal.postgres_link import Link, PostgresSettings
from meganodes.journal.postgres_writer import PostgresWriter
from meganodes.journal.store import Change, CommitResult, Committed, Insert, StoreUnavailable
from meganodes.kit.clock import SystemClock
from meganodes.kit.metrics import CommitMeters
from tests.support.transactions import bet, intent


class FakeLink:
    """Fails as often as it is told to, then commits everything; ``looks`` are what it reads."""

    def __init__(self, *faults: BaseException, looks: tuple[object, ...] = ()) -> None:
        self.faults = list(faults)
        self.looks = list(looks)
        self.batches: list[int] = []
        self.at_commit: Callable[[], object] = lambda: None

    async def transaction(self, body: Any) -> list[Committed]:  # noqa: ANN401 - a partial
        jobs = body.args[0]
        self.batches.append(len(jobs))
        self.at_commit()
        if self.faults:
            raise self.faults.pop(0)
        return [Committed(rows=()) for _ in jobs]

    async def look(self, _body: Callable[[object], Awaitable[object]]) -> object:
        found = self.looks.pop(0)
        if isinstance(found, BaseException):
            raise found
        return found

    async def close(self) -> None:
        """Nothing is open."""


@asynccontextmanager
async def a_writer(link: FakeLink, patience_seconds: float = 30.0) -> AsyncIterator[PostgresWriter]:
    clock = SystemClock()
    settings = PostgresSettings(patience_seconds=patience_seconds)
    ways = Ways(
        settings=settings, leases=Leases("node-1", None), clock=clock, meters=CommitMeters()
    )
    writer = PostgresWriter([cast("Link", link)], ways)
    writer.start()
    try:
        yield writer
    finally:
        await writer.close()


async def told(writer: PostgresWriter, *changes: Change) -> list[CommitResult | BaseException]:
    return await asyncio.gather(*map(writer.submit, changes), return_exceptions=True)


def twice_the_same() -> Change:
    row = bet()
    insert = Insert(row=row, cause="intent")
    return Change(at_ms=1, inserts=(insert, insert))


async def test_a_defect_is_for_those_whose_changes_these_were_and_the_next_are_written() -> None:
    link = FakeLink(ZeroDivisionError())
    async with a_writer(link) as writer:
        with capture_logs() as lines:
            (fault,) = await told(writer, intent(bet()))
        assert isinstance(fault, ZeroDivisionError)
        assert [line["event"] for line in lines] == ["batch_failed"]
        assert await told(writer, intent(bet())) == [Committed(rows=())]


async def test_a_defect_does_not_touch_who_was_answered_already() -> None:
    link = FakeLink(ZeroDivisionError(), looks=(RowRefused("never"),))
    async with a_writer(link) as writer:
        with capture_logs():
            faults = await told(writer, twice_the_same(), intent(bet()))
    assert [type(fault) for fault in faults] == [RowRefused, ZeroDivisionError]


async def test_a_refused_change_whose_rival_has_gone_is_tried_again() -> None:
    link = FakeLink(GuardFailed([0]), looks=(None,))
    async with a_writer(link) as writer:
        assert await told(writer, intent(bet())) == [Committed(rows=())]
    assert link.batches == [1, 1]


async def test_a_refused_change_that_cannot_be_judged_is_refused() -> None:
    link = FakeLink(GuardFailed([0]), looks=(StoreUnavailable("away"),))
    async with a_writer(link) as writer:
        faults = await told(writer, intent(bet()), intent(bet()))
    assert [type(each) for each in faults] == [StoreUnavailable, Committed]


@pytest.mark.reliability("2.6-database-conflict")
async def test_a_deadlock_is_tried_again_within_its_time() -> None:
    link = FakeLink(asyncpg.DeadlockDetectedError("deadlock"))
    async with a_writer(link) as writer:
        assert await told(writer, intent(bet())) == [Committed(rows=())]
    assert link.batches == [1, 1]


@pytest.mark.reliability("2.6-database-conflict")
async def test_after_its_time_a_deadlock_is_told_as_unavailable() -> None:
    link = FakeLink(asyncpg.DeadlockDetectedError("deadlock"))
    async with a_writer(link, patience_seconds=0) as writer:
        (fault,) = await told(writer, intent(bet()))
        assert writer._meters.failed["refused"] == 1
    assert isinstance(fault, StoreUnavailable)
    assert str(fault) == "deadlock"


@pytest.mark.parametrize("fault", [None, ZeroDivisionError()])
async def test_who_has_gone_away_hinders_nobody(fault: Exception | None) -> None:
    link = FakeLink(*([] if fault is None else [fault]))
    async with a_writer(link) as writer:
        gone, stays = (writer.submit(intent(bet(round_id=name))) for name in ("a", "b"))
        link.at_commit = gone.cancel
        with capture_logs():
            (result,) = await asyncio.gather(stays, return_exceptions=True)
    assert gone.cancelled()
    assert result == Committed(rows=()) if fault is None else result is fault


async def test_changes_that_wait_are_counted_and_a_closed_writer_takes_none() -> None:
    link = FakeLink()
    async with a_writer(link) as writer:
        waiting = [writer.submit(intent(bet())) for _ in range(3)]
        assert writer.waiting == 3
        await asyncio.gather(*waiting)
        assert writer.waiting == 0
    with pytest.raises(StoreUnavailable, match="closed"):
        writer.submit(intent(bet()))
