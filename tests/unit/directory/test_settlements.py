"""Proposals of settlements: durable, decided by two, never deleted (contract 3.4, check S11)."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete
from sqlalchemy.exc import DBAPIError

from meganodes.directory.audit_reading import AuditFilter, audit_page
from meganodes.directory.faults import DirectoryFault
from meganodes.directory.records import Actor
from meganodes.directory.settlements import (
    NewProposal,
    Proposal,
    ProposalState,
    SettledAs,
    Settlements,
    settlement_proposals,
)
from meganodes.directory.staff_records import Role, StaffMember
from meganodes.kit.database import WriteConnection
from tests.support.office import OfficeWorld, an_office

NEW = NewProposal(
    agent_id=1, trans_id=7, epoch=3, outcome=SettledAs.BOOKED_BY_HAND, reason="paid by wire"
)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[OfficeWorld]:
    async with an_office(tmp_path) as opened:
        yield opened


def by(member: StaffMember) -> Actor:
    return Actor(source="office", name=member.email)


async def hired(office: OfficeWorld, name: str) -> StaffMember:
    return await office.people.hired(f"{name}@casino.example", Role.OPERATOR)


async def proposed(settlements: Settlements, member: StaffMember) -> Proposal:
    await settlements.propose(NEW, member, by(member))
    return (await settlements.undecided(1, [7]))[7]


async def verbs(office: OfficeWorld) -> list[str]:
    ports = office.people.staff.ports
    rows = (await ports.database.read(audit_page, AuditFilter(tag="settle"), 20)).rows
    return [row.tag for row in reversed(rows)]


@pytest.mark.rule("3.4-settle-by-hand")
async def test_one_proposes_and_another_confirms(office: OfficeWorld) -> None:
    settlements = Settlements(office.people.staff)
    ann, bob = await hired(office, "ann"), await hired(office, "bob")
    proposal = await proposed(settlements, ann)
    assert (proposal.state, proposal.proposer) == (ProposalState.OPEN, "ann@casino.example")
    confirmed = await settlements.confirm(proposal, bob, by(bob))
    assert confirmed.state is ProposalState.CONFIRMED
    assert (confirmed.decided_by, confirmed.decider) == (bob.staff_id, "bob@casino.example")
    await settlements.conclude(confirmed, ProposalState.SETTLED, by(bob))
    assert await settlements.undecided(1, [7]) == {}
    assert await verbs(office) == [
        "office:agent:propose-settlement",
        "office:agent:confirm-settlement",
        "office:agent:settle-by-hand",
    ]


@pytest.mark.rule("3.4-settle-by-hand")
@pytest.mark.security("S11")
async def test_the_proposer_cannot_confirm_whatever_their_role_is_by_then(
    office: OfficeWorld,
) -> None:
    settlements = Settlements(office.people.staff)
    ann = await hired(office, "ann")
    proposal = await proposed(settlements, ann)
    await office.people.staff.set_role(ann.staff_id, Role.ADMIN, by(ann))
    risen = await office.people.known(ann.email)
    for member in (ann, risen, replace(ann, staff_id=99)):
        with pytest.raises(DirectoryFault, match="somebody else"):
            await settlements.confirm(proposal, member, by(member))
    assert (await settlements.undecided(1, [7]))[7].state is ProposalState.OPEN


async def test_a_transaction_has_one_open_proposal(office: OfficeWorld) -> None:
    settlements = Settlements(office.people.staff)
    ann, bob = await hired(office, "ann"), await hired(office, "bob")
    proposal = await proposed(settlements, ann)
    with pytest.raises(DirectoryFault, match="already"):
        await settlements.propose(NEW, bob, by(bob))
    await settlements.withdraw(proposal, bob, by(bob))
    second = await proposed(settlements, bob)
    assert second.proposal_id == proposal.proposal_id + 1
    with pytest.raises(DirectoryFault, match="withdrawn already"):
        await settlements.confirm(proposal, bob, by(bob))
    with pytest.raises(DirectoryFault, match="withdrawn already"):
        await settlements.withdraw(proposal, ann, by(ann))


async def test_a_confirmed_proposal_is_not_withdrawn(office: OfficeWorld) -> None:
    settlements = Settlements(office.people.staff)
    ann, bob = await hired(office, "ann"), await hired(office, "bob")
    proposal = await proposed(settlements, ann)
    await settlements.confirm(proposal, bob, by(bob))
    again = await settlements.confirm(proposal, bob, by(bob))
    assert again.decider == bob.email
    with pytest.raises(DirectoryFault, match="confirmed already"):
        await settlements.withdraw(proposal, ann, by(ann))


async def test_proposals_of_another_agent_are_not_seen(office: OfficeWorld) -> None:
    settlements = Settlements(office.people.staff)
    await proposed(settlements, await hired(office, "ann"))
    assert await settlements.undecided(2, [7]) == {}


async def test_nothing_is_ever_deleted(office: OfficeWorld) -> None:
    settlements = Settlements(office.people.staff)
    await proposed(settlements, await hired(office, "ann"))

    def delete_all(connection: WriteConnection) -> None:
        connection.execute(delete(settlement_proposals))

    with pytest.raises(DBAPIError, match="never deleted"):
        await office.people.staff.ports.database.write(delete_all)


async def test_audit_row_says_what_was_proposed_and_why(office: OfficeWorld) -> None:
    settlements = Settlements(office.people.staff)
    await proposed(settlements, await hired(office, "ann"))
    ports = office.people.staff.ports
    (row,) = (await ports.database.read(audit_page, AuditFilter(tag="propose-settlement"), 9)).rows
    assert (row.actor, row.target, row.reason) == ("ann@casino.example", "agent:1", "paid by wire")
    assert json.loads(row.new)["trans_id"] == 7
