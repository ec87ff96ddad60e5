"""Providers: set up whole, changed by field."""

import pytest

from meganodes.directory.core import DirectorySettings
from meganodes.directory.faults import DirectoryFault
from meganodes.directory.port import Directory
from meganodes.directory.records import Status
from meganodes.kit.database import DatabaseUrl
from tests.support.builders import LAUNCH_URL, a_game, a_new_provider
from tests.support.directory import Surroundings, started_directory


def _fields(fault: DirectoryFault) -> list[str]:
    return [each.field for each in fault.faults]


async def test_number_is_the_chosen_one_or_the_next(directory: Directory) -> None:
    numbers = [
        (await directory.add_provider(a_new_provider(name=name, provider_id=chosen))).provider_id
        for name, chosen in (("a", None), ("b", 40), ("c", None), ("d", 3))
    ]
    assert numbers == [1, 40, 41, 3]


@pytest.mark.rule("4-provider-currencies", "4-provider-allow-list")
async def test_new_provider_has_its_settings(directory: Directory) -> None:
    new = a_new_provider(currencies=("EUR", "JPY"), allow_list=(" 192.0.2.0/24 ", ""))
    await directory.add_provider(new)
    provider = directory.provider(7)
    assert provider is not None
    assert provider.status is Status.NORMAL
    assert provider.currencies == ("EUR", "JPY")
    assert provider.allow_list == ("192.0.2.0/24",)
    assert provider.launch_url == LAUNCH_URL
    assert (provider.wins_without_bet, provider.cancel_after_win) == (False, False)


async def test_every_bad_field_is_named_and_nothing_is_set_up(directory: Directory) -> None:
    await directory.add_provider(a_new_provider())
    with pytest.raises(DirectoryFault) as refused:
        await directory.add_provider(
            a_new_provider(name="PIXEL WORKS", currencies=("NOPE",), launch_url="https://x/")
        )
    assert set(_fields(refused.value)) == {"currencies", "launch_url", "name", "provider_id"}
    assert len(directory.providers()) == 1


async def test_http_launch_address_needs_the_setting(place: DatabaseUrl) -> None:
    new = a_new_provider(launch_url="http://127.0.0.1:8702/{session}/{game_code}")
    async with started_directory(place) as strict:
        with pytest.raises(DirectoryFault, match="must start with https://"):
            await strict.add_provider(new)
    private = Surroundings(settings=DirectorySettings(launch_http_allowed=True))
    async with started_directory(place, private) as lenient:
        assert (await lenient.add_provider(new)).provider_id == 7


async def test_settings_change_by_field(directory: Directory) -> None:
    await directory.add_provider(a_new_provider())
    await directory.set_provider(
        7,
        {
            "names": {"ko": "픽셀"},
            "status": Status.MAINTENANCE,
            "currencies": ("EUR",),
            "replay_url": "https://play.example.com/{round_id}",
            "cancel_after_win": True,
        },
    )
    provider = directory.provider(7)
    assert provider is not None
    assert provider.names == {"ko": "픽셀"}
    assert provider.status is Status.MAINTENANCE
    assert provider.currencies == ("EUR",)
    assert provider.replay_url == "https://play.example.com/{round_id}"
    assert provider.cancel_after_win
    assert not provider.wins_without_bet


async def test_bad_changes_are_all_named(directory: Directory) -> None:
    await directory.add_provider(a_new_provider())
    before = directory.provider(7)
    bad = {"name": "x", "launch_url": "https://x/", "currencies": ("EURO",)}
    with pytest.raises(DirectoryFault) as refused:
        await directory.set_provider(7, bad)  # type: ignore[arg-type]  # what a form may send
    assert set(_fields(refused.value)) == {"name", "launch_url", "currencies"}
    assert directory.provider(7) == before


async def test_unknown_provider_is_named(directory: Directory) -> None:
    with pytest.raises(DirectoryFault, match="there is no provider 9"):
        await directory.set_provider(9, {"status": Status.NORMAL})
    with pytest.raises(DirectoryFault, match="there is no provider 9"):
        await directory.reissue_provider_token(9)
    with pytest.raises(DirectoryFault, match="there is no provider 9"):
        await directory.import_games(9, [a_game(provider_id=9)])
