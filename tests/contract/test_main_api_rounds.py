"""game/round-details on the wire, and the page behind its url (contract 2.2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

import httpx2
import pytest

from meganodes.directory.port import Directory
from meganodes.directory.records import AgentState
from tests.support.door import PUBLIC_URL, Envelope, World, opened_world
from tests.support.round_shapes import SHAPES, Shape, bet, record_shape, win

USER_CODE = 400_000_001
ROUND = {"user_code": USER_CODE, "round_id": "r-1"}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        await made.user()
        yield made


async def recorded(world: World, shape: Shape | None = None) -> None:
    await record_shape(
        world.journal,
        shape or SHAPES["win"](),
        agent_id=world.agent.agent_id,
        user_code=USER_CODE,
        round_id="r-1",
    )


async def page_path(world: World, **more: object) -> str:
    answer = await world.post("game/round-details", {**ROUND, **more})
    assert answer.code == 0, answer
    parts = urlsplit(answer.data["url"])
    return f"{parts.path}?{parts.query}"


async def visited(world: World, path: str, method: str = "GET", **headers: str) -> httpx2.Response:
    """Open a path as a browser without any credentials does."""
    async with world.client() as client:
        del client.headers["authorization"]
        answer = await client.request(method, path, headers=headers)
    assert answer.headers.get("x-request-id")
    if answer.status_code != 405:
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; ")
        assert "script" not in answer.headers["content-security-policy"]
        assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer


@pytest.mark.rule("2.2-round-details-fields")
@pytest.mark.parametrize(
    "more",
    [
        {},
        {"provider_id": 7},
        {"provider_id": "7", "user_code": str(USER_CODE)},
        {"game_code": "fruits"},
        {"game_code": ""},
        {"provider_id": None, "game_code": None},
        {"provider_id": 7, "game_code": "fruits", "rtp": 200},
    ],
)
async def test_two_fields_are_enough_and_two_may_come_along(
    world: World, more: dict[str, object]
) -> None:
    await recorded(world)
    answer = await world.post("game/round-details", {**ROUND, **more})
    assert (answer.code, answer.message, list(answer.data)) == (0, "OK", ["url"])
    assert answer.data["url"].startswith(f"{PUBLIC_URL}/v4/game/round?t=")


@pytest.mark.rule("2.2-round-details-fields")
async def test_fields_that_are_missing_or_bad_are_named_together(world: World) -> None:
    answer = await world.post("game/round-details", {"provider_id": "x", "user_id": 1})
    assert answer.code == 1002
    messages = {fault["field"]: fault["message"] for fault in answer.data}
    assert set(messages) == {"user_code", "round_id", "provider_id"}
    assert messages["user_code"].endswith("you sent user_id, which is called user_code here.")
    assert messages["round_id"].startswith("round_id is required: text of 1 to 64 characters")
    assert messages["provider_id"].startswith("provider_id must be a whole number")


@pytest.mark.parametrize("round_id", ["", "r" * 65, "r\u00e9", "r\n", 5, ["r"]])
async def test_round_id_is_what_a_provider_may_name_a_round(world: World, round_id: object) -> None:
    answer = await world.post("game/round-details", {**ROUND, "round_id": round_id})
    assert (answer.code, [each["field"] for each in answer.data]) == (1002, ["round_id"])


async def test_half_a_surrogate_pair_is_no_round_id(world: World) -> None:
    body = b'{"user_code": 400000001, "round_id": "\\ud800"}'
    async with world.client() as client:
        answer = await client.post("/v4/game/round-details", content=body)
    assert Envelope.of(answer).code == 1002


@pytest.mark.rule("2.2-round-details-2013")
@pytest.mark.parametrize("more", [{"round_id": "r-2"}, {"provider_id": 8}, {"game_code": "dice"}])
async def test_unknown_round_is_2013(world: World, more: dict[str, object]) -> None:
    await recorded(world)
    answer = await world.post("game/round-details", {**ROUND, **more})
    assert answer == Envelope(code=2013, message="ROUND_NOT_FOUND")


async def test_user_that_is_unknown_or_another_agent_s(world: World) -> None:
    await recorded(world)
    foreign = await world.foreign_user()
    unknown = {**ROUND, "user_code": 400_000_999}
    assert (await world.post("game/round-details", unknown)).code == 2002
    strange = {**ROUND, "user_code": foreign.user_code}
    assert await world.post("game/round-details", strange) == Envelope(
        code=1010, message="PERMISSION_ERROR"
    )


async def test_name_that_two_providers_use_asks_which(world: World) -> None:
    await recorded(world, Shape(rows=(bet(100),)))
    await recorded(world, Shape(rows=(bet(900, provider_id=8, game_code="dice"),)))
    answer = await world.post("game/round-details", ROUND)
    assert (answer.code, answer.message) == (1002, "VALIDATION_ERROR")
    assert answer.data == [
        {
            "field": "provider_id",
            "message": "provider_id must say whose round this is: 7, 8 have one of this round_id.",
        }
    ]
    assert "9.00" in (await visited(world, await page_path(world, provider_id=8))).text


@pytest.mark.rule("1-suspended-allowed-endpoints")
@pytest.mark.parametrize("state", AgentState)
async def test_rounds_are_shown_in_every_state_of_the_agent(
    world: World, state: AgentState
) -> None:
    await recorded(world)
    await world.set_state(state)
    assert (await visited(world, await page_path(world))).status_code == 200


@pytest.mark.rule("2.2-round-details-page")
async def test_page_has_the_round_s_transactions_and_its_replay(world: World) -> None:
    await recorded(world)
    replay = "https://play.example.com/replay?r={round_id}"
    await world.directory.set_provider(7, {"replay_url": replay})
    answer = await visited(world, await page_path(world))
    assert answer.status_code == 200
    for text in ("Fruits", "Pixel Works", "\u22121.50", "+18.75", "+17.25", "EUR", "14:13:20"):
        assert text in answer.text
    assert 'href="https://play.example.com/replay?r=r-1"' in answer.text
    assert str(USER_CODE) not in answer.text
    assert "alice" not in answer.text


async def test_page_knows_what_came_after_its_link(world: World) -> None:
    await recorded(world, Shape(rows=(bet(100),), closed=False))
    path = await page_path(world)
    assert "Still open" in (await visited(world, path)).text
    await recorded(world, Shape(rows=(win(700, 8),)))
    answer = await visited(world, path)
    assert "Finished" in answer.text
    assert "+7.00" in answer.text


@pytest.mark.rule("2.2-round-details-signed")
async def test_link_ends_after_an_hour(world: World) -> None:
    await recorded(world)
    path = await page_path(world)
    world.clock.advance(3_599)
    assert (await visited(world, path)).status_code == 200
    world.clock.advance(1)
    answer = await visited(world, path)
    assert answer.status_code == 410
    assert "This link has expired" in answer.text
    assert "Links to a round are valid for one hour." in answer.text
    assert "Pixel Works" not in answer.text


@pytest.mark.rule("2.2-round-details-signed")
async def test_whatever_was_not_signed_here_gets_one_and_the_same_page(world: World) -> None:
    await recorded(world)
    path = await page_path(world)
    good = path.removeprefix("/v4/game/round?t=")
    flipped = good[:10] + ("A" if good[10] != "A" else "B") + good[11:]
    bad = ["", "x", flipped, good[:-1], good + "A", "A" * 76, "%00", "%ED%A0%80", "y" * 5_000]
    answers = [await visited(world, f"/v4/game/round?t={text}") for text in bad]
    answers.append(await visited(world, "/v4/game/round"))
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert len({str(dict(answer.headers) | {"x-request-id": ""}) for answer in answers}) == 1
    assert "This link is not valid" in answers[0].text


async def test_page_is_in_the_browser_s_language_or_the_chosen_one(world: World) -> None:
    await recorded(world)
    path = await page_path(world)
    korean = await visited(world, path, **{"accept-language": "ko-KR,ko;q=0.9"})
    assert '<html lang="ko">' in korean.text
    german = await visited(world, f"{path}&lang=de", **{"accept-language": "ko"})
    assert '<html lang="de">' in german.text
    assert "Ausgezahlt" in german.text
    closed = await visited(world, "/v4/game/round?t=x&lang=th")
    assert '<html lang="th">' in closed.text


async def test_page_links_to_itself_in_every_language(world: World) -> None:
    await recorded(world)
    path = await page_path(world)
    query = path.removeprefix("/v4/game/round").replace("&", "&amp;")
    answer = await visited(world, f"{path}&lang=%22%3E%3Cb%3E")
    assert f'href="{query}&amp;lang=zh"' in answer.text
    assert "<b>" not in answer.text


async def test_link_is_for_looking_at_only(world: World) -> None:
    await recorded(world)
    path = await page_path(world)
    assert (await visited(world, path, "POST")).status_code == 405
    assert (await visited(world, path, "HEAD")).status_code == 200


async def test_icon_is_where_the_pages_say(world: World) -> None:
    async with world.client() as client:
        answer = await client.get("/v4/game/launch/icon.svg")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "image/svg+xml")


class Broken:
    """A directory with a defect."""

    @property
    def round_link_keys(self) -> tuple[bytes, ...]:
        message = "a secret of the machine"
        raise RuntimeError(message)


async def test_defect_is_a_plain_page(world: World) -> None:
    await recorded(world)
    path = await page_path(world)
    world.hub.directory = cast("Directory", Broken())
    answer = await visited(world, path)
    assert answer.status_code == 500
    assert "The round cannot be shown at the moment." in answer.text
    assert "secret" not in answer.text
