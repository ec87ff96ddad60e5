"""game/providers, game/games and game/game-url on the wire (contract 2.2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from meganodes.directory.records import AgentState, Status
from meganodes.protocol.commands import Category, Command
from tests.support.builders import a_game, a_new_provider
from tests.support.door import PUBLIC_URL, Envelope, World, opened_world

WANTED = {"user_code": 400_000_001, "provider_id": 7, "game_symbol": "fruits"}


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        await made.user()
        yield made


@pytest.mark.rule("2.2-providers-data", "2.2-providers-assigned")
async def test_providers_are_those_assigned(world: World) -> None:
    await world.directory.add_provider(a_new_provider(provider_id=8, name="Unassigned"))
    await world.directory.add_provider(
        a_new_provider(provider_id=3, name="Berlin Games", names={"de": "Berliner Spiele"})
    )
    await world.directory.assign("acme", 3)
    await world.directory.set_provider(3, {"status": Status.MAINTENANCE})
    answer = await world.post("game/providers", {"lang": 8})
    assert answer.data == [
        {
            "provider_id": 3,
            "provider_name": "Berlin Games",
            "locale_name": "Berliner Spiele",
            "status": 2,
        },
        {
            "provider_id": 7,
            "provider_name": "Pixel Works",
            "locale_name": "Pixel Works",
            "status": 1,
        },
    ]


@pytest.mark.rule("2.1-lang-default")
@pytest.mark.parametrize("lang", [None, 1, 12, 13, 0, "1"])
async def test_language_outside_the_list_is_english(world: World, lang: object) -> None:
    """Contract 2.1."""
    await world.directory.set_provider(7, {"names": {"en": "Pixels", "ko": "픽셀"}})
    answer = await world.post("game/providers", {"lang": lang})
    assert answer.data[0]["locale_name"] == "Pixels"


@pytest.mark.rule("2.2-games-data")
async def test_games_have_every_field(world: World) -> None:
    await world.directory.import_games(
        7,
        [
            a_game(
                names={"ko": "과일"},
                category=Category.LIVE,
                sub_category="table",
                image="https://img.example/f.png",
                image_narrow="https://img.example/f-narrow.png",
                launch_enable=False,
            )
        ],
    )
    answer = await world.post("game/games", {"provider_id": "7", "lang": 2})
    assert answer.data == [
        {
            "provider_id": 7,
            "game_code": "fruits",
            "game_name": "Fruits",
            "locale_name": "과일",
            "game_image": "https://img.example/f.png",
            "game_image_narrow": "https://img.example/f-narrow.png",
            "launch_enable": False,
            "category": "Live",
            "sub_category": "table",
            "reg_date": "2026-01-31T00:00:00Z",
        }
    ]


@pytest.mark.rule("2.2-games-2007")
async def test_games_of_an_unknown_or_unassigned_provider_are_2007(world: World) -> None:
    await world.directory.add_provider(a_new_provider(provider_id=8, name="Unassigned"))
    for provider_id in (8, 9, 2**63 - 1):
        assert await world.post("game/games", {"provider_id": provider_id}) == Envelope(
            code=2007, message="PROVIDER_NOT_FOUND"
        )


async def test_games_need_a_provider(world: World) -> None:
    answer = await world.post("game/games", {})
    assert (answer.code, answer.data[0]["field"]) == (1002, "provider_id")


@pytest.mark.rule("2.2-game-url-address")
async def test_game_url_opens_at_the_hub(world: World) -> None:
    answer = await world.post("game/game-url", WANTED)
    assert answer.code == 0
    assert list(answer.data) == ["game_url"]
    parts = urlsplit(answer.data["game_url"])
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{PUBLIC_URL}/v4/game/launch"
    query = parse_qs(parts.query)
    assert list(query) == ["user_code", "g_token"]
    assert query["user_code"] == ["400000001"]
    assert len(query["g_token"][0]) > 43, "256 bits"


@pytest.mark.rule("2.1-decimal-text")
async def test_game_url_takes_numbers_as_text(world: World) -> None:
    wanted = {"user_code": "400000001", "provider_id": "7", "game_symbol": "fruits", "lang": "13"}
    assert (await world.post("game/game-url", wanted)).code == 0


@pytest.mark.rule("1-integrity-keys-ignored")
async def test_keys_that_would_shape_results_have_no_effect(world: World) -> None:
    wanted = {**WANTED, "rtp": 200, "win_ratio": {"x": 1}, "is_finish_jackpot": "yes"}
    assert (await world.post("game/game-url", wanted)).code == 0


@pytest.mark.rule("2.1-wrong-names")
async def test_game_url_names_the_family_s_wrong_names(world: World) -> None:
    answer = await world.post(
        "game/game-url", {"user_id": 400_000_001, "provider_id": 7, "game_code": "fruits"}
    )
    assert answer.code == 1002
    messages = {fault["field"]: fault["message"] for fault in answer.data}
    assert messages["user_code"].endswith("you sent user_id, which is called user_code here.")
    assert messages["game_symbol"].endswith("you sent game_code, which is called game_symbol here.")


@pytest.mark.rule("2.2-game-url-fields")
@pytest.mark.parametrize("url", ["javascript:alert(1)", "ftp://casino.example", "//evil.example"])
async def test_return_url_is_a_web_address_or_nothing(world: World, url: str) -> None:
    answer = await world.post("game/game-url", {**WANTED, "return_url": url})
    assert (answer.code, answer.data[0]["field"]) == (1002, "return_url")
    assert (await world.post("game/game-url", {**WANTED, "return_url": ""})).code == 0


@pytest.mark.rule("1-unapproved-no-launch")
async def test_game_url_of_an_unapproved_agent_is_1010_with_the_reason(world: World) -> None:
    await world.set_state(AgentState.UNAPPROVED)
    answer = await world.post("game/game-url", WANTED)
    assert (answer.code, answer.message) == (1010, "PERMISSION_ERROR")
    assert list(answer.data) == ["reason"]
    assert "not approved" in answer.data["reason"]


@pytest.mark.rule("1-blocked-user-game-url")
async def test_game_url_for_a_blocked_user_is_1010(world: World) -> None:
    await world.directory.block_user(400_000_001)
    answer = await world.post("game/game-url", WANTED)
    assert (answer.code, list(answer.data)) == (1010, ["reason"])


@pytest.mark.rule("3.2-permission-play", "2.2-game-url-1010")
async def test_game_url_for_a_user_that_may_not_play_is_1010(world: World) -> None:
    world.backend.permit("alice", '"permissions":{"play":false}')
    answer = await world.post("game/game-url", WANTED)
    assert (answer.code, list(answer.data)) == (1010, ["reason"])


@pytest.mark.rule("2.2-game-url-1015")
async def test_game_url_without_a_good_reply_is_1015(world: World) -> None:
    world.backend.drop(Command.AUTHENTICATE)
    answer = await world.post("game/game-url", WANTED)
    assert answer.code == 1015
    assert set(answer.data) == {"error_id", "reason"}
    assert answer.data["reason"] == "nothing complete at the deadline"


@pytest.mark.rule("2.2-game-url-2002", "2.2-game-url-2003", "2.2-game-url-2007")
@pytest.mark.parametrize(
    ("change", "code", "message"),
    [
        ({"user_code": 400_000_999}, 2002, "USER_NOT_FOUND"),
        ({"provider_id": 99}, 2007, "PROVIDER_NOT_FOUND"),
        ({"game_symbol": "nothing"}, 2003, "GAME_NOT_FOUND"),
    ],
)
async def test_game_url_for_what_is_not_there(
    world: World, change: dict[str, object], code: int, message: str
) -> None:
    answer = await world.post("game/game-url", {**WANTED, **change})
    assert answer == Envelope(code=code, message=message)
    assert world.backend.asked == []


@pytest.mark.rule("2.2-game-url-1010")
async def test_game_url_for_a_foreign_user_is_1010_without_data(world: World) -> None:
    foreign = await world.foreign_user()
    answer = await world.post("game/game-url", {**WANTED, "user_code": foreign.user_code})
    assert answer == Envelope(code=1010, message="PERMISSION_ERROR")


@pytest.mark.rule("2.2-game-url-maintenance", "2.2-game-url-2014")
async def test_game_url_in_maintenance_and_in_a_foreign_currency(world: World) -> None:
    await world.directory.set_provider(7, {"status": Status.MAINTENANCE})
    answer = await world.post("game/game-url", WANTED)
    assert answer == Envelope(code=1, message="UNDER_MAINTENANCE")
    await world.directory.set_provider(7, {"status": Status.NORMAL, "currencies": ("USD",)})
    answer = await world.post("game/game-url", WANTED)
    assert answer == Envelope(code=2014, message="CURRENCY_NOT_SUPPORTED")
