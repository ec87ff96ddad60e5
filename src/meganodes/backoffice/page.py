"""What a page of the Back Office is, as data: routes, navigation and tests are made from it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from meganodes.backoffice.permissions import Right, Scope, may
from meganodes.directory.records import Actor, Agent
from meganodes.directory.staff_records import Seen, StaffMember, StaffSession, Stage
from meganodes.hub.uses import Use
from meganodes.kit.secrets import Secret

if TYPE_CHECKING:
    from starlette.requests import Request

    from meganodes.backoffice.office import Office


class Form(BaseModel):
    """The fields of a form. One that is not listed is refused: no mass assignment (S2)."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class NoForm(Form):
    """A button that sends nothing but itself."""


FormT = TypeVar("FormT", bound=Form)


class Method(StrEnum):
    """GET shows and changes nothing; POST changes."""

    GET = "GET"
    POST = "POST"


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """Answer with a page: a template below `templates/` and its values.

    ``token`` is a session's new one, for the browser to keep.
    """

    template: str
    values: Mapping[str, object] = field(default_factory=dict)
    status: int = 200
    token: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GoTo:
    """Answer by leading on (303). ``toast`` is said once on the next page, ``tone`` colours it.

    ``token`` is a session's new one, for the browser to keep; "" takes it away.
    """

    path: str
    toast: str = ""
    tone: str = "success"
    token: Secret | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Download:
    """Answer with a file that is made while it is sent."""

    name: str
    media_type: str
    parts: AsyncIterator[bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """Answer with a stream of server-sent events; it ends when the hub drains.

    Each part is (event name, data); lines of the data are split for the wire by the door.
    """

    events: AsyncIterator[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Missing:
    """There is no such thing, or it is somebody else's: both look the same (S1)."""


Answer = Show | GoTo | Download | Live | Missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request of a page that was admitted: who it is, what they may see, which agent it is about.

    ``faults`` (by field) and ``sent`` are there when a form could not be taken and its page is
    shown again.
    """

    office: Office
    request: Request
    address: str
    member: StaffMember | None = None
    session: StaffSession | None = None
    agent: Agent | None = None
    faults: Mapping[str, str] = field(default_factory=dict)
    sent: Mapping[str, str] = field(default_factory=dict)

    @property
    def staff(self) -> StaffMember:
        """The member of staff; only pages for anyone have none."""
        assert self.member is not None, "pages for anyone do not ask who it is"
        return self.member

    @property
    def own_agent(self) -> Agent:
        """The agent of the address; only pages below /a/{agent_id} have one."""
        assert self.agent is not None, "the page's path has no agent_id"
        return self.agent

    @property
    def scope(self) -> Scope:
        """The agents in sight."""
        return Scope(self.office.hub.directory, self.staff)

    @property
    def seen(self) -> Seen:
        """Where the visit comes from, as sessions and the audit log remember it."""
        browser = self.request.headers.get("user-agent", "")
        return Seen(address=self.address, browser=browser)

    @property
    def own_session(self) -> StaffSession:
        """The session; only pages for anyone have none."""
        assert self.session is not None, "pages for anyone ask for no session"
        return self.session

    @property
    def actor(self) -> Actor:
        """Who is written into the audit log."""
        return Actor(source="office", name=f"{self.staff.email} from {self.address}")

    def may(self, right: Right) -> bool:
        """Say whether this member's role has a right; templates hide what it may not."""
        return may(self.staff, right)

    def query(self, name: str, default: str = "") -> str:
        """Return a parameter of the address, at most 200 characters of it."""
        return self.request.query_params.get(name, default)[:200].strip()


Action = Callable[[Visit, Any], Awaitable[Answer]]
"""What answers a form that was taken; the form is of the page's own type."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[FormT]):
    """One route.

    ``path`` is below /office; with `{agent_id}` in it the door looks the agent up in the member's
    scope. ``right`` is what a role must have. ``stage``: how far the visitor must have signed in,
    None for anyone. ``fresh``: the password must have been given within the last minutes (S11).
    ``back``: what shows the form again when its fields cannot be taken. ``use``: what a visit
    counts as, where that may be done only so often (S19).
    """

    path: str
    title: str
    answer: Callable[[Visit, FormT], Awaitable[Answer]] | Callable[[Visit], Awaitable[Answer]]
    right: Right | None = Right.SEE
    form: type[FormT] | None = None
    stage: Stage | None = Stage.SIGNED_IN
    fresh: bool = False
    back: Callable[[Visit], Awaitable[Answer]] | None = None
    use: Use | None = None

    @property
    def method(self) -> Method:
        """What sends a form changes something; all else shows and changes nothing."""
        return Method.GET if self.form is None else Method.POST

    @property
    def is_about_an_agent(self) -> bool:
        """Say whether the address names an agent."""
        return "{agent_id}" in self.path


AnyPage = Page[Any]


class FormFaults(Exception):
    """What a person typed cannot be taken, by field; actions raise it after checks of their own."""

    def __init__(self, faults: Mapping[str, str], status: int = 422) -> None:
        super().__init__("; ".join(faults.values()))
        self.faults = dict(faults)
        self.status = status
