"""Who may do what: rights by role, and the agents a member of staff can see at all (contract 1)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from meganodes.directory.staff_records import Role, StaffMember

if TYPE_CHECKING:
    from meganodes.directory.port import Directory
    from meganodes.directory.records import Agent


class Right(StrEnum):
    """What a page asks for. A page has exactly one."""

    SEE = "see"
    EXPORT = "export"
    SEE_SECRETS = "see-secrets"
    CHANGE_SETTINGS = "change-settings"
    MANAGE_USERS = "manage-users"
    RESOLVE = "resolve"
    MANAGE_AGENTS = "manage-agents"
    MANAGE_STAFF = "manage-staff"
    SEE_AUDIT = "see-audit"


_VIEWER: Final = frozenset({Right.SEE})
_OPERATOR: Final = _VIEWER | {
    Right.EXPORT,
    Right.SEE_SECRETS,
    Right.CHANGE_SETTINGS,
    Right.MANAGE_USERS,
    Right.RESOLVE,
}
RIGHTS: Final[Mapping[Role, frozenset[Right]]] = {
    Role.VIEWER: _VIEWER,
    Role.OPERATOR: _OPERATOR,
    Role.ADMIN: frozenset(Right),
}


class Scope:
    """The agents somebody can see: all of them for the hub's own team, else a subtree."""

    def __init__(self, directory: Directory, member: StaffMember) -> None:
        """Look the subtree up, once for all that is asked of this scope."""
        self.directory = directory
        root = member.agent_id
        self._seen = None if root is None else frozenset(directory.subtree(root))

    def agent(self, agent_id: int) -> Agent | None:
        """Return an agent; a foreign one is None exactly like a missing one (S1)."""
        return self.directory.agent(agent_id) if self.has(agent_id) else None

    def has(self, agent_id: int) -> bool:
        """Say whether the agent is in sight."""
        return self._seen is None or agent_id in self._seen

    def agents(self) -> tuple[Agent, ...]:
        """Return all agents in sight, by name."""
        seen = (each for each in self.directory.agents() if self.has(each.agent_id))
        return tuple(sorted(seen, key=lambda each: each.name.lower()))

    @property
    def is_everything(self) -> bool:
        """Say whether this is the hub's own team."""
        return self._seen is None


def may(member: StaffMember, right: Right) -> bool:
    """Say whether the member's role has the right."""
    return right in RIGHTS[member.role]
