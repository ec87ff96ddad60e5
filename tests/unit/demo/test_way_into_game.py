"""The address that opens the game: an account at the backend, a launch from the hub."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from meganodes.demo.casino_front import CasinoFront, FrontSettings, read_settings
from meganodes.demo.http_client import HttpRequest, HttpResult, send
from meganodes.demo.lobby.casino_line import HubPlace
from meganodes.demo.serving import bind, running
from meganodes.demo.toy_casino import CasinoSettings, ToyCasino
from meganodes.kit.clock import SystemClock

LAUNCH = "http://hub.example/v4/game/launch?g_token=x"


class ScriptedHub:
    """The three endpoints that a launch needs."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.app = Starlette(routes=[Route("/v4/{path:path}", self._answer, methods=["POST"])])

    async def _answer(self, request: Request) -> JSONResponse:
        path = request.path_params["path"]
        self.asked.append((path, await request.json()))
        data = {
            "user/create": {"user_code": 400_000_001},
            "game/all": [{"game_code": "toy-slot", "provider_id": 12}],
            "game/game-url": {"game_url": LAUNCH},
        }[path]
        return JSONResponse({"code": 0, "message": "OK", "data": data})


@asynccontextmanager
async def a_front(tmp_path: Path, hub: ScriptedHub | None) -> AsyncIterator[tuple[ToyCasino, str]]:
    toy = ToyCasino(
        CasinoSettings(database=tmp_path / "casino.db", callback_token="t"), SystemClock()
    )
    async with running((hub or ScriptedHub()).app) as hub_url, running(toy.app) as backend:
        place = HubPlace(url=hub_url, api_token="mna_token") if hub else None
        settings = FrontSettings(backend_url=backend, hub=place)
        async with running(CasinoFront(settings, SystemClock()).app) as front:
            yield toy, front


async def open_game(front: str) -> HttpResult:
    return await send(HttpRequest(method="GET", url=f"{front}/play"), 20)


async def test_one_address_opens_the_game(tmp_path: Path) -> None:
    hub = ScriptedHub()
    async with a_front(tmp_path, hub) as (toy, front):
        for _ in range(2):
            answer = await open_game(front)
            assert (answer.status, answer.headers["location"]) == (302, LAUNCH)
        (guest,) = toy.ledger.accounts()
    assert (guest.name, guest.balance_minor) == ("guest", 10_000)
    assert hub.asked[0] == ("user/create", {"name": "guest"})
    path, fields = hub.asked[-1]
    assert path == "game/game-url"
    assert fields["return_url"] == f"{front}/play"
    assert (fields["user_code"], fields["provider_id"]) == (400_000_001, 12)


async def test_without_a_hub_a_sentence_says_so(tmp_path: Path) -> None:
    async with a_front(tmp_path, None) as (_, front):
        answer = await open_game(front)
    assert answer.status == 502
    assert b"started without --hub" in answer.body


async def test_a_silent_backend_is_named() -> None:
    with bind("127.0.0.1", 0) as listener:
        gone = f"http://127.0.0.1:{listener.getsockname()[1]}"
    settings = FrontSettings(backend_url=gone)
    async with running(CasinoFront(settings, SystemClock()).app) as front:
        answer = await open_game(front)
    assert answer.status == 502
    assert answer.body.startswith(b"The backend is silent")


def test_the_hub_needs_the_agents_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    agent = tmp_path / "agent.json"
    agent.write_text('{"api_token": "mna_token"}')
    given = ["--backend", "http://127.0.0.1:9", "--hub", "http://127.0.0.1:8"]
    settings, _ = read_settings([*given, "--agent", str(agent)])
    assert settings.hub == HubPlace(url="http://127.0.0.1:8", api_token="mna_token")
    with pytest.raises(SystemExit):
        read_settings(given)
    assert "--hub needs --agent" in capsys.readouterr().err
