"""Open work: what is owed, and what waits for a person, who takes it up again or settles it.

Settling takes two people of the hub's own team; nothing here can be deleted (contract 1, 3.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field

from meganodes.backoffice.messages import listed, say
from meganodes.backoffice.numbers import number_of
from meganodes.backoffice.office import OFFICE_PATH
from meganodes.backoffice.page import (
    Answer,
    AnyPage,
    Form,
    FormFaults,
    GoTo,
    Missing,
    NoForm,
    Page,
    Show,
    Visit,
)
from meganodes.backoffice.permissions import Right
from meganodes.directory.settlements import SettledAs, Settlements
from meganodes.domain.transaction import Kind
from meganodes.hub import settling
from meganodes.hub.open_work import owed_items, parked_items
from meganodes.hub.parked import NotDone
from meganodes.protocol.currency import currency

if TYPE_CHECKING:
    from meganodes.directory.settlements import Proposal
    from meganodes.domain.transaction import Transaction
    from meganodes.hub.open_work import OpenItem

PAGE_SIZE: Final = 25
_PARTS: Final = 2


class ProposalForm(Form):
    """What was settled outside the hub, and why it could not be otherwise."""

    outcome: SettledAs = Field(description=listed("one of the choices"))
    reason: Annotated[
        str,
        Field(
            min_length=10, max_length=500, description=listed("a reason of at least 10 characters")
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownItem:
    """An open item with what pages add: its proposal, and whether this member may confirm it."""

    item: OpenItem
    proposal: Proposal | None = None
    may_confirm: bool = False

    @property
    def row(self) -> Transaction:
        """The transaction."""
        return self.item.row

    @property
    def movement(self) -> str:
        """What is owed: a win, or the cancel of a bet."""
        return "win" if self.row.kind is Kind.WIN else "cancel"


async def show_open_work(visit: Visit) -> Answer:
    """Show what waits for a person, and what the hub is still delivering."""
    hub, agent = visit.office.hub, visit.own_agent
    after = _pair(visit.query("after"))
    parked_after = number_of(visit.query("parked_after")) or 0
    limit = PAGE_SIZE + 1
    parked = await parked_items(hub, agent.agent_id, after=parked_after, limit=limit)
    owed = await owed_items(hub, agent.agent_id, after=after, limit=limit)
    last = owed[:PAGE_SIZE][-1].row if owed else None
    values = {
        "parked": await _with_proposals(visit, parked[:PAGE_SIZE]),
        "parked_next": parked[PAGE_SIZE - 1].row.trans_id if len(parked) == limit else None,
        "owed": [ShownItem(item=each) for each in owed[:PAGE_SIZE]],
        "owed_next": f"{last.due_at_ms}-{last.trans_id}" if last and len(owed) == limit else None,
        "is_first": not parked_after and after == (0, 0),
        "money": currency,
        "is_hub_team": visit.scope.is_everything,
        "outcomes": tuple(SettledAs),
        "schedule": hub.schedule_of(agent),
        "opened": number_of(str(visit.request.path_params.get("trans_id", ""))),
    }
    return Show(template="open_work/list.html", values=values)


async def _with_proposals(visit: Visit, items: tuple[OpenItem, ...]) -> list[ShownItem]:
    numbers = [each.row.trans_id for each in items]
    found = await _settlements(visit).undecided(visit.own_agent.agent_id, numbers)
    shown = []
    for each in items:
        proposal = found.get(each.row.trans_id)
        may_confirm = proposal is not None and proposal.fault_of_confirming(visit.staff) is None
        shown.append(ShownItem(item=each, proposal=proposal, may_confirm=may_confirm))
    return shown


async def resume(visit: Visit, _form: NoForm) -> Answer:
    """Let the worker send a parked transaction again."""
    row = await _row(visit)
    if row is None:
        return Missing()
    done = await settling.resume(
        visit.office.hub, _settlements(visit), row, visit.staff, visit.actor
    )
    return _told(visit, done, say("%(guid)s is sent again.", guid=row.guid))


async def propose(visit: Visit, form: ProposalForm) -> Answer:
    """Say what was settled outside the hub, for a second person to confirm."""
    row = await _row(visit)
    if row is None:
        return Missing()
    _require_hub_team(visit)
    says = (form.outcome, form.reason)
    fault = await settling.propose(_settlements(visit), row, says, visit.staff, visit.actor)
    said = say("Proposed for %(guid)s: somebody else must confirm it.", guid=row.guid)
    return _told(visit, fault, said)


async def confirm(visit: Visit, _form: NoForm) -> Answer:
    """Confirm as the second person: the transaction is closed for good."""
    proposal = await _proposal(visit)
    if proposal is None:
        return Missing()
    _require_hub_team(visit)
    done = await settling.confirm(
        visit.office.hub, _settlements(visit), proposal, visit.staff, visit.actor
    )
    return _told(visit, done, say("Settled by hand: nothing is sent for it any more."))


async def withdraw(visit: Visit, _form: NoForm) -> Answer:
    """Take a proposal back; the transaction stays parked."""
    proposal = await _proposal(visit)
    if proposal is None:
        return Missing()
    _require_hub_team(visit)
    await _settlements(visit).withdraw(proposal, visit.staff, visit.actor)
    return _told(visit, None, say("The proposal is withdrawn: the transaction stays parked."))


def _require_hub_team(visit: Visit) -> None:
    if not visit.scope.is_everything:
        sentence = say(
            "Settling by hand is for the hub's own team: ask them, with what was settled."
        )
        raise FormFaults({"proposal": sentence})


def _told(visit: Visit, done: Transaction | NotDone | None, said: str) -> Answer:
    path = f"{OFFICE_PATH}/a/{visit.own_agent.agent_id}/open-work"
    if isinstance(done, NotDone):
        refusal = say("Nothing was done: %(reason)s.", reason=done.reason)
        return GoTo(path=path, toast=refusal, tone="warning")
    return GoTo(path=path, toast=said)


async def _row(visit: Visit) -> Transaction | None:
    trans_id = number_of(visit.request.path_params["trans_id"])
    if trans_id is None:
        return None
    return await visit.office.hub.journal.fetch(visit.own_agent.agent_id, trans_id)


async def _proposal(visit: Visit) -> Proposal | None:
    trans_id = number_of(visit.request.path_params["trans_id"])
    if trans_id is None:
        return None
    found = await _settlements(visit).undecided(visit.own_agent.agent_id, [trans_id])
    return found.get(trans_id)


def _settlements(visit: Visit) -> Settlements:
    return Settlements(visit.office.staff)


def _pair(text: str) -> tuple[int, int]:
    numbers = [number_of(part) for part in text.split("-")]
    if len(numbers) != _PARTS or numbers[0] is None or numbers[1] is None:
        return (0, 0)
    return (numbers[0], numbers[1])


_BASE: Final = "/a/{agent_id}/open-work"

PAGES: tuple[AnyPage, ...] = (
    Page(path=_BASE, title="Open work", answer=show_open_work),
    Page(
        path=_BASE + "/{trans_id}/resume",
        title="Resume",
        answer=resume,
        form=NoForm,
        right=Right.RESOLVE,
        back=show_open_work,
    ),
    Page(
        path=_BASE + "/{trans_id}/propose",
        title="Settle by hand",
        answer=propose,
        form=ProposalForm,
        right=Right.RESOLVE,
        fresh=True,
        back=show_open_work,
    ),
    Page(
        path=_BASE + "/{trans_id}/confirm",
        title="Confirm",
        answer=confirm,
        form=NoForm,
        right=Right.RESOLVE,
        fresh=True,
        back=show_open_work,
    ),
    Page(
        path=_BASE + "/{trans_id}/withdraw",
        title="Withdraw",
        answer=withdraw,
        form=NoForm,
        right=Right.RESOLVE,
        back=show_open_work,
    ),
)
