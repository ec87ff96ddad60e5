"""The launch link in a player's browser (contract 2.2 game-url, 4 sessions)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import httpx2
import pytest

from meganodes.directory.port import Directory
from meganodes.directory.records import AgentState
from tests.support.door import World, opened_world

WANTED = {"user_code": 400_000_001, "provider_id": 7, "game_symbol": "fruits"}
RETURN_URL = "https://casino.example/lobby?a=1&b=2"
UNKNOWN = "/v4/game/launch?user_code=400000001&g_token=nonsense"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        await made.user()
        yield made


async def link(world: World, **more: object) -> str:
    answer = await world.post("game/game-url", {**WANTED, "return_url": RETURN_URL, **more})
    parts = urlsplit(answer.data["game_url"])
    return f"{parts.path}?{parts.query}"


async def visited(world: World, path: str, method: str = "GET", **headers: str) -> httpx2.Response:
    """Open a path as a browser without any credentials does."""
    async with world.client() as client:
        del client.headers["authorization"]
        answer = await client.request(method, path, headers=headers)
    assert answer.headers.get("x-request-id")
    if "/page.css" not in path and answer.status_code != 405:
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; ")
    return answer


@pytest.mark.rule("4-launch-token", "2.2-game-url-opening")
async def test_first_opening_leads_to_the_provider(world: World) -> None:
    answer = await visited(world, await link(world))
    assert answer.status_code == 302
    location = answer.headers["location"]
    assert location.startswith("https://play.example.com/start?s=mns_")
    assert location.endswith("&g=fruits")
    token = location.removeprefix("https://play.example.com/start?s=").removesuffix("&g=fruits")
    session = await world.directory.session(token, 7)
    assert session is not None
    assert (session.account, session.return_url) == ("alice", RETURN_URL)


@pytest.mark.rule("2.2-game-url-once")
async def test_second_opening_is_410_with_a_way_back(world: World) -> None:
    path = await link(world)
    await visited(world, path)
    answer = await visited(world, path)
    assert answer.status_code == 410
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "This link has been used" in answer.text
    assert 'href="https://casino.example/lobby?a=1&amp;b=2"' in answer.text


@pytest.mark.rule("2.2-game-url-once")
async def test_late_opening_is_410_with_a_way_back(world: World) -> None:
    path = await link(world)
    world.clock.advance(600)
    answer = await visited(world, path)
    assert answer.status_code == 410
    assert "This link has expired" in answer.text
    assert "https://casino.example/lobby" in answer.text


async def test_page_without_return_url_has_no_link(world: World) -> None:
    path = await link(world, return_url="")
    world.clock.advance(600)
    assert "<a " not in (await visited(world, path)).text


@pytest.mark.parametrize(
    "path",
    [
        UNKNOWN,
        "/v4/game/launch",
        "/v4/game/launch?user_code=x&g_token=y",
        "/v4/game/launch?user_code=-1&g_token=y",
        "/v4/game/launch?user_code=%D9%A1&g_token=y",
        f"/v4/game/launch?user_code={'9' * 40}&g_token=y",
        f"/v4/game/launch?user_code=1&g_token={'y' * 5000}",
    ],
)
async def test_unknown_link_is_410_and_says_nothing_more(world: World, path: str) -> None:
    answer = await visited(world, path)
    assert answer.status_code == 410
    assert "This link is not valid" in answer.text
    assert "<a " not in answer.text


async def test_link_of_another_user_is_unknown_and_not_used_up(world: World) -> None:
    path = await link(world)
    stranger = await visited(world, path.replace("400000001", "400000002"))
    assert "This link is not valid" in stranger.text
    assert (await visited(world, path)).status_code == 302


@pytest.mark.rule("4-launch-prefetch")
async def test_head_does_not_use_the_link_up(world: World) -> None:
    path = await link(world)
    for _ in range(2):
        answer = await visited(world, path, "HEAD")
        assert (answer.status_code, answer.content) == (200, b"")
        assert "location" not in answer.headers
    assert (await visited(world, path)).status_code == 302
    assert (await visited(world, path, "HEAD")).status_code == 410


@pytest.mark.rule("4-launch-prefetch")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sec-purpose", "prefetch"),
        ("sec-purpose", "prefetch;prerender"),
        ("sec-purpose", "prefetch;anonymous-client-ip"),
        ("Sec-Purpose", "Prefetch"),
        ("purpose", "prefetch"),
        ("x-moz", "prefetch"),
        ("x-purpose", "preview"),
    ],
)
async def test_prefetch_neither_uses_the_link_up_nor_can_be_kept(
    world: World, name: str, value: str
) -> None:
    path = await link(world)
    answer = await visited(world, path, **{name: value})
    assert answer.status_code == 503, "a browser keeps no failed prefetch for the visit"
    assert "location" not in answer.headers
    assert (await visited(world, path)).status_code == 302


async def test_page_is_in_the_language_of_the_launch(world: World) -> None:
    """Contract 2.1: languages."""
    path = await link(world, lang=8)
    await visited(world, path)
    answer = await visited(world, path, **{"accept-language": "ko"})
    assert '<html lang="de">' in answer.text
    assert "Dieser Link wurde schon benutzt" in answer.text


async def test_page_of_an_unknown_link_is_in_the_browser_s_language(world: World) -> None:
    answer = await visited(world, UNKNOWN, **{"accept-language": "ko-KR,ko;q=0.9"})
    assert '<html lang="ko">' in answer.text


async def test_suspended_agent_s_link_waits(world: World) -> None:
    path = await link(world)
    await world.set_state(AgentState.SUSPENDED)
    answer = await visited(world, path)
    assert answer.status_code == 503
    assert "This game is not available" in answer.text
    await world.set_state(AgentState.APPROVED)
    assert (await visited(world, path)).status_code == 302


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
async def test_link_is_for_looking_at_only(world: World, method: str) -> None:
    path = await link(world)
    answer = await visited(world, path, method)
    assert answer.status_code == 405
    assert answer.json()["code"] == 1005
    assert (await visited(world, path)).status_code == 302


async def test_style_sheet_is_where_the_page_says(world: World) -> None:
    answer = await visited(world, "/v4/game/launch/page.css")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/css; charset=utf-8"
    assert answer.headers["cache-control"] == "public, max-age=3600"


class Broken:
    """A directory with a defect."""

    async def peek_launch(self, *_: object) -> None:
        message = "a secret of the machine"
        raise RuntimeError(message)


async def test_defect_is_a_plain_page(world: World) -> None:
    path = await link(world)
    world.hub.directory = cast("Directory", Broken())
    answer = await visited(world, path)
    assert answer.status_code == 500
    assert "Something went wrong" in answer.text
    assert "secret" not in answer.text
