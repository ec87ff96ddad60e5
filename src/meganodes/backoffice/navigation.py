"""The menu, as data: what is shown follows from the pages' own rights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from meganodes.backoffice.office import OFFICE_PATH
from meganodes.backoffice.permissions import Right, may

if TYPE_CHECKING:
    from meganodes.backoffice.page import Visit
    from meganodes.directory.records import Agent


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the menu. ``path`` is below /office; `{agent_id}` stands for the agent at hand."""

    title: str
    icon: str
    path: str
    right: Right = Right.SEE


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """An entry as one visit sees it."""

    title: str
    icon: str
    href: str
    is_here: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Entries under one heading."""

    title: str
    links: tuple[Link, ...]


_AGENT: Final = (
    Entry(title="Dashboard", icon="activity", path="/a/{agent_id}/dashboard"),
    Entry(title="Transactions", icon="list-details", path="/a/{agent_id}/transactions"),
    Entry(title="Users", icon="users", path="/a/{agent_id}/users"),
    Entry(title="Game Connections", icon="plug-connected", path="/a/{agent_id}/connections"),
    Entry(title="API Error Logs", icon="alert-triangle", path="/a/{agent_id}/errors"),
    Entry(title="API Log", icon="file-text", path="/a/{agent_id}/log"),
    Entry(title="Open work", icon="clock-pause", path="/a/{agent_id}/open-work"),
    Entry(title="Settings", icon="settings", path="/a/{agent_id}/settings"),
)
_EVERYTHING: Final = (
    Entry(title="Agents", icon="sitemap", path="/agents"),
    Entry(title="Staff", icon="user-circle", path="/staff", right=Right.MANAGE_STAFF),
    Entry(title="Audit", icon="shield-lock", path="/audit", right=Right.SEE_AUDIT),
)


def menu(visit: Visit) -> tuple[Section, ...]:
    """Make the menu of a visit: the agent at hand first, then what is above it."""
    sections = []
    agent = _agent_at_hand(visit)
    if agent is not None:
        links = _links(visit, _AGENT, str(agent.agent_id))
        sections.append(Section(title=agent.name, links=links))
    sections.append(Section(title="", links=_links(visit, _EVERYTHING, "")))
    return tuple(sections)


def _agent_at_hand(visit: Visit) -> Agent | None:
    """Return the agent of the address; elsewhere the one somebody works for, if any."""
    own = visit.staff.agent_id
    return visit.agent or (None if own is None else visit.scope.agent(own))


def _links(visit: Visit, entries: tuple[Entry, ...], agent_id: str) -> tuple[Link, ...]:
    here = visit.request.url.path
    links = []
    for entry in entries:
        if may(visit.staff, entry.right):
            href = OFFICE_PATH + entry.path.replace("{agent_id}", agent_id)
            is_here = here == href or here.startswith(f"{href}/")
            links.append(Link(title=entry.title, icon=entry.icon, href=href, is_here=is_here))
    return tuple(links)
