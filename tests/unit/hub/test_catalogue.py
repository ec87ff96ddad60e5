"""Catalogue files (contract 4): JSON and CSV, every bad line named, nothing half-imported."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from meganodes.directory.faults import DirectoryFault
from meganodes.hub.catalogue import Catalogue, read_catalogue
from meganodes.protocol.commands import Category
from tests.support.builders import a_new_provider
from tests.support.directory import started_directory

NOW = datetime(2026, 11, 22, tzinfo=UTC)


def read_json(*games: object, provider_id: object = 7) -> Catalogue:
    document = {"providers": [{"provider_id": provider_id, "name": "Pixel", "games": list(games)}]}
    return read_catalogue(json.dumps(document).encode(), is_csv=False, now=NOW)


def read_csv(*lines: str) -> Catalogue:
    header = "provider_id,provider_name,game_code,name,name_ko,category,launch_enable"
    return read_catalogue("\n".join([header, *lines]).encode(), is_csv=True, now=NOW)


@pytest.mark.rule("4-catalogue-json")
def test_json_gives_providers_with_their_games() -> None:
    catalogue = read_json(
        {
            "game_code": "fruits",
            "name": "Fruits",
            "names": {"ko": "과일"},
            "category": "Slots",
            "sub_category": "classic",
            "launch_enable": False,
            "status": 2,
            "reg_date": "2026-01-31T00:00:00Z",
        },
        {"game_code": "dice", "name": "Dice", "category": "mini"},
    )
    assert catalogue.faults == ()
    (provider,) = catalogue.providers
    fruits, dice = provider.games
    assert (fruits.names["ko"], fruits.launch_enable, int(fruits.status)) == ("과일", False, 2)
    assert (dice.category, dice.reg_date) == (Category.MINI, "2026-11-22T00:00:00Z")


@pytest.mark.rule("4-catalogue-csv")
def test_csv_gives_one_game_a_line_with_localised_names() -> None:
    catalogue = read_csv("7,Pixel,fruits,Fruits,과일,Slots,true", "8,Other,dice,Dice,,mini,no")
    assert catalogue.faults == ()
    assert [provider.provider_id for provider in catalogue.providers] == [7, 8]
    assert catalogue.providers[0].games[0].names == {"ko": "과일"}
    assert catalogue.providers[1].games[0].launch_enable is False


@pytest.mark.rule("4-catalogue-all-or-nothing")
def test_every_bad_line_is_listed_with_its_number_and_nothing_is_given() -> None:
    catalogue = read_csv(
        "7,Pixel,fruits,Fruits,,Slots,true",
        "x,Pixel,dice,Dice,,mini,true",
        "7,Pixel,cards,,,Cards,maybe",
        "7,Pixel,fruits,Again,,Slots,true",
        "7,Pixel",
    )
    assert catalogue.providers == ()
    assert [fault.where for fault in catalogue.faults] == [
        "line 3",
        "line 4",
        "line 4",
        "line 4",
        "line 5",
        "line 6",
    ]


@pytest.mark.rule("4-catalogue-all-or-nothing")
@pytest.mark.parametrize(
    ("content", "is_csv", "word"),
    [
        (b"{", False, "JSON"),
        (b"[]", False, "providers"),
        (b'{"providers": []}', False, "no provider"),
        (b'{"providers": [3]}', False, "object"),
        (b'{"providers": [{"provider_id": 7, "games": {}}]}', False, "list"),
        (b'{"providers": [{"provider_id": true, "games": []}]}', False, "provider_id"),
        (b'{"providers": [{"provider_id": 7, "games": [1]}]}', False, "object"),
        (b"\xff\xfe", True, "UTF-8"),
        (b"provider_id,name\n", True, "header"),
    ],
)
def test_a_file_of_the_wrong_shape_says_what_is_wrong(
    content: bytes, is_csv: bool, word: str
) -> None:
    catalogue = read_catalogue(content, is_csv=is_csv, now=NOW)
    assert catalogue.providers == ()
    assert word in catalogue.faults[0].reason


@pytest.mark.rule("4-catalogue-upsert", "4-catalogue-all-or-nothing")
async def test_an_import_adds_changes_and_prunes_all_or_nothing(tmp_path: Path) -> None:
    async with started_directory(tmp_path / "d.db") as directory:
        await directory.add_provider(a_new_provider())

        async def put(*games: object, prune: bool = False) -> tuple[int, int, int]:
            catalogue = read_json(*games)
            found = {each.provider_id: each.games for each in catalogue.providers}
            done = await directory.import_catalogue(found, prune=prune)
            return done.added, done.changed, done.unchanged

        fruits = {"game_code": "fruits", "name": "Fruits", "category": "Slots"}
        dice = {"game_code": "dice", "name": "Dice", "category": "mini"}
        assert await put(fruits, dice) == (2, 0, 0)
        assert await put({**fruits, "name": "Fruits II"}) == (0, 1, 0)
        assert len(directory.games_of(7)) == 2
        await put(fruits, prune=True)
        pruned = directory.game(7, "dice")
        assert pruned is not None
        assert pruned.launch_enable is False
        unknown = {9: read_json(fruits).providers[0].games, 7: ()}
        with pytest.raises(DirectoryFault):
            await directory.import_catalogue(unknown)
