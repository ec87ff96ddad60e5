"""The toy studio over real sockets, with a hub in memory behind it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from meganodes.demo.http_client import get_json, post_json
from meganodes.demo.serving import running
from meganodes.demo.studio import Studio, StudioTerms
from meganodes.demo.studio_items import Style
from meganodes.demo.studio_record import StudioRecord
from meganodes.demo.toy_studio import StudioSettings, ToyStudio, make_studio, read_settings
from meganodes.kit.clock import SystemClock
from meganodes.kit.identity import SeededIdentity, SystemIdentity
from tests.support.fake_hub import FakeHub


@pytest.fixture
def hub() -> FakeHub:
    return FakeHub()


@asynccontextmanager
async def open_studio(path: Path, hub: FakeHub) -> AsyncIterator[str]:
    settings = StudioSettings(database=path / "studio.db", terms=StudioTerms())
    studio = ToyStudio(settings, hub, SystemClock(), SeededIdentity(1))
    async with running(studio.app) as url:
        yield url


@pytest.fixture
async def url(tmp_path: Path, hub: FakeHub) -> AsyncIterator[str]:
    async with open_studio(tmp_path, hub) as opened:
        yield opened


async def launch(url: str) -> Any:  # noqa: ANN401
    return await get_json(f"{url}/play?session=s-1&game_code=toy-slot&lang=en")


async def play(url: str, **more: object) -> Any:  # noqa: ANN401
    fields = {"session": "s-1", "rounds": 1, "stake": "1.00", **more}
    return await post_json(f"{url}/control/play", fields, timeout_seconds=20)


async def test_a_launch_asks_the_hub_who_plays(url: str, hub: FakeHub) -> None:
    page = await launch(url)
    assert page["game_code"] == "toy-slot"
    assert page["authenticate"]["code"] == 0
    assert hub.asked == [("authenticate", '{"session": "s-1"}')]


async def test_ten_rounds_are_played_in_every_style(url: str, hub: FakeHub) -> None:
    await launch(url)
    played = (await play(url, rounds=10))["rounds"]
    styles = [one["style"] for one in played]
    assert (styles.count("bet_win"), styles.count("betwin"), styles.count("cancel")) == (7, 2, 1)
    assert not any(one["is_open"] for one in played)
    assert all(call["code"] == 0 for one in played for call in one["calls"])
    assert hub.commands().count("win") == 7
    record: Any = await get_json(f"{url}/control/record")
    assert record["rounds"] == played
    one: Any = await get_json(f"{url}/control/record?round_id={played[3]['round_id']}")
    assert one["rounds"] == [played[3]]


async def test_a_style_can_be_asked_for(url: str) -> None:
    await launch(url)
    played = (await play(url, rounds=2, style="betwin"))["rounds"]
    assert [one["style"] for one in played] == ["betwin", "betwin"]
    assert [item["kind"] for item in played[0]["items"]] == ["bet", "win"]
    assert played[0]["items"][0]["amount_minor"] == 100


async def test_without_a_session_the_newest_one_plays(url: str) -> None:
    nobody: Any = await post_json(f"{url}/control/play", {"stake": "1.00"})
    assert nobody["error"]
    await launch(url)
    played: Any = await post_json(f"{url}/control/play", {"stake": "1.00"})
    assert [one["session"] for one in played["rounds"]] == ["s-1"]


async def test_a_transaction_can_be_repeated(url: str, hub: FakeHub) -> None:
    await launch(url)
    played = (await play(url, style="bet_win"))["rounds"]
    transaction_id = played[0]["items"][0]["transaction_id"]
    answer: Any = await post_json(f"{url}/control/repeat", {"transaction_id": transaction_id})
    assert (answer["answered"], answer["code"]) == (True, 0)
    hub.script = ["lost before the hub saw it"]
    silence = await post_json(f"{url}/control/repeat", {"transaction_id": transaction_id})
    assert silence == {"answered": False}


@pytest.mark.parametrize(
    "fields",
    [
        {"session": "another"},
        {"session": 5},
        {"rounds": 0},
        {"rounds": "3"},
        {"stake": 1},
        {"stake": "1.555"},
        {"style": "poker"},
    ],
)
async def test_a_wrong_order_is_answered_with_a_sentence(
    url: str, hub: FakeHub, fields: dict[str, object]
) -> None:
    await launch(url)
    assert (await play(url, **fields))["error"]
    assert hub.commands() == ["authenticate"]


async def test_a_launch_without_a_session_is_refused(url: str) -> None:
    page: Any = await get_json(f"{url}/play?game_code=toy-slot")
    assert page["error"]
    unknown: Any = await post_json(f"{url}/control/repeat", {"transaction_id": "nothing"})
    assert unknown["error"]


async def test_open_rounds_are_finished_at_the_start(tmp_path: Path, hub: FakeHub) -> None:
    class Stop(BaseException):
        pass

    class SilentHub(FakeHub):
        async def ask(self, command: str, body: str) -> Any:  # noqa: ANN401
            raise Stop(command, body)

    record = StudioRecord(tmp_path / "studio.db")
    record.remember_session("s-1", "toy-slot")
    studio = Studio(
        record,
        SilentHub(),
        clock=SystemClock(),
        identity=SeededIdentity(7),
        terms=StudioTerms(),
    )
    with pytest.raises(Stop):
        await studio.play("s-1", 100, Style.BET_WIN)
    record.close()
    async with open_studio(tmp_path, hub) as url:
        while (await _rounds(url))[0]["is_open"]:
            await SystemClock().sleep(0.01)
        items = (await _rounds(url))[0]["items"]
    assert [(item["kind"], item["outcome"]) for item in items] == [
        ("bet", "accepted"),
        ("win", "accepted"),
    ]


async def test_late_wins_are_followed_up_by_themselves(url: str, hub: FakeHub) -> None:
    hub.wins_are_late = True
    await launch(url)
    await play(url, style="bet_win")
    for row in hub.rows.values():
        row.state, row.delivered = "accepted", True
    while (await _rounds(url))[0]["items"][1]["delivered"] is not True:
        await SystemClock().sleep(0.05)
    assert hub.commands().count("win") == 1


async def _rounds(url: str) -> list[dict[str, Any]]:
    shown: Any = await get_json(f"{url}/control/record")
    rounds: list[dict[str, Any]] = shown["rounds"]
    return rounds


async def test_the_odds_are_published(url: str) -> None:
    shown: Any = await get_json(f"{url}/odds")
    assert sum(line["chances"] for line in shown["odds"]) == 25**3
    assert {line["of"] for line in shown["odds"]} == {25**3}
    assert json.dumps(await get_json(f"{url}/health")) == '{"ready": true}'


def test_in_earnest_every_draw_comes_from_the_operating_system(
    tmp_path: Path, hub: FakeHub
) -> None:
    settings = StudioSettings(database=tmp_path / "studio.db", terms=StudioTerms())
    studio = make_studio(settings, hub)
    source = studio.studio._identity
    assert type(source) is SystemIdentity
    assert "secrets" in SystemIdentity.token_bytes.__code__.co_names
    studio.close()


def test_the_command_line_names_the_currency_and_its_decimals(tmp_path: Path) -> None:
    (tmp_path / "provider.json").write_text('{"provider_token": "a token"}')
    needed = ["--provider", str(tmp_path / "provider.json"), "--hub", "http://127.0.0.1:1"]
    given = [*needed, "--database", str(tmp_path / "s.db"), "--currency", "JPY", "--port", "9"]
    settings, _, port = read_settings(given)
    assert (settings.terms.currency, settings.terms.exponent, port) == ("JPY", 0, 9)
