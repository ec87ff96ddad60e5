"""One's own account: password, second factor, time zone, and where one is signed in (S10, S11)."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field

from meganodes.backoffice import cookies
from meganodes.backoffice.messages import say
from meganodes.backoffice.numbers import NUMBER_MAX
from meganodes.backoffice.office import OFFICE_PATH
from meganodes.backoffice.page import (
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
from meganodes.directory.staff_sign_in import No
from meganodes.kit.one_time_codes import seed_picture, seed_text
from meganodes.kit.secrets import Secret
from meganodes.kit.time_zones import time_zones

_ME: Final = f"{OFFICE_PATH}/me"

_Text = Annotated[str, Field(max_length=300)]


class PasswordForm(Form):
    """A new password, twice."""

    password: _Text
    again: _Text


class ZoneForm(Form):
    """A time zone."""

    time_zone: _Text


class SessionForm(Form):
    """Which of one's own sessions."""

    session_id: Annotated[int, Field(ge=1, le=NUMBER_MAX)]


class CodeForm(Form):
    """Six digits of the app that is being set up."""

    code: _Text


async def show_account(visit: Visit) -> Answer:
    """Show one's own account."""
    sessions = await visit.office.staff.sessions_of(visit.staff.staff_id)
    agent_id = visit.staff.agent_id
    agent = None if agent_id is None else visit.scope.agent(agent_id)
    values = {"sessions": sessions, "zones": sorted(time_zones()), "agent": agent}
    return Show(template="account/account.html", values=values)


async def set_password(visit: Visit, form: PasswordForm) -> Answer:
    """Set another password; all other sessions end."""
    if form.password != form.again:
        raise FormFaults({"again": say("The two passwords differ.")})
    fault = await visit.office.sign_in.change_password(
        visit.staff, visit.own_session, Secret(form.password), visit.seen
    )
    if fault is not None:
        raise FormFaults({"password": fault})
    return GoTo(path=_ME, toast=say("The password is changed. Other sessions have ended."))


async def set_time_zone(visit: Visit, form: ZoneForm) -> Answer:
    """Choose in which time zone pages show moments."""
    await visit.office.staff.set_time_zone(visit.staff.staff_id, form.time_zone, visit.actor)
    said = say("Times are shown in %(zone)s now.", zone=form.time_zone)
    return GoTo(path=_ME, toast=said)


async def end_session(visit: Visit, form: SessionForm) -> Answer:
    """End one of one's own sessions."""
    await visit.office.staff.end_own_session(visit.own_session, form.session_id, visit.actor)
    return GoTo(path=_ME, toast=say("The session has ended."))


async def end_others(visit: Visit, _form: NoForm) -> Answer:
    """End all sessions but this one."""
    await visit.office.staff.end_own_others(visit.own_session, visit.actor)
    return GoTo(path=_ME, toast=say("All other sessions have ended."))


async def show_second_factor(visit: Visit) -> Answer:
    """Show the QR code for another authenticator app."""
    seed = visit.office.sign_in.enrolment_seed(cookies.session_token(visit.request))
    values = {"picture": seed_picture(seed, visit.staff.email), "seed": seed_text(seed)}
    return Show(template="account/second_factor.html", values=values)


async def set_second_factor(visit: Visit, form: CodeForm) -> Answer:
    """Set another app up in place of the present one."""
    seed = visit.office.sign_in.enrolment_seed(cookies.session_token(visit.request))
    done = await visit.office.sign_in.enrol(
        visit.staff, visit.own_session, seed, form.code, visit.seen
    )
    if isinstance(done, No):
        raise FormFaults({"code": say("This code is not right. Wait for the next one.")})
    codes = [each.reveal() for each in done.recovery_codes]
    return Show(template="sign_in/recovery.html", values={"codes": codes}, token=done.token)


PAGES: tuple[AnyPage, ...] = (
    Page(path="/me", title="Your account", answer=show_account),
    Page(
        path="/me/password",
        title="Your account",
        answer=set_password,
        form=PasswordForm,
        fresh=True,
        back=show_account,
    ),
    Page(
        path="/me/time-zone",
        title="Your account",
        answer=set_time_zone,
        form=ZoneForm,
        back=show_account,
    ),
    Page(
        path="/me/end-session",
        title="Your account",
        answer=end_session,
        form=SessionForm,
        back=show_account,
    ),
    Page(
        path="/me/end-others",
        title="Your account",
        answer=end_others,
        form=NoForm,
        back=show_account,
    ),
    Page(path="/me/second-factor", title="Second factor", answer=show_second_factor, fresh=True),
    Page(
        path="/me/second-factor",
        title="Second factor",
        answer=set_second_factor,
        form=CodeForm,
        fresh=True,
        back=show_second_factor,
    ),
)
