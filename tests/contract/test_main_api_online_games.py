"""game/online-games on the wire (contract 2.2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from meganodes.directory.records import AgentState, Session
from meganodes.protocol.commands import Category
from tests.support.builders import NOW_MS, a_game, a_launch, a_new_agent
from tests.support.door import World, opened_world
from tests.support.transactions import settled_bet, settled_win, undone


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        yield made


async def opened(world: World, name: str = "alice", game_code: str = "fruits") -> Session:
    """Open a game for a user of the agent, now."""
    user = await world.user(name)
    launch = replace(
        a_launch(
            agent_id=user.agent_id,
            user_code=user.user_code,
            account=user.name,
            game_code=game_code,
        ),
        created_at_ms=world.clock.now_ms(),
    )
    g_token = await world.directory.create_launch(launch)
    found = await world.directory.open_launch(
        g_token.reveal(), user.user_code, world.clock.now_ms()
    )
    assert isinstance(found, tuple), found
    return found[0]


async def online(world: World) -> list[dict[str, Any]]:
    answer = await world.post("game/online-games")
    assert answer.code == 0, answer
    assert isinstance(answer.data, list)
    return answer.data


@pytest.mark.rule("2.2-online-games-data")
async def test_session_has_every_field(world: World) -> None:
    session = await opened(world)
    world.clock.advance(90)
    world.directory.touch_session(session.gplay_id, world.clock.now_ms())
    assert await online(world) == [
        {
            "gplay_id": session.gplay_id,
            "user_code": session.user_code,
            "user_name": "alice",
            "provider_id": 7,
            "provider_name": "Pixel Works",
            "game_code": "fruits",
            "game_name": "Fruits",
            "category": 1,
            "last_round_bet": "0.00",
            "spend": "0.00",
            "win": "0.00",
            "start_time": "2026-09-21 14:13:20",
            "last_update": "2026-09-21 14:14:50",
            "call_win": 0,
            "call_id": 0,
            "call_enable": False,
            "callend_flag": False,
            "call_status": 0,
        }
    ]


async def test_nobody_online_is_an_empty_list(world: World) -> None:
    assert await online(world) == []


@pytest.mark.rule("2.1-time-zone")
async def test_times_are_of_the_agent_s_zone(world: World) -> None:
    await world.directory.set_agent("acme", {"time_zone": "Asia/Seoul"})
    await opened(world)
    (item,) = await online(world)
    assert (item["start_time"], item["last_update"]) == ("2026-09-21 23:13:20",) * 2


@pytest.mark.rule("2.2-online-games-category")
@pytest.mark.parametrize(
    ("category", "number"), [(Category.SLOTS, 1), (Category.LIVE, 2), (Category.MINI, 3)]
)
async def test_category_is_a_number(world: World, category: Category, number: int) -> None:
    await world.directory.import_games(7, [a_game(category=category)])
    await opened(world)
    (item,) = await online(world)
    assert item["category"] == number


@pytest.mark.rule("2.2-online-games-category")
async def test_game_that_no_catalogue_knows_is_of_the_rest(world: World) -> None:
    await opened(world, game_code="gone")
    (item,) = await online(world)
    assert (item["category"], item["game_name"]) == (3, "gone")


@pytest.mark.rule("2.2-online-games-window")
async def test_sessions_stay_for_30_minutes_after_their_last_call(world: World) -> None:
    quiet, called = await opened(world, "alice"), await opened(world, "bob")
    world.clock.advance(1_000)
    world.directory.touch_session(called.gplay_id, world.clock.now_ms())
    world.clock.advance(800)
    assert [item["gplay_id"] for item in await online(world)] == [quiet.gplay_id, called.gplay_id]
    world.clock.advance(1)
    assert [item["gplay_id"] for item in await online(world)] == [called.gplay_id]
    world.clock.advance(1_000)
    assert await online(world) == []


@pytest.mark.rule("2.2-online-games-window")
async def test_other_agents_sessions_are_not_shown(world: World) -> None:
    await opened(world)
    world.credentials = await world.directory.add_agent(a_new_agent(name="other"))
    await world.directory.set_agent_state("other", AgentState.APPROVED)
    assert await online(world) == []


@pytest.mark.rule("2.2-online-games-sums")
async def test_sums_are_those_of_the_session(world: World) -> None:
    first, second = await opened(world), await opened(world)
    agent_id, journal = world.agent.agent_id, world.journal

    async def bet(session: Session, round_id: str, amount_minor: int) -> None:
        await settled_bet(
            journal,
            agent_id=agent_id,
            gplay_id=session.gplay_id,
            round_id=round_id,
            amount_minor=amount_minor,
        )

    await bet(first, "one", 500)
    await settled_win(journal, agent_id=agent_id, gplay_id=first.gplay_id, amount_minor=1_234)
    await bet(second, "two", 100)
    await bet(second, "two", 25)
    wrong = await settled_bet(
        journal, agent_id=agent_id, gplay_id=second.gplay_id, round_id="two", amount_minor=7
    )
    await undone(journal, wrong)
    await journal.sequence(now_ms=NOW_MS, limit=100)
    found = [(item["spend"], item["win"], item["last_round_bet"]) for item in await online(world)]
    assert found == [("5.00", "12.34", "5.00"), ("1.25", "0.00", "1.25")]


async def test_long_session_has_all_its_sums(world: World) -> None:
    session = await opened(world)
    for hours in range(5):
        await settled_bet(
            world.journal,
            agent_id=world.agent.agent_id,
            gplay_id=session.gplay_id,
            amount_minor=100,
        )
        await world.journal.sequence(now_ms=NOW_MS + hours * 3_600_000, limit=10)
    (item,) = await online(world)
    assert (item["spend"], item["last_round_bet"]) == ("5.00", "1.00")


async def test_session_that_staff_ended_was_active_all_the_same(world: World) -> None:
    session = await opened(world)
    await world.directory.end_session(session.gplay_id)
    assert len(await online(world)) == 1


@pytest.mark.parametrize(
    ("state", "code"),
    [(AgentState.SUSPENDED, 1010), (AgentState.UNAPPROVED, 0)],
)
async def test_suspended_agent_may_not_ask(world: World, state: AgentState, code: int) -> None:
    await world.set_state(state)
    assert (await world.post("game/online-games")).code == code
