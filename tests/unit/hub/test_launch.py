"""Launch addresses: who gets one, and what opening it does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs, urlsplit

import pytest

from meganodes.directory.port import Directory
from meganodes.directory.records import (
    AgentState,
    Launch,
    LaunchFault,
    LaunchFaultReason,
    Status,
)
from meganodes.hub.launch import (
    GameUrl,
    GameWanted,
    NotPlayable,
    OpenedGame,
    game_url,
    look_at_launch,
    open_launch,
)
from meganodes.hub.refusal import Refusal
from meganodes.protocol.commands import Command
from meganodes.protocol.replies import Permissions
from tests.support.builders import a_game, a_new_provider
from tests.support.door import PUBLIC_URL, World, opened_world

RETURN_URL = "https://casino.example/lobby?a=1&b=ü"
WANTED = GameWanted(
    user_code=400_000_001, provider_id=7, game_code="fruits", lang=8, return_url=RETURN_URL
)
TEN_MINUTES = 600


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        await made.user("alice")
        yield made


async def given(world: World, wanted: GameWanted = WANTED) -> tuple[int, str]:
    """Ask for an address and give its user code and token."""
    url = await game_url(world.hub, world.agent, wanted)
    assert isinstance(url, GameUrl), url
    query = parse_qs(urlsplit(url.url).query)
    return int(query["user_code"][0]), query["g_token"][0]


async def refused(world: World, wanted: GameWanted = WANTED) -> Refusal:
    answer = await game_url(world.hub, world.agent, wanted)
    assert isinstance(answer, Refusal)
    return answer


async def opened(world: World, user_code: int, token: str) -> str:
    found = await open_launch(world.hub, user_code, token)
    assert isinstance(found, OpenedGame), found
    return found.location


async def test_address_is_on_the_public_url_with_user_and_token(world: World) -> None:
    """Contract 2.2, game-url."""
    url = await game_url(world.hub, world.agent, WANTED)
    assert isinstance(url, GameUrl)
    assert url.url.startswith(f"{PUBLIC_URL}/v4/game/launch?user_code=400000001&g_token=mng_")
    assert world.backend.asked == [("authenticate", "alice")]


async def test_launch_keeps_what_authenticate_permitted(world: World) -> None:
    permissions = '"permissions":{"play":true,"max_bet":2.50,"session_minutes":30}'
    world.backend.permit("alice", f'{permissions},"language":"de","country":"AT"')
    user_code, token = await given(world)
    found = await look_at_launch(world.hub, user_code, token)
    assert isinstance(found, Launch)
    assert found.permissions == Permissions(play=True, max_bet_minor=250, session_minutes=30)
    assert (found.lang, found.return_url) == (8, RETURN_URL)


@pytest.mark.rule("1-unapproved-no-launch")
async def test_unapproved_agent_is_told_so(world: World) -> None:
    await world.set_state(AgentState.UNAPPROVED)
    answer = await refused(world)
    assert answer.code == 1010
    assert answer.reason == (
        "The agent is not approved yet: games open once the hub's staff has approved it."
    )
    assert world.backend.asked == []


@pytest.mark.rule("1-blocked-user-game-url")
async def test_blocked_user_gets_no_address(world: World) -> None:
    await world.directory.block_user(400_000_001)
    answer = await refused(world)
    assert (answer.code, answer.reason) == (1010, "The user is blocked by the hub's staff.")
    assert world.backend.asked == []


@pytest.mark.rule("3.2-permission-play")
async def test_user_that_may_not_play_gets_no_address(world: World) -> None:
    world.backend.permit("alice", '"permissions":{"play":false}')
    answer = await refused(world)
    assert answer.code == 1010
    assert answer.reason == "The backend's authenticate said that this user may not play."


async def test_foreign_and_unknown_users_are_told_apart_without_data(world: World) -> None:
    foreign = await world.foreign_user()
    wanted = replace(WANTED, user_code=foreign.user_code)
    assert await refused(world, wanted) == Refusal(code=1010)  # type: ignore[arg-type]
    wanted = replace(WANTED, user_code=foreign.user_code + 1)
    assert await refused(world, wanted) == Refusal(code=2002)  # type: ignore[arg-type]


async def test_unknown_and_unassigned_providers_are_2007(world: World) -> None:
    await world.directory.add_provider(a_new_provider(provider_id=9, name="Other"))
    for provider_id in (9, 10):
        assert (await refused(world, replace(WANTED, provider_id=provider_id))).code == 2007


async def test_unknown_and_withdrawn_games_are_2003(world: World) -> None:
    await world.directory.import_games(7, [a_game(game_code="old", launch_enable=False)])
    for game_code in ("old", "nothing", "FRUITS"):
        assert (await refused(world, replace(WANTED, game_code=game_code))).code == 2003


async def test_maintenance_of_game_or_provider_is_1(world: World) -> None:
    await world.directory.import_games(7, [a_game(status=Status.MAINTENANCE)])
    assert (await refused(world)).code == 1
    await world.directory.import_games(7, [a_game()])
    await world.directory.set_provider(7, {"status": Status.MAINTENANCE})
    assert (await refused(world)).code == 1
    await world.directory.set_provider(7, {"status": Status.NORMAL})
    assert await given(world)


@pytest.mark.rule("4-provider-currencies")
async def test_currency_the_provider_does_not_offer_is_2014(world: World) -> None:
    await world.directory.set_provider(7, {"currencies": ("USD", "SEK")})
    assert (await refused(world)).code == 2014
    await world.directory.set_provider(7, {"currencies": ("USD", "EUR")})
    assert await given(world)
    await world.directory.set_provider(7, {"currencies": ()})
    assert await given(world)


@pytest.mark.parametrize("result", [21, 22, 100])
async def test_backend_that_says_no_is_1015(world: World, result: int) -> None:
    world.backend.tell(Command.AUTHENTICATE, b'{"result":%d,"status":"ERROR"}' % result)
    answer = await refused(world)
    assert answer.code == 1015
    assert answer.error_id is not None
    assert answer.reason is not None
    assert answer.reason.startswith(f"The backend answered result {result}: ")


@pytest.mark.rule("3.2-permission-wrong-type")
async def test_permission_of_the_wrong_type_fails_closed(world: World) -> None:
    world.backend.permit("alice", '"permissions":{"play":"yes"}')
    assert (await refused(world)).code == 1015


@pytest.mark.rule("4-launch-template", "4-launch-variables")
async def test_opening_leads_to_the_provider_with_every_variable(world: World) -> None:
    template = (
        "https://play.example.com/{game_code}?s={session}&l={lang}&c={currency}"
        "&r={return_url}&m={mode}&u={user_code}"
    )
    await world.directory.set_provider(7, {"launch_url": template})
    await world.directory.import_games(7, [a_game(game_code="a b/c")])
    location = await opened(world, *await given(world, replace(WANTED, game_code="a b/c")))
    assert location.startswith("https://play.example.com/a%20b%2Fc?s=mns_")
    query = parse_qs(urlsplit(location).query)
    session = await world.directory.session(query.pop("s")[0], 7)
    assert query == {
        "l": ["de"],
        "c": ["EUR"],
        "r": [RETURN_URL],
        "m": ["real"],
        "u": ["400000001"],
    }
    assert session is not None
    assert (session.account, session.game_code, session.lang) == ("alice", "a b/c", 8)


async def test_address_opens_once(world: World) -> None:
    """Contract 2.2, game-url."""
    user_code, token = await given(world)
    await opened(world, user_code, token)
    assert await open_launch(world.hub, user_code, token) == LaunchFault(
        reason=LaunchFaultReason.USED, return_url=RETURN_URL, lang=8
    )


class Meeting:
    """A directory where two openings look at one launch before either uses it up."""

    def __init__(self, directory: Directory) -> None:
        self._directory = directory
        self._looked = 0
        self._both = asyncio.Event()

    def __getattr__(self, name: str) -> object:
        return getattr(self._directory, name)

    async def peek_launch(self, g_token: str, user_code: int, now_ms: int) -> Launch | LaunchFault:
        found = await self._directory.peek_launch(g_token, user_code, now_ms)
        self._looked += 1
        if self._looked == 2:
            self._both.set()
        await self._both.wait()
        return found


async def test_of_two_openings_at_once_one_gets_in(world: World) -> None:
    user_code, token = await given(world)
    world.hub.directory = cast("Directory", Meeting(world.directory))
    openings = [open_launch(world.hub, user_code, token) for _ in range(2)]
    found = await asyncio.gather(*openings)
    assert sorted(type(each).__name__ for each in found) == ["LaunchFault", "OpenedGame"]


async def test_address_opens_for_ten_minutes(world: World) -> None:
    """Contract 2.2, game-url."""
    early, late = await given(world), await given(world)
    world.clock.advance(TEN_MINUTES - 1)
    await opened(world, *early)
    world.clock.advance(1)
    assert await open_launch(world.hub, *late) == LaunchFault(
        reason=LaunchFaultReason.EXPIRED, return_url=RETURN_URL, lang=8
    )


@pytest.mark.rule("4-launch-token")
async def test_token_opens_for_its_own_user_only(world: World) -> None:
    user_code, token = await given(world)
    unknown = LaunchFault(reason=LaunchFaultReason.UNKNOWN)
    assert await open_launch(world.hub, user_code + 1, token) == unknown
    assert await open_launch(world.hub, user_code, token[:-1] + "x") == unknown
    assert await open_launch(world.hub, user_code, "") == unknown
    await opened(world, user_code, token)


@pytest.mark.rule("4-launch-prefetch")
async def test_looking_uses_nothing_up(world: World) -> None:
    user_code, token = await given(world)
    for _ in range(3):
        assert isinstance(await look_at_launch(world.hub, user_code, token), Launch)
    await opened(world, user_code, token)


@pytest.mark.parametrize("state", [AgentState.SUSPENDED, AgentState.UNAPPROVED])
async def test_address_waits_while_its_agent_is_out_of_business(
    world: World, state: AgentState
) -> None:
    """Contract 1: no launch for a suspended agent, also for an address it got before."""
    user_code, token = await given(world)
    await world.set_state(state)
    closed = NotPlayable(return_url=RETURN_URL, lang=8)
    assert await open_launch(world.hub, user_code, token) == closed
    assert await look_at_launch(world.hub, user_code, token) == closed
    await world.set_state(AgentState.APPROVED)
    await opened(world, user_code, token)


async def test_address_waits_while_its_game_is_in_maintenance(world: World) -> None:
    user_code, token = await given(world)
    await world.directory.set_provider(7, {"status": Status.MAINTENANCE})
    assert isinstance(await open_launch(world.hub, user_code, token), NotPlayable)
    await world.directory.set_provider(7, {"status": Status.NORMAL})
    await opened(world, user_code, token)
