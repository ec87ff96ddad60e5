"""Taking parked transactions up again, and closing those that two people settled (contract 3.4).

The second person's word is durable before the journal moves; should the journal be away in that
moment, confirming again carries it out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meganodes.directory.settlements import NewProposal, Proposal, ProposalState
from meganodes.domain.by_hand import Settlement
from meganodes.domain.transaction import State
from meganodes.hub import parked
from meganodes.hub.parked import NotDone

if TYPE_CHECKING:
    from meganodes.directory.records import Actor
    from meganodes.directory.settlements import SettledAs, Settlements
    from meganodes.directory.staff_records import StaffMember
    from meganodes.domain.transaction import Transaction
    from meganodes.hub.core import Hub


async def resume(
    hub: Hub, settlements: Settlements, row: Transaction, member: StaffMember, actor: Actor
) -> Transaction | NotDone:
    """Let the worker send it again; not while somebody says it was settled outside the hub."""
    if await settlements.undecided(row.agent_id, [row.trans_id]):
        return NotDone("a settlement is proposed for it: withdraw that first")
    if row.state is State.PARKED:
        await settlements.note_resuming(row.agent_id, row.trans_id, actor)
    done = await parked.resume(hub.journal, hub.clock, row, member.email)
    hub.wake_worker()
    return done


async def propose(
    settlements: Settlements,
    row: Transaction,
    says: tuple[SettledAs, str],
    member: StaffMember,
    actor: Actor,
) -> NotDone | None:
    """Keep what somebody says was settled, for somebody else to confirm."""
    if row.state is not State.PARKED:
        return NotDone(f"it is not parked: its state is {row.state.value}")
    outcome, reason = says
    new = NewProposal(
        agent_id=row.agent_id,
        trans_id=row.trans_id,
        epoch=row.epoch,
        outcome=outcome,
        reason=reason,
    )
    await settlements.propose(new, member, actor)
    return None


async def confirm(
    hub: Hub, settlements: Settlements, proposal: Proposal, member: StaffMember, actor: Actor
) -> Transaction | NotDone:
    """Confirm a proposal as the second person, and close its transaction for good.

    Raises DirectoryFault when this person may not: they proposed it, or it was decided meanwhile.
    """
    confirmed = await settlements.confirm(proposal, member, actor)
    row = await hub.journal.fetch(proposal.agent_id, proposal.trans_id)
    done = await _settled(hub, confirmed, row)
    is_settled = not isinstance(done, NotDone)
    state = ProposalState.SETTLED if is_settled else ProposalState.OVERTAKEN
    await settlements.conclude(confirmed, state, actor)
    return done


async def _settled(hub: Hub, proposal: Proposal, row: Transaction | None) -> Transaction | NotDone:
    if row is not None and row.state is State.SETTLED_BY_HAND and row.epoch == proposal.epoch + 1:
        return row
    if row is None or row.epoch != proposal.epoch:
        return NotDone("it has moved since this was proposed: look at it again")
    settlement = Settlement(
        by=proposal.proposer,
        confirmed_by=proposal.decider or "",
        reason=f"{proposal.outcome.value}: {proposal.reason}",
    )
    return await parked.settle(hub.journal, hub.clock, row, settlement)
