"""Comparing: pages of the journal, numbers of revision id, bounds; all verdicts: conformance."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from meganodes.domain.outcome import Unknown
from meganodes.domain.reconciliation import Side, Verdict
from meganodes.domain.transaction import State
from meganodes.hub.reconciliation import Order, Report, reconcile
from meganodes.journal.store import Change, Insert
from meganodes.kit.identity import first_trans_id
from meganodes.protocol.commands import Command, Revision
from tests.support.hub_world import World, hub_world
from tests.support.planted import _sorter, agent_of, compared, play, today
from tests.support.races import held_until, pause
from tests.support.transactions import bet, committed


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with hub_world(tmp_path) as made:
        yield made


def an_order(world: World, folder: Path, **changes: object) -> Order:
    base = Order(agent=agent_of(world), window=today(world), folder=folder, entries={})
    return replace(base, **changes)  # type: ignore[arg-type]


async def result_of(world: World, order: Order) -> Report:
    return await reconcile(world.hub, order, lambda *_: None)


async def test_more_rows_than_are_read_at_once_are_all_read(world: World, tmp_path: Path) -> None:
    agent_id = world.stage.agent.agent_id
    window = today(world)
    first = first_trans_id(window.start_ms)
    inserts = tuple(
        Insert(
            row=bet(
                agent_id=agent_id,
                trans_id=first + number,
                transaction_id=f"x{number}",
                round_id=f"x{number}",
                state=State.REFUSED,
            ),
            cause="played",
        )
        for number in range(1_203)
    )
    await committed(world.journal, Change(at_ms=1, inserts=inserts))
    order = an_order(world, tmp_path, window=window, asks_backend=True, statuses_max=1)
    report = await result_of(world, order)
    assert (report.rows, report.left_out) == (1_203, 1_202)


async def test_numbers_of_revision_id_from_outside_the_window_are_not_missing(
    world: World, tmp_path: Path
) -> None:
    records = await play(world)
    row = await world.row("b1")
    records.backend[:] = [(str(row.trans_id), "bet", "1.50", "OK"), ("123", "bet", "1.50", "OK")]
    records.provider.clear()
    agent = replace(agent_of(world), revision=Revision.ID)
    late = replace(today(world), start_ms=world.hub.clock.now_ms() + 1_000)
    folder = tmp_path / "files"
    entries = {Side.BACKEND: _sorter(folder, Side.BACKEND, records)}
    order = an_order(world, folder, agent=agent, window=late, entries=entries)
    report = await result_of(world, order)
    assert report.outside == 1
    assert [(each.key, each.verdict) for each in report.findings] == [
        ("123", Verdict.MISSING_AT_HUB)
    ]


async def test_findings_beyond_the_bound_count_and_are_heard(world: World, tmp_path: Path) -> None:
    for number in range(3):
        await world.bet(f"b{number}", round_id=f"r{number}")
    world.line.next(Command.STATUS, *[Unknown(reason="time-out")] * 3)
    heard: list[str] = []
    order = an_order(world, tmp_path, asks_backend=True, findings_max=2)
    report = await reconcile(
        world.hub, order, lambda *_: None, lambda finding: heard.append(finding.key)
    )
    assert len(report.findings) == 2
    assert (len(heard), report.unanswered) == (3, 3)


async def test_open_points_have_the_same_bound_and_a_bet_under_way_is_none(
    world: World, tmp_path: Path
) -> None:
    for number in range(3):
        await world.bet(f"b{number}", round_id=f"r{number}")
        world.line.next(Command.WIN, *[Unknown(reason="time-out")] * 9)
        world.line.open.add(world.stage.agent.agent_id)
        await world.win(f"w{number}", round_id=f"r{number}")
        world.line.open.clear()
    go_on = asyncio.Event()
    world.line.next(Command.BET, held_until(world, go_on))
    under_way = asyncio.create_task(world.bet("b9", round_id="r9"))
    await pause(0.02)
    report = await result_of(world, an_order(world, tmp_path))
    assert [point.state for point in report.open_points] == [State.OWED] * 3
    bounded = await result_of(world, an_order(world, tmp_path, findings_max=2))
    assert len(bounded.open_points) == 2
    go_on.set()
    await under_way


async def test_only_a_whole_and_equal_comparison_is_clean(world: World, tmp_path: Path) -> None:
    records = await play(world)
    report, _ = await compared(world, records, tmp_path / "files")
    assert report.is_clean
    assert not replace(report, differences=1).is_clean
    assert not replace(report, unanswered=1).is_clean
