"""What a request refers to, and what two requests of one id must share (contract 4)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.callbacks.gateway import Call
from meganodes.domain.outcome import Outcome
from meganodes.hub.play import content_digest
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.replies import Permissions
from tests.support.builders import a_launch
from tests.support.hub_world import TIME_OUT, World, hub_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with hub_world(tmp_path) as made:
        yield made


async def second_session(world: World) -> str:
    now_ms = world.hub.clock.now_ms()
    user = world.stage.user
    launch = a_launch(
        agent_id=user.agent_id, user_code=user.user_code, account=user.name, created_at_ms=now_ms
    )
    g_token = await world.directory.create_launch(launch)
    opened = await world.directory.open_launch(g_token.reveal(), user.user_code, now_ms)
    assert isinstance(opened, tuple)
    assert opened[0].gplay_id != world.stage.session.gplay_id
    return opened[1].reveal()


@pytest.mark.rule("4-content-excludes", "4-session-number")
async def test_neither_session_nor_round_closed_belongs_to_the_content(world: World) -> None:
    other = await second_session(world)
    await world.bet()
    assert (await world.bet(session=other)).replay is True
    await world.win(closed=False)
    assert (await world.win(closed=True, session=other)).replay is True
    await world.bet("b2", round_id="r2")
    await world.cancel("b2")
    assert (await world.cancel("b2", session=other)).replay is True


@pytest.mark.rule("3.2-permission-session-minutes")
async def test_a_bet_after_session_minutes_is_3002_without_a_callback(world: World) -> None:
    over = Permissions(play=True, max_bet_minor=None, session_minutes=0, reality_check_minutes=None)
    await world.directory.set_permissions(world.stage.session.gplay_id, over, None, None)
    assert (await world.bet()).code is ApiCode.SESSION_INVALID
    assert world.line.sent == []


def test_the_digest_knows_where_one_part_ends() -> None:
    assert content_digest("ab", "c") != content_digest("a", "bc")
    assert content_digest("a", None) != content_digest("a", "None")
    assert content_digest("a", 1) == content_digest("a", 1)


@pytest.mark.rule("1-account-verbatim", "3.1-data-fixed-with-intent")
async def test_callbacks_repeat_the_name_and_the_revision_of_the_intent(world: World) -> None:

    await world.bet()
    world.line.next(Command.WIN, TIME_OUT)
    await world.win()
    await world.directory.set_agent("acme", {"revision": Revision.ID})
    await world.settle()
    wins = [call for call in world.line.sent if call.command is Command.WIN]
    assert [call.revision for call in wins] == [Revision.GUID, Revision.GUID]
    assert all(b'"Bob"' in call.data for call in world.line.sent)


@pytest.mark.rule("4-no-invented-win")
async def test_a_round_left_open_gets_no_win_from_the_hub(world: World) -> None:
    await world.bet()
    await world.settle()
    shown = await world.round()
    assert shown.closed is False
    assert [item.transaction_id for item in shown.transactions] == ["b1"]
    assert world.line.commands() == ["bet"]


@pytest.mark.rule("3.4-no-order-between-rounds")
async def test_rounds_do_not_wait_for_each_other(world: World) -> None:

    go_on = asyncio.Event()

    async def slow(call: Call) -> Outcome:
        await go_on.wait()
        return world.line.execute(call)

    await world.bet("b1", round_id="r1")
    world.line.next(Command.BET, slow)
    stuck = asyncio.create_task(world.bet("b2", round_id="r2"))
    await asyncio.sleep(0.02)
    assert (await world.win("w1", round_id="r1")).delivered is True
    go_on.set()
    await stuck
