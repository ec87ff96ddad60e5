"""What the journal on PostgreSQL says of a commit is true, whatever becomes of line and server."""

from __future__ import annotations

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from meganodes.journal import schema
from meganodes.journal.postgres_link import PostgresSettings
from meganodes.journal.store import Change, CommitUnknown, JournalStore, StoreUnavailable
from meganodes.kit.database import DatabaseUrl, parse_database_url
from meganodes.kit.postgres_server import PostgresServer
from tests.support.commit_cutter import Cut, commit_cutter
from tests.support.nodes import PATIENT, ask, node_at, until
from tests.support.postgres import empty_journal, shared_database
from tests.support.storm import Storm
from tests.support.transactions import accepted, bet, intent, moving, record

CUTS = 60
WRITERS = 16
ENDED = 20


@pytest.fixture
def url() -> DatabaseUrl:
    shared = shared_database()
    empty_journal(shared)
    return shared


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    """A server of one's own, to be stopped and told to wait."""
    made = PostgresServer()
    made.start()
    try:
        schema.upgrade(parse_database_url(made.create("journal")))
        yield made
    finally:
        made.remove()


@pytest.mark.reliability("2.6-database-restart")
async def test_commits_cut_in_flight_are_unknown_and_nothing_else_is(url: DatabaseUrl) -> None:
    """Reliability 3.3: the line breaks before the COMMIT arrives, or before its answer does."""
    chance = random.Random(20_261)  # noqa: S311 - a seed to repeat
    cut = 0

    def decide() -> Cut | None:
        nonlocal cut
        if cut >= CUTS or chance.random() < 0.5:
            return None
        cut += 1
        return chance.choice([Cut.BEFORE, Cut.AFTER])

    storm = Storm()
    async with commit_cutter(url, decide) as (_, through), node_at(through) as store:
        await storm.rage(store, writers=WRITERS, until=lambda: cut >= CUTS)
        await record(store, bet(round_id="afterwards", agent_id=2, trans_id=10**9))
        assert store.meters.failed["unknown"] == CUTS
        assert store.meters.reconnects >= CUTS
    ask(url, "DELETE FROM rounds WHERE agent_id = 2")
    storm.acknowledged[10**9] = 0
    ask(url, "UPDATE rounds SET seq = seq + 1 WHERE ctid = (SELECT min(ctid) FROM rounds)")
    outcomes = storm.compare(url)
    assert not storm.refused
    assert outcomes["landed"] >= CUTS // 4
    assert outcomes["vanished"] >= CUTS // 4


async def test_commit_without_an_answer_is_unknown_after_its_time(url: DatabaseUrl) -> None:
    cuts = iter([Cut.HOLE])
    quick = PostgresSettings(commit_seconds=0.2, patience_seconds=30.0)
    first, second = bet(), bet()
    async with (
        commit_cutter(url, lambda: next(cuts, None)) as (_, through),
        node_at(through, quick) as store,
    ):
        with pytest.raises(CommitUnknown):
            await store.commit(intent(first))
        # The connection is not used again, and who comes next is served.
        assert (await record(store, second)).trans_id == second.trans_id
        async with asyncio.timeout(30):
            while await store.find(first.key) is None:
                pass


END_ONE = """SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE application_name LIKE 'meganodes node-1%' AND datname = current_database()
ORDER BY random() LIMIT 1"""


async def test_backends_ended_at_random_lose_and_double_nothing(url: DatabaseUrl) -> None:
    storm = Storm()
    ended = 0

    async def end_backends() -> None:
        nonlocal ended
        while ended < ENDED:
            await storm.written(20)
            ended += len(await asyncio.to_thread(ask, url, END_ONE))

    async with node_at(url) as store:
        raging = storm.rage(store, writers=WRITERS, until=lambda: ended >= ENDED)
        await asyncio.gather(raging, end_backends())
        last = bet(round_id="r-1")
        storm.acknowledged[(await record(store, last)).trans_id] = 0
    storm.compare(url)
    assert len(storm.acknowledged) >= 10 * ENDED


@pytest.mark.reliability("2.6-database-restart")
async def test_server_stopped_at_once_under_load_keeps_what_it_acknowledged(
    server: PostgresServer,
) -> None:
    url = parse_database_url(server.url("journal"))
    empty_journal(url)
    storm = Storm()
    starts = 0

    async def stop_and_start() -> None:
        nonlocal starts
        while starts < 3:
            await storm.written(200)
            await asyncio.to_thread(server.stop, signal.SIGQUIT)
            await asyncio.to_thread(server.start)
            starts += 1

    async with node_at(url) as store:
        raging = storm.rage(store, writers=WRITERS, until=lambda: starts >= 3)
        await asyncio.gather(raging, stop_and_start())
        storm.acknowledged[(await record(store, bet(round_id="r-1"))).trans_id] = 0
    storm.compare(url)


# --- a standby that does not confirm --------------------------------------------------------------

WAITS = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
NO_WAITS = """SELECT 1 WHERE NOT EXISTS (
  SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'
)"""
CANCEL = "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
TOLD = "SELECT 1 WHERE current_setting('synchronous_standby_names') <> ''"


@asynccontextmanager
async def without_its_standby(url: DatabaseUrl) -> AsyncIterator[None]:
    """Let the server wait for a standby that is not there, until all is over."""
    ask(url, "ALTER SYSTEM SET synchronous_standby_names = 'nobody'")
    ask(url, "SELECT pg_reload_conf()")
    try:
        yield
    finally:
        ask(url, "ALTER SYSTEM RESET synchronous_standby_names")
        ask(url, "SELECT pg_reload_conf()")


@pytest.mark.reliability("2.6-database-commit-warning")
async def test_commit_whose_wait_for_the_standby_is_cancelled_is_unknown(
    server: PostgresServer,
) -> None:
    """It succeeds, with a warning; a failover would lose it."""
    url = parse_database_url(server.url("journal"))
    async with node_at(url) as store:
        await record(store, bet())
        async with without_its_standby(url):
            await until(url, TOLD)
            committing = asyncio.create_task(store.commit(intent(bet())))
            await until(url, WAITS)
            ask(url, CANCEL)
            with pytest.raises(CommitUnknown, match="synchronous replication"):
                await committing
        assert store.meters.failed["unknown"] == 1
        await record(store, bet())


async def refused(store: JournalStore, change: Change) -> None:
    for _ in range(4):
        with pytest.raises((StoreUnavailable, CommitUnknown)):
            await store.commit(change)


@pytest.mark.reliability("2.6-database-standby-gone")
async def test_commit_given_up_while_the_standby_is_away_is_not_made_visible(
    server: PostgresServer,
) -> None:
    """Giving up must not cancel the wait: others would build on what a failover takes away."""
    url = parse_database_url(server.url("journal"))
    quick = PostgresSettings(commit_seconds=0.3, patience_seconds=0.3)
    row = bet()
    async with node_at(url, quick) as store, node_at(url, PATIENT) as another:
        first = await record(store, bet())
        async with without_its_standby(url):
            await until(url, TOLD)
            with pytest.raises(CommitUnknown):
                await store.commit(intent(row))
            await until(url, WAITS)
            assert await another.find(row.key) is None
            # A change of nothing shows whether commits are possible.
            await refused(store, Change(at_ms=1))
            # Nor does this node hang up connection after connection.
            await refused(store, moving(accepted(first)))
            assert len(ask(url, WAITS)) <= quick.writers
            assert await another.find(row.key) is None
        await until(url, NO_WAITS)
        assert await another.find(row.key) is not None
