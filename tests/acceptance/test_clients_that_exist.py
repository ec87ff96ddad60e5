"""Clients written for this family of APIs point at the hub and work, each in its library's way."""

from __future__ import annotations

import gzip
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest
import zstandard

from tests.support.builders import a_game
from tests.support.client_shapes import SHAPES, Shape
from tests.support.raw_http import Answered, Caller, a_caller
from tests.support.served_town import ServedTown, a_served_town

DECODERS: dict[str, Callable[[bytes], bytes]] = {
    "zstd": lambda body: zstandard.ZstdDecompressor().decompress(body),
    "br": brotli.decompress,
    "gzip": gzip.decompress,
    "identity": lambda body: body,
}
SHAPE = pytest.mark.parametrize("shape", SHAPES, ids=[shape.name for shape in SHAPES])
ENCODINGS = [
    *("gzip", "deflate", "br", "zstd", "*", "identity", "identity;q=0", "*;q=0", "compress"),
    *("gzip, deflate", "gzip, deflate, br", "gzip, deflate, br, zstd", "deflate, gzip;q=0.5"),
    *("gzip;q=1.0,deflate;q=0.6,identity;q=0.3", "br;q=0, gzip;q=0", "identity;q=0, *;q=0"),
    *("", ",", ";;;", "gzip;q=banana", "GZIP", "x-gzip", "nonsense", "gzip;q=-1", "gzip;q=2"),
    *("\u00fc", "a" * 4_000, ", ".join(["gzip"] * 500), "zstd;q=0.001", "gzip;;q=1", "*;q=0.1"),
]


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[ServedTown]:
    async with a_served_town(tmp_path) as made:
        yield made


def data_of(answer: Answered) -> Any:  # noqa: ANN401 - JSON of any kind
    """Give the data of a success, decoded as its headers say."""
    assert answer.status == 200, answer
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    plain = DECODERS[answer.headers.get("content-encoding", "identity")](answer.body)
    envelope = json.loads(plain)
    assert (envelope["code"], envelope["message"]) == (0, "OK"), envelope
    return envelope["data"]


class Client:
    """A library at work: on one connection where it keeps one, else on a new one each time."""

    def __init__(self, served: ServedTown, shape: Shape) -> None:
        self._port = served.port
        self._shape = shape
        self._token = served.town.acme.api_token

    async def calls(self, *wanted: tuple[str, bytes]) -> list[Answered]:
        """Make calls one after the other."""
        if not self._shape.keeps_alive:
            return [await self._alone(path, body) for path, body in wanted]
        async with a_caller(self._port) as caller:
            return [await self._ask(caller, path, body) for path, body in wanted]

    async def _alone(self, path: str, body: bytes) -> Answered:
        async with a_caller(self._port) as caller:
            answer = await self._ask(caller, path, body)
            assert await caller.is_closed()
            return answer

    async def _ask(self, caller: Caller, path: str, body: bytes) -> Answered:
        return await caller.ask(self._shape.request(path, body, self._token))


@SHAPE
@pytest.mark.rule("2.1-post-json", "2.1-empty-body", "2.1-decimal-text", "2.1-unknown-fields")
async def test_a_player_is_sent_to_a_game(served: ServedTown, shape: Shape) -> None:
    """What a casino does for each visitor: ids as text, fields of relatives of this API."""
    user = served.town.acme.user
    create = {"name": "newcomer", "rtp": 97, "win_ratio": "0.5", "is_finish_jackpot": False}
    wanted = {
        "user_code": str(user.user_code),
        "provider_id": "7",
        "game_symbol": "fruits",
        "lang": "12",
        "return_url": "",
        "rtp": "95",
        "win_ratio": None,
        "is_finish_jackpot": "0",
    }
    answers = await Client(served, shape).calls(
        ("/v4/agent/info", b""),
        ("/v4/user/create", json.dumps(create).encode()),
        ("/v4/user/create", json.dumps({"name": "newcomer"}, indent=4).encode()),
        ("/v4/user/info", b'{ "user_code" : "%d" }' % user.user_code),
        ("/v4/game/providers", b""),
        ("/v4/game/game-url", json.dumps(wanted, separators=(",", ":")).encode()),
        ("/v4/agent/callback-test", b""),
    )
    info, created, again, known, providers, launched, tested = map(data_of, answers)
    assert info["name"] == "acme"
    assert (created["is_new_user"], again["is_new_user"]) == (True, False)
    assert created["user_code"] == again["user_code"]
    assert known == {"name": "alice", "balance": 100.0}
    assert [each["provider_id"] for each in providers] == [7]
    assert launched["game_url"].startswith("https://hub.example.com/v4/game/launch?user_code=")
    assert tested["reply"] == "well-formed"


@SHAPE
@pytest.mark.rule("2.2-transaction-id-fields", "2.2-all-items")
async def test_lists_are_fetched(served: ServedTown, shape: Shape) -> None:
    answers = await Client(served, shape).calls(
        ("/v4/game/all", b""),
        ("/v4/game/games", b'{"provider_id":"7","lang":null}'),
        ("/v4/game/transaction-id", b'{"last_id":"0","limit":"2000"}'),
        ("/v4/game/transaction-id", b'{"last_id":1,"limit":1,"offset":0}'),
    )
    everything, games, transactions, rest = map(data_of, answers)
    assert everything == games
    assert [item["trans_type"] for item in transactions] == [1, 2]
    assert rest == transactions[1:]


@SHAPE
async def test_mistakes_are_told_in_the_envelope(served: ServedTown, shape: Shape) -> None:
    answers = await Client(served, shape).calls(
        ("/v4/user/info", b""),
        ("/v4/user/create", b'{"name":'),
        ("/v4/agent/rtp", b'{"rtp":97}'),
        ("/v4/wallet/deposit", b'{"user_code":"400000001","amount":"5"}'),
        ("/v4/agent/info", b"{}"),
    )
    told = [(answer.status, answer.json()["code"]) for answer in answers]
    assert told == [(200, 1002), (200, 1002), (404, 1005), (200, 1010), (200, 0)]


@pytest.mark.rule("2.2-all-compressed")
@pytest.mark.parametrize("accepted", ENCODINGS)
async def test_every_accept_encoding_gets_a_readable_answer(
    served: ServedTown, accepted: str
) -> None:
    codes = [f"game-{number:03}" for number in range(100)]
    await served.town.directory.import_games(7, [a_game(game_code=code) for code in codes])
    shape = Shape(
        name="any",
        headers=(
            "Host: hub",
            f"Accept-Encoding: {accepted}",
            "Authorization: Bearer {token}",
            "Content-Type: application/json",
        ),
    )
    answers = await Client(served, shape).calls(
        ("/v4/game/all", b"{}"), ("/v4/game/games", b'{"provider_id":7}'), ("/v4/agent/info", b"")
    )
    everything, games, info = map(data_of, answers)
    assert [game["game_code"] for game in everything] == ["fruits", *codes, "roulette"]
    assert (games, info["name"]) == (everything, "acme")
    for answer in answers:
        used = answer.headers.get("content-encoding", "identity")
        assert used == "identity" or used in accepted.lower() or "*" in accepted


async def test_codings_may_come_in_several_lines(served: ServedTown) -> None:
    shape = Shape(
        name="several",
        headers=(
            "Host: hub",
            "Accept-Encoding: deflate",
            "accept-encoding: gzip",
            "Authorization: Bearer {token}",
        ),
    )
    (answer,) = await Client(served, shape).calls(("/v4/game/all", b"{}"))
    assert len(data_of(answer)) == 2
