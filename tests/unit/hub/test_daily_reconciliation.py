"""The daily reconciliation: once a day, again while something differs, by one node, bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

import pytest
from structlog.testing import capture_logs

from meganodes.domain.outcome import Unknown
from meganodes.domain.reconciliation import DayResult
from meganodes.domain.retry import DAY_MS, HOUR_MS
from meganodes.hub.daily_reconciliation import DailyPorts, DailyReconciliation, DailySettings
from meganodes.journal.store import JournalReads, StoreUnavailable
from meganodes.kit.clock import Clock
from meganodes.protocol.commands import Command
from tests.support.hub_world import LOST_REPLY, World, hub_world
from tests.support.listener import eventually


@dataclass
class Later(Clock):
    """A clock that is set; who sleeps on it wakes at once, and its course is what was slept."""

    at_ms: int = 0
    slept: float = 0.0

    def now_ms(self) -> int:
        return self.at_ms

    def monotonic(self) -> float:
        return self.slept

    async def sleep(self, seconds: float) -> None:
        self.slept += max(0.0, seconds)
        await asyncio.sleep(0)


class Away:
    """A journal that does not answer."""

    async def compared_rows(self, *_: object) -> None:
        raise StoreUnavailable("it is away")


@dataclass(kw_only=True)
class Night:
    """A day that was played, the run over it, and what it wrote down."""

    world: World
    clock: Later
    day_ms: int
    ours: bool = True
    notes: list[Mapping[str, object]] = field(default_factory=list)
    kept: tuple[DayResult, ...] = ()

    def run(
        self, results: tuple[DayResult, ...] = (), statuses_max: int = 1_000
    ) -> DailyReconciliation:
        ports = DailyPorts(
            hub=self.world.hub, note=self._note, is_ours=self._is_ours, keep=self._keep
        )
        return DailyReconciliation(ports, DailySettings(statuses_max=statuses_max), results)

    async def tick(self, run: DailyReconciliation, hour: float) -> tuple[DayResult, ...]:
        """Let the run look so many hours after the end of the day that was played."""
        self.clock.at_ms = self.day_ms + DAY_MS + int(hour * HOUR_MS)
        await run.tick()
        return tuple(each for each in run.results if each.rows)

    @property
    def asked(self) -> list[str]:
        sent = [call for call in self.world.line.sent if call.command is Command.STATUS]
        return [call.data.decode() for call in sent]

    async def _note(self, agent_id: int, result: Mapping[str, object]) -> int:
        assert agent_id == self.world.stage.agent.agent_id
        self.notes.append(result)
        return len(self.notes)

    async def _is_ours(self) -> bool:
        return self.ours

    def _keep(self, results: tuple[DayResult, ...]) -> None:
        self.kept = results


@pytest.fixture
async def night(tmp_path: Path) -> AsyncIterator[Night]:
    """Give a day with three bets that went well and one that was undone."""
    async with hub_world(tmp_path) as world:
        for number in range(3):
            await world.bet(f"b{number}", round_id=f"r{number}")
        world.line.next(Command.BET, LOST_REPLY)
        await world.bet("lost", round_id="r9")
        await world.settle()
        day_ms = world.hub.clock.now_ms() // DAY_MS * DAY_MS
        created = [(await world.row(name)).created_at_ms for name in ("b0", "lost")]
        assert {each // DAY_MS * DAY_MS for each in created} == {day_ms}, "midnight has passed"
        clock = Later()
        world.hub.clock = clock
        yield Night(world=world, clock=clock, day_ms=day_ms)


async def test_a_day_is_compared_once_from_its_hour_on(night: Night) -> None:
    run = night.run()
    assert await night.tick(run, 2.99) == ()
    assert night.asked == []
    (result,) = await night.tick(run, 3)
    assert (result.rows, result.differences, result.unanswered, result.left_out) == (4, 0, 0, 0)
    assert (result.day_ms, result.number) == (night.day_ms, 1)
    assert night.notes[0]["from_ms"] == night.day_ms
    assert await night.tick(run, 23) == (result,)
    assert len(night.asked) == 4, "once for each transaction"
    assert night.clock.slept >= 4 / 5, "at most five a second"
    assert result in night.kept
    again = night.run(night.kept)
    await night.tick(again, 23.5)
    assert len(night.asked) == 4, "a restart remembers"


async def test_a_day_that_differs_is_compared_every_hour_until_it_is_equal(night: Night) -> None:
    run, line = night.run(), night.world.line
    guid = (await night.world.row("b1")).guid
    line.booked.pop(guid)
    (result,) = await night.tick(run, 3)
    assert (result.differences, result.number) == (1, 1)
    await night.tick(run, 3.9)
    assert len(night.notes) == 1
    line.booked[guid] = -150
    (mended,) = await night.tick(run, 4)
    assert (mended.differences, mended.number) == (0, 2)
    await night.tick(run, 5)
    assert len(night.notes) == 2, "what is equal is left alone"


async def test_a_difference_outlives_its_day_and_not_the_week(night: Night) -> None:
    run = night.run()
    night.world.line.booked.pop((await night.world.row("b1")).guid)
    for days in range(7):
        (result,) = await night.tick(run, 3 + 24 * days)
        assert result.differences == 1, days
    assert await night.tick(run, 3 + 24 * 7) == ()
    assert len(run.results) == 1, "the last day, on which nothing was played"


async def test_another_node_compares(night: Night) -> None:
    night.ours = False
    assert await night.tick(night.run(), 3) == ()
    assert night.asked == []


async def test_of_a_large_day_what_did_not_go_well_is_asked_about_first(night: Night) -> None:
    (result,) = await night.tick(night.run(statuses_max=2), 3)
    assert (result.rows, result.left_out, result.differences) == (4, 2, 0)
    assert len(night.asked) == 2
    lost = (await night.world.row("lost")).guid
    assert any(lost in data for data in night.asked)


async def test_a_silent_backend_is_left_alone(night: Night) -> None:
    clock, night.world.hub.clock = night.world.hub.clock, night.world.directory._ports.clock
    for number in range(60):
        await night.world.bet(f"more{number}", "0.10", round_id=f"m{number}")
    night.world.hub.clock = clock
    night.world.line.next(Command.STATUS, *[Unknown(reason="time-out")] * 80)
    (result,) = await night.tick(night.run(), 3)
    assert len(night.asked) == 50
    assert (result.unanswered, result.differences) == (result.rows, 0)


async def test_a_journal_that_is_away_puts_a_day_off(night: Night) -> None:
    run, reads = night.run(), night.world.hub.reads
    night.world.hub.reads = cast("JournalReads", Away())
    assert await night.tick(run, 3) == ()
    night.world.hub.reads = reads
    (result,) = await night.tick(run, 3.1)
    assert result.rows == 4


async def test_a_defect_is_met_once_an_hour(night: Night) -> None:
    run, reads = night.run(), night.world.hub.reads
    night.world.hub.reads = cast("JournalReads", object())
    assert await night.tick(run, 3) == ()
    night.world.hub.reads = reads
    assert await night.tick(run, 3.9) == ()
    (result,) = await night.tick(run, 4)
    assert result.rows == 4


async def test_the_run_starts_and_ends_with_its_node(night: Night) -> None:
    run = night.run()
    night.clock.at_ms = night.day_ms + DAY_MS + 3 * HOUR_MS
    run.start()
    await eventually(lambda: bool(night.notes))
    await run.stop()
    asked = len(night.asked)
    await asyncio.sleep(0)
    assert len(night.asked) == asked


async def test_a_run_that_was_never_started_ends_without_a_word(night: Night) -> None:
    await night.run().stop()
    assert night.asked == []


async def test_the_run_outlives_a_defect_between_two_days(night: Night) -> None:
    async def is_ours() -> bool:
        raise ZeroDivisionError

    ports = DailyPorts(hub=night.world.hub, note=night._note, is_ours=is_ours, keep=lambda _: None)
    run = DailyReconciliation(ports, DailySettings(), ())
    night.clock.at_ms = night.day_ms + DAY_MS + 3 * HOUR_MS
    with capture_logs() as lines:
        run.start()
        await eventually(lambda: len(lines) > 1)
        await run.stop()
    assert {line["event"] for line in lines} == {"reconciliation_run_failed"}
