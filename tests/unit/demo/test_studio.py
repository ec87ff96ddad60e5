"""A provider's manners under lost answers, doubts and its own death (contract section 4)."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from meganodes.demo.studio import Studio, StudioTerms
from meganodes.demo.studio_items import Item, Style
from meganodes.demo.studio_record import StudioRecord
from meganodes.demo.studio_rules import Answer
from meganodes.kit.clock import SystemClock
from meganodes.kit.identity import SeededIdentity
from tests.support.fake_hub import LOST_AFTER, LOST_BEFORE, FakeHub

TRY_AGAIN = 3009


class HastyClock(SystemClock):
    """Waits for nothing and remembers how long it should have."""

    def __init__(self) -> None:
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        await asyncio.sleep(0)


class Killed(BaseException):
    """The process ends here."""


class DeadlyHub(FakeHub):
    """Kills the studio at the n-th request, before or after the hub has acted."""

    kill_at: int = 0
    acts_first: bool = False

    async def ask(self, command: str, body: str) -> Answer | None:
        self.kill_at -= 1
        if self.kill_at == 0:
            if self.acts_first:
                await super().ask(command, body)
            raise Killed
        return await super().ask(command, body)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "studio.db"


@pytest.fixture
def record(path: Path) -> Iterator[StudioRecord]:
    made = StudioRecord(path)
    made.remember_session("s-1", "toy-slot")
    yield made
    made.close()


@pytest.fixture
def hub() -> FakeHub:
    return FakeHub()


@pytest.fixture
def clock() -> HastyClock:
    return HastyClock()


def open_studio(record: StudioRecord, hub: FakeHub, clock: HastyClock, seed: int = 1) -> Studio:
    identity = SeededIdentity(seed)
    return Studio(record, hub, clock=clock, identity=identity, terms=StudioTerms())


@pytest.fixture
def studio(record: StudioRecord, hub: FakeHub, clock: HastyClock) -> Studio:
    return open_studio(record, hub, clock)


def items(record: StudioRecord) -> list[Item]:
    return [
        item
        for game_round in record.rounds()
        for call in record.calls(game_round.round_id)
        for item in record.items(call.call_id)
    ]


def outcomes(record: StudioRecord) -> list[tuple[str, str]]:
    return [(item.kind, item.outcome.value) for item in items(record)]


async def test_a_round_is_a_bet_and_a_win_that_closes_it(
    studio: Studio, record: StudioRecord, hub: FakeHub
) -> None:
    await studio.play("s-1", 150, Style.BET_WIN)
    assert hub.commands() == ["bet", "win"]
    bet, win = (json.loads(body) for _, body in hub.asked)
    assert bet["amount"] == "1.50"
    assert win["round_closed"] is True
    assert win["round_id"] == bet["round_id"]
    assert outcomes(record) == [("bet", "accepted"), ("win", "accepted")]
    assert record.open_rounds() == ()
    assert items(record)[0].transaction_guid == f"g-{bet['transaction_id']}"


async def test_a_betwin_is_one_request(studio: Studio, record: StudioRecord, hub: FakeHub) -> None:
    await studio.play("s-1", 150, Style.BETWIN)
    assert hub.commands() == ["betwin"]
    assert outcomes(record) == [("bet", "accepted"), ("win", "accepted")]


async def test_a_cancelled_round_gives_the_stake_back(
    studio: Studio, record: StudioRecord, hub: FakeHub
) -> None:
    await studio.play("s-1", 150, Style.CANCEL)
    assert hub.commands() == ["bet", "cancel"]
    assert outcomes(record) == [("bet", "cancelled"), ("cancel", "accepted")]


@pytest.mark.parametrize("code", [2002, 2006, 3003, 3004, 3005, 3007])
async def test_a_refused_bet_is_void_and_nothing_follows(
    studio: Studio, record: StudioRecord, hub: FakeHub, code: int
) -> None:
    hub.script = [code]
    await studio.play("s-1", 150, Style.BET_WIN)
    assert hub.commands() == ["bet"]
    assert outcomes(record) == [("bet", "void")]
    assert record.calls(record.rounds()[0].round_id)[0].code == code


@pytest.mark.parametrize("doubt", [LOST_BEFORE, LOST_AFTER, TRY_AGAIN, 1001, 1018])
@pytest.mark.parametrize("style", [Style.BET_WIN, Style.BETWIN])
async def test_without_a_definite_answer_the_same_bytes_are_sent_again(
    studio: Studio, record: StudioRecord, hub: FakeHub, doubt: str | int, style: Style
) -> None:
    hub.script = [doubt, doubt]
    await studio.play("s-1", 150, style)
    first, second, third = hub.asked[:3]
    assert first == second == third
    assert outcomes(record) == [("bet", "accepted"), ("win", "accepted")]


@pytest.mark.parametrize("doubt", [LOST_BEFORE, LOST_AFTER, TRY_AGAIN])
async def test_a_win_is_repeated_for_as_long_as_it_takes(
    studio: Studio, record: StudioRecord, hub: FakeHub, clock: HastyClock, doubt: str | int
) -> None:
    hub.script = [None, *[doubt] * 40]
    await studio.play("s-1", 150, Style.BET_WIN)
    assert hub.commands() == ["bet", *["win"] * 41]
    assert len(set(hub.asked[1:])) == 1
    assert outcomes(record) == [("bet", "accepted"), ("win", "accepted")]
    assert max(clock.slept) == 2.0


@pytest.mark.parametrize("doubt", [LOST_BEFORE, LOST_AFTER, TRY_AGAIN])
async def test_a_bet_in_doubt_for_too_long_is_cancelled_and_never_won(
    studio: Studio, record: StudioRecord, hub: FakeHub, doubt: str | int
) -> None:
    hub.script = [doubt] * 6
    await studio.play("s-1", 150, Style.BET_WIN)
    assert hub.commands() == ["bet"] * 4 + ["cancel"] * 3
    assert len(set(hub.asked)) == 2
    assert outcomes(record) == [("bet", "void"), ("cancel", "accepted")]
    bet_id = items(record)[0].transaction_id
    assert hub.rows[bet_id].state in {"cancelled", "void"}
    assert record.open_rounds() == ()


async def test_a_session_that_ended_under_a_doubtful_bet_leads_to_a_cancel(
    studio: Studio, record: StudioRecord, hub: FakeHub
) -> None:
    hub.script = [LOST_AFTER, 3002]
    await studio.play("s-1", 150, Style.BET_WIN)
    assert hub.commands() == ["bet", "bet", "cancel"]
    assert outcomes(record) == [("bet", "void"), ("cancel", "accepted")]


async def test_a_betwin_that_stood_after_all_is_taken_over_as_the_hub_tells_it(
    studio: Studio, record: StudioRecord, hub: FakeHub
) -> None:
    hub.script = [LOST_AFTER, 3002, None, LOST_BEFORE]
    await studio.play("s-1", 150, Style.BETWIN)
    assert hub.commands() == ["betwin", "betwin", "cancel", "round", "round"]
    assert outcomes(record) == [("bet", "accepted"), ("win", "accepted"), ("cancel", "void")]


async def test_a_win_taken_but_not_delivered_is_asked_for_and_never_sent_again(
    studio: Studio, record: StudioRecord, hub: FakeHub
) -> None:
    hub.wins_are_late = True
    await studio.play("s-1", 150, Style.BET_WIN)
    win = items(record)[1]
    assert (win.outcome, win.delivered) == ("accepted", False)
    await studio.follow_up()
    assert items(record)[1].delivered is False
    hub.rows[win.transaction_id].state = "accepted"
    hub.rows[win.transaction_id].delivered = True
    await studio.follow_up()
    await studio.follow_up()
    assert items(record)[1].delivered is True
    assert hub.commands() == ["bet", "win", "round", "round"]


async def test_a_win_of_nothing_the_backend_never_took_is_noted_as_void(
    studio: Studio, record: StudioRecord, hub: FakeHub
) -> None:
    hub.wins_are_late = True
    await studio.play("s-1", 150, Style.BET_WIN)
    win = items(record)[1]
    hub.rows[win.transaction_id].state = "void"
    hub.rows[win.transaction_id].delivered = True
    await studio.follow_up()
    assert outcomes(record)[1] == ("win", "void")


async def test_a_hub_that_says_nothing_about_a_round_changes_nothing(
    studio: Studio, record: StudioRecord, hub: FakeHub
) -> None:
    hub.wins_are_late = True
    await studio.play("s-1", 150, Style.BET_WIN)
    hub.script = [LOST_BEFORE]
    await studio.follow_up()
    assert items(record)[1].delivered is False


@pytest.mark.parametrize("style", list(Style))
@pytest.mark.parametrize("kill_at", [1, 2])
@pytest.mark.parametrize("acts_first", [False, True])
async def test_a_killed_studio_finishes_its_round_after_the_restart(
    record: StudioRecord, path: Path, style: Style, kill_at: int, *, acts_first: bool
) -> None:
    hub, clock = DeadlyHub(), HastyClock()
    hub.kill_at, hub.acts_first = kill_at, acts_first
    if style is Style.BETWIN and kill_at == 2:
        hub.kill_at = 1
    with pytest.raises(Killed):
        await open_studio(record, hub, clock).play("s-1", 150, style)
    record.close()
    again = StudioRecord(path)
    await open_studio(again, hub, clock, seed=2).resume()
    ends = {
        Style.BET_WIN: [("bet", "accepted"), ("win", "accepted")],
        Style.BETWIN: [("bet", "accepted"), ("win", "accepted")],
        Style.CANCEL: [("bet", "cancelled"), ("cancel", "accepted")],
    }
    assert outcomes(again) == ends[style]
    assert {item.transaction_id for item in items(again)} == set(hub.rows)
    assert again.open_rounds() == ()
    again.close()


async def test_a_studio_killed_while_it_undoes_a_bet_still_undoes_it(
    record: StudioRecord, path: Path
) -> None:
    hub, clock = DeadlyHub(script=[LOST_AFTER] * 4), HastyClock()
    hub.kill_at = 5
    with pytest.raises(Killed):
        await open_studio(record, hub, clock).play("s-1", 150, Style.BET_WIN)
    record.close()
    again = StudioRecord(path)
    await open_studio(again, hub, clock, seed=2).resume()
    assert {outcome for kind, outcome in outcomes(again) if kind == "bet"} == {"cancelled"}
    assert "win" not in hub.commands()
    again.close()


async def test_a_repeat_sends_the_same_bytes_and_changes_no_record(
    studio: Studio, record: StudioRecord, hub: FakeHub
) -> None:
    await studio.play("s-1", 150, Style.BET_WIN)
    before = items(record)
    answer = await studio.repeat(before[0].transaction_id)
    assert answer is not None
    assert answer.code == 0
    assert hub.asked[2] == hub.asked[0]
    assert items(record) == before
    with pytest.raises(KeyError):
        await studio.repeat("unknown")
