"""Every journal store: the API log by pages and by what went wrong, and what is still open."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meganodes.domain.transaction import State, Step, move
from meganodes.journal.attempt_log import AttemptFilter, AttemptGroup
from meganodes.journal.store import AttemptRecord
from tests.conformance.journal_stores import Journal, logged
from tests.support.transactions import START_MS, attempt_of, bet, committed, moving, record, win

EVERY = AttemptFilter()


def numbers(attempts: tuple[AttemptRecord, ...]) -> list[int]:
    return [each.attempt_id for each in attempts]


async def test_page_holds_the_newest_attempts_without_their_bytes(journal: Journal) -> None:
    made = await logged(journal, *(attempt_of(bet()) for _ in range(5)))
    page = await journal.reads.attempts_page(1, EVERY, limit=3, rows_max=100)
    newest = [replace(each, request=b"", reply=b"") for each in reversed(made[2:])]
    assert list(page.attempts) == newest
    assert page.older_below == made[2].attempt_id
    rest = AttemptFilter(below=made[2].attempt_id)
    last = await journal.reads.attempts_page(1, rest, limit=3, rows_max=100)
    assert numbers(last.attempts) == numbers((made[1], made[0]))
    assert last.older_below is None


async def test_pages_one_after_another_give_each_attempt_once(journal: Journal) -> None:
    made = await logged(journal, *(attempt_of(bet()) for _ in range(7)))
    seen: list[int] = []
    below: int | None = AttemptFilter().below
    while below is not None:
        wanted = AttemptFilter(below=below)
        page = await journal.reads.attempts_page(1, wanted, limit=2, rows_max=3)
        seen += numbers(page.attempts)
        below = page.older_below
    assert seen == sorted(numbers(made), reverse=True)


async def test_a_look_ends_after_so_many_entries_and_says_where(journal: Journal) -> None:
    odd = attempt_of(bet(), account="odd")
    made = await logged(journal, odd, *(attempt_of(bet()) for _ in range(4)))
    wanted = AttemptFilter(account="odd")
    page = await journal.reads.attempts_page(1, wanted, limit=10, rows_max=2)
    assert page.attempts == ()
    assert page.older_below == made[3].attempt_id
    page = await journal.reads.attempts_page(1, wanted, limit=10, rows_max=9)
    assert numbers(page.attempts) == [odd.attempt_id]
    assert page.older_below is None


@pytest.mark.parametrize(
    "wanted",
    [
        AttemptFilter(command="cancel"),
        AttemptFilter(outcome="unknown"),
        AttemptFilter(http_status=503),
        AttemptFilter(account="zoe"),
        AttemptFilter(trans_id=77),
        AttemptFilter(not_accepted=True),
        AttemptFilter(not_accepted=True, command="cancel", http_status=503),
    ],
)
async def test_filter_takes_what_fits_and_nothing_else(
    journal: Journal, wanted: AttemptFilter
) -> None:
    fitting = attempt_of(
        bet(), command="cancel", outcome="unknown", http_status=503, account="zoe", trans_id=77
    )
    await logged(journal, attempt_of(bet()), fitting, attempt_of(bet()))
    page = await journal.reads.attempts_page(1, wanted, limit=10, rows_max=100)
    assert numbers(page.attempts) == [fitting.attempt_id]


async def test_range_leaves_out_its_ends(journal: Journal) -> None:
    made = await logged(journal, *(attempt_of(bet()) for _ in range(4)))
    wanted = AttemptFilter(above=made[0].attempt_id, below=made[3].attempt_id)
    page = await journal.reads.attempts_page(1, wanted, limit=10, rows_max=100)
    assert numbers(page.attempts) == numbers((made[2], made[1]))


async def test_another_agents_log_is_not_seen(journal: Journal) -> None:
    """S1: every read names its agent."""
    failed = attempt_of(bet(), outcome="unknown")
    await logged(journal, failed)
    assert failed.trans_id is not None
    assert (await journal.reads.attempts_page(2, EVERY, limit=9, rows_max=9)).attempts == ()
    assert (await journal.reads.failed_attempts(2, EVERY, rows_max=9)).groups == ()
    assert await journal.reads.last_attempts(2, [failed.trans_id]) == ()


async def test_failures_that_are_alike_are_one_group(journal: Journal) -> None:
    def failed(at_ms: int, **changes: object) -> AttemptRecord:
        base = attempt_of(
            bet(),
            outcome="unknown",
            result=-1,
            http_status=502,
            faults=("HTTP status is 502",),
            started_at_ms=at_ms,
        )
        return replace(base, **changes)  # type: ignore[arg-type]

    made = await logged(
        journal,
        failed(START_MS + 30),
        failed(START_MS + 10),
        failed(START_MS + 20),
        failed(START_MS, number=2),
        failed(START_MS, faults=()),
        attempt_of(bet()),
    )
    found = await journal.reads.failed_attempts(1, EVERY, rows_max=100)
    assert found.is_whole
    groups = {(each.reason, each.repeated): each for each in found.groups}
    assert len(found.groups) == 3
    assert groups["HTTP status is 502", False] == AttemptGroup(
        command="bet",
        repeated=False,
        outcome="unknown",
        phase="complete",
        result=-1,
        http_status=502,
        reason="HTTP status is 502",
        count=3,
        first_at_ms=START_MS + 10,
        last_at_ms=START_MS + 30,
        sample_id=made[2].attempt_id,
    )
    assert groups["HTTP status is 502", True].count == 1
    assert groups["", False].count == 1


async def test_failures_are_counted_so_far_and_no_further(journal: Journal) -> None:
    await logged(journal, *(attempt_of(bet(), outcome="unknown") for _ in range(5)))
    found = await journal.reads.failed_attempts(1, EVERY, rows_max=3)
    assert not found.is_whole
    assert sum(each.count for each in found.groups) == 3


async def test_of_failures_only_those_that_fit_are_counted(journal: Journal) -> None:
    failed = {"outcome": "unknown"}
    await logged(
        journal,
        *(attempt_of(bet(), command=each, **failed) for each in ("bet", "win", "win", "cancel")),
    )
    wanted = replace(EVERY, command="win")
    found = await journal.reads.failed_attempts(1, wanted, rows_max=100)
    assert [(each.command, each.count) for each in found.groups] == [("win", 2)]


async def test_last_attempt_of_each_transaction_is_found(journal: Journal) -> None:
    first, second, untried = bet(), bet(), bet()
    made = await logged(
        journal, attempt_of(first, number=1), attempt_of(first, number=2), attempt_of(second)
    )
    wanted = [first.trans_id, second.trans_id, untried.trans_id]
    found = await journal.reads.last_attempts(1, wanted)
    assert sorted(numbers(found)) == sorted([made[1].attempt_id, made[2].attempt_id])
    assert {each.request for each in found} == {b""}


async def test_owed_rows_come_by_what_is_due_next(journal: Journal) -> None:
    later = await record(journal.store, win(due_at_ms=START_MS + 9))
    sooner = await record(journal.store, win(due_at_ms=START_MS + 5))
    same = await record(journal.store, win(due_at_ms=START_MS + 9))
    await record(journal.store, win(agent_id=2, due_at_ms=START_MS))
    await record(journal.store, bet())
    everything = await journal.reads.owed_of(1, after=(0, 0), limit=9)
    assert everything == (sooner, later, same)
    assert await journal.reads.owed_of(1, after=(0, 0), limit=1) == (sooner,)
    after = (START_MS + 9, later.trans_id)
    assert await journal.reads.owed_of(1, after=after, limit=9) == (same,)


async def test_probe_of_a_closed_bet_is_no_open_work(journal: Journal) -> None:
    closed = bet(state=State.VOID, step=Step.PROBE, due_at_ms=START_MS, owed_since_ms=START_MS)
    await record(journal.store, closed)
    assert await journal.reads.owed_of(1, after=(0, 0), limit=9) == ()


async def test_parked_rows_of_one_agent_come_oldest_first(journal: Journal) -> None:
    rows = [await record(journal.store, win()) for _ in range(3)]
    foreign = await record(journal.store, win(agent_id=2))
    for row in (*rows[:2], foreign):
        parked = move(row, "parked: x", state=State.PARKED, step=Step.NONE, due_at_ms=None)
        await committed(journal.store, moving(parked))
    found = await journal.reads.parked_of(1, after=0, limit=9)
    assert [each.trans_id for each in found] == [row.trans_id for row in rows[:2]]
    after = await journal.reads.parked_of(1, after=rows[0].trans_id, limit=9)
    assert [each.trans_id for each in after] == [rows[1].trans_id]
    assert len(await journal.reads.parked_of(1, after=0, limit=1)) == 1
