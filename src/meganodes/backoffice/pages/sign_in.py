"""Signing in and out, the second factor, invitations, and the password once more (S6 to S11)."""

from __future__ import annotations

from typing import Annotated, Final
from urllib.parse import quote

from pydantic import Field

from meganodes.backoffice import cookies
from meganodes.backoffice.messages import listed, say
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
from meganodes.directory.staff_records import Stage
from meganodes.directory.staff_sign_in import ENTER, No, Passed
from meganodes.kit.one_time_codes import seed_picture, seed_text
from meganodes.kit.secrets import Secret

_AFTER: Final = {
    Stage.CODE: f"{OFFICE_PATH}/sign-in/code",
    Stage.ENROL: f"{OFFICE_PATH}/enrol",
    Stage.SIGNED_IN: OFFICE_PATH,
}
_NOT_THIS: Final = listed("The e-mail address or the password is not right.")
_TOO_OFTEN: Final = listed(
    "There were too many tries. Wait a little; after ten wrong ones it is half an hour."
)
_TOO_MANY_REQUESTS: Final = 429
_WRONG_CODE: Final = listed(
    "This code is not right, or it was used already. Wait for the next one."
)
_USED_LINK: Final = listed("This link was used or has expired. Ask for a new one.")

_Text = Annotated[str, Field(max_length=300)]


class PasswordForm(Form):
    """E-mail address and password; ``next`` is where somebody wanted to go."""

    email: _Text
    password: _Text
    next: _Text = ""


class CodeForm(Form):
    """Six digits, or a recovery code."""

    code: _Text
    next: _Text = ""


class ConfirmForm(Form):
    """The password once more."""

    password: _Text
    next: _Text = ""


class WelcomeForm(Form):
    """A first password, twice."""

    code: _Text
    password: _Text
    again: _Text


class EnterForm(Form):
    """The code of a link that signs in by itself."""

    code: _Text


async def show_sign_in(visit: Visit) -> Answer:
    """Show the form for e-mail address and password."""
    return Show(template="sign_in/password.html", values={"next": _wanted(visit)})


async def give_password(visit: Visit, form: PasswordForm) -> Answer:
    """Judge a password."""
    judged = await visit.office.sign_in.with_password(form.email, Secret(form.password), visit.seen)
    return _further(judged, form.next, {"password": say(_NOT_THIS)})


async def show_code(visit: Visit) -> Answer:
    """Ask for the code of the authenticator app."""
    return Show(template="sign_in/code.html", values={"next": _wanted(visit)})


async def give_code(visit: Visit, form: CodeForm) -> Answer:
    """Judge the code."""
    judged = await visit.office.sign_in.with_code(
        visit.staff, visit.own_session, form.code, visit.seen
    )
    if judged is No.USED_UP:
        return GoTo(
            path=f"{OFFICE_PATH}/sign-in",
            toast=say(_TOO_OFTEN),
            tone="warning",
            token=Secret(""),
        )
    return _further(judged, form.next, {"code": say(_WRONG_CODE)})


async def show_enrolment(visit: Visit) -> Answer:
    """Show the QR code that sets an authenticator app up."""
    seed = _seed(visit)
    values = {"picture": seed_picture(seed, visit.staff.email), "seed": seed_text(seed)}
    return Show(template="sign_in/enrol.html", values=values)


async def enrol(visit: Visit, form: CodeForm) -> Answer:
    """Set the app up and show the recovery codes, this one time."""
    done = await visit.office.sign_in.enrol(
        visit.staff, visit.own_session, _seed(visit), form.code.strip(), visit.seen
    )
    if isinstance(done, No):
        if done is No.TOO_OFTEN:
            raise FormFaults({"code": say(_TOO_OFTEN)}, _TOO_MANY_REQUESTS)
        raise FormFaults({"code": say(_WRONG_CODE)})
    codes = [each.reveal() for each in done.recovery_codes]
    return Show(template="sign_in/recovery.html", values={"codes": codes}, token=done.token)


async def show_confirmation(visit: Visit) -> Answer:
    """Ask for the password again, before something that could divert money."""
    return Show(template="sign_in/confirm.html", values={"next": _wanted(visit)})


async def confirm(visit: Visit, form: ConfirmForm) -> Answer:
    """Judge the password."""
    judged = await visit.office.sign_in.confirm(
        visit.staff, visit.own_session, Secret(form.password), visit.seen
    )
    return _further(judged, form.next, {"password": say("This is not your password.")})


async def show_welcome(visit: Visit) -> Answer:
    """Show what a one-time link is for; only pressing the button uses it."""
    code = visit.query("code") or visit.sent.get("code", "")
    found = await visit.office.sign_in.code_purpose(code)
    if found is None:
        return Show(template="sign_in/used_link.html", values={"text": say(_USED_LINK)}, status=410)
    member, purpose = found
    template = "sign_in/enter.html" if purpose == ENTER else "sign_in/welcome.html"
    return Show(template=template, values={"code": code, "invited": member})


async def accept(visit: Visit, form: WelcomeForm) -> Answer:
    """Take a first password and go on to the second factor."""
    if form.password != form.again:
        raise FormFaults({"again": say("The two passwords differ.")})
    done = await visit.office.sign_in.welcome(form.code, Secret(form.password), visit.seen)
    if isinstance(done, str) and not isinstance(done, No):
        raise FormFaults({"password": done})
    assert not isinstance(done, str) or isinstance(done, No)
    return _further(done, "", {"password": say(_USED_LINK)})


async def enter(visit: Visit, form: EnterForm) -> Answer:
    """Use a link that signs in by itself (the demonstration's)."""
    return _further(
        await visit.office.sign_in.enter(form.code, visit.seen), "", {"code": say(_USED_LINK)}
    )


async def sign_out(visit: Visit, _form: NoForm) -> Answer:
    """End this session."""
    await visit.office.staff.end_session(visit.staff.staff_id, visit.own_session.session_id)
    return GoTo(path=f"{OFFICE_PATH}/sign-in", toast=say("You are signed out."), token=Secret(""))


def _seed(visit: Visit) -> Secret:
    return visit.office.sign_in.enrolment_seed(cookies.session_token(visit.request))


def _wanted(visit: Visit) -> str:
    return _inside(visit.sent.get("next", "") or visit.request.query_params.get("next", ""))


def _inside(path: str) -> str:
    """Return a path of ours, "" for anything that would lead elsewhere."""
    is_ours = path.startswith(f"{OFFICE_PATH}/") and path.isprintable() and "\\" not in path
    return path if is_ours and "//" not in path.partition("?")[0] else ""


def _further(judged: Passed | No, wanted: str, wrong: dict[str, str]) -> Answer:
    match judged:
        case Passed(token=token, stage=stage):
            path = _AFTER[stage]
            inside = _inside(wanted)
            if stage is Stage.SIGNED_IN and inside:
                path = inside
            elif inside:
                path = f"{path}?next={quote(inside)}"
            return GoTo(path=path, token=token)
        case No.TOO_OFTEN:
            raise FormFaults(dict.fromkeys(wrong, say(_TOO_OFTEN)), _TOO_MANY_REQUESTS)
        case _:
            raise FormFaults(wrong)


PAGES: tuple[AnyPage, ...] = (
    Page(path="/sign-in", title="Sign in", answer=show_sign_in, right=None, stage=None),
    Page(
        path="/sign-in",
        title="Sign in",
        answer=give_password,
        form=PasswordForm,
        right=None,
        stage=None,
        back=show_sign_in,
    ),
    Page(
        path="/sign-in/code", title="Second factor", answer=show_code, right=None, stage=Stage.CODE
    ),
    Page(
        path="/sign-in/code",
        title="Second factor",
        answer=give_code,
        form=CodeForm,
        right=None,
        stage=Stage.CODE,
        back=show_code,
    ),
    Page(
        path="/enrol",
        title="Set up an authenticator app",
        answer=show_enrolment,
        right=None,
        stage=Stage.ENROL,
    ),
    Page(
        path="/enrol",
        title="Set up an authenticator app",
        answer=enrol,
        form=CodeForm,
        right=None,
        stage=Stage.ENROL,
        back=show_enrolment,
    ),
    Page(path="/confirm", title="Your password, please", answer=show_confirmation, right=None),
    Page(
        path="/confirm",
        title="Your password, please",
        answer=confirm,
        form=ConfirmForm,
        right=None,
        back=show_confirmation,
    ),
    Page(path="/welcome", title="Welcome", answer=show_welcome, right=None, stage=None),
    Page(
        path="/welcome",
        title="Welcome",
        answer=accept,
        form=WelcomeForm,
        right=None,
        stage=None,
        back=show_welcome,
    ),
    Page(
        path="/enter",
        title="Welcome",
        answer=enter,
        form=EnterForm,
        right=None,
        stage=None,
        back=show_welcome,
    ),
    Page(
        path="/sign-out",
        title="Sign out",
        answer=sign_out,
        form=NoForm,
        right=None,
    ),
)
