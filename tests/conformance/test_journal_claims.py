"""Every journal store: who may work on a row, for how long, and what is found when nobody does."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from meganodes.domain.transaction import State, Step, Transaction, claimed, move
from meganodes.journal.store import LEASE_MS_MAX, DueWork, Event, JournalStore
from meganodes.kit.clock import ManualClock
from tests.conformance.journal_stores import Journal, next_run
from tests.support.transactions import (
    START_MS,
    accepted,
    bet,
    cancelling,
    committed,
    credited,
    intent,
    moving,
    record,
    win,
)

LEASE_MS = 9_000


async def claim(
    store: JournalStore, *, agent_id: int = 1, now_ms: int = START_MS, limit: int = 100
) -> tuple[Transaction, ...]:
    return await store.claim(agent_id, now_ms=now_ms, limit=limit, lease_ms=LEASE_MS)


async def owe(store: JournalStore, row: Transaction) -> Transaction:
    """Record a row that nobody works on yet."""
    return await record(store, row, lease_ms=None)


# --- what a claim takes ---------------------------------------------------------------------------


async def test_claim_is_a_durable_move_within_the_state(journal: Journal) -> None:
    row = await owe(journal.store, win())
    (taken,) = await claim(journal.store, now_ms=START_MS + 5)
    assert taken == replace(row, epoch=1, attempts=1)
    assert await journal.store.fetch(1, row.trans_id) == taken
    assert (await journal.store.events(1, row.trans_id))[1:] == (
        Event(epoch=1, at_ms=START_MS + 5, from_state="owed", to_state="owed", cause="claimed"),
    )


async def test_claim_takes_the_oldest_due_first_up_to_its_limit(journal: Journal) -> None:
    rows = [await owe(journal.store, win(due_at_ms=START_MS - age)) for age in (10, 30, 20, 40)]
    taken = await claim(journal.store, limit=3)
    assert [row.trans_id for row in taken] == [rows[3].trans_id, rows[1].trans_id, rows[2].trans_id]
    assert [row.trans_id for row in await claim(journal.store)] == [rows[0].trans_id]


async def test_claim_of_nothing_takes_nothing(journal: Journal) -> None:
    await owe(journal.store, win())
    assert await claim(journal.store, limit=0) == ()


async def test_row_is_due_from_its_millisecond_on(journal: Journal) -> None:
    row = await owe(journal.store, win(due_at_ms=START_MS + 10))
    assert await claim(journal.store, now_ms=START_MS + 9) == ()
    assert [each.trans_id for each in await claim(journal.store, now_ms=START_MS + 10)] == [
        row.trans_id
    ]


async def test_claim_takes_only_the_agents_own_rows_with_something_due(journal: Journal) -> None:
    mine = await owe(journal.store, cancelling())
    await owe(journal.store, win(agent_id=2))
    await owe(journal.store, bet(state=State.REFUSED))
    await record(journal.store, bet())
    assert [row.trans_id for row in await claim(journal.store)] == [mine.trans_id]


@pytest.mark.parametrize("step", [Step.DELIVER, Step.VERIFY, Step.PROBE])
async def test_every_kind_of_step_is_claimed(journal: Journal, step: Step) -> None:
    row = await owe(journal.store, cancelling(state=State.VOID, step=step))
    (taken,) = await claim(journal.store)
    assert (taken.trans_id, taken.step, taken.attempts) == (row.trans_id, step, 1)


# --- leases ---------------------------------------------------------------------------------------


async def test_claimed_row_is_not_taken_again_while_its_lease_runs(journal: Journal) -> None:
    await owe(journal.store, win())
    (taken,) = await claim(journal.store)
    journal.clock.advance(LEASE_MS / 1000 - 0.001)
    assert await claim(journal.store) == ()
    journal.clock.advance(0.001)
    (again,) = await claim(journal.store)
    assert (again.epoch, again.attempts) == (taken.epoch + 1, 2)


@pytest.mark.reliability("2.6-cancel-crash")
async def test_attempt_whose_lease_ended_may_have_been_sent(journal: Journal) -> None:
    row = await owe(journal.store, win())
    (first,) = await claim(journal.store)
    assert not first.maybe_sent
    journal.clock.advance(LEASE_MS / 1000)
    (second,) = await claim(journal.store)
    assert second.maybe_sent
    history = await journal.store.events(1, row.trans_id)
    assert history[-1].cause == "claimed after a lost attempt"


async def test_recorded_outcome_ends_the_lease_and_is_not_lost(journal: Journal) -> None:
    await owe(journal.store, win())
    (taken,) = await claim(journal.store)
    retried = move(taken, "to be repeated", failures=1, due_at_ms=START_MS + 1)
    await committed(journal.store, moving(retried))
    (again,) = await claim(journal.store, now_ms=START_MS + 1)
    assert (again.attempts, again.failures, again.maybe_sent) == (2, 1, False)


async def test_lease_counts_from_the_commit_by_the_stores_clock(journal: Journal) -> None:
    """Not from ``at_ms`` or ``now_ms``: those come from the node."""
    row = win()
    await committed(journal.store, replace(intent(row, lease_ms=LEASE_MS), at_ms=1))
    assert await claim(journal.store, now_ms=START_MS + 86_400_000) == ()
    journal.clock.advance(LEASE_MS / 1000)
    assert len(await claim(journal.store)) == 1


@pytest.mark.reliability("2.6-database-clock-jump")
async def test_jump_of_the_wall_clock_neither_ends_nor_prolongs_a_lease(journal: Journal) -> None:
    await record(journal.store, win(), lease_ms=LEASE_MS)
    journal.clock.jump_wall(86_400)
    assert await claim(journal.store) == ()
    journal.clock.jump_wall(-2 * 86_400)
    journal.clock.advance(LEASE_MS / 1000)
    assert len(await claim(journal.store)) == 1


@pytest.mark.parametrize("set_back_ms", [LEASE_MS_MAX - LEASE_MS + 1, 86_400_000])
async def test_lease_ends_when_the_clock_was_set_back_between_two_runs(
    journal: Journal, set_back_ms: int
) -> None:
    """Reliability 2.6: what is owed must not wait until a clock has caught up."""
    owed = await record(journal.store, win(), lease_ms=LEASE_MS)
    pending = await record(journal.store, bet(), lease_ms=LEASE_MS)
    clock = ManualClock(now_ms=START_MS - set_back_ms)
    async with next_run(journal, clock) as store:
        assert await store.expired_pending(limit=10) == (pending,)
        assert await store.overdue(owed_before_ms=START_MS + 1, limit=10) == (owed,)
        (taken,) = await claim(store)
        assert (taken.trans_id, taken.maybe_sent) == (owed.trans_id, True)
        assert await claim(store) == ()


@pytest.mark.parametrize("set_back_ms", [0, LEASE_MS_MAX - LEASE_MS])
async def test_lease_runs_on_in_the_next_run(journal: Journal, set_back_ms: int) -> None:
    """A process that starts again quickly must not take what another still works on."""
    owed = await record(journal.store, win(), lease_ms=LEASE_MS)
    clock = ManualClock(now_ms=START_MS - set_back_ms)
    async with next_run(journal, clock) as store:
        assert await claim(store) == ()
        assert await store.overdue(owed_before_ms=START_MS + 1, limit=10) == ()
        clock.advance((set_back_ms + LEASE_MS) / 1000)
        assert [row.trans_id for row in await claim(store)] == [owed.trans_id]


async def test_move_keeps_takes_or_gives_up_the_lease(journal: Journal) -> None:
    row = await record(journal.store, win(), lease_ms=LEASE_MS)
    kept = replace(move(row, "kept"), keep_lease=True)
    await committed(journal.store, moving(kept))
    assert await claim(journal.store) == ()

    journal.clock.advance(LEASE_MS / 1000)
    taken = claimed(move(kept.after, "taken over"), LEASE_MS)
    await committed(journal.store, moving(taken))
    assert await claim(journal.store) == ()

    given_up = move(taken.after, "given up")
    await committed(journal.store, moving(given_up))
    (again,) = await claim(journal.store)
    assert not again.maybe_sent


@pytest.mark.reliability("2.6-database-two-owners")
async def test_stale_owner_loses_against_the_next_claim(journal: Journal) -> None:
    await owe(journal.store, win())
    (stale,) = await claim(journal.store)
    journal.clock.advance(LEASE_MS / 1000)
    (present,) = await claim(journal.store)
    result = await journal.store.commit(moving(credited(stale)))
    assert getattr(result, "row", None) == present


@pytest.mark.reliability("2.6-cancel-two-claimers")
async def test_claimers_at_the_same_time_never_share_a_row(journal: Journal) -> None:
    rows = {(await owe(journal.store, win(round_id=f"r-{n}"))).trans_id for n in range(60)}
    batches = await asyncio.gather(*(claim(journal.store, limit=7) for _ in range(12)))
    taken = [row.trans_id for batch in batches for row in batch]
    assert len(taken) == 60
    assert set(taken) == rows


# --- order within a round -------------------------------------------------------------------------


@pytest.mark.reliability("2.6-win-before-decision")
@pytest.mark.rule("3.4-win-after-bets-decided")
async def test_win_waits_for_the_bets_recorded_before_it(journal: Journal) -> None:
    first = await record(journal.store, bet())
    waiting = await owe(journal.store, win())
    assert await claim(journal.store) == ()
    await committed(journal.store, moving(accepted(first)))
    assert [row.trans_id for row in await claim(journal.store)] == [waiting.trans_id]


@pytest.mark.rule("3.4-win-after-bets-decided")
async def test_win_does_not_wait_for_a_cancel_to_be_delivered(journal: Journal) -> None:
    await record(journal.store, bet())
    await owe(journal.store, cancelling(due_at_ms=START_MS + 1))
    first, _ = await journal.store.round_rows(bet().round_key)
    waiting = await owe(journal.store, win())
    undone = move(
        first,
        "undone",
        state=State.CANCELLING,
        step=Step.DELIVER,
        due_at_ms=START_MS + 1,
        owed_since_ms=START_MS,
    )
    await committed(journal.store, moving(undone))
    assert [row.trans_id for row in await claim(journal.store)] == [waiting.trans_id]


@pytest.mark.rule("3.4-wins-any-order")
async def test_win_waits_neither_for_later_bets_nor_for_other_wins(journal: Journal) -> None:
    first = await record(journal.store, win(), lease_ms=LEASE_MS)
    second = await owe(journal.store, win())
    await record(journal.store, bet())
    assert [row.trans_id for row in await claim(journal.store)] == [second.trans_id]
    assert first.round_seq == 1


@pytest.mark.rule("3.4-no-order-between-rounds")
@pytest.mark.parametrize(
    "elsewhere", [{"round_id": "r-2"}, {"user_code": 5}, {"provider_id": 8}, {"agent_id": 2}]
)
async def test_win_does_not_wait_for_bets_of_another_round(
    journal: Journal, elsewhere: dict[str, object]
) -> None:
    await record(journal.store, bet(**elsewhere))
    mine = await owe(journal.store, win(round_seq=9))
    assert [row.trans_id for row in await claim(journal.store)] == [mine.trans_id]


async def test_cancel_does_not_wait_for_other_bets_of_its_round(journal: Journal) -> None:
    await record(journal.store, bet())
    owed = await owe(journal.store, cancelling())
    assert [row.trans_id for row in await claim(journal.store)] == [owed.trans_id]


async def test_waiting_wins_do_not_use_up_the_limit(journal: Journal) -> None:
    await record(journal.store, bet())
    await owe(journal.store, win(due_at_ms=START_MS - 10))
    other = await owe(journal.store, win(round_id="r-2"))
    assert [row.trans_id for row in await claim(journal.store, limit=1)] == [other.trans_id]


# --- what nobody works on -------------------------------------------------------------------------


async def test_due_work_counts_by_agent(journal: Journal) -> None:
    for agent_id, age_ms in ((2, 5), (1, 7), (2, 9), (3, -1)):
        await owe(journal.store, win(agent_id=agent_id, due_at_ms=START_MS - age_ms))
    await record(journal.store, bet(agent_id=4))
    assert await journal.store.due_work(now_ms=START_MS) == (
        DueWork(agent_id=1, count=1, oldest_due_at_ms=START_MS - 7),
        DueWork(agent_id=2, count=2, oldest_due_at_ms=START_MS - 9),
    )
    assert await journal.store.due_work(now_ms=START_MS - 10) == ()


async def test_pending_bet_expires_with_its_lease(journal: Journal) -> None:
    row = await record(journal.store, bet(), lease_ms=5_000)
    journal.clock.advance(4.999)
    assert await journal.store.expired_pending(limit=10) == ()
    journal.clock.advance(0.001)
    assert await journal.store.expired_pending(limit=10) == (row,)
    await committed(journal.store, moving(accepted(row)))
    assert await journal.store.expired_pending(limit=10) == ()


async def test_wish_to_cancel_does_not_prolong_a_bets_lease(journal: Journal) -> None:
    row = await record(journal.store, bet(), lease_ms=5_000)
    journal.clock.advance(3)
    wish = replace(move(row, "cancel asked for", cancel_asked_at_ms=1), keep_lease=True)
    await committed(journal.store, moving(wish))
    assert await journal.store.expired_pending(limit=10) == ()
    journal.clock.advance(2)
    assert await journal.store.expired_pending(limit=10) == (wish.after,)


async def test_pending_bet_that_nobody_ever_owned_has_expired(journal: Journal) -> None:
    row = await record(journal.store, bet(), lease_ms=None)
    assert await journal.store.expired_pending(limit=10) == (row,)


async def test_expired_bets_of_all_agents_come_longest_ended_first(journal: Journal) -> None:
    rows = [
        await record(journal.store, bet(agent_id=agent_id), lease_ms=lease_ms)
        for agent_id, lease_ms in ((1, 3_000), (2, 1_000), (3, 2_000), (4, 60_000))
    ]
    journal.clock.advance(10)
    assert await journal.store.expired_pending(limit=2) == (rows[1], rows[2])
    assert await journal.store.expired_pending(limit=9) == (rows[1], rows[2], rows[0])


async def test_overdue_rows_are_owed_too_long_and_free(journal: Journal) -> None:
    long_ago = START_MS - 1_000
    waiting = cancelling(state=State.NOT_SEEN_WAIT, owed_since_ms=long_ago - 2)
    rows = [
        await owe(journal.store, row)
        for row in (
            win(owed_since_ms=long_ago - 1),
            cancelling(owed_since_ms=long_ago - 3),
            waiting,
        )
    ]
    await owe(journal.store, win(owed_since_ms=long_ago))
    await owe(journal.store, cancelling(state=State.VOID, step=Step.PROBE, owed_since_ms=1))
    parked = win(state=State.PARKED, step=Step.NONE, due_at_ms=None, owed_since_ms=1)
    await owe(journal.store, parked)
    leased = await record(journal.store, win(owed_since_ms=long_ago - 9), lease_ms=LEASE_MS)

    expected = (rows[1], rows[2], rows[0])
    assert await journal.store.overdue(owed_before_ms=long_ago, limit=10) == expected
    assert await journal.store.overdue(owed_before_ms=long_ago, limit=2) == expected[:2]
    journal.clock.advance(LEASE_MS / 1000)
    assert await journal.store.overdue(owed_before_ms=long_ago, limit=10) == (leased, *expected)
