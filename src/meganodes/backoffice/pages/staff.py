"""Staff: who may come in, as what, for which agent; and letting nobody in any more."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from meganodes.backoffice.messages import listed, say
from meganodes.backoffice.numbers import number_of
from meganodes.backoffice.office import OFFICE_PATH
from meganodes.backoffice.page import (
    Action,
    Answer,
    AnyPage,
    Form,
    FormFaults,
    GoTo,
    NoForm,
    Page,
    Show,
    Visit,
)
from meganodes.backoffice.permissions import RIGHTS, Right, Scope
from meganodes.backoffice.state_words import word
from meganodes.directory.staff import WELCOME, WELCOME_MINUTES, NewMember
from meganodes.directory.staff_records import Role, StaffMember, StaffState
from meganodes.hub.uses import Use

PAGE_SIZE: Final = 50
_LIST: Final = f"{OFFICE_PATH}/staff"


class InviteForm(Form):
    """Whom to invite."""

    email: Annotated[
        str, Field(min_length=3, max_length=200, description=listed("an e-mail address"))
    ]
    role: Role
    agent: Annotated[str, Field(max_length=60)] = ""


class RoleForm(Form):
    """Another role."""

    role: Role


async def list_staff(visit: Visit) -> Answer:
    """Show those whose agent is in sight, or whom a search finds, a page at a time."""
    scope, sought = visit.scope, visit.query("q").lower()
    found = [
        each
        for each in await visit.office.staff.members()
        if _in_sight(scope, each) and sought in each.email.lower()
    ]
    start = number_of(visit.query("after")) or 0
    members = found[start : start + PAGE_SIZE]
    agents = [("", say("the hub's own team"))] if scope.is_everything else []
    values = {
        "members": members,
        "names": _agent_names(visit, members),
        "total": len(found),
        "start": start,
        "earlier": max(0, start - PAGE_SIZE) if start else None,
        "later": start + PAGE_SIZE if start + PAGE_SIZE < len(found) else None,
        "sought": sought,
        "agents": agents + [(each.name, each.name) for each in scope.agents()],
        "roles": [(each.value, word(each)) for each in Role],
        "rights": tuple(Right),
        "rights_of": RIGHTS,
        "every_role": (Role.VIEWER, Role.OPERATOR, Role.ADMIN),
    }
    return Show(template="staff/list.html", values=values)


def _agent_names(visit: Visit, members: list[StaffMember]) -> dict[int, str]:
    directory = visit.office.hub.directory
    return {
        each.staff_id: agent.name
        for each in members
        if each.agent_id is not None and (agent := directory.agent(each.agent_id)) is not None
    }


async def invite(visit: Visit, form: InviteForm) -> Answer:
    """Invite somebody; the link is shown this one time."""
    agent = next((each for each in visit.scope.agents() if each.name == form.agent), None)
    if agent is None and (form.agent or not visit.scope.is_everything):
        raise FormFaults({"agent": say("Choose one of the agents you can see.")})
    new = NewMember(
        email=form.email,
        role=form.role,
        agent_id=agent.agent_id if agent else None,
        time_zone=visit.staff.time_zone,
    )
    code = await visit.office.staff.invite(new, visit.actor)
    return _link_shown(visit, form.email, code.reveal())


async def new_link(visit: Visit, _form: NoForm) -> Answer:
    """Make a new one-time link for somebody who lost the password; their sessions go on."""
    member = await _member(visit)
    code = await visit.office.staff.new_code(member.staff_id, WELCOME, WELCOME_MINUTES, visit.actor)
    return _link_shown(visit, member.email, code.reveal())


async def set_role(visit: Visit, form: RoleForm) -> Answer:
    """Give somebody another role; their sessions end."""
    member = await _other_member(visit)
    await visit.office.staff.set_role(member.staff_id, form.role, visit.actor)
    name, role = member.email, word(form.role)
    said = say("%(name)s is %(role)s now, and signs in again.", name=name, role=role)
    return GoTo(path=_LIST, toast=said)


async def disable(visit: Visit, _form: NoForm) -> Answer:
    """Let somebody in no more."""
    member = await _other_member(visit)
    await visit.office.staff.set_state(member.staff_id, StaffState.DISABLED, visit.actor)
    said = say("%(name)s is disabled; their sessions have ended.", name=member.email)
    return GoTo(path=_LIST, toast=said)


async def enable(visit: Visit, _form: NoForm) -> Answer:
    """Let somebody in again, with the password they had."""
    member = await _other_member(visit)
    await visit.office.staff.set_state(member.staff_id, StaffState.ACTIVE, visit.actor)
    return GoTo(path=_LIST, toast=say("%(name)s may sign in again.", name=member.email))


async def forget_second_factor(visit: Visit, _form: NoForm) -> Answer:
    """Take a lost authenticator app away."""
    member = await _other_member(visit)
    await visit.office.staff.forget_second_factor(member.staff_id, visit.actor)
    said = say("%(name)s sets up a second factor anew.", name=member.email)
    return GoTo(path=_LIST, toast=said)


def _in_sight(scope: Scope, member: StaffMember) -> bool:
    return scope.is_everything if member.agent_id is None else scope.has(member.agent_id)


async def _member(visit: Visit) -> StaffMember:
    staff_id = number_of(visit.request.path_params["staff_id"])
    found = None if staff_id is None else await visit.office.staff.member(staff_id)
    if found is None or not _in_sight(visit.scope, found):
        raise FormFaults({"staff_id": say("There is no such member of staff.")})
    return found


async def _other_member(visit: Visit) -> StaffMember:
    member = await _member(visit)
    if member.staff_id == visit.staff.staff_id:
        raise FormFaults({"staff_id": say("This is yourself: another administrator does it.")})
    return member


def _link_shown(visit: Visit, email: str, code: str) -> Answer:
    public_url = visit.office.hub.settings.public_url.rstrip("/")
    values = {"email": email, "link": f"{public_url}{OFFICE_PATH}/welcome?code={code}"}
    return Show(template="staff/link.html", values=values)


def _action(
    path: str, answer: Action, form: type[Form] = NoForm, use: Use | None = None
) -> AnyPage:
    return Page(
        path=f"/staff/{path}",
        title="Staff",
        answer=answer,
        form=form,
        right=Right.MANAGE_STAFF,
        fresh=True,
        back=list_staff,
        use=use,
    )


PAGES: tuple[AnyPage, ...] = (
    Page(path="/staff", title="Staff", answer=list_staff, right=Right.MANAGE_STAFF),
    _action("invite", invite, InviteForm),
    _action("{staff_id}/link", new_link, use=Use.REISSUE),
    _action("{staff_id}/role", set_role, RoleForm),
    _action("{staff_id}/disable", disable),
    _action("{staff_id}/enable", enable),
    _action("{staff_id}/forget-second-factor", forget_second_factor),
)
