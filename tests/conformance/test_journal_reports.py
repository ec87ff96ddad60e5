"""Every journal store: what is parked, which rounds were forgotten, the highest number."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meganodes.domain.retry import DAY_MS
from meganodes.domain.transaction import State, Step, Transaction, move
from meganodes.journal.store import Change, Insert, JournalStore, RoundStep
from meganodes.protocol.codes import ApiCode
from tests.conformance.journal_stores import Journal
from tests.support.transactions import (
    START_MS,
    accepted,
    attempt_of,
    bet,
    cancelling,
    committed,
    credited,
    moving,
    record,
    win,
)


async def stake(
    store: JournalStore, round_id: str, *, at_ms: int = START_MS, close: bool = False
) -> Transaction:
    """Record and accept a bet in a round."""
    row = bet(round_id=round_id, created_at_ms=at_ms)
    step = RoundStep(key=row.round_key, close=close)
    change = Change(at_ms=at_ms, inserts=(Insert(row=row, cause="intent"),), rounds=(step,))
    (inserted,) = await committed(store, change)
    (decided,) = await committed(store, moving(accepted(inserted)))
    return decided


@pytest.mark.reliability("2.6-bet-crash-after-decision", "I6")
@pytest.mark.rule("4-open-round-report", "4-no-invented-win")
async def test_a_round_unclosed_for_a_day_is_reported_and_younger_or_closed_ones_are_not(
    journal: Journal,
) -> None:
    old = await stake(journal.store, "old")
    older = await stake(journal.store, "older", at_ms=START_MS - 1)
    await stake(journal.store, "young", at_ms=START_MS + DAY_MS)
    await stake(journal.store, "closed", close=True)
    refused = await record(journal.store, bet(round_id="refused", state=State.REFUSED))
    assert refused.state is State.REFUSED
    found = await journal.reads.open_rounds(opened_before_ms=START_MS + DAY_MS, limit=10)
    assert [(each.key, each.opened_at_ms) for each in found] == [
        (older.round_key, START_MS - 1),
        (old.round_key, START_MS),
    ]
    assert len(await journal.reads.open_rounds(opened_before_ms=START_MS + DAY_MS, limit=1)) == 1


@pytest.mark.rule("3.4-parked")
async def test_what_is_parked_is_listed_oldest_first_until_a_person_decides(
    journal: Journal,
) -> None:
    rows = [await record(journal.store, win(round_id=f"r{number}")) for number in range(3)]
    for row in rows[1:]:
        stopped = move(row, "parked", state=State.PARKED, step=Step.NONE, due_at_ms=None)
        await committed(journal.store, moving(stopped))
    parked = await journal.reads.parked(limit=10)
    assert [row.trans_id for row in parked] == [row.trans_id for row in rows[1:]]
    assert len(await journal.reads.parked(limit=1)) == 1


async def test_the_highest_number_is_known_after_everything_that_was_recorded(
    journal: Journal,
) -> None:
    assert await journal.reads.highest_trans_id() == 0
    await record(journal.store, bet(trans_id=5_000, agent_id=2))
    row = await record(journal.store, bet(trans_id=4_000, agent_id=1))
    assert await journal.reads.highest_trans_id() == 5_000
    refused = move(row, "refused", state=State.REFUSED, code=ApiCode.AGENT_UNAVAILABLE)
    attempt = attempt_of(row, attempt_id=6_000)
    await committed(journal.store, replace(moving(refused), attempts=(attempt,)))
    assert await journal.reads.highest_trans_id() == 6_000, "attempts have numbers of the same row"


def parked(row: Transaction) -> Change:
    """Park a row; it stays owed since when it was."""
    return moving(move(row, "parked", state=State.PARKED, step=Step.NONE, due_at_ms=None))


async def test_open_work_is_counted_by_agent_and_state_with_the_oldest(journal: Journal) -> None:
    await record(journal.store, bet(created_at_ms=START_MS + 5))
    await record(journal.store, bet(created_at_ms=START_MS + 3))
    await record(journal.store, win(owed_since_ms=START_MS + 7))
    (stopped,) = [await record(journal.store, win(agent_id=2, owed_since_ms=START_MS + 9))]
    await committed(journal.store, parked(stopped))
    await record(journal.store, cancelling(agent_id=2, owed_since_ms=START_MS + 1))
    found = await journal.reads.open_work()
    assert {(each.agent_id, each.state, each.count, each.oldest_at_ms) for each in found} == {
        (1, State.PENDING, 2, START_MS + 3),
        (1, State.OWED, 1, START_MS + 7),
        (2, State.PARKED, 1, START_MS + 9),
        (2, State.CANCELLING, 1, START_MS + 1),
    }
    assert len(found) == 4


async def test_what_has_ended_or_is_only_probed_is_no_open_work(journal: Journal) -> None:
    (taken,) = await committed(journal.store, moving(accepted(await record(journal.store, bet()))))
    await committed(journal.store, moving(credited(await record(journal.store, win()))))
    closed = bet(state=State.VOID, step=Step.PROBE, due_at_ms=START_MS, owed_since_ms=START_MS)
    await record(journal.store, closed)
    assert taken.state is State.ACCEPTED
    assert await journal.reads.open_work() == ()


async def test_entries_without_a_position_are_counted_until_they_have_one(
    journal: Journal,
) -> None:
    assert await journal.reads.unplaced() == 0
    await stake(journal.store, "r")
    assert await journal.reads.unplaced() == 1
    await journal.store.sequence(now_ms=START_MS, limit=10)
    assert await journal.reads.unplaced() == 0
