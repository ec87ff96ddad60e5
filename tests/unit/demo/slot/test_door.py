"""What the browser is told: one round a click, nothing before it is settled, everything after."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from meganodes.demo.http_client import get_json, post_json
from meganodes.demo.odds import multiple, window
from meganodes.demo.serving import running
from meganodes.demo.studio import StudioTerms
from meganodes.demo.studio_rules import Answer
from meganodes.demo.toy_studio import StudioSettings, ToyStudio
from meganodes.kit.clock import SystemClock
from meganodes.kit.identity import SeededIdentity
from tests.support.fake_hub import LOST_AFTER, LOST_BEFORE, FakeHub

CLICK = "click-0000000001"


class Town:
    """A studio on real sockets, with its hub in memory."""

    def __init__(self, studio: ToyStudio, hub: FakeHub, url: str) -> None:
        self.studio = studio
        self.hub = hub
        self.url = url

    async def ask(self, what: str, **fields: object) -> Any:  # noqa: ANN401
        asked = {"session": "s-1", **fields}
        return await post_json(f"{self.url}/slot/{what}", asked, timeout_seconds=20)

    async def play(self, click: str = CLICK, stake: str = "1.00") -> Any:  # noqa: ANN401
        return await self.ask("play", click=click, stake=stake)


@asynccontextmanager
async def open_town(path: Path, hub: FakeHub) -> AsyncIterator[Town]:
    settings = StudioSettings(database=path / "studio.db", terms=StudioTerms())
    studio = ToyStudio(settings, hub, SystemClock(), SeededIdentity(1))
    studio.record.remember_session("s-1", "toy-slot")
    async with running(studio.app) as url:
        yield Town(studio, hub, url)


@pytest.fixture
async def town(tmp_path: Path) -> AsyncIterator[Town]:
    async with open_town(tmp_path, FakeHub()) as opened:
        yield opened


class HeldHub(FakeHub):
    """Keeps every bet waiting until it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.arrived = asyncio.Event()
        self.go_on = asyncio.Event()

    async def ask(self, command: str, body: str) -> Answer | None:
        if command == "bet":
            self.arrived.set()
            await self.go_on.wait()
        return await super().ask(command, body)


async def test_a_click_plays_a_round_to_its_end(town: Town) -> None:
    told = await town.play()
    shown = told["round"]
    assert (told["state"], shown["state"], shown["click"]) == ("begun", "played", CLICK)
    assert town.hub.commands() == ["bet", "win"]
    (played,) = town.studio.record.rounds()
    assert shown["stops"] == list(played.stops)
    assert shown["window"] == [[symbol.value for symbol in reel] for reel in window(played.stops)]
    assert shown["win"] == f"{multiple(played.stops)}.00"
    assert (shown["balance_after_stake"], shown["balance"]) == ("1.00", None)


async def test_a_copy_of_a_click_is_answered_from_the_record(town: Town) -> None:
    first, second = await asyncio.gather(town.play(), town.play())
    third = await town.play()
    assert first == second == third
    assert town.hub.commands() == ["bet", "win"]
    assert len(town.studio.record.rounds()) == 1


async def test_another_click_plays_another_round(town: Town) -> None:
    await town.play()
    await town.play("click-0000000002")
    assert town.hub.commands() == ["bet", "win"] * 2


async def test_the_result_is_recorded_before_anything_is_sent_and_shown_only_when_settled(
    tmp_path: Path,
) -> None:
    hub = HeldHub()
    async with open_town(tmp_path, hub) as town:
        playing = asyncio.ensure_future(town.play())
        await asyncio.wait_for(hub.arrived.wait(), 20)
        (begun,) = town.studio.record.rounds()
        assert len(begun.stops) == 3
        opened = await town.ask("open")
        assert opened["round"]["state"] == "open"
        assert not {"window", "stops", "win", "lines"} & set(opened["round"])
        hub.go_on.set()
        assert (await playing)["round"]["stops"] == list(begun.stops)


async def test_a_second_window_waits_for_the_round_that_is_open(tmp_path: Path) -> None:
    hub = HeldHub()
    async with open_town(tmp_path, hub) as town:
        playing = asyncio.ensure_future(town.play())
        await asyncio.wait_for(hub.arrived.wait(), 20)
        busy = await town.play("click-0000000002")
        assert (busy["state"], busy["round"]["click"]) == ("busy", CLICK)
        hub.go_on.set()
        first = (await playing)["round"]
        seen = (await town.ask("look", round_id=first["round_id"]))["round"]
        assert seen == first
        assert len(town.studio.record.rounds()) == 1


async def test_a_reload_finds_the_round_of_its_click(town: Town) -> None:
    played = (await town.play())["round"]
    opened = await town.ask("open", click=CLICK)
    assert (opened["state"], opened["balance"], opened["currency"]) == ("ready", "100.00", "EUR")
    assert opened["round"] == played
    assert opened["window"] == played["window"]


async def test_a_click_that_a_reload_overtook_never_plays(town: Town) -> None:
    opened = await town.ask("open", click=CLICK)
    assert opened["round"] is None
    assert await town.play() == {"state": "withdrawn", "round": None}
    assert "bet" not in town.hub.commands()


@pytest.mark.parametrize("code", [2006, 3004, 3006, 3007])
async def test_a_refused_stake_says_why_and_shows_no_result(town: Town, code: int) -> None:
    town.hub.script = [code]
    shown = (await town.play())["round"]
    assert (shown["state"], shown["code"]) == ("refused", code)
    assert "window" not in shown


@pytest.mark.parametrize("script", [[3003], [3005], [LOST_AFTER] * 4, [LOST_BEFORE] * 4], ids=str)
async def test_a_stake_in_doubt_ends_as_cancelled(town: Town, script: list[Any]) -> None:
    town.hub.script = script
    shown = (await town.play())["round"]
    assert shown["state"] == "cancelled"
    assert "window" not in shown
    assert "win" not in town.hub.commands()


async def test_a_lost_answer_is_asked_for_again_and_the_round_is_played(town: Town) -> None:
    town.hub.script = [LOST_AFTER, None, LOST_AFTER]
    assert (await town.play())["round"]["state"] == "played"
    assert town.hub.commands() == ["bet", "bet", "win", "win"]


async def test_a_win_on_its_way_is_said_to_be_so_until_it_arrives(town: Town) -> None:
    town.hub.wins_are_late = True
    shown = (await town.play())["round"]
    assert (shown["state"], shown["delivered"]) == ("played", False)
    for row in town.hub.rows.values():
        row.state, row.delivered = "accepted", True
    while not shown["delivered"]:
        await asyncio.sleep(0.05)
        shown = (await town.ask("look", round_id=shown["round_id"]))["round"]


@pytest.mark.parametrize(
    ("answer", "state"),
    [
        (LOST_BEFORE, "waiting"),
        (3009, "waiting"),
        (3004, "waiting"),
        (1018, "waiting"),
        (3002, "ended"),
        (3007, "blocked"),
        (2002, "blocked"),
        (1009, "closed"),
    ],
)
async def test_opening_tells_trouble_that_passes_from_trouble_that_stays(
    town: Town, answer: str | int, state: str
) -> None:
    town.hub.script = [answer]
    assert (await town.ask("open"))["state"] == state


async def test_a_session_in_another_currency_cannot_play(tmp_path: Path) -> None:
    settings = StudioSettings(
        database=tmp_path / "studio.db", terms=StudioTerms(currency="JPY", exponent=0)
    )
    studio = ToyStudio(settings, FakeHub(), SystemClock(), SeededIdentity(1))
    studio.record.remember_session("s-1", "toy-slot")
    async with running(studio.app) as url:
        opened: Any = await post_json(f"{url}/slot/open", {"session": "s-1"})
    assert opened["state"] == "closed"


async def test_a_session_that_was_never_launched_has_ended(town: Town) -> None:
    assert await town.ask("open", session="s-2") == {"state": "ended"}
    assert (await town.ask("play", session="s-2", click=CLICK, stake="1.00"))["error"]


async def test_the_balance_can_be_asked_for(town: Town) -> None:
    assert (await town.ask("balance"))["balance"] == "100.00"
    assert town.hub.commands() == ["balance"]


@pytest.mark.parametrize(
    "fields",
    [
        {"click": "short", "stake": "1.00"},
        {"click": "x" * 65, "stake": "1.00"},
        {"click": CLICK, "stake": "1.01"},
        {"click": CLICK, "stake": "1,00"},
        {"click": CLICK, "stake": 1},
        {"click": CLICK},
    ],
)
async def test_a_wrong_order_begins_nothing(town: Town, fields: dict[str, object]) -> None:
    assert (await town.ask("play", **fields))["error"]
    assert town.studio.record.rounds() == ()


async def test_a_round_is_shown_to_its_own_session_only(town: Town) -> None:
    town.studio.record.remember_session("s-2", "toy-slot")
    round_id = (await town.play())["round"]["round_id"]
    assert (await town.ask("look", session="s-2", round_id=round_id))["error"]
    assert (await town.ask("look", round_id="nothing"))["error"]


async def test_a_replay_shows_the_result_and_nothing_of_the_player(town: Town) -> None:
    played = (await town.play())["round"]
    replay: Any = await get_json(f"{town.url}/slot/replay?round_id={played['round_id']}")
    shown = replay["round"]
    assert replay["currency"] == "EUR"
    assert shown["window"] == played["window"]
    assert set(shown) == {"round_id", "state", "stake", "stops", "window", "lines", "pays", "win"}
    unknown: Any = await get_json(f"{town.url}/slot/replay?round_id=nothing")
    assert unknown["error"]


async def test_a_round_begun_before_a_restart_is_found_after_it(tmp_path: Path) -> None:
    hub = HeldHub()
    async with open_town(tmp_path, hub) as town:
        playing = asyncio.ensure_future(town.play())
        await asyncio.wait_for(hub.arrived.wait(), 20)
        playing.cancel()
    async with open_town(tmp_path, FakeHub()) as town:
        opened = await town.ask("open", click=CLICK)
        while opened["round"]["state"] == "open":
            await asyncio.sleep(0.02)
            opened = await town.ask("open", click=CLICK)
        assert opened["round"]["state"] == "played"
        assert town.hub.commands().count("bet") == 1
