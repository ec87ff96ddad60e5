"""A reader learns what has changed and no more, and everything when it has missed something."""

from collections.abc import Iterator

import pytest

from meganodes.directory.changes import Subject, forget_changes, record_change
from meganodes.directory.loading import load_news
from meganodes.directory.port import Directory
from meganodes.directory.records import Status, TokenKind
from meganodes.kit.database import Database, DatabaseUrl, WriteConnection
from meganodes.protocol.commands import Category
from tests.support.builders import NOW_MS, a_game, a_new_agent, a_new_provider
from tests.support.directory import MASTER_KEY, open_database


@pytest.fixture
def database(directory: Directory, place: DatabaseUrl) -> Iterator[Database]:
    del directory  # it has made the tables
    opened = open_database(place)
    yield opened
    opened.close()


async def test_nothing_new_is_none(directory: Directory, database: Database) -> None:
    await directory.add_agent(a_new_agent())
    assert database.read_now(load_news, 1, MASTER_KEY, NOW_MS) is None


async def test_first_load_is_complete(directory: Directory, database: Database) -> None:
    await directory.add_agent(a_new_agent())
    await directory.add_provider(a_new_provider())
    news = database.read_now(load_news, -1, MASTER_KEY, NOW_MS)
    assert news is not None
    assert news.complete
    assert news.loaded.version == 2
    assert list(news.loaded.agents) == [1]
    assert list(news.loaded.providers) == [7]


async def test_only_what_changed_is_loaded(directory: Directory, database: Database) -> None:
    for name in ("one", "two", "three"):
        await directory.add_agent(a_new_agent(name=name))
    await directory.add_provider(a_new_provider())
    await directory.set_agent("two", {"time_zone": "Asia/Tokyo"})
    news = database.read_now(load_news, 4, MASTER_KEY, NOW_MS)
    assert news is not None
    assert not news.complete
    assert list(news.loaded.agents) == [2]
    assert list(news.loaded.providers) == []
    assert [change.subject_id for change in news.changes] == [2]


async def test_gap_in_the_notes_loads_everything(directory: Directory, database: Database) -> None:
    for name in ("one", "two"):
        await directory.add_agent(a_new_agent(name=name))
    database.write_now(forget_changes, NOW_MS + 1)
    news = database.read_now(load_news, 1, MASTER_KEY, NOW_MS)
    assert news is not None
    assert news.complete
    assert sorted(news.loaded.agents) == [1, 2]


async def test_flood_of_changes_loads_everything(directory: Directory, database: Database) -> None:
    await directory.add_agent(a_new_agent())

    def flood(connection: WriteConnection) -> None:
        for user_code in range(501):
            record_change(connection, Subject.USER, user_code, NOW_MS)

    database.write_now(flood)
    news = database.read_now(load_news, 1, MASTER_KEY, NOW_MS)
    assert news is not None
    assert news.complete


async def test_reader_from_before_a_restored_database_loads_everything(
    directory: Directory, database: Database
) -> None:
    await directory.add_agent(a_new_agent())
    news = database.read_now(load_news, 99, MASTER_KEY, NOW_MS)
    assert news is not None
    assert news.complete
    assert news.loaded.version == 1


async def test_every_field_comes_back(directory: Directory, database: Database) -> None:
    new = a_new_provider(
        names={"ko": "픽셀"},
        currencies=("EUR", "JPY"),
        replay_url="https://play.example.com/replay/{round_id}",
        wins_without_bet=True,
        cancel_after_win=True,
        allow_list=("192.0.2.0/24",),
    )
    game = a_game(
        names={"de": "Früchte"},
        category=Category.LIVE,
        sub_category="roulette",
        image="https://cdn.example.com/a.png",
        image_narrow="https://cdn.example.com/b.png",
        launch_enable=False,
        status=Status.MAINTENANCE,
    )
    await directory.add_provider(new)
    await directory.import_games(7, [game])
    news = database.read_now(load_news, -1, MASTER_KEY, NOW_MS)
    assert news is not None
    entry = news.loaded.providers[7]
    assert entry.provider.names == {"ko": "픽셀"}
    assert entry.provider.currencies == ("EUR", "JPY")
    assert entry.provider.replay_url == new.replay_url
    assert entry.provider.wins_without_bet
    assert entry.provider.cancel_after_win
    assert entry.provider.allow_list == ("192.0.2.0/24",)
    assert entry.provider.status is Status.NORMAL
    assert entry.games == {"fruits": game}


async def test_coming_moments_of_a_rotation_are_loaded_with_the_agent(
    directory: Directory, database: Database
) -> None:
    await directory.add_agent(a_new_agent())
    await directory.reissue_token("acme", TokenKind.CALLBACK, 1)
    await directory.reissue_token("acme", TokenKind.SIGNING, 2)
    hour_ms = 3_600_000
    news = database.read_now(load_news, -1, MASTER_KEY, NOW_MS)
    assert news is not None
    entry = news.loaded.agents[1]
    assert [moment - NOW_MS for moment, _ in entry.later] == [hour_ms, 2 * hour_ms]
    assert len(entry.at(NOW_MS).signing_secrets) == 2
    assert entry.at(NOW_MS + hour_ms).callback_token != entry.at(NOW_MS).callback_token
    assert len(entry.at(NOW_MS + 2 * hour_ms).signing_secrets) == 1
