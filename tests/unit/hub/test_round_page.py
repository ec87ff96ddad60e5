"""Which round is meant, what its link leads to, and what it tells."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from meganodes.hub.refusal import Refusal
from meganodes.hub.round_page import RoundStory, RoundUrl, RoundWanted, round_url, tell_round
from meganodes.hub.round_page_link import RoundLink, RoundLinkFault, write_link
from meganodes.hub.round_page_steps import Standing, StepKind
from meganodes.protocol.codes import ApiCode
from tests.support.builders import a_game, a_new_provider
from tests.support.door import World, opened_world
from tests.support.round_shapes import SHAPES, Shape, bet, record_shape, win
from tests.support.transactions import START_MS

USER_CODE = 400_000_001
REPLAY = "https://play.example.com/replay?r={round_id}&g={game_code}&u={user_code}"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        await made.user()
        yield made


async def recorded(world: World, shape: Shape, round_id: str = "r 1/") -> None:
    await record_shape(
        world.journal,
        shape,
        agent_id=world.agent.agent_id,
        user_code=USER_CODE,
        round_id=round_id,
    )


async def asked(world: World, **more: object) -> RoundUrl | Refusal:
    wanted = RoundWanted(**{"user_code": USER_CODE, "round_id": "r 1/"} | more)  # type: ignore[arg-type]
    return await round_url(world.hub, world.agent, wanted)


async def link_text(world: World, **more: object) -> str:
    given = await asked(world, **more)
    assert isinstance(given, RoundUrl), given
    return parse_qs(urlsplit(given.url).query)["t"][0]


async def story(world: World, language: str = "en") -> RoundStory:
    told = await tell_round(world.hub, await link_text(world), language)
    assert isinstance(told, RoundStory), told
    return told


async def test_address_has_nothing_but_the_link(world: World) -> None:
    await recorded(world, SHAPES["win"]())
    given = await asked(world)
    assert isinstance(given, RoundUrl)
    parts = urlsplit(given.url)
    assert f"{parts.scheme}://{parts.netloc}{parts.path}" == "https://hub.example.com/v4/game/round"
    assert list(parse_qs(parts.query)) == ["t"]


async def test_story_has_the_round_as_it_is(world: World) -> None:
    await recorded(world, SHAPES["several"]())
    told = await story(world)
    assert (told.round_id, told.closed, told.currency.code) == ("r 1/", True, "EUR")
    assert (told.provider_name, told.game_names) == ("Pixel Works", {"fruits": "Fruits"})
    assert told.time_zone == "UTC"
    assert told.sums.net_minor == 8_840
    assert len(told.steps) == 6
    assert told.replay_url is None


async def test_names_are_in_the_reader_s_language_where_there_are_any(world: World) -> None:
    await recorded(world, SHAPES["win"]())
    await world.directory.set_provider(7, {"names": {"ko": "픽셀"}})
    await world.directory.import_games(7, [a_game(names={"ko": "과일"})])
    told = await story(world, "ko")
    assert (told.provider_name, told.game_names) == ("픽셀", {"fruits": "과일"})
    told = await story(world, "de")
    assert (told.provider_name, told.game_names) == ("Pixel Works", {"fruits": "Fruits"})


async def test_what_the_catalogue_lost_keeps_its_code(world: World) -> None:
    lost = Shape(rows=(bet(100, provider_id=99, game_code="gone"),))
    await recorded(world, lost)
    told = await story(world)
    assert (told.provider_name, told.game_names) == ("99", {"gone": "gone"})


@pytest.mark.rule("2.2-round-details-page")
async def test_replay_is_the_provider_s_with_every_value_encoded(world: World) -> None:
    await world.directory.set_provider(7, {"replay_url": REPLAY})
    await recorded(world, SHAPES["win"]())
    told = await story(world)
    assert told.replay_url == ("https://play.example.com/replay?r=r%201%2F&g=fruits&u=400000001")


async def test_round_in_which_nothing_was_played_has_no_replay(world: World) -> None:
    await world.directory.set_provider(7, {"replay_url": REPLAY})
    await recorded(world, SHAPES["refused"]())
    assert (await story(world)).replay_url is None


async def test_returned_stake_has_the_moment_of_its_event(world: World) -> None:
    await recorded(world, SHAPES["cancelled"]())
    told = await story(world)
    back = next(step for step in told.steps if step.kind is StepKind.RETURN)
    assert (back.standing, back.at_ms) == (Standing.DONE, START_MS + 4_000)


async def test_link_shows_what_has_happened_since(world: World) -> None:
    await recorded(world, Shape(rows=(bet(100),), closed=False))
    text = await link_text(world)
    await recorded(world, Shape(rows=(win(300, 8),)))
    told = await tell_round(world.hub, text, "en")
    assert isinstance(told, RoundStory)
    assert (told.closed, told.sums.net_minor) == (True, 200)


@pytest.mark.rule("2.2-round-details-2013")
@pytest.mark.parametrize("more", [{"round_id": "r2"}, {"provider_id": 8}, {"game_code": "another"}])
async def test_round_that_does_not_exist_is_2013(world: World, more: dict[str, object]) -> None:
    await recorded(world, SHAPES["win"]())
    assert await asked(world, **more) == Refusal(code=ApiCode.ROUND_NOT_FOUND)


async def test_round_of_another_user_is_2013(world: World) -> None:
    await recorded(world, SHAPES["win"]())
    bob = await world.user("bob")
    refusal = await asked(world, user_code=bob.user_code)
    assert refusal == Refusal(code=ApiCode.ROUND_NOT_FOUND)


async def test_user_that_does_not_exist_is_refused_as_everywhere(world: World) -> None:
    await recorded(world, SHAPES["win"]())
    assert await asked(world, user_code=499_999_999) == Refusal(code=ApiCode.USER_NOT_FOUND)


async def test_one_name_at_two_providers_is_a_question(world: World) -> None:
    await recorded(world, Shape(rows=(bet(100),)))
    await recorded(world, Shape(rows=(bet(900, provider_id=8, game_code="dice"),)))
    refusal = await asked(world)
    assert isinstance(refusal, Refusal)
    assert (refusal.code, refusal.field) == (ApiCode.VALIDATION_ERROR, "provider_id")
    assert refusal.reason == (
        "provider_id must say whose round this is: 7, 8 have one of this round_id."
    )
    await world.directory.add_provider(a_new_provider(provider_id=8, name="Berlin Games"))
    for more in ({"provider_id": 8}, {"game_code": "dice"}):
        told = await tell_round(world.hub, await link_text(world, **more), "en")
        assert isinstance(told, RoundStory)
        assert told.provider_name == "Berlin Games"


@pytest.mark.rule("2.2-round-details-signed")
async def test_link_ends_after_an_hour(world: World) -> None:
    await recorded(world, SHAPES["win"]())
    text = await link_text(world)
    world.clock.advance(3_599)
    assert isinstance(await tell_round(world.hub, text, "en"), RoundStory)
    world.clock.advance(1)
    assert await tell_round(world.hub, text, "en") is RoundLinkFault.EXPIRED


@pytest.mark.parametrize("wrong", [{"agent_id": 99}, {"trans_id": 2**60}])
async def test_signed_link_to_nothing_is_unknown(world: World, wrong: dict[str, int]) -> None:
    (row, *_) = await record_shape(
        world.journal,
        SHAPES["win"](),
        agent_id=world.agent.agent_id,
        user_code=USER_CODE,
        round_id="r1",
    )
    right = {"agent_id": row.agent_id, "trans_id": row.trans_id}
    link = RoundLink(**right | wrong, expires_at=world.clock.now_ms() // 1_000 + 60)
    text = write_link(link, world.directory.round_link_keys[0])
    assert await tell_round(world.hub, text, "en") is RoundLinkFault.UNKNOWN
