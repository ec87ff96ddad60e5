"""People who work in the Back Office, as the rest of the hub sees them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a member of staff is for; `backoffice.permissions` says what each may do."""

    ADMIN = "admin"
    OPERATOR = "operator"
    VIEWER = "viewer"


class StaffState(StrEnum):
    """Whether a member may sign in."""

    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"


class Stage(StrEnum):
    """How far somebody has got in signing in; only SIGNED_IN opens pages."""

    CODE = "code"
    ENROL = "enrol"
    SIGNED_IN = "signed-in"


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffMember:
    """A person. ``agent_id`` None means the hub's own team; else that agent and those below it.

    ``has_totp``: an authenticator app is set up. Nothing here opens a door.
    """

    staff_id: int
    email: str
    role: Role
    agent_id: int | None
    state: StaffState
    has_totp: bool
    time_zone: str
    created_at_ms: int
    last_sign_in_at_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class StaffSession:
    """A browser that signed in, or is about to. ``confirmed_at_ms``: when the password was given.

    ``address`` and ``browser`` are shown to the member alone, in the list of own sessions.
    """

    session_id: int
    staff_id: int
    stage: Stage
    created_at_ms: int
    last_seen_at_ms: int
    confirmed_at_ms: int
    address: str
    browser: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """Where somebody comes from: the address judged on the real peer, and what the browser says."""

    address: str
    browser: str
