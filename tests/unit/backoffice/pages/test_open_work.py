"""Open work: what is owed and what waits for a person, sent again or settled by two."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.directory.staff_records import Role
from meganodes.domain.transaction import State, Transaction
from meganodes.protocol.commands import Command
from tests.support.builders import a_new_agent
from tests.support.office import OfficeWorld, an_office

REASON = "booked by the casino's finance team"


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[OfficeWorld]:
    async with an_office(tmp_path) as opened:
        yield opened


async def parked_win(office: OfficeWorld) -> Transaction:
    player = await office.player()
    await player.bet()
    office.world.backend.drop(Command.WIN, 9)
    await player.win(amount="250.00")
    office.world.clock.advance(8 * 86_400)
    await office.deliver()
    office.world.backend.told.clear()
    return await player.row("w1")


async def state(office: OfficeWorld, row: Transaction) -> State:
    found = await office.world.journal.fetch(row.agent_id, row.trans_id)
    assert found is not None
    return found.state


async def propose(office: OfficeWorld, row: Transaction) -> None:
    answer = await office.post(
        f"/a/{office.agent_id}/open-work/{row.trans_id}/propose",
        outcome="booked-by-hand",
        reason=REASON,
    )
    assert answer.status_code == 303, answer.text


async def test_owed_win_says_how_much_since_when_and_why(office: OfficeWorld) -> None:
    player = await office.player()
    await player.bet()
    office.world.backend.drop(Command.WIN, 1)
    await player.win(amount="3.75")
    await office.sign_in(Role.VIEWER)
    page = await office.page(f"/a/{office.agent_id}/open-work")
    row = await player.row("w1")
    assert f'href="/office/a/{office.agent_id}/transactions/{row.trans_id}"' in page
    assert "3.75&nbsp;EUR" in page
    assert 'href="/office/help/no-reply-in-time"' in page
    assert "Waits for a person" not in page


async def test_nothing_open_is_good_news(office: OfficeWorld) -> None:
    await office.sign_in(Role.VIEWER)
    page = await office.page(f"/a/{office.agent_id}/open-work")
    assert "Every win and every cancel has arrived." in page


@pytest.mark.rule("3.4-parked")
async def test_parked_win_is_sent_again(office: OfficeWorld) -> None:
    row = await parked_win(office)
    await office.sign_in(Role.OPERATOR, office.agent_id)
    page = await office.page(f"/a/{office.agent_id}/open-work")
    assert "Your backend did not accept it within 7 days." in page
    assert "propose" not in page
    answer = await office.post(f"/a/{office.agent_id}/open-work/{row.trans_id}/resume")
    assert answer.status_code == 303
    await office.deliver()
    assert await state(office, row) is State.CREDITED


@pytest.mark.rule("3.4-settle-by-hand")
@pytest.mark.security("S11")
async def test_two_people_settle_and_the_first_cannot_be_both(office: OfficeWorld) -> None:
    row = await parked_win(office)
    ann = await office.sign_in(Role.OPERATOR)
    await propose(office, row)
    path = f"/a/{office.agent_id}/open-work"
    page = await office.page(path)
    assert "Somebody else must confirm it." in page
    assert f"{row.trans_id}/confirm" not in page
    answer = await office.post(f"{path}/{row.trans_id}/confirm")
    assert answer.status_code == 422
    assert "somebody else must confirm it" in answer.text
    assert await state(office, row) is State.PARKED
    await office.sign_in(Role.ADMIN)
    page = await office.page(path)
    assert f"{ann.email} proposes to settle it by hand:" in page
    assert "booked by the casino&#39;s finance team" in page
    assert (await office.post(f"{path}/{row.trans_id}/confirm")).status_code == 303
    assert await state(office, row) is State.SETTLED_BY_HAND
    assert f"{row.trans_id}" not in await office.page(path)


async def test_settling_is_for_the_hubs_own_team(office: OfficeWorld) -> None:
    """Contract 1: an agent's own staff see what waits, and send it again."""
    row = await parked_win(office)
    await office.sign_in(Role.ADMIN, office.agent_id)
    path = f"/a/{office.agent_id}/open-work/{row.trans_id}"
    answer = await office.post(f"{path}/propose", outcome="booked-by-hand", reason=REASON)
    assert answer.status_code == 422
    assert "hub&#39;s own team" in answer.text
    await office.sign_in(Role.OPERATOR)
    await propose(office, row)
    await office.sign_in(Role.ADMIN, office.agent_id)
    for verb in ("confirm", "withdraw"):
        assert (await office.post(f"{path}/{verb}")).status_code == 422
    assert await state(office, row) is State.PARKED


async def test_a_proposal_holds_sending_back_until_it_is_withdrawn(office: OfficeWorld) -> None:
    row = await parked_win(office)
    await office.sign_in(Role.OPERATOR)
    await propose(office, row)
    path = f"/a/{office.agent_id}/open-work/{row.trans_id}"
    await office.post(f"{path}/resume")
    assert "withdraw that first" in await office.page(f"/a/{office.agent_id}/open-work")
    assert await state(office, row) is State.PARKED
    assert (await office.post(f"{path}/withdraw")).status_code == 303
    assert (await office.post(f"{path}/resume")).status_code == 303
    assert await state(office, row) is State.OWED


@pytest.mark.parametrize(
    "fields",
    [
        {"outcome": "booked-by-hand", "reason": "short"},
        {"outcome": "never-heard-of", "reason": REASON},
        {"reason": REASON},
        {"outcome": "booked-by-hand", "reason": REASON, "state": "credited"},
    ],
)
async def test_a_bad_proposal_changes_nothing(office: OfficeWorld, fields: dict[str, str]) -> None:
    row = await parked_win(office)
    await office.sign_in(Role.OPERATOR)
    path = f"/a/{office.agent_id}/open-work/{row.trans_id}"
    assert (await office.post(f"{path}/propose", **fields)).status_code == 422
    assert (await office.post(f"{path}/confirm")).status_code == 404


async def test_settling_asks_for_a_fresh_password(office: OfficeWorld) -> None:
    """S11: proposing and confirming, not sending again."""
    row = await parked_win(office)
    await office.sign_in(Role.OPERATOR)
    office.world.clock.advance(11 * 60)
    path = f"/a/{office.agent_id}/open-work/{row.trans_id}"
    for verb in ("propose", "confirm"):
        answer = await office.post(f"{path}/{verb}", outcome="booked-by-hand", reason=REASON)
        assert "/office/confirm" in answer.headers["location"]
    assert (await office.post(f"{path}/resume")).status_code == 303


async def test_a_viewer_changes_nothing(office: OfficeWorld) -> None:
    row = await parked_win(office)
    await office.sign_in(Role.VIEWER)
    path = f"/a/{office.agent_id}/open-work/{row.trans_id}"
    for verb in ("resume", "propose", "confirm", "withdraw"):
        assert (await office.post(f"{path}/{verb}")).status_code == 403
    page = await office.page(f"/a/{office.agent_id}/open-work")
    assert "/resume" not in page


async def test_another_agents_work_is_missing(office: OfficeWorld) -> None:
    row = await parked_win(office)
    other = (await office.world.directory.add_agent(a_new_agent(name="other"))).agent_id
    await office.sign_in(Role.ADMIN)
    for verb in ("resume", "confirm", "withdraw"):
        answer = await office.post(f"/a/{other}/open-work/{row.trans_id}/{verb}")
        assert answer.status_code == 404
    assert await state(office, row) is State.PARKED


async def test_long_lists_go_on_where_they_stopped(office: OfficeWorld) -> None:
    player = await office.player()
    office.world.backend.drop(Command.WIN, 99)
    for number in range(27):
        await player.bet(f"b{number}", round_id=f"r{number}")
    # All at once: each waits for an answer that does not come.
    await asyncio.gather(*(player.win(f"w{n}", round_id=f"r{n}") for n in range(27)))
    await office.sign_in(Role.VIEWER)
    path = f"/a/{office.agent_id}/open-work"
    first = await office.page(path)
    assert first.count("<tr data-href") == 25
    after = first.partition("?after=")[2].partition('"')[0]
    assert (await office.page(path, after=after)).count("<tr data-href") == 2
    assert (await office.page(path, after="nonsense")).count("<tr data-href") == 25
