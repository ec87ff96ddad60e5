"""An imported catalogue as an agent's client sees it: names by language, images, launch_enable."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.hub.catalogue import read_catalogue
from meganodes.hub.catalogue_writing import write_catalogue
from meganodes.hub.languages import LANGUAGES
from tests.support.catalogue import a_catalogue, set_up_providers
from tests.support.door import World, opened_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A hub with a small catalogue that came out of a file."""
    wanted = a_catalogue(providers=4, games=80)
    async with opened_world(tmp_path) as made:
        await set_up_providers(made.directory, wanted)
        read = read_catalogue(write_catalogue(wanted, is_csv=True), is_csv=True)
        await made.directory.import_catalogue(read.providers)
        for each in wanted:
            await made.directory.assign("acme", each.provider_id)
        yield made


@pytest.mark.rule("2.2-games-data", "4-catalogue-csv", "2.1-languages")
@pytest.mark.parametrize("lang", sorted(LANGUAGES))
async def test_every_game_has_its_name_in_each_language(world: World, lang: int) -> None:
    for provider in a_catalogue(providers=4, games=80):
        asked = {"provider_id": provider.provider_id, "lang": lang}
        answer = await world.post("game/games", asked)
        games = {game.game_code: game for game in provider.games or ()}
        assert {item["game_code"] for item in answer.data} == set(games)
        for item in answer.data:
            game = games[item["game_code"]]
            assert item["game_name"] == game.name
            assert item["locale_name"] == game.names[LANGUAGES[lang]]
            assert item["game_image"] == game.image
            assert item["game_image_narrow"] == game.image_narrow
            assert item["launch_enable"] is game.launch_enable
            assert item["category"] == game.category.value
            assert item["reg_date"] == game.reg_date


@pytest.mark.rule("2.2-providers-data")
async def test_providers_have_their_names_in_each_language(world: World) -> None:
    for lang, code in LANGUAGES.items():
        answer = await world.post("game/providers", {"lang": lang})
        shown = {item["provider_id"]: item["locale_name"] for item in answer.data}
        for provider in a_catalogue(providers=4, games=80):
            names = provider.fields["names"]
            assert shown[provider.provider_id] == names.get(code, provider.fields["name"])
