"""The made-up catalogue: as large as wished, much like the trade's, the same for the same seed."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import pytest

from meganodes.directory.checks import game_faults
from meganodes.directory.records import Status
from meganodes.hub.catalogue_generation import PROVIDERS_MAX, Wishes, generate_catalogue
from meganodes.hub.catalogue_writing import write_catalogue
from meganodes.hub.languages import LANGUAGES
from meganodes.protocol.commands import Category
from tests.support.catalogue import a_catalogue, put_catalogue
from tests.support.directory import started_directory


def test_twenty_providers_share_five_thousand_games() -> None:
    catalogue = a_catalogue()
    sizes = [len(provider.games or ()) for provider in catalogue]
    assert (len(sizes), sum(sizes)) == (20, 5_000)
    assert max(sizes) > 5 * min(sizes) > 0
    assert len({provider.fields["name"] for provider in catalogue}) == 20


@pytest.mark.parametrize(
    ("providers", "games"), [(1, 1), (1, 40), (20, 20), (7, 1_000), (PROVIDERS_MAX, 400)]
)
def test_every_size_is_met_exactly(providers: int, games: int) -> None:
    catalogue = a_catalogue(providers=providers, games=games)
    assert len({provider.fields["name"] for provider in catalogue}) == providers
    assert sum(len(provider.games or ()) for provider in catalogue) == games
    assert all(provider.games for provider in catalogue)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    wishes = Wishes(providers=5, games=200, seed=7)
    content = write_catalogue(generate_catalogue(wishes), is_csv=False)
    assert write_catalogue(generate_catalogue(wishes), is_csv=False) == content
    other = generate_catalogue(Wishes(providers=5, games=200, seed=8))
    assert write_catalogue(other, is_csv=False) != content
    assert hashlib.sha256(content).hexdigest()[:16] == "7d500a71a6200d94"


def test_categories_are_spread_as_in_the_trade() -> None:
    games = [game for provider in a_catalogue() for game in provider.games or ()]
    spread = Counter(game.category for game in games)
    assert spread[Category.SLOTS] > 4_000
    assert spread[Category.LIVE] > 100
    assert spread[Category.MINI] > 100
    kinds = Counter(game.sub_category for game in games)
    assert kinds["video"] > kinds["jackpot"] > 0
    assert {"baccarat", "crash", "table"} <= set(kinds)
    off = sum(game.status is Status.MAINTENANCE for game in games)
    disabled = sum(not game.launch_enable for game in games)
    assert 10 < off < 150
    assert 10 < disabled < 200


def test_every_game_has_a_name_in_eleven_languages_and_an_image() -> None:
    for provider in a_catalogue():
        assert game_faults({provider.provider_id: provider.games or ()}) == []
        for game in provider.games or ():
            assert list(game.names) == list(LANGUAGES.values())
            assert game.image.startswith("https://img.example/")
            assert "2016-01-04T" < game.reg_date < "2026-07-01T"


def test_codes_repeat_between_providers_and_never_within_one() -> None:
    catalogue = a_catalogue()
    codes = [[game.game_code for game in provider.games or ()] for provider in catalogue]
    assert all(len(set(each)) == len(each) for each in codes)
    assert len({code for each in codes for code in each}) < 5_000


async def test_a_directory_takes_it(tmp_path: Path) -> None:
    async with started_directory(tmp_path / "d.db") as directory:
        await put_catalogue(directory, a_catalogue(providers=20, games=400))
        assert (
            sum(len(directory.games_of(each.provider_id)) for each in directory.providers()) == 400
        )
