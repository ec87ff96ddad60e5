"""Where somebody lands: on the one agent they work for, or on the list of all they can see."""

from __future__ import annotations

from meganodes.backoffice.office import OFFICE_PATH
from meganodes.backoffice.page import Answer, AnyPage, GoTo, Page, Visit


async def lead_on(visit: Visit) -> Answer:
    """Lead to the dashboard of the own agent; the hub's team sees the list of agents."""
    agent_id = visit.staff.agent_id
    if agent_id is not None:
        return GoTo(path=f"{OFFICE_PATH}/a/{agent_id}/dashboard")
    agents = visit.scope.agents()
    only = agents[0].agent_id if len(agents) == 1 else None
    return GoTo(
        path=f"{OFFICE_PATH}/agents" if only is None else f"{OFFICE_PATH}/a/{only}/dashboard"
    )


PAGES: tuple[AnyPage, ...] = (Page(path="/", title="Start", answer=lead_on),)
