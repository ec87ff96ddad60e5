"""Claims and lists are safe from several nodes at once."""

from __future__ import annotations

import asyncio

import pytest

from meganodes.journal.guards import RowRefused
from meganodes.journal.postgres import PostgresJournal
from meganodes.journal.turnover import Window
from meganodes.kit.database import DatabaseUrl
from tests.support.nodes import ask, node_at
from tests.support.postgres import empty_journal, shared_database
from tests.support.transactions import (
    START_MS,
    accepted,
    bet,
    committed,
    intent,
    moving,
    settled_bet,
    win,
)

ROWS = 300


@pytest.fixture
def url() -> DatabaseUrl:
    shared = shared_database()
    empty_journal(shared)
    return shared


async def _record(store: PostgresJournal) -> None:
    rows = [win(agent_id=1 + n % 2, round_id=f"r-{n}") for n in range(ROWS)]
    await asyncio.gather(*(store.commit(intent(row, lease_ms=None)) for row in rows))


@pytest.mark.reliability("2.6-cancel-two-claimers")
async def test_no_row_is_claimed_by_two_nodes(url: DatabaseUrl) -> None:
    async with node_at(url) as one, node_at(url, owner="node-2") as two:
        await _record(one)

        async def claim(store: PostgresJournal) -> list[int]:
            taken: list[int] = []
            for agent_id in (1, 2):
                while rows := await store.claim(
                    agent_id, now_ms=START_MS, limit=7, lease_ms=60_000
                ):
                    taken += [row.trans_id for row in rows]
            return taken

        taken = await asyncio.gather(*(claim(store) for store in (one, two, one, two)))
    numbers = [each for some in taken for each in some]
    assert len(numbers) == len(set(numbers)) == ROWS
    assert ask(url, "SELECT count(*) FROM transactions WHERE epoch = 1 AND attempts = 1") == [
        (ROWS,)
    ]
    assert ask(url, "SELECT count(*) FROM events WHERE cause = 'claimed'") == [(ROWS,)]
    assert ask(url, "SELECT DISTINCT lease_owner FROM transactions ORDER BY 1") == [
        ("node-1",),
        ("node-2",),
    ]


async def test_claims_for_many_agents_share_a_commit(url: DatabaseUrl) -> None:
    agents = range(1, 41)
    async with node_at(url) as store:
        owed = [
            win(agent_id=n, round_id=f"r-{age}", due_at_ms=START_MS - age)
            for n in agents
            for age in (1, 3, 2)
        ]
        await asyncio.gather(*(store.commit(intent(row, lease_ms=None)) for row in owed))
        before = store.meters.seconds.distribution().counts[-1]
        taken = await asyncio.gather(
            *(store.claim(n, now_ms=START_MS, limit=1 + n % 2, lease_ms=60_000) for n in agents)
        )
        # The first one finds nobody at work and may set out alone.
        assert store.meters.seconds.distribution().counts[-1] - before <= 2
    for n, found in zip(agents, taken, strict=True):
        assert {row.agent_id for row in found} == {n}
        ages = [START_MS - (row.due_at_ms or 0) for row in found]
        assert ages == [3, 2][: 1 + n % 2], "its oldest, in order, and no more than it asked for"


async def test_refused_claim_is_no_business_of_those_it_came_with(url: DatabaseUrl) -> None:
    async with node_at(url) as store:
        for agent_id in (1, 2, 3):
            await store.commit(intent(win(agent_id=agent_id), lease_ms=None))
        taken = await asyncio.gather(
            *(
                store.claim(n, now_ms=START_MS, limit=5, lease_ms=2**63 if n == 2 else 60_000)
                for n in (1, 2, 3)
            ),
            return_exceptions=True,
        )
    assert isinstance(taken[1], RowRefused)
    assert [len(each) for each in (taken[0], taken[2]) if isinstance(each, tuple)] == [1, 1]


@pytest.mark.reliability("2.6-database-clock-jump")
async def test_lease_runs_by_the_databases_clock(url: DatabaseUrl) -> None:
    async with node_at(url) as store:
        await store.commit(intent(win(), lease_ms=60_000))
        await store.commit(intent(win(round_id="r-2"), lease_ms=1))
        left = ask(
            url,
            "SELECT lease_until_ms - journal_now_ms() BETWEEN 1 AND 60000 FROM transactions"
            " ORDER BY trans_id",
        )
        assert left == [(True,), (False,)]
        (row,) = await store.claim(1, now_ms=START_MS, limit=5, lease_ms=60_000)
        assert row.maybe_sent


async def test_two_nodes_place_every_entry_once_and_without_a_hole(url: DatabaseUrl) -> None:
    async with node_at(url) as one, node_at(url, owner="node-2") as two:
        rows = [bet(agent_id=1 + n % 3, round_id=f"r-{n}") for n in range(ROWS)]

        async def write(row_number: int) -> None:
            (row,) = await committed(one, intent(rows[row_number]))
            await committed(two, moving(accepted(row)))

        async def place(store: PostgresJournal, written: asyncio.Future[list[None]]) -> int:
            placed = 0
            while True:
                is_last = written.done()
                count = await store.sequence(now_ms=START_MS, limit=50)
                placed += count
                if is_last and not count:
                    return placed

        written = asyncio.gather(*(write(n) for n in range(ROWS)))
        placed = await asyncio.gather(place(one, written), place(two, written))
        # Who finds the other at work has nothing to do; the last one finds nothing left.
        assert sum(placed) + await one.sequence(now_ms=START_MS, limit=ROWS) == ROWS
    assert ask(
        url,
        "SELECT agent_id, count(*), min(position), max(position) FROM listings"
        " GROUP BY 1 ORDER BY 1",
    ) == [(n, ROWS // 3, 1, ROWS // 3) for n in (1, 2, 3)]


async def test_claim_that_cannot_be_is_refused_and_the_next_one_is_served(url: DatabaseUrl) -> None:
    async with node_at(url) as store:
        await store.commit(intent(win(), lease_ms=None))
        with pytest.raises(RowRefused):
            await store.claim(1, now_ms=START_MS, limit=5, lease_ms=2**63)
        assert len(await store.claim(1, now_ms=START_MS, limit=5, lease_ms=1)) == 1


async def test_caller_who_goes_away_does_not_cancel_the_work(url: DatabaseUrl) -> None:
    async with node_at(url) as store:
        await store.commit(intent(win(), lease_ms=None))
        claiming = asyncio.create_task(store.claim(1, now_ms=START_MS, limit=5, lease_ms=60_000))
        await asyncio.sleep(0)
        claiming.cancel()
        with pytest.raises(asyncio.CancelledError):
            await claiming
    assert ask(url, "SELECT attempts FROM transactions") == [(1,)]


async def test_turnovers_of_days_that_an_older_node_left_behind_are_made_anew(
    url: DatabaseUrl,
) -> None:
    async with node_at(url) as store:
        for amount_minor in (100, 20, 3):
            await settled_bet(store, amount_minor=amount_minor)
            await store.sequence(now_ms=START_MS, limit=10)
            await store.sum_turnovers(limit=10)
        assert ask(url, "SELECT bet_low FROM day_turnovers") == [(123,)]
        # The last one was summed up by a node that knows nothing of days.
        ask(url, "UPDATE day_turnovers SET bet_low = 120")
        ask(url, "UPDATE listing_positions SET day_summed_position = 2")
        ever = Window(start_ms=0, end_ms=2 * START_MS)
        assert [each.bet_minor for each in await store.reads.turnover_by_game(1, ever)] == [123]
        await settled_bet(store, amount_minor=4_000)
        await store.sequence(now_ms=START_MS, limit=10)
        await store.sum_turnovers(limit=10)
        assert ask(url, "SELECT bet_low FROM day_turnovers") == [(4_123,)]
        assert ask(url, "SELECT summed_position, day_summed_position FROM listing_positions") == [
            (4, 4)
        ]
