"""game/all on the wire: its items, its codings, its tag (contract 2.2)."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]
import httpx2
import pytest
import zstandard

from meganodes.directory.records import AgentState
from tests.support.builders import a_game, a_new_provider
from tests.support.door import World, opened_world

ALL = "/v4/game/all"
CODINGS: dict[str, Callable[[bytes], bytes]] = {
    "zstd": lambda body: zstandard.ZstdDecompressor().decompress(body),
    "br": brotli.decompress,
    "gzip": gzip.decompress,
    "identity": lambda body: body,
}


@dataclass(frozen=True)
class Got:
    """An answer with the bytes as they went over the wire."""

    status: int
    headers: httpx2.Headers
    body: bytes

    @property
    def coding(self) -> str:
        return self.headers.get("content-encoding", "identity")

    @property
    def items(self) -> list[dict[str, Any]]:
        envelope = json.loads(CODINGS[self.coding](self.body))
        assert (envelope["code"], envelope["message"]) == (0, "OK")
        items: list[dict[str, Any]] = envelope["data"]
        return items


async def get_all(
    client: httpx2.AsyncClient, headers: Mapping[str, str] | None = None, **body: object
) -> Got:
    sent = {"accept-encoding": "identity", **(headers or {})}
    async with client.stream("POST", ALL, json=body, headers=sent) as answer:
        raw = b"".join([part async for part in answer.aiter_raw()])
    assert int(answer.headers.get("content-length", "0")) == len(raw)
    return Got(answer.status_code, answer.headers, raw)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        await made.directory.add_provider(a_new_provider(provider_id=3, name="Berlin Games"))
        await made.directory.import_games(
            3, [a_game(provider_id=3, game_code=f"g{number:02}") for number in range(40)]
        )
        await made.directory.assign("acme", 3)
        await made.directory.add_provider(a_new_provider(provider_id=8, name="Unassigned"))
        await made.directory.import_games(8, [a_game(provider_id=8, game_code="hidden")])
        yield made


@pytest.mark.rule("2.2-all-items")
async def test_all_games_are_the_games_of_every_assigned_provider(world: World) -> None:
    await world.directory.import_games(7, [a_game(names={"ko": "과일"}), a_game(game_code="x")])
    async with world.client() as client:
        listed = (await get_all(client, lang=2)).items
        singly = [
            item
            for provider_id in (3, 7)
            for item in (
                await world.post("game/games", {"provider_id": provider_id, "lang": 2})
            ).data
        ]
    assert listed == singly
    assert len(listed) == 42
    assert [item["locale_name"] for item in listed if item["game_code"] == "fruits"] == ["과일"]


async def test_agent_without_providers_gets_an_empty_list(world: World) -> None:
    await world.directory.withdraw("acme", 3)
    await world.directory.withdraw("acme", 7)
    async with world.client() as client:
        got = await get_all(client)
    assert got.body == b'{"code":0,"message":"OK","data":[]}'


@pytest.mark.rule("2.2-all-compressed")
@pytest.mark.parametrize(
    ("header", "coding"),
    [
        ("gzip", "gzip"),
        ("br", "br"),
        ("zstd", "zstd"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("gzip;q=1.0, br;q=0.5", "gzip"),
        ("identity;q=0, gzip", "gzip"),
        ("*", "gzip"),
        ("", "identity"),
        ("identity", "identity"),
        ("identity;q=0", "identity"),
        ("deflate, compress", "identity"),
        ("gzip;q=0", "identity"),
        (";;=,\t,q", "identity"),
    ],
)
async def test_all_games_come_in_the_coding_the_caller_takes(
    world: World, header: str, coding: str
) -> None:
    async with world.client() as client:
        got = await get_all(client, {"accept-encoding": header})
        plain = await get_all(client)
    assert got.coding == coding
    assert CODINGS[coding](got.body) == plain.body
    assert got.headers["vary"] == "Accept-Encoding"
    assert len(got.body) < len(plain.body) / 5 or coding == "identity"


async def test_several_lines_of_accept_encoding_are_one_list(world: World) -> None:
    async with world.client() as client:
        del client.headers["accept-encoding"]
        headers = [("accept-encoding", "gzip;q=0.5"), ("accept-encoding", "br")]
        async with client.stream("POST", ALL, headers=headers) as answer:
            assert answer.headers["content-encoding"] == "br"
        async with client.stream("POST", ALL) as answer:
            assert "content-encoding" not in answer.headers


@pytest.mark.rule("2.2-all-etag")
async def test_known_tag_is_answered_304_without_a_body(world: World) -> None:
    async with world.client() as client:
        for coding in CODINGS:
            first = await get_all(client, {"accept-encoding": coding})
            etag = first.headers["etag"]
            for sent in (etag, f"W/{etag}", f'"other", {etag}', "*"):
                headers = {"accept-encoding": coding, "if-none-match": sent}
                again = await get_all(client, headers)
                assert (again.status, again.body) == (304, b"")
                assert again.headers["etag"] == etag
                assert again.headers["vary"] == "Accept-Encoding"
                assert again.headers["cache-control"] == "private, no-cache"
                assert "content-type" not in again.headers
                assert len(again.headers["x-request-id"]) == 32


@pytest.mark.parametrize("sent", ['"other"', "", "nonsense", 'W/"', '""'])
async def test_other_tags_are_answered_in_full(world: World, sent: str) -> None:
    async with world.client() as client:
        got = await get_all(client, {"if-none-match": sent})
    assert (got.status, len(got.items)) == (200, 41)


async def test_each_representation_has_a_tag_of_its_own(world: World) -> None:
    async with world.client() as client:
        tags = {
            (await get_all(client, {"accept-encoding": coding}, lang=lang)).headers["etag"]
            for coding in CODINGS
            for lang in (1, 2)
        }
        assert len(tags) == 4, "no name differs between these languages, so the bytes are the same"
        await world.directory.import_games(7, [a_game(names={"ko": "과일"})])
        korean = (await get_all(client, lang=2)).headers["etag"]
    assert korean not in tags
    assert all(tag.startswith('"') and tag.endswith('"') for tag in tags)


@pytest.mark.rule("2.2-all-etag")
async def test_change_of_the_catalogue_is_seen_at_once(world: World) -> None:
    async with world.client() as client:
        before = await get_all(client)
        await world.directory.import_games(7, [a_game(launch_enable=False)])
        headers = {"if-none-match": before.headers["etag"]}
        after = await get_all(client, headers)
        assert after.status == 200
        assert after.headers["etag"] != before.headers["etag"]
        assert [each for each in after.items if each not in before.items] == [
            {**before.items[-1], "launch_enable": False}
        ]

        await world.directory.withdraw("acme", 3)
        assert [item["game_code"] for item in (await get_all(client)).items] == ["fruits"]

        await world.directory.assign("acme", 3)
        await world.directory.import_games(7, [a_game()])
        assert (await get_all(client, headers)).status == 304, "the same content, the same tag"


async def test_change_that_touches_no_game_leaves_the_tag(world: World) -> None:
    async with world.client() as client:
        before = await get_all(client)
        await world.directory.set_agent("acme", {"time_zone": "Asia/Seoul"})
        await world.user()
        again = await get_all(client, {"if-none-match": before.headers["etag"]})
    assert again.status == 304


async def test_many_callers_at_once_get_the_same_bytes(world: World) -> None:
    async with world.client() as client:
        got = await asyncio.gather(*(get_all(client, {"accept-encoding": "br"}) for _ in range(20)))
    assert len({each.body for each in got}) == 1


async def test_suspended_agent_gets_1010_without_a_tag(world: World) -> None:
    await world.set_state(AgentState.SUSPENDED)
    async with world.client() as client:
        answer = await client.post(ALL)
    assert answer.json() == {"code": 1010, "message": "PERMISSION_ERROR"}
    assert "etag" not in answer.headers


async def test_wrong_language_is_1002(world: World) -> None:
    answer = await world.post("game/all", {"lang": "en", "language": 3})
    assert answer.code == 1002
    assert answer.data == [
        {
            "field": "lang",
            "message": "lang must be a whole number from 1 (en) to 11 (zh); "
            "you sent language, which is called lang here.",
        }
    ]
