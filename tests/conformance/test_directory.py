"""What every directory promises, whatever database it stands on: races, restarts, several nodes."""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager

import pytest

from meganodes.directory.faults import DirectoryFault, NameConflict
from meganodes.directory.port import Directory
from meganodes.directory.records import LaunchFault, LaunchFaultReason, TokenKind
from meganodes.kit.clock import ManualClock
from meganodes.kit.database import DatabaseUrl
from tests.support.builders import NOW_MS, a_launch, a_new_agent
from tests.support.directory import Surroundings, set_the_stage, started_directory
from tests.support.places import address_of

Node = Callable[[], AbstractAsyncContextManager[Directory]]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def node(place: DatabaseUrl, clock: ManualClock) -> Node:
    """Start one more node on the one database of this test."""
    return lambda: started_directory(place, Surroundings(clock=clock))


@pytest.fixture
async def nodes(node: Node) -> AsyncIterator[tuple[Directory, Directory]]:
    async with node() as one, node() as two:
        yield one, two


async def test_users_created_at_once_on_two_nodes_are_one(
    nodes: tuple[Directory, Directory],
) -> None:
    one, two = nodes
    await one.add_agent(a_new_agent())
    made = await asyncio.gather(
        *(each.create_user(1, "Bob") for _ in range(10) for each in (one, two))
    )
    assert len({user.user_code for user, _ in made}) == 1
    assert [is_new for _, is_new in made].count(True) == 1


async def test_names_in_two_cases_at_once_give_one_user(nodes: tuple[Directory, Directory]) -> None:
    one, two = nodes
    await one.add_agent(a_new_agent())
    made = await asyncio.gather(
        one.create_user(1, "Bob"), two.create_user(1, "BOB"), return_exceptions=True
    )
    assert sum(isinstance(each, NameConflict) for each in made) == 1


async def test_many_users_at_once_get_a_number_each(
    nodes: tuple[Directory, Directory],
) -> None:
    one, two = nodes
    await one.add_agent(a_new_agent())
    made = await asyncio.gather(
        *(node.create_user(1, f"user_{index}") for index in range(20) for node in (one, two))
    )
    by_name = {user.name: user.user_code for user, _ in made}
    assert len(by_name) == len(set(by_name.values())) == 20
    assert {user.user_code for user, _ in made} == set(by_name.values())
    assert min(by_name.values()) == 400_000_001


@pytest.mark.rule("4-launch-token")
async def test_of_openings_at_once_exactly_one_wins(nodes: tuple[Directory, Directory]) -> None:
    one, two = nodes
    stage = await set_the_stage(one)
    code = stage.user.user_code
    text = (await one.create_launch(a_launch(user_code=code))).reveal()
    opened = await asyncio.gather(
        *(each.open_launch(text, code, NOW_MS) for _ in range(10) for each in (one, two))
    )
    lost = [each for each in opened if isinstance(each, LaunchFault)]
    assert len(opened) - len(lost) == 1
    assert {each.reason for each in lost} == {LaunchFaultReason.USED}
    assert {each.return_url for each in lost} == {"https://casino.example.com/lobby"}


async def test_agents_added_at_once_under_one_name_are_one(
    nodes: tuple[Directory, Directory],
) -> None:
    one, two = nodes
    made = await asyncio.gather(
        *(each.add_agent(a_new_agent()) for _ in range(5) for each in (one, two)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, DirectoryFault) for each in made) == 9
    await one.refresh()
    assert len(one.agents()) == 1


async def test_reissues_at_once_leave_one_overlap(nodes: tuple[Directory, Directory]) -> None:
    one, two = nodes
    await one.add_agent(a_new_agent())
    made = await asyncio.gather(
        *(each.reissue_token("acme", TokenKind.API, 24) for each in (one, two)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, DirectoryFault) for each in made) == 1


async def test_audit_chain_holds_when_two_nodes_write(nodes: tuple[Directory, Directory]) -> None:
    one, two = nodes
    await asyncio.gather(
        *(
            each.add_agent(a_new_agent(name=f"agent-{index}-{number}"))
            for index in range(10)
            for number, each in enumerate((one, two))
        )
    )
    assert len(await one.audit_trail()) == 20
    assert await one.first_broken_audit_row() is None


async def test_other_node_knows_after_a_refresh(nodes: tuple[Directory, Directory]) -> None:
    one, two = nodes
    stage = await set_the_stage(one)
    await two.refresh()
    assert two.agent(1) == one.agent(1)
    assert two.game(7, "fruits") == one.game(7, "fruits")
    assert two.is_assigned(1, 7)
    assert two.agent_by_api_token(stage.agent.api_token.reveal()) == one.agent(1)
    assert await two.session(stage.session_token.reveal(), 7) == stage.session
    await one.block_user(stage.user.user_code)
    await one.end_session(stage.session.gplay_id)
    await two.refresh()
    user = await two.user(stage.user.user_code)
    session = await two.session(stage.session_token.reveal(), 7)
    assert user is not None
    assert session is not None
    assert user.blocked
    assert session.ended_at_ms == NOW_MS


async def test_session_used_on_another_node_is_not_idle_here(
    nodes: tuple[Directory, Directory], clock: ManualClock
) -> None:
    one, two = nodes
    stage = await set_the_stage(one)
    await two.session(stage.session_token.reveal(), 7)
    for _ in range(70):
        clock.advance(60)
        await one.session(stage.session_token.reveal(), 7)
        one.touch_session(stage.session.gplay_id, clock.now_ms())
    await one.write_last_calls()
    session = await two.session(stage.session_token.reveal(), 7)
    assert session is not None
    assert clock.now_ms() - session.last_call_at_ms < 60_000


async def test_everything_survives_a_restart(node: Node) -> None:
    async with node() as before:
        stage = await set_the_stage(before)
        known = (before.agents(), before.providers(), before.games_of(7))
    async with node() as after:
        assert (after.agents(), after.providers(), after.games_of(7)) == known
        assert await after.user_by_name(1, "Bob") == await after.user(stage.user.user_code)
        assert await after.session(stage.session_token.reveal(), 7) == stage.session
        assert after.agent_by_api_token(stage.agent.api_token.reveal()) is not None
        assert after.provider_by_token(stage.provider.provider_token.reveal()) is not None


CREATE_USERS = """
import asyncio, sys
from meganodes.kit.database import parse_database_url
from tests.support.builders import a_new_agent
from tests.support.directory import started_directory

async def main():
    async with started_directory(parse_database_url(sys.argv[1])) as directory:
        if directory.agent(1) is None:
            await directory.add_agent(a_new_agent())
        for number in range(100_000):
            user, _ = await directory.create_user(1, f"{sys.argv[2]}_{number}")
            print(user.user_code, flush=True)

asyncio.run(main())
"""


def test_numbers_are_never_reused_after_a_crash(place: DatabaseUrl) -> None:
    """Killed in the middle of creating users, three times; every number was printed once."""
    printed: list[int] = []
    for run in ("first", "second", "third"):
        arguments = [sys.executable, "-c", CREATE_USERS, address_of(place), run]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        with subprocess.Popen(arguments, stdout=subprocess.PIPE, env=environment) as process:
            assert process.stdout is not None
            printed += [int(process.stdout.readline()) for _ in range(20)]
            os.kill(process.pid, signal.SIGKILL)
            printed += [int(line) for line in process.stdout.read().splitlines()]
    assert len(set(printed)) == len(printed) >= 60
    assert min(printed) == 400_000_001
