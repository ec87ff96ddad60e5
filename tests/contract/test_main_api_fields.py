"""The fields of a call: unknown, left out, null, as text, under a wrong name (contract 2.1)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.main_api.v4.routes import ENDPOINTS
from meganodes.main_api.v4.schemas import WRONG_NAMES
from tests.support.door import World, opened_world
from tests.support.main_api import GOOD_BODIES, PATHS, bad_fields, fields_of, required_of

OPTIONAL = [
    (endpoint.path, name)
    for endpoint in ENDPOINTS
    for name in fields_of(endpoint)
    if name not in required_of(endpoint)
]
WHOLE_NUMBERS = [
    (path, name, value)
    for path, body in GOOD_BODIES.items()
    for name, value in body.items()
    if isinstance(value, int) and path in PATHS
]
CONTRACT_WRONG_NAMES = {
    "game_symbol": ("game_code", "game_id"),
    "lang": ("language",),
    "user_code": ("user_id",),
    "return_url": ("return", "lobby_url"),
}
MISNAMED = [
    (endpoint.path, name, wrong)
    for endpoint in ENDPOINTS
    for name in fields_of(endpoint)
    for wrong in CONTRACT_WRONG_NAMES.get(name, ())
    if wrong not in fields_of(endpoint)
]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        await made.user()
        yield made


async def answered(world: World, path: str, body: object) -> object:
    """Make a call; links are as good as any other link."""
    answer = await world.post(path.removeprefix("/v4/"), body)
    data = answer.data
    if isinstance(data, dict):
        data = {name: name if name.endswith("url") else value for name, value in data.items()}
    return answer.code, data


def test_every_endpoint_has_a_good_body() -> None:
    for endpoint in ENDPOINTS:
        assert set(GOOD_BODIES[endpoint.path]) == set(fields_of(endpoint)), endpoint.path


@pytest.mark.rule("2.1-unknown-fields", "1-integrity-keys-ignored")
@pytest.mark.parametrize("path", PATHS)
async def test_unknown_fields_change_nothing(world: World, path: str) -> None:
    good = dict(GOOD_BODIES[path])
    strange = {
        "rtp": 97,
        "win_ratio": [1],
        "is_finish_jackpot": True,
        "agent_id": 2,
        "state": "approved",
        "is_new_user": True,
        "Name": "mallory",
        "USER_CODE": 1,
        "__proto__": {"admin": True},
        "model_config": {},
        "": "",
        "data": {"name": "mallory"},
    }
    expected = await answered(world, path, good)
    assert await answered(world, path, {**strange, **good}) == expected
    assert await answered(world, path, {**good, **strange}) == expected


@pytest.mark.rule("2.1-null-is-absent")
@pytest.mark.parametrize(("path", "name"), OPTIONAL)
async def test_null_equals_leaving_out(world: World, path: str, name: str) -> None:
    body = dict(GOOD_BODIES[path])
    left_out = {key: value for key, value in body.items() if key != name}
    expected = await answered(world, path, left_out)
    assert await answered(world, path, {**body, name: None}) == expected
    assert expected[0] != 1002  # type: ignore[index]


@pytest.mark.rule("2.1-validation-data")
async def test_null_for_a_required_field_is_a_missing_field(world: World) -> None:
    async with world.client() as client:
        for endpoint in filter(required_of, ENDPOINTS):
            needed = required_of(endpoint)
            answer = await client.post(endpoint.path, json=dict.fromkeys(needed))
            assert bad_fields(answer) == needed
            told = [fault["message"].partition(": ")[0] for fault in answer.json()["data"]]
            assert told == [f"{name} is required" for name in needed]


@pytest.mark.rule("2.1-decimal-text")
@pytest.mark.parametrize(("path", "name", "value"), WHOLE_NUMBERS)
async def test_integers_may_be_decimal_text(world: World, path: str, name: str, value: int) -> None:
    good = dict(GOOD_BODIES[path])
    expected = await answered(world, path, good)
    for text in (str(value), f"000{value}"):
        assert await answered(world, path, {**good, name: text}) == expected


@pytest.mark.rule("2.1-decimal-text", "2.1-validation-data")
@pytest.mark.parametrize(
    "text", ["", " 1", "1 ", "+1", "1.0", "1e0", "0x1", "one", "1_0", "\u0661", "\uff11", "\u00b2"]
)
async def test_other_text_is_no_integer(world: World, text: str) -> None:
    async with world.client() as client:
        for path, name, _ in WHOLE_NUMBERS:
            answer = await client.post(path, json={**GOOD_BODIES[path], name: text})
            assert bad_fields(answer) == [name], path


@pytest.mark.rule("2.1-all-bad-fields", "2.1-validation-data")
async def test_each_bad_field_is_told_alone_too(world: World) -> None:
    """Each sentence names its own field and says what would be right."""
    async with world.client() as client:
        for endpoint in ENDPOINTS:
            for name in fields_of(endpoint):
                body = {**GOOD_BODIES[endpoint.path], name: {"a": 1}}
                answer = await client.post(endpoint.path, json=body)
                assert bad_fields(answer) == [name], endpoint.path
                (fault,) = json.loads(answer.content)["data"]
                assert fault["message"].startswith(f"{name} must be "), fault


def test_wrong_names_are_those_of_the_contract() -> None:
    for name, wrong in CONTRACT_WRONG_NAMES.items():
        assert set(wrong) <= set(WRONG_NAMES[name])


@pytest.mark.rule("2.1-wrong-names")
@pytest.mark.parametrize(("path", "name", "wrong"), MISNAMED)
async def test_a_well_known_wrong_name_is_told(
    world: World, path: str, name: str, wrong: str
) -> None:
    body = {key: value for key, value in GOOD_BODIES[path].items() if key != name}
    (endpoint,) = (each for each in ENDPOINTS if each.path == path)
    async with world.client() as client:
        if name in required_of(endpoint):
            answer = await client.post(path, json={**body, wrong: GOOD_BODIES[path][name]})
        else:
            answer = await client.post(path, json={**body, name: [], wrong: "x"})
    assert bad_fields(answer) == [name]
    (fault,) = answer.json()["data"]
    assert fault["message"].endswith(f"; you sent {wrong}, which is called {name} here.")


@pytest.mark.rule("2.1-wrong-names")
async def test_all_wrong_names_of_a_call_are_told_at_once(world: World) -> None:
    body = {"user_id": "1", "provider_id": 7, "game_id": "x", "language": "ko", "lobby_url": "x"}
    async with world.client() as client:
        wrong = await client.post("/v4/game/game-url", json={**body, "lang": [], "return_url": 1})
        silent = await client.post("/v4/game/game-url", json={"provider_id": 7})
    assert bad_fields(wrong) == ["user_code", "game_symbol", "lang", "return_url"]
    for fault in wrong.json()["data"]:
        assert fault["message"].endswith(f", which is called {fault['field']} here.")
    assert b"which is called" not in silent.content


@pytest.mark.rule("2.2-user-create-name")
@pytest.mark.parametrize(
    "name",
    ["a", "a" * 51, "al ice", "alice ", "ali-ce", "ali.ce", "\u00e4lice", "alice\n", "\u0430lice"],
)
async def test_names_outside_the_alphabet_are_told(world: World, name: str) -> None:
    answer = await world.post("user/create", {"name": name})
    assert (answer.code, [fault["field"] for fault in answer.data]) == (1002, ["name"])
    assert world.backend.asked == []


@pytest.mark.rule("2.2-user-create-name")
@pytest.mark.parametrize("name", ["ab", "a" * 50, "_A9", "0123456789", "__"])
async def test_names_inside_the_alphabet_are_taken(world: World, name: str) -> None:
    assert (await world.post("user/create", {"name": name})).code == 0


@pytest.mark.rule("2.2-game-url-authenticates")
async def test_game_url_asks_the_backend_first(world: World) -> None:
    good = GOOD_BODIES["/v4/game/game-url"]
    assert (await world.post("game/game-url", good)).code == 0
    assert world.backend.asked == [("authenticate", "alice")]
