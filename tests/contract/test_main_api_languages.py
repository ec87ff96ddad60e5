"""Languages by their numbers, on the wire (contract 2.1)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.builders import a_game
from tests.support.door import World, opened_world
from tests.support.main_api import GOOD_BODIES, PATHS, bad_fields

CODES = ["en", "ko", "th", "es", "ja", "pt", "tr", "de", "id", "ms", "zh"]
NAMES = {code: f"Fruits in {code}" for code in CODES}
WITH_LANG = [path for path in PATHS if "lang" in GOOD_BODIES[path]]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        await made.user()
        await made.directory.import_games(7, [a_game(names=NAMES)])
        await made.directory.set_provider(7, {"names": NAMES})
        yield made


async def locale_names(world: World, **fields: object) -> set[str]:
    """Give the localised names that every list of names shows."""
    lists = [path for path in WITH_LANG if path != "/v4/game/game-url"]
    answers = [
        await world.post(path.removeprefix("/v4/"), {"provider_id": 7, **fields}) for path in lists
    ]
    return {item["locale_name"] for answer in answers for item in answer.data}


@pytest.mark.rule("2.1-languages")
async def test_each_number_is_its_language(world: World) -> None:
    for number, code in enumerate(CODES, start=1):
        assert await locale_names(world, lang=number) == {f"Fruits in {code}"}
        assert await locale_names(world, lang=str(number)) == {f"Fruits in {code}"}


@pytest.mark.rule("2.1-lang-default")
@pytest.mark.parametrize("lang", [0, 12, 13, -1, 99, 2**63, -(2**70), "0", "12", "13", "-1", None])
async def test_numbers_outside_the_list_are_english(world: World, lang: object) -> None:
    assert await locale_names(world, lang=lang) == {"Fruits in en"}
    wanted = {**GOOD_BODIES["/v4/game/game-url"], "lang": lang}
    assert (await world.post("game/game-url", wanted)).code == 0


@pytest.mark.rule("2.1-lang-default")
async def test_lang_left_out_is_english(world: World) -> None:
    assert await locale_names(world) == {"Fruits in en"}


@pytest.mark.parametrize("lang", ["ko", "", "1.0", 1.5, True, [], {}])
async def test_what_is_no_number_is_a_bad_field(world: World, lang: object) -> None:
    async with world.client() as client:
        for path in WITH_LANG:
            answer = await client.post(path, json={**GOOD_BODIES[path], "lang": lang})
            assert bad_fields(answer) == ["lang"]


@pytest.mark.rule("2.1-languages")
async def test_a_name_without_a_translation_is_the_plain_one(world: World) -> None:
    await world.directory.import_games(7, [a_game(names={"ko": "과일"})])
    await world.directory.set_provider(7, {"names": {}})
    assert await locale_names(world, lang=2) == {"과일", "Pixel Works"}
    assert await locale_names(world, lang=8) == {"Fruits", "Pixel Works"}
