"""The look at an agent's backend."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.callbacks.exchange import Exchange, Exchanged
from meganodes.callbacks.scripted import answered
from meganodes.hub.accounts import create_user
from meganodes.hub.callback_test import CallbackTest, run
from meganodes.protocol.commands import Command
from tests.support.door import World, opened_world

URL = "https://wallet.example.com/callback"
REFUSED = b'{"result":21,"status":"ERROR","data":{}}'


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        yield made


async def test_good_backend_is_well_formed_and_checks_tokens(world: World) -> None:
    """Contract 2.2, callback-test."""
    assert await run(world.hub, world.agent) == CallbackTest(
        callback_url=URL,
        duration_ms=0,
        reachable=True,
        http_status=200,
        token_checked=True,
        reply="well-formed",
    )
    assert world.backend.asked == [("authenticate", "callback_test")] * 2


async def test_unknown_test_account_is_a_well_formed_reply(world: World) -> None:
    world.backend.tell(Command.AUTHENTICATE, REFUSED, REFUSED)
    found = await run(world.hub, world.agent)
    assert found.reply == "well-formed"
    assert not found.token_checked, "21 says nothing about the token"


async def test_backend_that_takes_any_token_is_told_so(world: World) -> None:
    good = world.backend.good_reply("callback_test")
    world.backend.tell(Command.AUTHENTICATE, good, good)
    assert not (await run(world.hub, world.agent)).token_checked


@pytest.mark.parametrize("status", [401, 403])
async def test_http_denial_of_the_wrong_token_alone_counts(world: World, status: int) -> None:
    world.backend.tell(Command.AUTHENTICATE, world.backend.good_reply("callback_test"))
    world.backend.tell(Command.AUTHENTICATE, b"no", status=status)
    assert (await run(world.hub, world.agent)).token_checked

    world.backend.tell(Command.AUTHENTICATE, b"no", b"no", status=status)
    found = await run(world.hub, world.agent)
    assert not found.token_checked, "the right token was denied as well"
    assert found.http_status == status


async def test_malformed_reply_is_named(world: World) -> None:
    shape = b'{"code":0,"message":"OK","data":{}}'
    world.backend.tell(Command.AUTHENTICATE, shape)
    found = await run(world.hub, world.agent)
    assert found.reachable
    assert found.reply == (
        "reply has the shape of a Main API answer; callbacks answer with result/status/data"
    )


async def test_backend_that_is_down_is_not_reachable(world: World) -> None:
    world.backend.be_down(Command.AUTHENTICATE)
    found = await run(world.hub, world.agent)
    assert (found.reachable, found.http_status, found.token_checked) == (False, None, False)
    assert found.reply.startswith("The callback was not sent: ")
    assert len(world.backend.asked) == 1, "there is nobody to send a wrong token to"


async def test_silent_backend_is_not_reachable(world: World) -> None:
    world.backend.drop(Command.AUTHENTICATE)
    found = await run(world.hub, world.agent)
    assert (found.reachable, found.http_status) == (False, None)
    assert found.reply == "nothing complete at the deadline"


@pytest.mark.rule("3.4-tests-do-not-count")
async def test_nothing_of_it_counts_for_the_circuit(world: World) -> None:
    world.backend.drop(Command.AUTHENTICATE, times=30)
    for _ in range(30):
        await run(world.hub, world.agent)
    assert not world.hub.gateway.is_open(world.agent.agent_id)


async def test_it_runs_while_the_circuit_is_open(world: World) -> None:
    agent = world.agent
    user = await world.user()
    world.backend.drop(Command.AUTHENTICATE, times=10)
    for _ in range(10):
        await create_user(world.hub, agent, user.name)
    assert world.hub.gateway.is_open(agent.agent_id)
    assert (await run(world.hub, agent)).reply == "well-formed"


async def test_wrong_token_is_a_well_formed_stranger(world: World) -> None:
    tokens: list[str] = []

    def note(exchange: Exchange) -> Exchanged:
        tokens.append(dict(exchange.headers)["Callback-Token"])
        return answered(exchange, world.backend.good_reply("callback_test"))

    world.backend.told["authenticate"] = [note, note]
    await run(world.hub, world.agent)
    assert tokens[0] == world.backend.token
    assert tokens[1].startswith("mnc_")
    assert tokens[1] != tokens[0]
