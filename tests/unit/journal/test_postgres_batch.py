"""What is wrong with one change of a batch is no business of the others."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial

import pytest

from meganodes.domain.transaction import State, Step
from meganodes.journal.guards import RowRefused
from meganodes.journal.postgres_batch import judge, touched
from meganodes.journal.store import Change, Committed, Insert, KeyTaken, RoundClosed, RoundStep
from meganodes.kit.database import DatabaseUrl
from tests.support.nodes import ask, node_at
from tests.support.postgres import empty_journal, shared_database
from tests.support.transactions import (
    accepted,
    attempt_of,
    bet,
    committed,
    intent,
    moving,
    record,
)

NEIGHBOURS = 49


@pytest.fixture
def url() -> DatabaseUrl:
    shared = shared_database()
    empty_journal(shared)
    return shared


def poisoned() -> list[Change]:
    """Changes that no table takes, each for another reason, found in another place."""
    row = bet()
    return [
        intent(bet(account="nul \x00")),
        intent(bet(transaction_id="half a pair \ud800")),
        intent(bet(user_code=2**63)),
        intent(bet(trans_id=2**53)),
        intent(bet(amount_minor=1.5)),
        replace(intent(row), attempts=(attempt_of(row, reply=b"x" * 65_537),)),
        intent(bet(trans_id=1)),
    ]


@pytest.mark.parametrize("kind", range(len(poisoned())))
async def test_poisoned_row_among_fifty_is_refused_alone(url: DatabaseUrl, kind: int) -> None:
    async with node_at(url) as store:
        await record(store, bet(trans_id=1, round_id="before"))
        changes = [intent(bet(round_id=f"r-{index}")) for index in range(NEIGHBOURS)]
        changes.insert(20, poisoned()[kind])
        results = await asyncio.gather(
            *(store.commit(change) for change in changes), return_exceptions=True
        )
        assert isinstance(results.pop(20), RowRefused)
        assert all(isinstance(result, Committed) for result in results)
        # Found by halves, not by doing all of them one by one.
        assert sum(store.meters.jobs.distribution().counts[:1]) <= 12
    assert ask(url, "SELECT count(*) FROM transactions") == [(NEIGHBOURS + 1,)]
    assert ask(url, "SELECT count(*) FROM events") == [(NEIGHBOURS + 1,)]


async def test_guards_are_told_in_the_order_of_the_port(url: DatabaseUrl) -> None:
    """A change that all guards refuse hears of the key; without that of the row; then the round."""
    async with node_at(url) as store:
        row = await record(store, bet())
        stale = accepted(row)
        (moved,) = await committed(store, moving(stale))
        closing = RoundStep(key=row.round_key, close=True)
        await committed(store, Change(at_ms=1, rounds=(closing,)))
        step = RoundStep(key=row.round_key, must_be_open=True)
        inserts = (Insert(row=bet(), cause="x"), Insert(row=row, cause="x"))
        change = Change(at_ms=1, inserts=inserts, moves=(stale,), rounds=(step,))
        assert await store.commit(change) == KeyTaken(row=moved)
        change = replace(change, inserts=inserts[:1])
        assert getattr(await store.commit(change), "row", None) == moved
        assert await store.commit(replace(change, moves=())) == RoundClosed(key=row.round_key)


async def test_refused_guard_leaves_its_neighbours_in_one_commit(url: DatabaseUrl) -> None:
    async with node_at(url) as store:
        taken = await record(store, bet())
        before = store.meters.jobs.distribution()
        changes = [intent(bet(round_id=f"r-{index}")) for index in range(30)]
        results = await asyncio.gather(
            store.commit(intent(taken)), *(store.commit(change) for change in changes)
        )
        assert results[0] == KeyTaken(row=taken)
        assert all(isinstance(result, Committed) for result in results[1:])
        after = store.meters.jobs.distribution()
        assert after.counts[-1] - before.counts[-1] <= 2


def test_what_a_change_touches_tells_which_can_go_together() -> None:
    row, other = bet(), bet(round_id="r-2")
    first, second = touched(intent(row)), touched(intent(other))
    assert first is not None
    assert second is not None
    assert first.isdisjoint(second)
    for change in (
        intent(bet(transaction_id=row.transaction_id, round_id="r-3")),
        intent(bet(trans_id=row.trans_id, round_id="r-3")),
        intent(bet()),
        moving(accepted(row)),
    ):
        assert not first.isdisjoint(touched(change) or ())
    assert first.isdisjoint(touched(intent(bet(agent_id=2))) or ())


def test_change_that_touches_something_twice_is_found() -> None:
    row = bet(state=State.CANCELLING, step=Step.DELIVER, due_at_ms=1)
    insert = Insert(row=row, cause="x")
    step = RoundStep(key=row.round_key)
    for change in (
        Change(at_ms=1, inserts=(insert, insert)),
        Change(at_ms=1, rounds=(step, step)),
    ):
        assert touched(change) is None


async def test_a_change_that_nothing_stands_in_the_way_of_is_not_refused(url: DatabaseUrl) -> None:
    """What was refused once may be judged when its rival has gone."""
    async with node_at(url) as store:
        link = store._link("judge")
        row = await record(store, bet())
        for change in (intent(bet(round_id="another")), moving(accepted(row))):
            assert await link.look(partial(judge, change=change)) is None
        taken = await link.look(partial(judge, change=intent(row)))
        assert isinstance(taken, KeyTaken)
        await link.close()


async def test_a_row_that_has_its_place_in_its_round_keeps_it(url: DatabaseUrl) -> None:
    async with node_at(url) as store:
        (first,) = await committed(store, intent(bet(round_seq=1)))
        (second,) = await committed(store, intent(bet(round_seq=1)))
        assert (first.round_seq, second.round_seq) == (1, 2)
