"""Settings of one agent: tokens, Callback URL, who may call, and how callbacks are sent.

What could divert money asks for the password again (S11); what was changed is in force within a
second, on every node.
"""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Annotated, Final

from pydantic import Field

from meganodes.backoffice.messages import listed, say
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
from meganodes.backoffice.permissions import Right
from meganodes.directory.records import TokenKind
from meganodes.domain.retry import CONTRACT_SCHEDULE, RetrySchedule
from meganodes.hub import callback_test
from meganodes.hub.api_log import log_page
from meganodes.hub.uses import Use
from meganodes.journal.attempt_log import AttemptFilter
from meganodes.kit.time_zones import time_zones
from meganodes.protocol.commands import Revision
from meganodes.protocol.signature import secret_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meganodes.directory.agents import AgentChanges
    from meganodes.directory.credentials import CredentialView

OVERLAPS: Final = (0, 1, 24, 72)
_TITLES: Final = {
    TokenKind.API: listed("API token"),
    TokenKind.CALLBACK: listed("Callback-Token"),
    TokenKind.SIGNING: listed("Signing secret"),
}
_NOT_SHOWN: Final = listed(
    "The API token is stored as a hash: nobody can show it. Reissue it instead."
)
_LIST_ENTRIES_MAX: Final = 8_000
_DIGITS_MAX: Final = 12
_NUMBER: Final = listed("Must be a whole number.")
_NUMBERS: Final = listed("Must be whole numbers.")
_SMALLER_NUMBER: Final = listed("Must be one smaller number.")
_SMALLER_NUMBERS: Final = listed("Must be smaller numbers.")


class KindForm(Form):
    """Which secret."""

    kind: TokenKind


class ReissueForm(Form):
    """Which secret, and for how long the old one counts beside the new one."""

    kind: TokenKind
    overlap_hours: Annotated[
        int, Field(ge=0, le=72, description=listed("whole hours from 0 to 72"))
    ] = 24
    force: bool = False


class CallbackUrlForm(Form):
    """Where the hub calls."""

    callback_url: Annotated[
        str, Field(min_length=8, max_length=2048, description=listed("an address"))
    ]


class AllowListForm(Form):
    """Addresses and ranges, separated by blanks, commas or lines."""

    allow_list: Annotated[
        str, Field(max_length=_LIST_ENTRIES_MAX, description=listed("a shorter list"))
    ]


class CallbacksForm(Form):
    """How callbacks are sent and bets are judged."""

    revision: Revision
    in_flight_max: Annotated[str, Field(max_length=6)] = ""
    overdraft_allowed: bool = False
    time_zone: Annotated[str, Field(max_length=60)]


class RetryForm(Form):
    """The retry schedule: one field per value, empty for the hub's own."""

    quick_retries: str = ""
    quick_min_ms: str = ""
    quick_max_ms: str = ""
    slow_ms: str = ""
    steady_ms: str = ""
    give_up_ms: str = ""
    not_seen_ms: str = ""
    not_seen_window_ms: str = ""
    not_seen_answers: str = ""
    void_probes_ms: str = ""
    cancelled_probes_ms: str = ""
    probe_retry_ms: str = ""
    probe_tries: str = ""
    recheck_ms: str = ""


async def show_settings(visit: Visit) -> Answer:
    """Show all settings, without secrets."""
    agent = visit.own_agent
    hub = visit.office.hub
    secrets = await hub.directory.credentials(agent.agent_id)
    newest = await log_page(hub, agent.agent_id, AttemptFilter(), 1)
    values = {
        "agent": agent,
        "secrets": [(kind, say(title), _of(secrets, kind)) for kind, title in _TITLES.items()],
        "last_callback_ms": newest.attempts[0].started_at_ms if newest.attempts else None,
        "last_api_call_ms": hub.last_api_calls.get(agent.agent_id),
        "overlaps": [(each, _overlap_text(each)) for each in OVERLAPS],
        "zones": sorted(time_zones()),
        "revisions": [("guid", "guid"), ("id", "id")],
        "schedule": _schedule_rows(agent.retry, hub.settings.schedule),
        "TokenKind": TokenKind,
    }
    return Show(template="settings/settings.html", values=values)


async def reveal(visit: Visit, form: KindForm) -> Answer:
    """Show the Callback-Token or the signing secret; who looked is in the audit log (S26)."""
    agent = visit.own_agent
    if form.kind is TokenKind.CALLBACK:
        shown = [agent.callback_token.reveal()]
    elif form.kind is TokenKind.SIGNING:
        shown = [secret_text(each.reveal_bytes()) for each in agent.signing_secrets]
    else:
        raise FormFaults({"kind": say(_NOT_SHOWN)})
    await visit.office.hub.directory.note_look(agent.agent_id, form.kind, visit.actor)
    values = {
        "kind": form.kind,
        "title": say(_TITLES[form.kind]),
        "secrets": shown,
        "is_new": False,
    }
    return Show(template="settings/secret.html", values=values)


async def reissue(visit: Visit, form: ReissueForm) -> Answer:
    """Make a new secret; the old one counts beside it for the overlap (S18)."""
    secret = await visit.office.hub.directory.reissue_token(
        visit.own_agent.name, form.kind, form.overlap_hours, visit.actor, force=form.force
    )
    values = {
        "kind": form.kind,
        "title": say(_TITLES[form.kind]),
        "secrets": [secret.reveal()],
        "is_new": True,
        "overlap_hours": form.overlap_hours,
    }
    return Show(template="settings/secret.html", values=values)


async def set_callback_url(visit: Visit, form: CallbackUrlForm) -> Answer:
    """Save the address and call it at once, so that what is wrong with it is said here and now."""
    await _set(visit, {"callback_url": form.callback_url})
    return await _tested(visit, is_saved=True)


async def run_test(visit: Visit, _form: NoForm) -> Answer:
    """Call the backend and show what came."""
    return await _tested(visit, is_saved=False)


async def _tested(visit: Visit, *, is_saved: bool) -> Answer:
    agent = visit.office.hub.directory.agent(visit.own_agent.agent_id) or visit.own_agent
    found = await callback_test.run(visit.office.hub, agent)
    values = {"found": found, "agent": agent, "is_saved": is_saved}
    return Show(template="settings/callback_test.html", values=values)


async def offer_test(visit: Visit) -> Answer:
    """Show the page from which the test is run."""
    values = {"found": None, "agent": visit.own_agent, "is_saved": False}
    return Show(template="settings/callback_test.html", values=values)


async def set_allow_list(visit: Visit, form: AllowListForm) -> Answer:
    """Save who may call the Main API."""
    entries = tuple(form.allow_list.replace(",", " ").split())
    await _set(visit, {"allow_list": entries})
    only, anybody = say("Only these may call the Main API now."), say("Any address may call now.")
    return GoTo(path=_path(visit), toast=only if entries else anybody)


async def set_callbacks(visit: Visit, form: CallbacksForm) -> Answer:
    """Save revision, limit, overdraft and time zone."""
    text = form.in_flight_max
    if text and not (text.isascii() and text.isdigit()):
        raise FormFaults(
            {"in_flight_max": say("Must be a whole number, or empty for the default.")}
        )
    changes: AgentChanges = {
        "revision": form.revision,
        "in_flight_max": int(text) if text else None,
        "overdraft_allowed": form.overdraft_allowed,
        "time_zone": form.time_zone,
    }
    await _set(visit, changes)
    return GoTo(path=_path(visit), toast=say("Saved."))


async def set_retry(visit: Visit, form: RetryForm) -> Answer:
    """Save what differs from the hub's own retry schedule."""
    changes: dict[str, object] = {}
    faults: dict[str, str] = {}
    for name, text in form.model_dump().items():
        many = isinstance(getattr(CONTRACT_SCHEDULE, name), tuple)
        parts = text.replace(",", " ").split()
        if not all(part.isascii() and part.isdigit() for part in parts):
            faults[name] = say(_NUMBERS if many else _NUMBER)
        elif any(len(part) > _DIGITS_MAX for part in parts) or (len(parts) > 1 and not many):
            faults[name] = say(_SMALLER_NUMBERS if many else _SMALLER_NUMBER)
        elif parts:
            changes[name] = [int(part) for part in parts] if many else int(parts[0])
    if faults:
        raise FormFaults(faults)
    await _set(visit, {"retry": changes})
    return GoTo(path=_path(visit), toast=say("The retry schedule is saved."))


async def _set(visit: Visit, changes: AgentChanges) -> None:
    await visit.office.hub.directory.set_agent(visit.own_agent.name, changes, visit.actor)


def _path(visit: Visit) -> str:
    return f"{OFFICE_PATH}/a/{visit.own_agent.agent_id}/settings"


def _of(secrets: list[CredentialView], kind: TokenKind) -> list[CredentialView]:
    return [each for each in secrets if each.kind is kind]


def _overlap_text(hours: int) -> str:
    return say("at once") if hours == 0 else say("after %(hours)s h", hours=hours)


def _schedule_rows(
    own: Mapping[str, object], standard: RetrySchedule
) -> list[tuple[str, str, str]]:
    """Return (name, the agent's own value, the hub's value) of each value, as texts."""
    return [
        (each.name, _value_text(own.get(each.name, "")), _value_text(getattr(standard, each.name)))
        for each in fields(RetrySchedule)
    ]


def _value_text(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _action(
    path: str,
    answer: Action,
    form: type[Form],
    *,
    fresh: bool,
    use: Use | None = None,
) -> AnyPage:
    # What calls the backend ends on a page that says what came of it.
    calls = use is Use.CALLBACK_TEST
    return Page(
        path=f"/a/{{agent_id}}/settings{path}",
        title="Callback test" if calls else "Settings",
        answer=answer,
        form=form,
        right=Right.CHANGE_SETTINGS,
        fresh=fresh,
        back=show_settings,
        use=use,
    )


PAGES: tuple[AnyPage, ...] = (
    Page(path="/a/{agent_id}/settings", title="Settings", answer=show_settings),
    Page(
        path="/a/{agent_id}/settings/reveal",
        title="Settings",
        answer=reveal,
        form=KindForm,
        right=Right.SEE_SECRETS,
        fresh=True,
        back=show_settings,
    ),
    Page(
        path="/a/{agent_id}/settings/callback-test",
        title="Callback test",
        answer=offer_test,
        right=Right.CHANGE_SETTINGS,
    ),
    _action("/callback-test", run_test, NoForm, fresh=False, use=Use.CALLBACK_TEST),
    _action("/reissue", reissue, ReissueForm, fresh=True, use=Use.REISSUE),
    _action(
        "/callback-url",
        set_callback_url,
        CallbackUrlForm,
        fresh=True,
        use=Use.CALLBACK_TEST,
    ),
    _action("/allow-list", set_allow_list, AllowListForm, fresh=True),
    _action("/callbacks", set_callbacks, CallbacksForm, fresh=False),
    _action("/retry", set_retry, RetryForm, fresh=False),
)
