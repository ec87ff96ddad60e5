"""Agents: the tree somebody can see, and setting up, approving and suspending them (contract 1)."""

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
    Page,
    Show,
    Visit,
)
from meganodes.backoffice.permissions import Right
from meganodes.backoffice.state_words import word
from meganodes.directory.records import AgentState, NewAgent
from meganodes.kit.time_zones import time_zones
from meganodes.protocol.commands import Revision
from meganodes.protocol.currency import all_currencies

if TYPE_CHECKING:
    from meganodes.directory.records import Agent

PAGE_SIZE: Final = 50
_LIST: Final = f"{OFFICE_PATH}/agents"

_Text = Annotated[str, Field(max_length=300)]


class NewAgentForm(Form):
    """What a new agent needs. Its currency is set once."""

    name: Annotated[str, Field(min_length=1, max_length=60, description=listed("a name"))]
    currency: _Text
    callback_url: Annotated[
        str, Field(min_length=8, max_length=2048, description=listed("an address"))
    ]
    revision: Revision = Revision.GUID
    time_zone: _Text = "UTC"
    parent: _Text = ""


class ReasonForm(Form):
    """Why something is done; it goes into the audit log."""

    reason: Annotated[
        str,
        Field(
            min_length=3, max_length=500, description=listed("a reason of at least 3 characters")
        ),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeRow:
    """An agent in the list: how deep it stands below what somebody sees, how many below it.

    ``above`` is the name of the agent it stands below, "" for none in sight.
    """

    agent: Agent
    depth: int
    below: int
    above: str = ""


async def list_agents(visit: Visit) -> Answer:
    """Show the tree, or what a search finds, a page at a time."""
    sought = visit.query("q").lower()
    state = visit.query("state")
    every = tree(visit.scope.agents(), visit.staff.agent_id)
    found = [
        row
        for row in every
        if (sought in row.agent.name.lower() or sought == str(row.agent.agent_id))
        and state in {"", row.agent.state.value}
    ]
    start = number_of(visit.query("after")) or 0
    values = {
        "rows": found[start : start + PAGE_SIZE],
        "total": len(found),
        "start": start,
        "earlier": max(0, start - PAGE_SIZE) if start else None,
        "later": start + PAGE_SIZE if start + PAGE_SIZE < len(found) else None,
        "sought": sought,
        "state": state,
        "states": tuple(AgentState),
        "is_empty": not every,
        "is_search": bool(sought or state),
    }
    return Show(template="agents/list.html", values=values)


def tree(agents: tuple[Agent, ...], root: int | None) -> list[TreeRow]:
    """Put agents in the order of the tree: each below its parent, siblings by name."""
    children: dict[int | None, list[Agent]] = {}
    names: dict[int | None, str] = {each.agent_id: each.name for each in agents}
    for each in agents:
        parent = each.parent_id if each.parent_id in names and each.agent_id != root else None
        children.setdefault(parent, []).append(each)
    rows: list[TreeRow] = []
    waiting = [(each, 0) for each in reversed(children.get(None, []))]
    while waiting:
        agent, depth = waiting.pop()
        own = children.get(agent.agent_id, [])
        above = names.get(agent.parent_id, "") if depth else ""
        rows.append(TreeRow(agent=agent, depth=depth, below=len(own), above=above))
        waiting.extend((each, depth + 1) for each in reversed(own))
    return rows


async def show_form(visit: Visit) -> Answer:
    """Show the form for a new agent."""
    parents = [("", say("none"))] if visit.scope.is_everything else []
    parents += [(each.name, each.name) for each in visit.scope.agents()]
    currencies = [
        (each.code, say("%(code)s · %(count)s decimals", code=each.code, count=each.exponent))
        for each in all_currencies()
    ]
    values = {
        "parents": parents,
        "currencies": currencies,
        "revisions": [(Revision.GUID.value, "guid"), (Revision.ID.value, "id")],
        "zones": sorted(time_zones()),
    }
    return Show(template="agents/new.html", values=values)


async def create(visit: Visit, form: NewAgentForm) -> Answer:
    """Set an agent up and show its secrets, this one time."""
    scope = visit.scope
    parent = next((each for each in scope.agents() if each.name == form.parent), None)
    if parent is None and (form.parent or not scope.is_everything):
        raise FormFaults({"parent": say("Choose one of the agents you can see.")})
    new = NewAgent(
        name=form.name,
        currency=form.currency,
        callback_url=form.callback_url,
        revision=form.revision,
        parent=parent.name if parent else None,
        time_zone=form.time_zone,
    )
    made = await visit.office.hub.directory.add_agent(new, visit.actor)
    secrets = (
        (say("API token"), made.api_token.reveal()),
        (say("Callback-Token"), made.callback_token.reveal()),
        (say("Signing secret"), made.signing_secret.reveal()),
    )
    values = {"title": form.name, "secrets": secrets, "agent_id": made.agent_id}
    return Show(template="agents/made.html", values=values)


async def approve(visit: Visit, form: ReasonForm) -> Answer:
    """Put an agent into business: the hub's own team alone, with a reason (contract 1)."""
    if not visit.scope.is_everything:
        raise FormFaults({"reason": say("Approving is for the hub's own team: ask them.")})
    return await _set_state(visit, AgentState.APPROVED, form.reason)


async def suspend(visit: Visit, form: ReasonForm) -> Answer:
    """Stop an agent: no launch and no bets; what is owed is still delivered."""
    return await _set_state(visit, AgentState.SUSPENDED, form.reason)


async def _set_state(visit: Visit, state: AgentState, reason: str) -> Answer:
    agent = visit.own_agent
    if agent.agent_id == visit.staff.agent_id:
        sentence = say("%(name)s is your own agent: its parent decides this.", name=agent.name)
        raise FormFaults({"reason": sentence})
    directory = visit.office.hub.directory
    await directory.set_agent_state(agent.name, state, visit.actor, reason)
    said = say("%(name)s is %(state)s.", name=agent.name, state=word(state))
    return GoTo(path=_LIST, toast=said)


PAGES: tuple[AnyPage, ...] = (
    Page(path="/agents", title="Agents", answer=list_agents),
    Page(path="/agents/new", title="New agent", answer=show_form, right=Right.MANAGE_AGENTS),
    Page(
        path="/agents/new",
        title="New agent",
        answer=create,
        form=NewAgentForm,
        right=Right.MANAGE_AGENTS,
        fresh=True,
        back=show_form,
    ),
    Page(
        path="/a/{agent_id}/approve",
        title="Approve",
        answer=approve,
        form=ReasonForm,
        right=Right.MANAGE_AGENTS,
        back=list_agents,
    ),
    Page(
        path="/a/{agent_id}/suspend",
        title="Suspend",
        answer=suspend,
        form=ReasonForm,
        right=Right.MANAGE_AGENTS,
        back=list_agents,
    ),
)
