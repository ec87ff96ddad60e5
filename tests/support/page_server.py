"""Pages served over real HTTP on this machine, for a browser to look at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from meganodes.bootstrap.server import Listening, serve
from meganodes.bootstrap.server_settings import App, ServerSettings
from meganodes.hub.round_page import RoundUrl, RoundWanted, round_url
from meganodes.player_pages.pages import page
from meganodes.player_pages.rendering import closed_page
from meganodes.player_pages.routes import make_routes
from meganodes.player_pages.texts import Topic
from tests.support.builders import a_game
from tests.support.door import opened_world
from tests.support.listener import ScriptedDoor
from tests.support.round_shapes import SHAPES, record_shape

RETURN_URL: Final = "https://casino.example/lobby"
REPLAY_URL: Final = "https://play.example.com/replay?round={round_id}"
_PROVIDER_NAMES: Final = {
    "ko": "픽셀 웍스",
    "th": "พิกเซล เวิร์กส์",
    "ja": "ピクセルワークス",
    "zh": "像素工坊",
}
_GAME_NAMES: Final = {
    "de": "Glücksfrüchte Deluxe",
    "ko": "럭키 프루츠 디럭스",
    "th": "ลัคกี้ ฟรุตส์ ดีลักซ์",
    "ja": "ラッキーフルーツ・デラックス",
    "zh": "幸运水果豪华版",
}


@dataclass(frozen=True, kw_only=True)
class Pages:
    """Where the pages of players stand, as long as they are served."""

    origin: str
    rounds: dict[str, str]

    def round(self, shape_name: str, language: str) -> str:
        """The page of a round of this shape."""
        return f"{self.origin}{self.rounds[shape_name]}&lang={language}"

    def closed(self, topic: Topic, language: str) -> str:
        """The page that says why nothing opens."""
        return f"{self.origin}/v4/game/closed-{topic}-{language}"


@asynccontextmanager
async def served(app: App) -> AsyncIterator[str]:
    """Run an application behind the hub's own listener and give its origin."""
    started: asyncio.Future[Listening] = asyncio.get_running_loop().create_future()
    settings = ServerSettings(port=0, freezes_garbage=False, close_seconds=0.2)
    ended = asyncio.create_task(serve(app, ScriptedDoor(), settings, started.set_result, _finish))
    listening = await started
    try:
        yield f"http://127.0.0.1:{listening.port}"
    finally:
        listening.stop()
        listening.stop()
        async with asyncio.timeout(30):
            await ended


@asynccontextmanager
async def served_pages(folder: Path) -> AsyncIterator[Pages]:
    """Serve a round of every shape, and every page that says why nothing opens."""
    async with opened_world(folder) as world:
        user = await world.user()
        await world.directory.set_agent("acme", {"time_zone": "Europe/Berlin"})
        await world.directory.set_provider(7, {"names": _PROVIDER_NAMES, "replay_url": REPLAY_URL})
        lobby = a_game(game_code="lobby-roulette", name="Grand Roulette")
        fruits = a_game(name="Lucky Fruits Deluxe", names=_GAME_NAMES)
        await world.directory.import_games(7, [fruits, lobby])
        rounds = {}
        for name, make in SHAPES.items():
            wanted = RoundWanted(user_code=user.user_code, round_id=f"4711-{name}")
            await record_shape(
                world.journal,
                make(),
                agent_id=world.agent.agent_id,
                user_code=wanted.user_code,
                round_id=wanted.round_id,
            )
            given = await round_url(world.hub, world.agent, wanted)
            assert isinstance(given, RoundUrl)
            parts = urlsplit(given.url)
            rounds[name] = f"{parts.path}?{parts.query}"
        closed = Route("/v4/game/closed-{topic}-{language}", _closed)
        app = Starlette(routes=[*make_routes(world.hub), closed])
        async with served(app) as origin:
            yield Pages(origin=origin, rounds=rounds)


async def _finish() -> None:
    """Nothing is left to be ended."""


async def _closed(request: Request) -> Response:
    topic = Topic(request.path_params["topic"])
    is_of_a_launch = topic is not Topic.UNKNOWN and not topic.startswith("round")
    return_url = RETURN_URL if is_of_a_launch else ""
    return page(closed_page(topic, request.path_params["language"], return_url))
