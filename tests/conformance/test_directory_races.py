"""What people do at once on two nodes: nothing is lost, doubled, or waits in a circle."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import pytest

from meganodes.directory.audit import first_broken_audit_row
from meganodes.directory.faults import DirectoryFault
from meganodes.directory.records import Actor
from meganodes.directory.settlements import NewProposal, SettledAs, Settlements
from meganodes.directory.sign_in_throttle import FAILURES_MAX
from meganodes.directory.staff_records import Role
from meganodes.directory.staff_sign_in import No
from meganodes.kit.database import DatabaseUrl
from meganodes.kit.secrets import Secret
from meganodes.protocol.replies import Permissions
from tests.support.builders import a_new_agent
from tests.support.directory import open_session, set_the_stage, started_directory
from tests.support.staff import ANNA, BROWSER, PASSWORD, People, people_on

TIMES = 12
"""How often something is done on each node: enough for the two to meet."""


@pytest.fixture
async def teams(place: DatabaseUrl) -> AsyncIterator[tuple[People, People]]:
    """The same people on two nodes, with an agent to work for."""
    async with AsyncExitStack() as stack:
        directory = await stack.enter_async_context(started_directory(place))
        await directory.add_agent(a_new_agent())
        one = await stack.enter_async_context(people_on(place))
        two = await stack.enter_async_context(people_on(place))
        yield one, two


async def test_guesses_at_once_on_two_nodes_count_each(teams: tuple[People, People]) -> None:
    await teams[0].hired()
    wrong = Secret("not this one at all")
    judged = await asyncio.gather(
        *(
            each.sign_in.with_password(ANNA, wrong, BROWSER)
            for _ in range(FAILURES_MAX)
            for each in teams
        )
    )
    assert set(judged) <= {No.WRONG, No.TOO_OFTEN}
    assert judged.count(No.WRONG) <= 3, "the fourth guess has to wait, on whichever node"
    assert await teams[1].sign_in.with_password(ANNA, PASSWORD, BROWSER) is No.TOO_OFTEN


async def test_sessions_opened_at_once_on_two_nodes_all_count(
    teams: tuple[People, People],
) -> None:
    member = await teams[0].hired(role=Role.OPERATOR)
    before = len(await teams[0].staff.sessions_of(member.staff_id))
    stage = (await teams[0].session_of((await teams[0].passed()).token))[1].stage
    tokens = await asyncio.gather(
        *(
            each.staff.start_session(member.staff_id, stage, BROWSER)
            for _ in range(TIMES)
            for each in teams
        )
    )
    numbers = {(await teams[1].session_of(token))[1].session_id for token in tokens}
    assert len(numbers) == 2 * TIMES
    sessions = await teams[1].staff.sessions_of(member.staff_id)
    assert len(sessions) == before + 1 + 2 * TIMES


async def test_of_proposals_at_once_on_two_nodes_one_stands(teams: tuple[People, People]) -> None:
    member = await teams[0].hired()
    actor = Actor(source="office", name=member.email)
    new = NewProposal(
        agent_id=1, trans_id=7, epoch=3, outcome=SettledAs.BOOKED_BY_HAND, reason="paid by wire"
    )
    proposed = await asyncio.gather(
        *(Settlements(each.staff).propose(new, member, actor) for each in teams for _ in range(3)),
        return_exceptions=True,
    )
    assert sum(isinstance(each, int) for each in proposed) == 1
    assert sum(isinstance(each, DirectoryFault) for each in proposed) == 5
    assert list(await Settlements(teams[1].staff).undecided(1, [7])) == [7]


async def test_edits_at_once_on_two_nodes_leave_a_whole_chain(place: DatabaseUrl) -> None:
    async with started_directory(place) as one, started_directory(place) as two:
        await one.add_agent(a_new_agent())
        await two.refresh()
        await asyncio.gather(
            *(
                node.set_agent("acme", {"in_flight_max": 10 * number + index})
                for number in range(1, TIMES)
                for index, node in enumerate((one, two))
            )
        )
        rows = await one.audit_trail()
        assert len(rows) == 1 + 2 * (TIMES - 1)
        assert await one._ports.database.read(first_broken_audit_row) is None
        await one.refresh()
        await two.refresh()
        assert one.agents() == two.agents()


async def test_permissions_and_ends_at_once_on_two_nodes_do_not_wait_for_each_other(
    place: DatabaseUrl,
) -> None:
    async with started_directory(place) as one, started_directory(place) as two:
        stage = await set_the_stage(one)
        for number in range(TIMES):
            session, token = await open_session(one, stage.user)
            permissions = Permissions(play=True, max_bet_minor=1 + number)
            await asyncio.gather(
                two.set_permissions(session.gplay_id, permissions, None, None),
                one.end_session(session.gplay_id),
                two.block_user(stage.user.user_code),
            )
            await two.refresh()
            seen = await two.session(token.reveal(), 7)
            assert seen is not None
            assert (seen.permissions, seen.ended_at_ms is not None) == (permissions, True)
