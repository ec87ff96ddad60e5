"""Taking up again and settling by hand, with two people and a journal that may be away."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from meganodes.directory.records import Actor
from meganodes.directory.settlements import ProposalState, SettledAs, Settlements
from meganodes.directory.staff_records import Role, StaffMember
from meganodes.domain.by_hand import Settlement
from meganodes.domain.transaction import State, Transaction
from meganodes.hub import parked, settling
from meganodes.hub.parked import NotDone
from meganodes.protocol.commands import Command
from tests.support.office import OfficeWorld, an_office

SAYS = (SettledAs.BOOKED_BY_HAND, "paid by wire")


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[OfficeWorld]:
    async with an_office(tmp_path) as opened:
        yield opened


async def parked_win(office: OfficeWorld) -> Transaction:
    """Let a win fail until it is parked."""
    player = await office.player()
    await player.bet()
    office.world.backend.drop(Command.WIN, 9)
    await player.win()
    office.world.clock.advance(8 * 86_400)
    await office.deliver()
    row = await player.row("w1")
    assert row.state is State.PARKED
    office.world.backend.told.clear()
    return row


async def two(office: OfficeWorld) -> tuple[StaffMember, StaffMember]:
    ann = await office.people.hired("ann@hub.example", Role.OPERATOR)
    return ann, await office.people.hired("bob@hub.example", Role.OPERATOR)


def by(member: StaffMember) -> Actor:
    return Actor(source="office", name=member.email)


async def now(office: OfficeWorld, row: Transaction) -> Transaction:
    found = await office.world.journal.fetch(row.agent_id, row.trans_id)
    assert found is not None
    return found


@pytest.mark.rule("3.4-settle-by-hand")
async def test_two_people_close_it_and_nothing_is_sent_ever_again(office: OfficeWorld) -> None:
    row = await parked_win(office)
    ann, bob = await two(office)
    settlements = Settlements(office.people.staff)
    assert await settling.propose(settlements, row, SAYS, ann, by(ann)) is None
    assert (await now(office, row)).state is State.PARKED
    proposal = (await settlements.undecided(1, [row.trans_id]))[row.trans_id]
    sent = len(office.world.backend.asked)
    done = await settling.confirm(office.world.hub, settlements, proposal, bob, by(bob))
    assert isinstance(done, Transaction)
    assert done.state is State.SETTLED_BY_HAND
    last = (await office.world.journal.events(1, row.trans_id))[-1]
    assert last.cause == (
        "settled by hand by ann@hub.example, confirmed by bob@hub.example: "
        "booked-by-hand: paid by wire"
    )
    assert await settlements.undecided(1, [row.trans_id]) == {}
    assert len(office.world.backend.asked) == sent


@pytest.mark.rule("3.4-parked")
async def test_a_resumed_win_is_sent_again_and_its_history_says_who(office: OfficeWorld) -> None:
    row = await parked_win(office)
    ann, _ = await two(office)
    settlements = Settlements(office.people.staff)
    done = await settling.resume(office.world.hub, settlements, row, ann, by(ann))
    assert isinstance(done, Transaction)
    causes = [each.cause for each in await office.world.journal.events(1, row.trans_id)]
    assert causes[-1] == "resumed by ann@hub.example"
    await office.deliver()
    assert (await now(office, row)).state is State.CREDITED


async def test_nothing_is_sent_again_while_somebody_says_it_was_settled(
    office: OfficeWorld,
) -> None:
    row = await parked_win(office)
    ann, bob = await two(office)
    settlements = Settlements(office.people.staff)
    await settling.propose(settlements, row, SAYS, ann, by(ann))
    done = await settling.resume(office.world.hub, settlements, row, bob, by(bob))
    assert done == NotDone("a settlement is proposed for it: withdraw that first")
    assert (await now(office, row)).state is State.PARKED


async def test_what_is_not_parked_is_not_settled(office: OfficeWorld) -> None:
    player = await office.player()
    await player.bet()
    row = await player.row("b1")
    ann, _ = await two(office)
    fault = await settling.propose(Settlements(office.people.staff), row, SAYS, ann, by(ann))
    assert fault == NotDone("it is not parked: its state is accepted")


async def test_what_is_not_parked_is_not_sent_again(office: OfficeWorld) -> None:
    player = await office.player()
    await player.bet()
    row = await player.row("b1")
    ann, _ = await two(office)
    done = await settling.resume(
        office.world.hub, Settlements(office.people.staff), row, ann, by(ann)
    )
    assert isinstance(done, NotDone)
    assert await now(office, row) == row


async def test_a_settlement_that_was_carried_out_unseen_counts_as_carried_out(
    office: OfficeWorld,
) -> None:
    row = await parked_win(office)
    ann, bob = await two(office)
    settlements = Settlements(office.people.staff)
    await settling.propose(settlements, row, SAYS, ann, by(ann))
    proposal = (await settlements.undecided(1, [row.trans_id]))[row.trans_id]
    said = Settlement(by="ann", confirmed_by="bob", reason="paid by wire")
    await parked.settle(office.world.journal, office.world.clock, row, said)
    settled = await now(office, row)
    assert await settling.confirm(office.world.hub, settlements, proposal, bob, by(bob)) == settled
    assert settled.state is State.SETTLED_BY_HAND


async def test_a_proposal_about_an_earlier_state_settles_nothing(office: OfficeWorld) -> None:
    row = await parked_win(office)
    ann, bob = await two(office)
    settlements = Settlements(office.people.staff)
    await settling.propose(settlements, row, SAYS, ann, by(ann))
    proposal = (await settlements.undecided(1, [row.trans_id]))[row.trans_id]
    await parked.resume(office.world.journal, office.world.clock, row)
    done = await settling.confirm(office.world.hub, settlements, proposal, bob, by(bob))
    assert done == NotDone("it has moved since this was proposed: look at it again")
    assert (await now(office, row)).state is State.OWED
    assert await settlements.undecided(1, [row.trans_id]) == {}


async def test_a_confirmation_the_journal_did_not_get_is_carried_out_later(
    office: OfficeWorld,
) -> None:
    row = await parked_win(office)
    ann, bob = await two(office)
    settlements = Settlements(office.people.staff)
    await settling.propose(settlements, row, SAYS, ann, by(ann))
    proposal = (await settlements.undecided(1, [row.trans_id]))[row.trans_id]
    await settlements.confirm(proposal, bob, by(bob))
    waiting = (await settlements.undecided(1, [row.trans_id]))[row.trans_id]
    assert waiting.state is ProposalState.CONFIRMED
    done = await settling.confirm(office.world.hub, settlements, waiting, bob, by(bob))
    assert isinstance(done, Transaction)
    assert done.state is State.SETTLED_BY_HAND
