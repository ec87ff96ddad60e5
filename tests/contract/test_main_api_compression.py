"""Which answers are compressed, and that every Accept-Encoding gets a right answer (2.2, ours)."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]
import httpx2
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.builders import a_game
from tests.support.door import World, opened_world

GAMES = "/v4/game/games"
READERS: dict[str, Callable[[bytes], bytes]] = {
    "zstd": lambda body: zstandard.ZstdDecompressor().decompress(body),
    "br": brotli.decompress,
    "gzip": gzip.decompress,
    "identity": lambda body: body,
}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        await made.directory.import_games(
            7, [a_game(game_code=f"g{number:03}") for number in range(150)]
        )
        await made.user()
        yield made


async def raw(
    client: httpx2.AsyncClient, path: str, header: bytes, body: object = None
) -> tuple[httpx2.Headers, bytes]:
    """Call with this Accept-Encoding and give the bytes as they went over the wire."""
    del client.headers["accept-encoding"]
    async with client.stream(
        "POST", path, json=body, headers=[(b"accept-encoding", header)]
    ) as answer:
        assert answer.status_code == 200
        content = b"".join([part async for part in answer.aiter_raw()])
    client.headers["accept-encoding"] = "identity"
    assert answer.headers["content-length"] == str(len(content))
    return answer.headers, content


def read(headers: httpx2.Headers, content: bytes) -> Any:  # noqa: ANN401 - JSON
    return json.loads(READERS[headers.get("content-encoding", "identity")](content))


@pytest.mark.parametrize("coding", ["zstd", "br", "gzip"])
async def test_long_list_is_compressed(world: World, coding: str) -> None:
    async with world.client() as client:
        headers, content = await raw(client, GAMES, coding.encode(), {"provider_id": 7})
    assert headers["content-encoding"] == coding
    assert headers["vary"] == "Accept-Encoding"
    assert len(read(headers, content)["data"]) == 151
    assert len(content) < 5_000


async def test_short_list_goes_out_as_it_is(world: World) -> None:
    async with world.client() as client:
        headers, content = await raw(client, "/v4/game/providers", b"gzip, br, zstd")
        assert "content-encoding" not in headers
        assert headers["vary"] == "Accept-Encoding"
        assert read(headers, content)["code"] == 0
        headers, content = await raw(client, "/v4/game/providers", b"gzip, identity;q=0")
        assert headers["content-encoding"] == "gzip"
        assert read(headers, content)["code"] == 0


async def test_answer_with_a_secret_is_never_compressed(world: World) -> None:
    """The length of a compressed launch address would tell of its token (BREACH)."""
    wanted = {
        "user_code": 400_000_001,
        "provider_id": 7,
        "game_symbol": "fruits",
        "return_url": "https://casino.example/" + "a" * 2000,
    }
    async with world.client() as client:
        headers, content = await raw(client, "/v4/game/game-url", b"gzip, identity;q=0", wanted)
    assert "content-encoding" not in headers
    assert "g_token=" in read(headers, content)["data"]["game_url"]


async def test_errors_are_never_compressed(world: World) -> None:
    async with world.client() as client:
        headers, content = await raw(client, GAMES, b"gzip", {"provider_id": "x" * 2000})
    assert "content-encoding" not in headers
    assert read(headers, content)["code"] == 1002


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    header=st.binary(max_size=60)
    | st.text("gzipbrstd*;q=01., -identy\t", max_size=60).map(str.encode)
    | st.lists(
        st.tuples(
            st.sampled_from(["gzip", "br", "zstd", "identity", "*", "deflate", "x-gzip", ""]),
            st.sampled_from(["", ";q=0", ";q=0.5", ";q=1", ";q=1.5", ";q=", "; q = 0.1", ";x"]),
        )
    ).map(lambda parts: ",".join(map("".join, parts)).encode())
)
async def test_any_accept_encoding_gets_the_list(world: World, header: bytes) -> None:
    async with world.client() as client:
        headers, content = await raw(client, GAMES, header, {"provider_id": 7})
    assert len(read(headers, content)["data"]) == 151
