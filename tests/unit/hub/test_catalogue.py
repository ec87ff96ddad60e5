"""Catalogue files as a whole (contract 4): both forms, every bad line named, nothing half-read."""

from __future__ import annotations

import json

import pytest

from meganodes.directory.records import Status
from meganodes.hub.catalogue import BadLine, Catalogue, missing, read_catalogue
from meganodes.hub.catalogue_writing import write_catalogue
from meganodes.protocol.commands import Category
from tests.support.catalogue import a_catalogue


def read_json(*games: object, **fields: object) -> Catalogue:
    provider = {"provider_id": 7, "name": "Pixel", **fields, "games": list(games)}
    return read_catalogue(json.dumps({"providers": [provider]}).encode(), is_csv=False)


def read_csv(*lines: str) -> Catalogue:
    header = "provider_id,provider_name,game_code,name,name_ko,category,launch_enable"
    return read_catalogue("\n".join([header, *lines]).encode(), is_csv=True)


@pytest.mark.rule("4-catalogue-json")
def test_json_gives_providers_with_their_games() -> None:
    catalogue = read_json(
        {
            "game_code": "fruits",
            "name": "Fruits",
            "names": {"ko": "과일"},
            "category": "Slots",
            "sub_category": "classic",
            "image": "https://img.example.com/fruits.png",
            "image_narrow": "https://img.example.com/fruits-narrow.png",
            "launch_enable": False,
            "status": 2,
            "reg_date": "2026-01-31T00:00:00Z",
        },
        {"game_code": "dice", "name": "Dice", "category": "mini"},
        names={"ko": "픽셀"},
        status=2,
        currencies=["EUR", "KRW"],
    )
    assert catalogue.faults == ()
    (provider,) = catalogue.providers
    assert provider.fields == {
        "name": "Pixel",
        "names": {"ko": "픽셀"},
        "status": Status.MAINTENANCE,
        "currencies": ("EUR", "KRW"),
    }
    assert provider.games is not None
    fruits, dice = provider.games
    assert (fruits.names["ko"], fruits.launch_enable, int(fruits.status)) == ("과일", False, 2)
    assert fruits.image_narrow == "https://img.example.com/fruits-narrow.png"
    assert (dice.category, dice.launch_enable, dice.reg_date) == (Category.MINI, True, "")


@pytest.mark.rule("4-catalogue-csv")
def test_csv_gives_one_game_a_line_with_localised_names() -> None:
    catalogue = read_csv("7,Pixel,fruits,Fruits,과일,Slots,true", "8,Other,dice,Dice,,mini,no")
    assert catalogue.faults == ()
    first, second = catalogue.providers
    assert [first.provider_id, second.provider_id] == [7, 8]
    assert (first.fields, second.fields) == ({"name": "Pixel"}, {"name": "Other"})
    assert first.games is not None
    assert second.games is not None
    assert first.games[0].names == {"ko": "과일"}
    assert second.games[0].launch_enable is False


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
    assert [str(fault) for fault in catalogue.faults] == [
        "line 3: provider_id: a positive integer is needed",
        "line 4: name: a text is needed",
        "line 4: category: 'Cards' is none of Slots, Live, mini",
        "line 4: launch_enable: true or false is needed",
        "line 5: game_code: 'fruits' stands in this file already, line 2",
        "line 6: it has 2 columns, the header row has 7",
    ]


@pytest.mark.rule("4-catalogue-all-or-nothing")
@pytest.mark.parametrize(
    ("content", "is_csv", "sentence"),
    [
        (b"", False, "the file: it is empty"),
        (b"{", False, "line 1: it is not JSON"),
        (b"[]", False, 'the file: it must be an object with a list "providers"'),
        (b'{"providers": []}', False, "the file: it names no provider"),
        (b'{"providers": [3]}', False, "line 1, providers[0]: a provider must be an object"),
        (b"\xff\xfe", True, "the file: it is UTF-16 text: save it as UTF-8"),
        (b"provider_id,name\n", True, "line 1: the header row lacks game_code, category"),
        (b"provider_id,game_code,name,category\n", True, "the file: it names no provider"),
    ],
)
def test_a_file_of_the_wrong_shape_says_what_is_wrong(
    content: bytes, is_csv: bool, sentence: str
) -> None:
    catalogue = read_catalogue(content, is_csv=is_csv)
    assert catalogue.providers == ()
    assert str(catalogue.faults[0]).startswith(sentence)


@pytest.mark.parametrize("is_csv", [True, False])
def test_progress_is_told_up_to_the_end(is_csv: bool) -> None:
    content = write_catalogue(a_catalogue(providers=2, games=350), is_csv=is_csv)
    told: list[tuple[int, int]] = []
    read_catalogue(content, is_csv=is_csv, on_progress=lambda *step: told.append(step))
    assert [done for done, _ in told] == [100, 200, 300, 350]
    assert {total for _, total in told} <= {350, 351}


def test_providers_that_are_not_there_are_listed_with_their_places() -> None:
    text = """{"providers": [
      {"provider_id": 7, "games": []},
      {"provider_id": 9,
       "games": [{"game_code": ""}]}
    ]}"""
    catalogue = read_catalogue(text.encode(), is_csv=False)
    assert len(catalogue.faults) == 3
    (found,) = missing(catalogue, {7})
    assert (found.line, found.path) == (3, "providers[1]")
    assert "there is no provider 9" in found.reason
    assert "meganodes provider add NAME --id 9 --launch-url TEMPLATE" in found.reason
    assert [each.line for each in missing(read_csv("7,,a,A,,mini,", "9,,a,A,,mini,"), {7})] == [3]


def test_fields_that_no_catalogue_has_are_named() -> None:
    game = {"game_code": "a", "name": "A", "category": "mini", "rtp": 99, "\x1b[2J": 1}
    assert read_json(game, owner="x").ignored == ("'\\x1b[2J'", "owner", "rtp")
    assert read_json(game).faults == ()


def test_a_fault_is_said_as_people_read_it() -> None:
    assert str(BadLine(reason="bad")) == "the file: bad"
    assert str(BadLine(line=3, reason="bad")) == "line 3: bad"
    assert str(BadLine(line=3, path="providers[0]", reason="bad")) == "line 3, providers[0]: bad"
