"""Settling by hand needs two people: one proposes, another confirms (contract 3.4, check S11).

A proposal is durable and stays for ever, whatever becomes of it. It says how the transaction stood:
one that has moved since needs a proposal of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, NoReturn

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Row, Table, Text, func, select, update

from meganodes.directory.audit import Action, Edit
from meganodes.directory.changes import Subject
from meganodes.directory.faults import DirectoryFault, FieldFault
from meganodes.directory.staff_tables import staff
from meganodes.directory.tables import agents, directory_metadata

if TYPE_CHECKING:
    from meganodes.directory.records import Actor
    from meganodes.directory.staff import Staff
    from meganodes.directory.staff_records import StaffMember
    from meganodes.domain.by_hand import Settlement
    from meganodes.domain.transaction import Transaction
    from meganodes.kit.database import ReadConnection

settlement_proposals = Table(
    "settlement_proposals",
    directory_metadata,
    Column("proposal_id", BigInteger, primary_key=True, autoincrement=False),
    Column("agent_id", BigInteger, ForeignKey(agents.c.agent_id), nullable=False),
    Column("trans_id", BigInteger, nullable=False),
    Column("epoch", BigInteger, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("proposed_by", BigInteger, ForeignKey(staff.c.staff_id), nullable=False),
    Column("proposer", Text, nullable=False),
    Column("proposed_at_ms", BigInteger, nullable=False),
    Column("decided_by", BigInteger, ForeignKey(staff.c.staff_id)),
    Column("decider", Text),
    Column("decided_at_ms", BigInteger),
)
_table: Final = settlement_proposals.c
Index(None, _table.agent_id, _table.trans_id)
_UNDECIDED: Final = _table.state.in_(["open", "confirmed"])
Index(
    "one_proposal_of_a_transaction",
    _table.agent_id,
    _table.trans_id,
    unique=True,
    sqlite_where=_UNDECIDED,
    postgresql_where=_UNDECIDED,
)


class SettledAs(StrEnum):
    """What was done outside the hub. Whichever it is, the movement counts from then on."""

    BOOKED_BY_HAND = "booked-by-hand"
    BOOKED_BEFORE = "booked-before"
    SETTLED_OTHERWISE = "settled-otherwise"


class ProposalState(StrEnum):
    """Where a proposal stands. CONFIRMED lasts for a moment, until the journal has it."""

    OPEN = "open"
    CONFIRMED = "confirmed"
    SETTLED = "settled"
    WITHDRAWN = "withdrawn"
    OVERTAKEN = "overtaken"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProposal:
    """What somebody says was settled outside the hub. ``epoch`` is the transaction's at that."""

    agent_id: int
    trans_id: int
    epoch: int
    outcome: SettledAs
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A proposal, and who did what about it; names are the e-mail addresses of that moment."""

    proposal_id: int
    agent_id: int
    trans_id: int
    epoch: int
    outcome: SettledAs
    reason: str
    state: ProposalState
    proposed_by: int
    proposer: str
    proposed_at_ms: int
    decided_by: int | None
    decider: str | None
    decided_at_ms: int | None

    def fault_of_confirming(self, member: StaffMember) -> str | None:
        """Say why this member cannot confirm, None when they can: it takes somebody else."""
        if member.staff_id == self.proposed_by or member.email.lower() == self.proposer.lower():
            return "You proposed this: somebody else must confirm it."
        if self.state not in {ProposalState.OPEN, ProposalState.CONFIRMED}:
            return f"The proposal is {self.state.value} already."
        return None


class Settlements:
    """The proposals, on the database of the people who make them."""

    def __init__(self, staff: Staff) -> None:
        """Take the people."""
        self._staff = staff

    async def undecided(self, agent_id: int, trans_ids: Sequence[int]) -> dict[int, Proposal]:
        """Return the proposals that wait for somebody, by the number of their transaction."""
        found = await self._staff.ports.database.read(_undecided, agent_id, trans_ids)
        return {each.trans_id: each for each in found}

    async def propose(self, new: NewProposal, member: StaffMember, actor: Actor) -> int:
        """Keep a proposal and return its number; DirectoryFault when there is one already."""
        return await self._staff.edit(actor, _propose, new, member)

    async def confirm(self, proposal: Proposal, member: StaffMember, actor: Actor) -> Proposal:
        """Note who confirms; DirectoryFault for the proposer and for what was decided meanwhile.

        Confirming what is confirmed already changes nothing: the journal may have been away.
        """
        return await self._staff.edit(actor, _confirm, proposal.proposal_id, member)

    async def conclude(self, proposal: Proposal, state: ProposalState, actor: Actor) -> None:
        """Note what became of a confirmed proposal: SETTLED, or OVERTAKEN by something else."""
        await self._staff.edit(actor, _conclude, proposal.proposal_id, state)

    async def withdraw(self, proposal: Proposal, member: StaffMember, actor: Actor) -> None:
        """Take an open proposal back; anybody who may settle can."""
        await self._staff.edit(actor, _withdraw, proposal.proposal_id, member)

    async def note_resuming(self, agent_id: int, trans_id: int, actor: Actor) -> None:
        """Leave an audit row of a parked transaction that somebody takes up again."""
        await self._staff.edit(actor, _note_resuming, agent_id, trans_id)

    async def note_settling(self, row: Transaction, settlement: Settlement, actor: Actor) -> None:
        """Leave an audit row of what two people settle at the command line.

        Raises DirectoryFault while somebody proposes another settlement for it.
        """
        await self._staff.edit(actor, _note_settling, row, settlement)


def _undecided(
    connection: ReadConnection, agent_id: int, trans_ids: Sequence[int]
) -> list[Proposal]:
    mine = (_table.agent_id == agent_id, _table.trans_id.in_(trans_ids), _UNDECIDED)
    return [_proposal(row) for row in connection.select(select(settlement_proposals).where(*mine))]


def _propose(edit: Edit, new: NewProposal, member: StaffMember) -> int:
    if _undecided(edit.connection, new.agent_id, [new.trans_id]):
        _refuse("There is a proposal for this transaction already: confirm it or withdraw it.")
    newest = edit.connection.select(select(func.max(_table.proposal_id))).scalar_one_or_none()
    values = {
        "proposal_id": (newest or 0) + 1,
        "trans_id": new.trans_id,
        "outcome": new.outcome,
    }
    action = Action(verb="propose-settlement", new=values, reason=new.reason)
    edit.note(Subject.AGENT, new.agent_id, action)
    edit.connection.execute(
        settlement_proposals.insert().values(
            **values,
            agent_id=new.agent_id,
            epoch=new.epoch,
            reason=new.reason,
            state=ProposalState.OPEN,
            proposed_by=member.staff_id,
            proposer=member.email,
            proposed_at_ms=edit.at_ms,
        )
    )
    return int(values["proposal_id"])


def refuse_if_proposed(edit: Edit, agent_id: int, trans_id: int) -> None:
    """Raise DirectoryFault while somebody says that a transaction was settled by hand."""
    if _undecided(edit.connection, agent_id, [trans_id]):
        _refuse("A settlement is proposed for it: withdraw that first.")


def _note_resuming(edit: Edit, agent_id: int, trans_id: int) -> None:
    refuse_if_proposed(edit, agent_id, trans_id)
    edit.note(Subject.AGENT, agent_id, Action(verb="resume-parked", new={"trans_id": trans_id}))


def _note_settling(edit: Edit, row: Transaction, settlement: Settlement) -> None:
    refuse_if_proposed(edit, row.agent_id, row.trans_id)
    new = {
        "trans_id": row.trans_id,
        "proposer": settlement.by,
        "confirmed_by": settlement.confirmed_by,
    }
    action = Action(verb="settle-by-hand", new=new, reason=settlement.reason)
    edit.note(Subject.AGENT, row.agent_id, action)


def _confirm(edit: Edit, proposal_id: int, member: StaffMember) -> Proposal:
    proposal = _found(edit, proposal_id)
    fault = proposal.fault_of_confirming(member)
    if fault is not None:
        _refuse(fault)
    if proposal.state is ProposalState.OPEN:
        _decide(edit, proposal, ProposalState.CONFIRMED, member)
    return _found(edit, proposal_id)


def _withdraw(edit: Edit, proposal_id: int, member: StaffMember) -> None:
    proposal = _found(edit, proposal_id)
    if proposal.state is not ProposalState.OPEN:
        _refuse(f"The proposal is {proposal.state.value} already.")
    _decide(edit, proposal, ProposalState.WITHDRAWN, member)


def _conclude(edit: Edit, proposal_id: int, state: ProposalState) -> None:
    proposal = _found(edit, proposal_id)
    if proposal.state is ProposalState.CONFIRMED:
        _decide(edit, proposal, state, None)


_VERBS: Final = {
    ProposalState.CONFIRMED: "confirm-settlement",
    ProposalState.SETTLED: "settle-by-hand",
    ProposalState.WITHDRAWN: "withdraw-settlement",
    ProposalState.OVERTAKEN: "drop-settlement",
}


def _decide(
    edit: Edit, proposal: Proposal, state: ProposalState, member: StaffMember | None
) -> None:
    new = {
        "proposal_id": proposal.proposal_id,
        "trans_id": proposal.trans_id,
        "state": state,
        "proposer": proposal.proposer,
    }
    action = Action(
        verb=_VERBS[state], old={"state": proposal.state}, new=new, reason=proposal.reason
    )
    edit.note(Subject.AGENT, proposal.agent_id, action)
    values: dict[str, object] = {"state": state}
    if member is not None:
        values |= {
            "decided_by": member.staff_id,
            "decider": member.email,
            "decided_at_ms": edit.at_ms,
        }
    one = _table.proposal_id == proposal.proposal_id
    edit.connection.execute(update(settlement_proposals).where(one).values(**values))


def _found(edit: Edit, proposal_id: int) -> Proposal:
    statement = select(settlement_proposals).where(_table.proposal_id == proposal_id)
    return _proposal(edit.connection.select(statement).one())


def _refuse(sentence: str) -> NoReturn:
    raise DirectoryFault([FieldFault("proposal", sentence)])


def _proposal(row: Row[Any]) -> Proposal:
    values = row._asdict()
    values["outcome"] = SettledAs(row.outcome)
    values["state"] = ProposalState(row.state)
    return Proposal(**values)
