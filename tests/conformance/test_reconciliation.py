"""A world played for real and falsified in twelve ways: all twelve are found, and no other."""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from meganodes.directory.audit import AuditRow
from meganodes.directory.reconciliations import Reconciliations
from meganodes.directory.records import Actor
from meganodes.directory.staff import Staff
from meganodes.domain.by_hand import Repair
from meganodes.domain.outcome import Duplicate, Unknown
from meganodes.domain.reconciliation import Side, Verdict
from meganodes.domain.transaction import State, Transaction
from meganodes.hub.parked import NotDone
from meganodes.hub.reconciliation import Finding, Order, reconcile
from meganodes.hub.reconciliation_repair import mend, what_is_mended, what_people_do
from meganodes.journal.postgres import PostgresJournal
from meganodes.journal.sqlite import SqliteJournal
from meganodes.journal.store import JournalStore
from meganodes.kit.clock import Clock
from meganodes.protocol.commands import Command
from tests.support.hub_world import LOST_REPLY, World, hub_world
from tests.support.planted import agent_of, compared, differences, plant_twelve, play, today
from tests.support.postgres import empty_journal, shared_database

BY_TWO = Repair(by="ann", confirmed_by="bob", reason="late bet in the operator's file")
ANN = Actor(source="cli", name="ann")


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
async def world(
    request: pytest.FixtureRequest, journal_template: Path, tmp_path: Path
) -> AsyncIterator[World]:
    """Give the core on a journal of every kind."""

    def on_sqlite(clock: Clock) -> JournalStore:
        path = tmp_path / "journal.db"
        shutil.copy(journal_template, path)
        return SqliteJournal(path, clock=clock, owner="node-0")

    def on_postgresql(clock: Clock) -> JournalStore:
        url = shared_database()
        empty_journal(url)
        return PostgresJournal(url, clock=clock, owner="node-0")

    makers = {"memory": None, "sqlite": on_sqlite, "postgresql": on_postgresql}
    async with hub_world(tmp_path, store_of=makers[request.param]) as made:
        yield made


@pytest.mark.reliability("I9")
async def test_what_was_played_honestly_is_equal_everywhere(world: World, tmp_path: Path) -> None:
    records = await play(world)
    report, _ = await compared(world, records, tmp_path / "files")
    assert differences(report) == set()
    assert report.is_clean
    assert report.rows == len(records.names)
    here, there = report.sums[Side.BACKEND, Verdict.EQUAL]
    assert (here.bet_minor, here.win_minor) == (18 * 150, 12 * 50)
    assert (here.bet_minor, here.win_minor, here.cancel_minor) == (
        there.bet_minor,
        there.win_minor,
        there.cancel_minor,
    )
    assert here.cancel_minor == 6 * 150, "three that were unknown, three undone by their provider"
    assert {each.state for each in report.open_points} == {State.VOID}, "late bets are looked for"


async def test_twelve_of_twelve_differences_are_found_and_no_other(
    world: World, tmp_path: Path
) -> None:
    records = await play(world)
    plant_twelve(records)
    report, heard = await compared(world, records, tmp_path / "files")
    assert differences(report) == records.planted
    assert [each for each in heard if each.verdict.is_difference] == [
        each for each in report.findings if each.verdict.is_difference
    ]
    unmended = [each for each in report.findings if each.verdict.is_difference]
    assert all(what_is_mended(each) or what_people_do(each) for each in unmended)
    again, _ = await compared(world, records, tmp_path / "again")
    assert again.digest == report.digest, "the same question brings the same report"


@pytest.mark.reliability("2.6-cancel-later-than-probes")
async def test_a_late_bet_is_cancelled_again_by_a_repair(world: World, tmp_path: Path) -> None:
    records = await play(world)
    guid = records.names["never0"]
    world.line._book("Bob", guid, -150)
    records.backend.append((guid, "bet", "1.50", "OK"))
    report, _ = await compared(world, records, tmp_path / "files")
    (finding,) = [each for each in report.findings if each.verdict.is_difference]
    before = world.balance
    mended = await _mend(world, finding)
    assert isinstance(mended, Transaction)
    await world.settle()
    assert (await world.row("never0")).state is State.CANCELLED
    assert world.balance == before + 150
    assert guid in world.line.cancelled
    (row,) = [each for each in await _audit(world) if each.tag.endswith(":repair")]
    assert row.reason == BY_TWO.reason
    assert '"confirmed_by": "bob"' in row.new


async def test_a_false_file_makes_a_repair_ask_and_move_nothing(
    world: World, tmp_path: Path
) -> None:
    records = await play(world)
    guid = records.names["unknown0"]
    records.change(Side.BACKEND, guid, state="OK")
    report, _ = await compared(world, records, tmp_path / "files")
    (finding,) = [each for each in report.findings if each.verdict.is_difference]
    before, asked = world.balance, world.line.commands().count("status")
    assert isinstance(await _mend(world, finding), Transaction)
    await world.settle()
    assert world.line.commands().count("status") == asked + 1
    assert (world.balance, (await world.row("unknown0")).state) == (before, State.CANCELLED)


async def test_a_parked_win_is_sent_again_by_a_repair(world: World, tmp_path: Path) -> None:
    records = await play(world)
    await world.bet("bp", round_id="rp")
    world.line.next(Command.WIN, Duplicate())
    await world.win("wp", round_id="rp")
    await world.settle()
    assert (await world.row("wp")).state is State.PARKED
    report, _ = await compared(world, records, tmp_path / "files")
    (finding,) = [each for each in report.findings if what_is_mended(each)]
    assert (finding.verdict, finding.side) == (Verdict.OPEN, Side.BACKEND)
    before = world.balance
    assert isinstance(await _mend(world, finding), Transaction)
    await world.settle()
    assert (await world.row("wp")).state is State.CREDITED
    assert world.balance == before + 200
    assert isinstance(await _mend(world, finding), NotDone), "what has gone on is left alone"


async def test_without_a_file_the_backend_is_asked_five_times_a_second(
    world: World, tmp_path: Path
) -> None:
    await _five_bets(world)
    forgotten = (await world.row("b0")).guid
    del world.line.booked[forgotten]
    began = world.hub.clock.monotonic()
    report = await reconcile(world.hub, _asking(world, tmp_path), lambda *_: None)
    assert world.hub.clock.monotonic() - began >= 5 / 5 - 0.01
    assert world.line.commands().count("status") == 5
    assert differences(report) == {("operator", forgotten, "missing at operator")}
    assert report.unanswered == 0
    log = await world.hub.reads.attempts(1, (await world.row("b1")).trans_id)
    assert log[-1].command == "status", "what is asked stands in the API log"


async def test_a_backend_that_does_not_answer_leaves_the_report_unclean(
    world: World, tmp_path: Path
) -> None:
    await _five_bets(world)
    world.line.next(Command.STATUS, *[Unknown(reason="time-out")] * 5)
    report = await reconcile(world.hub, _asking(world, tmp_path), lambda *_: None)
    assert (report.unanswered, report.differences, report.is_clean) == (5, 0, False)
    assert {each.verdict for each in report.findings} == {Verdict.OPEN}


async def test_ids_from_outside_the_window_are_not_missing_at_the_hub(
    world: World, tmp_path: Path
) -> None:
    records = await play(world)
    await world.worker.add_search_words()
    late = replace(today(world), start_ms=world.hub.clock.now_ms() + 1_000)
    report, _ = await compared(world, records, tmp_path / "files", late)
    assert (report.rows, report.differences) == (0, 0)
    assert report.outside == len({key for key, *_ in records.backend}) + len(records.names)


async def _five_bets(world: World) -> None:
    for number in range(4):
        await world.bet(f"b{number}", round_id=f"r{number}")
    world.line.next(Command.BET, LOST_REPLY)
    await world.bet("b4", round_id="r4")
    await world.settle()


def _asking(world: World, folder: Path) -> Order:
    window = today(world)
    return Order(agent=agent_of(world), window=window, folder=folder, entries={}, asks_backend=True)


async def _mend(world: World, finding: Finding) -> Transaction | NotDone:
    who = (agent_of(world), ANN)
    staff = Staff(world.directory._ports)
    return await mend(world.hub, Reconciliations(staff), finding, BY_TWO, who)


async def _audit(world: World) -> list[AuditRow]:
    return await world.directory.audit_trail(limit=50)
