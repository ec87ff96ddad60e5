"""What the journal on PostgreSQL says of an unwise server, and of lost entries of its log."""

from __future__ import annotations

import asyncio
from typing import cast

import pytest
from structlog.testing import capture_logs

from meganodes.journal.postgres import PostgresJournal, _look_after
from meganodes.journal.postgres_checks import ServerFacts
from meganodes.journal.postgres_link import Link
from meganodes.journal.store import CommitResult, Committed, StoreUnavailable
from meganodes.kit.clock import ManualClock
from meganodes.kit.database import parse_database_url
from tests.support.transactions import attempt_of, bet


class FakeLink:
    """A server that says this of itself."""

    def __init__(self, connections_left: int, now_ms: int) -> None:
        self._facts = ServerFacts(
            version=150_000,
            encoding="UTF8",
            is_standby=False,
            read_only="off",
            fsync="on",
            full_page_writes="on",
            synchronous_commit="on",
            standby_names="",
            connections_left=connections_left,
            now_ms=now_ms,
        )

    async def facts(self) -> ServerFacts:
        return self._facts


@pytest.mark.reliability("2.6-database-clock-jump")
@pytest.mark.parametrize(
    ("connections_left", "offset_ms", "said"),
    [
        (5, 1_000, []),
        (5, -1_000, []),
        (4, 0, ["database_connections_short"]),
        (5, 1_001, ["database_clock_differs"]),
        (5, -1_001, ["database_clock_differs"]),
    ],
)
async def test_a_clock_a_second_off_and_too_few_connections_are_told(
    connections_left: int, offset_ms: int, said: list[str]
) -> None:
    clock = ManualClock()
    url = parse_database_url("postgresql://localhost/journal")
    store = PostgresJournal(url, clock=clock, owner="node-1")
    assert store.waiting == 0
    link = FakeLink(connections_left, clock.now_ms() + offset_ms)
    with capture_logs() as lines:
        await store._look_at_server(cast("Link", link))
    assert [line["event"] for line in lines] == said


async def test_an_attempt_that_could_not_be_logged_is_told_and_no_other() -> None:
    loop = asyncio.get_running_loop()
    good, bad, gone = (loop.create_future() for _ in range(3))
    results: list[asyncio.Future[CommitResult]] = [good, bad, gone]
    good.set_result(Committed(rows=()))
    bad.set_exception(StoreUnavailable("full"))
    gone.cancel()
    with capture_logs() as lines:
        for each in results:
            _look_after(attempt_of(bet()), each)
    assert [line["event"] for line in lines] == ["attempt_not_logged"]
