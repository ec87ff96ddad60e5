"""A catalogue that is written reads back the same, in both forms."""

from __future__ import annotations

import json

import pytest

from meganodes.directory.records import CatalogueProvider, ProviderFields, Status, Window
from meganodes.hub.catalogue import read_catalogue
from meganodes.hub.catalogue_writing import as_catalogue, write_catalogue
from tests.support.builders import a_game, a_provider
from tests.support.catalogue import a_catalogue

ODD = CatalogueProvider(
    provider_id=7,
    fields=ProviderFields(
        name='Pixel, "Works"', names={"ko": "픽셀"}, status=Status.MAINTENANCE, currencies=("EUR",)
    ),
    games=(
        a_game(game_code="=1+1", name="=cmd|' /C calc'!A0", names={"de": "Früchte; „süß“"}),
        a_game(game_code="a,b", name='a "b"', launch_enable=False, status=Status.MAINTENANCE),
        a_game(game_code="0", name="0", names={"zh": "龙", "en": "Dragon"}, sub_category="x\u00e9"),
    ),
)
PLAIN = CatalogueProvider(
    provider_id=8,
    fields=ProviderFields(name="Plain", status=Status.NORMAL, currencies=()),
    games=(a_game(provider_id=8),),
)


@pytest.mark.rule("4-catalogue-json", "4-catalogue-csv")
@pytest.mark.parametrize("is_csv", [True, False])
@pytest.mark.parametrize(
    "catalogue", [(ODD, PLAIN), a_catalogue(games=300), ()], ids=["odd", "generated", "empty"]
)
def test_what_is_written_reads_back_the_same(
    catalogue: tuple[CatalogueProvider, ...], is_csv: bool
) -> None:
    content = write_catalogue(catalogue, is_csv=is_csv)
    read = read_catalogue(content, is_csv=is_csv)
    assert read.providers == catalogue
    assert read.ignored == ()
    if catalogue:
        assert read.faults == ()
        assert write_catalogue(read.providers, is_csv=is_csv) == content


def test_a_provider_without_games_is_in_json_only() -> None:
    silent = (CatalogueProvider(provider_id=7, games=()), CatalogueProvider(provider_id=8))
    assert read_catalogue(write_catalogue(silent, is_csv=False), is_csv=False).providers == silent
    assert write_catalogue(silent, is_csv=True).count(b"\n") == 1


def test_planned_maintenance_and_foreign_languages_are_no_part_of_a_file() -> None:
    window = Window(window_id=1, provider_id=7, game_code=None, from_ms=0, to_ms=None)
    provider = a_provider(windows=(window,), names={"xx": "?", "ko": "픽셀"})
    content = write_catalogue([as_catalogue(provider, [a_game(windows=(window,))])], is_csv=False)
    (written,) = json.loads(content)["providers"]
    assert (written["status"], written["names"]) == (1, {"ko": "픽셀"})
    assert (written["games"][0]["status"], "windows" in written["games"][0]) == (1, False)
