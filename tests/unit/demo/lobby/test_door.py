"""The lobby before a hub in memory: the guest's purse, the way into the game, a round's page."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from httpx2 import ASGITransport, AsyncClient
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from meganodes.demo.lobby.casino_line import HubPlace
from meganodes.demo.serving import running
from meganodes.demo.toy_casino import CasinoSettings, ToyCasino
from meganodes.kit.clock import SystemClock

GAMES = [
    {"provider_id": 6, "game_code": "another"},
    {"provider_id": 7, "game_code": "toy-slot"},
]
GAME_URL = "http://hub.example/v4/game/launch?user_code=400000001&g_token=t"


@dataclass
class MainApi:
    """Answers the five questions of a lobby; `refusals` holds answers that are given instead."""

    refusals: dict[str, dict[str, object]] = field(default_factory=dict)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    games: list[dict[str, object]] = field(default_factory=lambda: list(GAMES))

    async def answer(self, request: Request) -> JSONResponse:
        path = request.path_params["path"]
        self.asked.append((path, await request.json()))
        assert request.headers["authorization"] == "Bearer the token"
        data: dict[str, object] = {
            "user/create": {"user_code": 400_000_001, "is_new_user": True},
            "game/all": self.games,
            "game/game-url": {"game_url": GAME_URL},
            "game/round-details": {"url": "http://hub.example/v4/game/round?t=x"},
        }
        done = {"code": 0, "message": "OK", "data": data.get(path)}
        return JSONResponse(self.refusals.get(path, done))


@dataclass
class Hall:
    casino: ToyCasino
    browser: AsyncClient
    hub: MainApi


@asynccontextmanager
async def open_hall(path: Path, hub_url: str | None, hub: MainApi) -> AsyncIterator[Hall]:
    place = HubPlace(url=hub_url, api_token="the token") if hub_url else None
    settings = CasinoSettings(database=path / "casino.db", callback_token="t", hub=place)
    casino = ToyCasino(settings, SystemClock())
    wire = ASGITransport(app=casino.app)
    async with AsyncClient(transport=wire, base_url="http://casino:8701") as browser:
        yield Hall(casino, browser, hub)
    casino.close()


@pytest.fixture
async def hall(tmp_path: Path) -> AsyncIterator[Hall]:
    hub = MainApi()
    app = Starlette(routes=[Route("/v4/{path:path}", hub.answer, methods=["POST"])])
    async with running(app) as url, open_hall(tmp_path, url, hub) as made:
        yield made


async def test_whoever_comes_first_finds_a_purse_of_one_hundred(hall: Hall) -> None:
    told = (await hall.browser.get("/lobby/state")).json()
    assert told == {"balance": "100.00", "rounds": [], "top_up": "100.00"}
    assert [player.name for player in hall.casino.ledger.accounts()] == ["guest"]
    assert (await hall.browser.get("/lobby/state")).json() == told


async def test_the_purse_can_be_filled_again(hall: Hall) -> None:
    assert (await hall.browser.post("/lobby/top-up")).json()["balance"] == "200.00"
    assert (await hall.browser.get("/lobby/top-up")).status_code == 405


async def test_one_click_leads_to_the_game(hall: Hall) -> None:
    answer = await hall.browser.get("/play", headers={"accept-language": "de-DE,en;q=0.5"})
    assert (answer.status_code, answer.headers["location"]) == (302, GAME_URL)
    assert answer.headers["cache-control"] == "no-store"
    path, fields = hall.hub.asked[-1]
    assert path == "game/game-url"
    assert fields == {
        "user_code": 400_000_001,
        "provider_id": 7,
        "game_symbol": "toy-slot",
        "lang": 8,
        "return_url": "http://casino:8701/",
    }
    assert ("user/create", {"name": "guest"}) in hall.hub.asked


async def test_a_round_leads_to_its_page_at_the_hub(hall: Hall) -> None:
    answer = await hall.browser.get("/round/round-1")
    assert (answer.status_code, answer.headers["location"]) == (
        302,
        "http://hub.example/v4/game/round?t=x",
    )
    fields = {"user_code": 400_000_001, "round_id": "round-1"}
    assert hall.hub.asked[-1] == ("game/round-details", fields)


@pytest.mark.parametrize(
    ("refusal", "sentence"),
    [
        ({"code": 1, "message": "UNDER_MAINTENANCE"}, "game/game-url: 1 UNDER_MAINTENANCE"),
        (
            {"code": 1015, "message": "CALLBACK_ERROR", "data": {"reason": "no <answer>"}},
            "1015 CALLBACK_ERROR, no &lt;answer&gt;",
        ),
    ],
)
async def test_a_game_that_does_not_open_says_why(
    hall: Hall, refusal: dict[str, object], sentence: str
) -> None:
    hall.hub.refusals["game/game-url"] = refusal
    answer = await hall.browser.get("/play")
    assert answer.status_code == 502
    assert "The game could not be opened" in answer.text
    assert sentence in answer.text
    assert 'href="/play"' in answer.text


async def test_a_game_that_is_not_assigned_is_named(hall: Hall) -> None:
    hall.hub.games = GAMES[:1]
    assert "toy-slot is not assigned" in (await hall.browser.get("/play")).text


@pytest.mark.parametrize("hub_url", [None, "http://127.0.0.1:9"])
async def test_without_a_hub_the_lobby_still_opens(tmp_path: Path, hub_url: str | None) -> None:
    async with open_hall(tmp_path, hub_url, MainApi()) as hall:
        assert (await hall.browser.get("/")).status_code == 200
        assert (await hall.browser.get("/play")).status_code == 502
        assert (await hall.browser.get("/round/r-1")).status_code == 502


async def test_the_lobby_is_sealed_and_framed_by_nobody(hall: Hall) -> None:
    answer = await hall.browser.get("/", headers={"accept-language": "es"})
    policy = answer.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; script-src 'self'")
    assert policy.endswith("frame-ancestors 'none'")
    assert '<html lang="es">' in answer.text
    for address in re.findall(r'(?:src|href)="(/[^"]+)"', answer.text):
        if address != "/play":
            assert (await hall.browser.get(address)).status_code == 200, address
