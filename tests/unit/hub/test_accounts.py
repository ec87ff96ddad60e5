"""Users of an agent, and asking for a balance."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import cast

import pytest

from meganodes.directory.port import Directory
from meganodes.hub.accounts import CreatedUser, UserBalance, create_user, user_info
from meganodes.hub.refusal import Refusal
from meganodes.protocol.commands import Command
from tests.support.door import World, opened_world


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        yield made


@pytest.mark.rule("2.2-user-create-sequence")
async def test_new_user_gets_the_first_number_after_its_backend_said_yes(world: World) -> None:
    """Contract 2.2, user/create: one hub-wide sequence starting at 400000001."""
    created = await create_user(world.hub, world.agent, "alice")
    assert created == CreatedUser(user_code=400_000_001, is_new=True)
    assert world.backend.asked == [("authenticate", "alice")]


@pytest.mark.rule("2.2-user-create-idempotent")
async def test_same_name_is_the_same_user_and_is_asked_for_again(world: World) -> None:
    """Contract 2.2, user/create: idempotent by name within the agent."""
    first = await create_user(world.hub, world.agent, "alice")
    second = await create_user(world.hub, world.agent, "alice")
    assert isinstance(first, CreatedUser)
    assert second == CreatedUser(user_code=first.user_code, is_new=False)
    assert world.backend.asked == [("authenticate", "alice")] * 2


async def test_same_name_of_another_agent_is_another_user(world: World) -> None:
    foreign = await world.foreign_user("alice")
    created = await create_user(world.hub, world.agent, "alice")
    assert created == CreatedUser(user_code=foreign.user_code + 1, is_new=True)


def refuse(world: World) -> None:
    world.backend.tell(Command.AUTHENTICATE, b'{"result":21,"status":"ERROR","data":{}}')


def garble(world: World) -> None:
    world.backend.tell(Command.AUTHENTICATE, b"<html>")


def fail(world: World) -> None:
    world.backend.tell(Command.AUTHENTICATE, b"", status=500)


def answer_for_another(world: World) -> None:
    world.backend.tell(Command.AUTHENTICATE, world.backend.good_reply("bob"))


def be_silent(world: World) -> None:
    world.backend.drop(Command.AUTHENTICATE)


def be_down(world: World) -> None:
    world.backend.be_down(Command.AUTHENTICATE)


TROUBLES = [refuse, garble, fail, answer_for_another, be_silent, be_down]


@pytest.mark.rule("2.2-user-create-1015", "2.2-user-create-sequence")
@pytest.mark.parametrize("trouble", TROUBLES)
async def test_without_a_good_reply_no_new_user_is_left_behind(
    world: World, trouble: Callable[[World], None]
) -> None:
    """Contract 2.2, user/create: 1015 with the API log's entry and one sentence."""
    trouble(world)
    refused = await create_user(world.hub, world.agent, "alice")
    assert isinstance(refused, Refusal)
    assert refused.code == 1015
    assert refused.reason
    assert await world.directory.user_by_name(world.agent.agent_id, "alice") is None

    assert refused.error_id is not None
    entry = await world.journal.attempt(world.agent.agent_id, refused.error_id)
    assert entry is not None
    assert (entry.command, entry.account) == ("authenticate", "alice")

    created = await create_user(world.hub, world.agent, "bob")
    assert created == CreatedUser(user_code=400_000_001, is_new=True), "no number was used up"


@pytest.mark.rule("2.2-user-create-1015")
@pytest.mark.parametrize("trouble", TROUBLES)
async def test_existing_user_stays_when_its_backend_says_no(
    world: World, trouble: Callable[[World], None]
) -> None:
    user = await world.user("alice")
    trouble(world)
    refused = await create_user(world.hub, world.agent, "alice")
    assert isinstance(refused, Refusal)
    assert refused.code == 1015
    assert await world.directory.user(user.user_code) == user


@pytest.mark.rule("2.2-user-create-case")
async def test_name_that_differs_in_case_only_is_a_bad_field(world: World) -> None:
    """Contract 2.2, user/create: 1002, because some backends would merge the accounts."""
    await world.user("Alice")
    refused = await create_user(world.hub, world.agent, "aLICE")
    assert isinstance(refused, Refusal)
    assert (refused.code, refused.field) == (1002, "name")
    assert refused.reason is not None
    assert refused.reason.startswith("name differs only in case from the existing user Alice")
    assert world.backend.asked == []


async def test_of_two_names_that_differ_in_case_one_is_made(world: World) -> None:
    """Both find the name free; the second finds it taken after its backend said yes."""
    world.backend.gate = asyncio.Event()
    calls = [
        asyncio.create_task(create_user(world.hub, world.agent, name)) for name in ("Bob", "bob")
    ]
    for _ in calls:
        await world.backend.arrivals.get()
    world.backend.gate.set()
    answers = await asyncio.gather(*calls)
    made = [each for each in answers if isinstance(each, CreatedUser)]
    refused = [each for each in answers if isinstance(each, Refusal)]
    assert made == [CreatedUser(user_code=400_000_001, is_new=True)]
    assert [(each.code, each.field) for each in refused] == [(1002, "name")]


async def test_balance_is_what_the_backend_says_now(world: World) -> None:
    """Contract 2.2, user/info: the hub has no stored balance."""
    user = await world.user()
    assert await user_info(world.hub, world.agent, user.user_code) == UserBalance(
        name="alice", balance_minor=10_000
    )
    world.backend.balance = "0.05"
    assert await user_info(world.hub, world.agent, user.user_code) == UserBalance(
        name="alice", balance_minor=5
    )
    assert world.backend.asked == [("balance", "alice")] * 2


class Watched:
    """A directory that notes which of its methods are used."""

    def __init__(self, directory: Directory) -> None:
        self.used: list[str] = []
        self._directory = directory

    def __getattr__(self, name: str) -> object:
        self.used.append(name)
        return getattr(self._directory, name)


@pytest.mark.rule("2.2-user-info-same-path")
async def test_unknown_and_foreign_users_differ_after_one_look_up_only(world: World) -> None:
    """Contract 2.2, user/info: 2002 and 1010 take the same path up to the look-up."""
    foreign = await world.foreign_user()
    paths = []
    for user_code, code in ((foreign.user_code, 1010), (foreign.user_code + 1, 2002)):
        watched = Watched(world.directory)
        agent = world.agent
        hub = world.hub
        hub.directory = cast("Directory", watched)
        answer = await user_info(hub, agent, user_code)
        hub.directory = watched._directory
        assert answer == Refusal(code=code)  # type: ignore[arg-type]
        paths.append(watched.used)
    assert paths == [["user"], ["user"]]
    assert world.backend.asked == []


async def passed(world: World, user_code: int, seconds: float) -> UserBalance | Refusal | None:
    """Ask for a balance and let time pass; None when it takes longer."""
    task = asyncio.create_task(user_info(world.hub, world.agent, user_code))
    await world.clock.pass_time(seconds)
    if not task.done():
        task.cancel()
        return None
    return task.result()


@pytest.mark.rule("3.4-balance-repeats")
async def test_balance_of_unknown_outcome_is_asked_four_times(world: World) -> None:
    user = await world.user()
    world.backend.drop(Command.BALANCE, times=3)
    answer = await passed(world, user.user_code, 1.0)
    assert answer == UserBalance(name="alice", balance_minor=10_000)
    assert len(world.backend.asked) == 4

    world.backend.drop(Command.BALANCE, times=5)
    answer = await passed(world, user.user_code, 1.0)
    assert isinstance(answer, Refusal)
    assert answer.code == 1015
    assert len(world.backend.asked) == 8


async def test_slow_balance_is_given_up_before_the_caller_is(world: World) -> None:
    """Two callbacks of 2 s and the pauses between: 4.2 s, then 1015."""
    user = await world.user()
    world.backend.seconds = 2.0
    world.backend.drop(Command.BALANCE, times=4)
    answer = await passed(world, user.user_code, 4.25)
    assert isinstance(answer, Refusal)
    assert len(world.backend.asked) == 2


@pytest.mark.parametrize("result", [21, 22, 100])
async def test_definite_no_is_not_asked_again(world: World, result: int) -> None:
    user = await world.user()
    world.backend.tell(Command.BALANCE, b'{"result":%d,"status":"ERROR","data":{}}' % result)
    answer = await user_info(world.hub, world.agent, user.user_code)
    assert isinstance(answer, Refusal)
    assert answer.code == 1015
    assert world.backend.asked == [("balance", "alice")]


async def test_backend_that_cannot_be_connected_is_tried_again(world: World) -> None:
    user = await world.user()
    world.backend.be_down(Command.BALANCE)
    answer = await passed(world, user.user_code, 0.5)
    assert answer == UserBalance(name="alice", balance_minor=10_000)


async def test_open_circuit_is_not_tried_again(world: World) -> None:
    user = await world.user()
    world.backend.drop(Command.AUTHENTICATE, times=10)
    for _ in range(10):
        await create_user(world.hub, world.agent, "alice")
    assert world.hub.gateway.is_open(world.agent.agent_id)
    answer = await passed(world, user.user_code, 0.05)
    assert isinstance(answer, Refusal)
    assert answer.reason is not None
    assert answer.reason.startswith("The callback was not sent: ")
    assert ("balance", "alice") not in world.backend.asked
