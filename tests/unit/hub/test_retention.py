"""Retention at its pace: small steps, rests, one run a day, and an end when it is told to end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace

import pytest
from structlog.testing import capture_logs

from meganodes.domain.retention import DAY_MS, RetentionPolicy
from meganodes.hub.retention import DailyRetention, NotAlone, Order, Pace, Retention, as_document
from meganodes.journal.retention import Step, Tally
from meganodes.journal.store import StoreUnavailable
from meganodes.kit.clock import ManualClock
from meganodes.kit.identity import first_trans_id, time_of

HOUR_MS = 3_600_000


@dataclass
class FakeShelf:
    """So many attempts are to be retired and to be packed, all of agent 1."""

    to_retire: int = 0
    to_pack: int = 0
    asked: list[tuple[str, int, int]] = field(default_factory=list)
    prepared: list[int] = field(default_factory=list)
    closed: int = 0
    alone: bool = True
    at_each: Callable[[], None] = lambda: None

    def close(self) -> None:
        self.closed += 1

    def is_alone(self) -> bool:
        return self.alone

    def prepare(self, now_ms: int) -> None:
        self.prepared.append(now_ms)

    def planned(self, *, packed_below: int, retired_below: int) -> tuple[dict[int, Tally], ...]:
        assert packed_below >= retired_below
        return {1: Tally(self.to_pack, 10, 0)}, {1: Tally(self.to_retire, 20, 0)}

    def retire(self, below: int, limit: int) -> Step | None:
        self.asked.append(("retire", below, limit))
        taken, self.to_retire = min(limit, self.to_retire), max(0, self.to_retire - limit)
        return self._step(taken)

    def pack(self, below: int, limit: int) -> Step | None:
        self.asked.append(("pack", below, limit))
        taken, self.to_pack = min(limit, self.to_pack), max(0, self.to_pack - limit)
        return self._step(taken)

    def _step(self, taken: int) -> Step | None:
        self.at_each()
        return Step({1: Tally(taken, 100 * taken, 40 * taken)}) if taken else None

    def oldest(self) -> int | None:
        return first_trans_id(1_790_000_000_000)


def retention_over(shelf: FakeShelf, clock: ManualClock, **pace: int) -> Retention:
    return Retention(
        open_shelf=lambda: shelf,
        clock=clock,
        policy=RetentionPolicy(),
        pace=Pace(**({"rows": 100, "percent": 100} | pace)),
    )


async def test_a_run_retires_first_and_packs_what_stays_in_bounded_steps() -> None:
    shelf, clock = FakeShelf(to_retire=250, to_pack=150), ManualClock()
    retention = retention_over(shelf, clock)
    report = await retention.run(Order())
    now_ms = clock.now_ms()
    assert [name for name, _, _ in shelf.asked] == ["retire"] * 4 + ["pack"] * 3
    assert {time_of(below) for name, below, _ in shelf.asked if name == "retire"} == {
        now_ms - 90 * DAY_MS
    }
    assert {time_of(below) for name, below, _ in shelf.asked if name == "pack"} == {
        now_ms - 7 * DAY_MS
    }
    assert max(limit for _, _, limit in shelf.asked) == 100
    assert (report.retired, report.packed) == (
        {1: Tally(250, 25_000, 10_000)},
        {1: Tally(150, 15_000, 6_000)},
    )
    assert (retention.meters.retired, retention.meters.packed) == (250, 150)
    assert retention.meters.last_run_ms == now_ms
    assert retention.meters.oldest_full_ms == 1_790_000_000_000
    assert (shelf.prepared, shelf.closed) == ([now_ms], 1)


async def test_a_run_that_is_told_to_end_stops_after_the_step_under_way() -> None:
    order = Order()
    shelf = FakeShelf(to_retire=10_000)
    shelf.at_each = order.ending.set
    report = await retention_over(shelf, ManualClock()).run(order)
    assert report.retired[1].rows == 100
    assert len(shelf.asked) == 1
    assert shelf.closed == 1


async def test_whoever_is_not_alone_touches_nothing() -> None:
    shelf = FakeShelf(to_retire=5, alone=False)
    with pytest.raises(NotAlone):
        await retention_over(shelf, ManualClock()).run(Order())
    assert (shelf.asked, shelf.prepared, shelf.closed) == ([], [], 1)


@pytest.mark.parametrize(
    ("percent", "step_seconds", "expected"), [(100, 3.0, 0.0), (50, 3.0, 3.0), (20, 0.25, 1.0)]
)
def test_rests_leave_the_rest_of_the_time_to_bets(
    percent: int, step_seconds: float, expected: float
) -> None:
    assert Pace(percent=percent).rest_seconds(step_seconds) == expected


@pytest.mark.parametrize(
    ("rows", "step_seconds", "expected"),
    [(500, 0.2, 250), (30, 0.2, 20), (20, 9.0, 20), (250, 0.05, 500), (500, 0.05, 500)],
)
def test_a_slow_step_is_followed_by_a_smaller_one(
    rows: int, step_seconds: float, expected: int
) -> None:
    assert Pace(rows=500).next_rows(rows, step_seconds) == expected


def daily(shelf: FakeShelf, clock: ManualClock) -> tuple[DailyRetention, list[int]]:
    ran: list[int] = []
    retention = retention_over(shelf, clock)

    async def run(ending: asyncio.Event) -> None:
        ran.append(clock.now_ms())
        await retention.run(Order(ending=ending))

    return DailyRetention(retention, 4, run), ran


async def test_the_daily_run_is_made_at_the_start_and_once_after_its_hour() -> None:
    shelf, clock = FakeShelf(), ManualClock()
    loop, ran = daily(shelf, clock)
    for _ in range(4 * 24):
        await loop.look()
        clock.advance(HOUR_MS / 1_000)
    assert len(ran) in {4, 5}
    first_after = {(at_ms - 4 * HOUR_MS) % DAY_MS for at_ms in ran[1:]}
    assert all(offset_ms < HOUR_MS for offset_ms in first_after)
    assert len(shelf.prepared) >= 4 * 24, "room is made at every look"


async def test_a_database_that_is_away_is_asked_again_at_the_next_look() -> None:
    shelf, clock = FakeShelf(), ManualClock()
    loop, ran = daily(shelf, clock)

    def away() -> None:
        raise StoreUnavailable("gone")

    shelf.at_each = away
    await loop.look()
    shelf.at_each = lambda: None
    await loop.look()
    await loop.look()
    assert len(ran) == 2


async def test_a_day_on_which_another_node_works_is_over_for_this_one() -> None:
    shelf, clock = FakeShelf(to_retire=1, alone=False), ManualClock()
    loop, ran = daily(shelf, clock)
    await loop.look()
    await loop.look()
    assert len(ran) == 1
    assert shelf.asked == []


async def test_a_defect_in_a_run_does_not_end_the_loop() -> None:
    shelf, clock = FakeShelf(), ManualClock()
    loop, ran = daily(shelf, clock)

    def broken() -> None:
        raise ZeroDivisionError

    shelf.at_each = broken
    with capture_logs() as lines:
        await loop.look()
    assert [line["event"] for line in lines] == ["retention_failed"]
    shelf.at_each = lambda: None
    await loop.look()
    assert len(ran) == 2


async def test_a_shelf_that_cannot_be_opened_is_asked_for_again_at_the_next_look() -> None:
    def away() -> FakeShelf:
        raise StoreUnavailable("gone")

    retention = replace(retention_over(FakeShelf(), ManualClock()), open_shelf=away)
    with pytest.raises(StoreUnavailable):
        await retention.look()


async def test_a_loop_that_was_never_started_ends_without_a_word() -> None:
    loop, ran = daily(FakeShelf(), ManualClock())
    await loop.stop()
    assert ran == []


async def test_the_loop_ends_when_it_is_stopped() -> None:
    shelf = FakeShelf(to_retire=1)
    loop, ran = daily(shelf, ManualClock())
    loop.start()
    await asyncio.sleep(0)
    await loop.stop()
    assert len(ran) <= 1


async def test_a_report_names_agents_and_both_sums() -> None:
    report = await retention_over(FakeShelf(to_retire=3), ManualClock()).run(Order())
    document = as_document(report, lambda agent_id: f"casino {agent_id}")
    assert document["agents"] == [
        {
            "agent": "casino 1",
            "packed": {"attempts": 0, "bytes_before": 0, "bytes_after": 0},
            "retired": {"attempts": 3, "bytes_before": 300, "bytes_after": 120},
        }
    ]
