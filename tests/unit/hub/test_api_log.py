"""The API log for pages: errors by cause, a page of the log, and what comes in."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.hub.api_log import (
    LogTail,
    between,
    errors_by_cause,
    log_page,
    logged_attempt,
    transaction_named,
)
from meganodes.hub.attempt_causes import Cause
from meganodes.journal.attempt_log import PAST_ID, AttemptFilter
from meganodes.kit.identity import first_trans_id
from tests.support.door import World, opened_world
from tests.support.transactions import attempt_of, bet, intent

EVERY = AttemptFilter()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as opened:
        yield opened


def log(world: World, **changes: object) -> int:
    """Log an attempt that began now; its number is returned."""
    attempt_id = world.hub.identity.trans_id()
    usual: dict[str, object] = {
        "attempt_id": attempt_id,
        "agent_id": 1,
        "started_at_ms": world.clock.now_ms(),
    }
    world.journal.log(attempt_of(bet(), **usual | changes))
    return attempt_id


@pytest.mark.rule("3.5-error-log")
async def test_errors_are_counted_by_cause_most_first(world: World) -> None:
    begun = world.clock.now_ms()
    refused = {"outcome": "notsent", "faults": ("no connection to w: Connection refused",)}
    for command in ("win", "bet"):
        newest = log(world, command=command, **refused)
        world.clock.advance(5)
    log(world, outcome="unknown", http_status=502, faults=("HTTP status is 502; answer",))
    log(world, outcome="refused", result=31)
    log(world)
    report = await errors_by_cause(world.hub, 1, EVERY)
    assert [(each.cause, each.count) for each in report.causes] == [
        (Cause.CONNECTION_REFUSED, 2),
        (Cause.HTTP_STATUS, 1),
    ]
    first = report.causes[0]
    assert first.commands == ("bet", "win")
    assert first.sample_id == newest
    assert (first.first_at_ms, first.last_at_ms) == (begun, begun + 5_000)
    assert first.reason == "no connection to w: Connection refused"
    assert (report.count, report.is_whole) == (3, True)


async def test_a_time_leaves_out_what_began_before_or_after_it(world: World) -> None:
    log(world)
    world.clock.advance(10)
    from_ms = world.clock.now_ms()
    wanted = log(world)
    world.clock.advance(10)
    log(world)
    narrowed = between(EVERY, from_ms, from_ms + 10_000)
    page = await log_page(world.hub, 1, narrowed, 10)
    assert [each.attempt_id for each in page.attempts] == [wanted]


async def test_a_time_does_not_widen_where_a_page_goes_on() -> None:
    narrowed = between(AttemptFilter(above=5, below=7), 0, 2_000_000_000_000)
    assert (narrowed.above, narrowed.below) == (5, 7)
    assert between(EVERY, None, None) == EVERY


async def test_attempts_of_a_transaction_are_found_however_old_they_are(world: World) -> None:
    row = bet(transaction_id="theirs-1")
    await world.journal.commit(intent(row))
    logged = [log(world, trans_id=row.trans_id, number=number) for number in (1, 2, 3)]
    log(world)
    for text in (str(row.trans_id), row.guid, "theirs-1"):
        assert await transaction_named(world.hub, 1, text) == row.trans_id
    assert await transaction_named(world.hub, 2, row.guid) is None
    wanted = AttemptFilter(trans_id=row.trans_id)
    page = await log_page(world.hub, 1, wanted, 2)
    assert [each.attempt_id for each in page.attempts] == [logged[2], logged[1]]
    rest = AttemptFilter(trans_id=row.trans_id, below=page.older_below or PAST_ID)
    last = await log_page(world.hub, 1, rest, 2)
    assert [each.attempt_id for each in last.attempts] == [logged[0]]
    assert last.older_below is None


async def test_tail_gives_each_new_attempt_once_oldest_first(world: World) -> None:
    before = log(world)
    tail = LogTail(world.hub, 1, AttemptFilter(above=before))
    assert await tail.fresh() == ()
    new = [log(world), log(world)]
    log(world, agent_id=2)
    assert [each.attempt_id for each in await tail.fresh()] == new
    assert await tail.fresh() == ()


async def test_tail_misses_nothing_that_is_logged_after_a_later_one(world: World) -> None:
    """An attempt is numbered when it starts: a slow one comes after others with higher numbers."""
    tail = LogTail(world.hub, 1, AttemptFilter(above=first_trans_id(world.clock.now_ms()) - 1))
    slow = world.hub.identity.trans_id()
    quick = log(world)
    assert [each.attempt_id for each in await tail.fresh()] == [quick]
    world.clock.advance(4)
    log(world, attempt_id=slow)
    assert [each.attempt_id for each in await tail.fresh()] == [slow]
    world.clock.advance(3600)
    later = log(world)
    assert [each.attempt_id for each in await tail.fresh()] == [later]


async def test_tail_keeps_its_filter(world: World) -> None:
    tail = LogTail(world.hub, 1, AttemptFilter(not_accepted=True))
    log(world)
    failed = log(world, outcome="unknown")
    assert [each.attempt_id for each in await tail.fresh()] == [failed]


async def test_one_attempt_is_given_with_its_bytes_to_its_own_agent(world: World) -> None:
    attempt_id = log(world)
    kept = await logged_attempt(world.hub, 1, attempt_id)
    assert kept is not None
    assert kept.request == attempt_of(bet()).request
    assert await logged_attempt(world.hub, 2, attempt_id) is None
