"""Words for states, roles and rights: what is stored is a name, what is shown is a message."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from meganodes.backoffice.messages import listed, say
from meganodes.backoffice.permissions import Right
from meganodes.directory.records import AgentState
from meganodes.directory.staff_records import Role, StaffState

WORDS: Final[Mapping[StrEnum, str]] = {
    AgentState.UNAPPROVED: listed("unapproved"),
    AgentState.APPROVED: listed("approved"),
    AgentState.SUSPENDED: listed("suspended"),
    StaffState.INVITED: listed("invited"),
    StaffState.ACTIVE: listed("active"),
    StaffState.DISABLED: listed("disabled"),
    Role.VIEWER: listed("viewer"),
    Role.OPERATOR: listed("operator"),
    Role.ADMIN: listed("admin"),
    Right.SEE: listed("see every page of the agents in sight"),
    Right.EXPORT: listed("take transactions away as a file"),
    Right.SEE_SECRETS: listed("see the Callback-Token and the signing secret"),
    Right.CHANGE_SETTINGS: listed("change settings and reissue tokens"),
    Right.MANAGE_USERS: listed("block users and end their games"),
    Right.RESOLVE: listed("send parked work again, or propose to settle it"),
    Right.MANAGE_AGENTS: listed("set agents up, approve and suspend them"),
    Right.MANAGE_STAFF: listed("invite staff, and give and take roles"),
    Right.SEE_AUDIT: listed("read the audit log"),
}


def word(value: StrEnum) -> str:
    """Say a state, a role or a right; one without a word is a KeyError."""
    return say(WORDS[value])
