"""Admits visits to the Back Office: session, stage, agent, right, freshness and form, everywhere.

Whatever is not allowed to be known looks like what is not there (S1). Every answer carries the
security headers, errors included (S14), and an error page says nothing but a reference (S28).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, cast
from urllib.parse import parse_qsl, quote

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from meganodes.backoffice import cookies
from meganodes.backoffice.answers import respond, show_error, show_too_often
from meganodes.backoffice.headers import NOT_KEPT, SECURITY_HEADERS
from meganodes.backoffice.messages import say
from meganodes.backoffice.numbers import number_of
from meganodes.backoffice.office import OFFICE_PATH, Office
from meganodes.backoffice.origin import is_own_origin
from meganodes.backoffice.page import (
    Answer,
    AnyPage,
    Form,
    FormFaults,
    Method,
    Missing,
    NoForm,
    Show,
    Visit,
)
from meganodes.directory.faults import DirectoryFault
from meganodes.directory.refusals import Refusal
from meganodes.directory.refusals import Refused as Kind
from meganodes.directory.staff_records import Stage
from meganodes.kit.addresses import caller_address
from meganodes.kit.logging import get_logger

if TYPE_CHECKING:
    from meganodes.directory.staff_records import StaffSession

_FIELDS_MAX: Final = 200
_MEDIA_TYPES: Final = frozenset({"application/x-www-form-urlencoded", ""})
_STAGE_PATHS: Final = {Stage.CODE: "/sign-in/code", Stage.ENROL: "/enrol"}
_log = get_logger(__name__)


class Refused(Exception):
    """A visit that is not admitted: its answer, and what the audit log is to know of it (S26)."""

    def __init__(self, response: Response, refusal: Refusal | None = None) -> None:
        super().__init__(str(response.status_code))
        self.response = response
        self.refusal = refusal


class Door:
    """Makes the function that answers a page's requests."""

    def __init__(self, office: Office) -> None:
        """Open the door for this process."""
        self._office = office

    def answering(self, page: AnyPage) -> Callable[[Request], Awaitable[Response]]:
        """Give the endpoint of one page."""

        async def answer(request: Request) -> Response:
            visit = Visit(office=self._office, request=request, address=self._address(request))
            try:
                return await self._visited(page, visit)
            except Exception:  # noqa: BLE001 - the one handler of this door (style 4)
                reference = request.scope.get("request_id", "")
                _log.exception("office_failed", path=page.path, reference=reference)
                return show_error(visit, 500, reference=str(reference))

        return answer

    async def _visited(self, page: AnyPage, visit: Visit) -> Response:
        try:
            visit = await self._admitted(page, visit)
            shown_to, said = await self._answer(page, visit)
            return respond(shown_to, page.title, said)
        except Refused as refused:
            if refused.refusal is not None:
                await self._office.staff.note_refusal(refused.refusal)
            return refused.response

    def _address(self, request: Request) -> str:
        peer = request.client.host if request.client else None
        forwarded_for = request.headers.getlist("x-forwarded-for")
        trusted = self._office.settings.trusted_proxies
        return str(caller_address(peer, forwarded_for, trusted) or "unknown")

    async def _admitted(self, page: AnyPage, visit: Visit) -> Visit:
        if page.stage is None:
            return visit
        token = cookies.session_token(visit.request)
        found = await self._office.staff.session(token) if token else None
        if found is None:
            raise Refused(_to_sign_in(visit))
        member, session = found
        if session.stage is not page.stage:
            raise Refused(_leading_on(OFFICE_PATH + _STAGE_PATHS.get(session.stage, "")))
        admitted = replace(visit, member=member, session=session)
        admitted = _about_its_agent(page, admitted)
        if page.right is not None and not admitted.may(page.right):
            raise Refused(show_error(admitted, 403), _tell(Kind.RIGHT, admitted, page=page.path))
        if page.fresh and not self._is_fresh(session):
            raise Refused(_to_confirmation(admitted, page))
        return admitted

    def _is_fresh(self, session: StaffSession) -> bool:
        age_ms = self._office.hub.clock.now_ms() - session.confirmed_at_ms
        return age_ms < self._office.settings.fresh_minutes * 60_000

    async def _answer(self, page: AnyPage, visit: Visit) -> tuple[Visit, Answer]:
        """Return what a page answers, and the visit it is shown to: one with faults, if any."""
        if page.method is Method.GET:
            _count(page, visit)
            show = cast("Callable[[Visit], Awaitable[Answer]]", page.answer)
            return visit, await show(visit)
        sent = await self._sent(page, visit)
        _count(page, visit)
        try:
            form = _read_form(page.form or NoForm, sent)
            answer = cast("Callable[[Visit, Any], Awaitable[Answer]]", page.answer)
            return visit, await answer(visit, form)
        except FormFaults as faults:
            return await _shown_again(page, visit, sent, faults)
        except DirectoryFault as fault:
            by_field = {each.field: each.sentence for each in fault.faults}
            return await _shown_again(page, visit, sent, FormFaults(by_field))

    async def _sent(self, page: AnyPage, visit: Visit) -> dict[str, str]:
        """Read the form of a POST that came from a page of our own; everything else is refused."""
        request = visit.request
        media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        foreign = _tell(Kind.FORM, visit, page=page.path)
        if not is_own_origin(request) or media_type not in _MEDIA_TYPES:
            raise Refused(show_error(visit, 403), foreign)
        sent = _fields(await self._body(visit))
        if sent is None:
            raise Refused(show_error(visit, 422))
        token = sent.pop("csrf", "")
        session = cookies.session_token(request)
        if visit.session is not None and not cookies.is_csrf_token(session, token):
            raise Refused(show_error(visit, 403), foreign)
        return sent

    async def _body(self, visit: Visit) -> bytes:
        body = bytearray()
        async for part in visit.request.stream():
            body += part
            if len(body) > self._office.settings.body_bytes_max:
                raise Refused(show_error(visit, 413))
        return bytes(body)


def _fields(body: bytes) -> dict[str, str] | None:
    """Read the fields of a form; None when it is none or says a field twice."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FIELDS_MAX)
    except ValueError:
        return None
    sent = dict(pairs)
    return sent if len(sent) == len(pairs) else None


def _about_its_agent(page: AnyPage, visit: Visit) -> Visit:
    """Find the agent of the address in the member's sight; all else is 404, before any right."""
    if not page.is_about_an_agent:
        return visit
    agent_id = number_of(visit.request.path_params["agent_id"])
    agent = None if agent_id is None else visit.scope.agent(agent_id)
    if agent is None:
        raise Refused(respond(visit, "", Missing()), _tell(Kind.AGENT, visit, page=page.path))
    return replace(visit, agent=agent)


def _count(page: AnyPage, visit: Visit) -> None:
    """Count a visit that was admitted, where it may be made only so often; one too many is 429."""
    if page.use is None:
        return
    who = visit.own_agent.agent_id if page.use.is_counted_by_agent else visit.staff.staff_id
    wait_seconds = visit.office.hub.take(page.use, who)
    if wait_seconds:
        told = _tell(Kind.USED_TOO_OFTEN, visit, use=page.use.value)
        raise Refused(show_too_often(visit, wait_seconds), told)


def _tell(kind: Kind, visit: Visit, **details: str) -> Refusal:
    """Say whom a refusal met; ``details`` are words of the hub's own."""
    member = visit.member
    staff_id, name = (0, "unknown") if member is None else (member.staff_id, member.email)
    return Refusal(kind=kind, staff_id=staff_id, name=name, address=visit.address, details=details)


def _read_form(model: type[Form], sent: dict[str, str]) -> Form:
    try:
        return model.model_validate(sent)
    except ValidationError as error:
        faults: dict[str, str] = {}
        for each in error.errors(include_url=False):
            name = str(each["loc"][0]) if each["loc"] else ""
            faults.setdefault(name, _sentence(model, name, each["msg"]))
        raise FormFaults(faults) from None


def _sentence(model: type[Form], name: str, found: str) -> str:
    """Say what a field must be: its description, else what the check said."""
    field = model.model_fields.get(name)
    if field is None:
        return say("%(name)s is not a field of this form.", name=name)
    if not field.description:
        return f"{found}."
    return say("Must be %(what)s.", what=say(field.description))


async def _shown_again(
    page: AnyPage, visit: Visit, sent: dict[str, str], faults: FormFaults
) -> tuple[Visit, Answer]:
    """Show the form's own page with what was typed and what is wrong with it."""
    again = replace(visit, faults=faults.faults, sent=sent)
    if page.back is None:
        raise Refused(show_error(again, faults.status))
    shown = await page.back(again)
    return again, replace(shown, status=faults.status) if isinstance(shown, Show) else shown


def _to_sign_in(visit: Visit) -> Response:
    target = visit.request.url.path
    query = visit.request.url.query
    if visit.request.method != "GET" or target == OFFICE_PATH:
        return _leading_on(f"{OFFICE_PATH}/sign-in")
    wanted = quote(f"{target}?{query}" if query else target)
    return _leading_on(f"{OFFICE_PATH}/sign-in?next={wanted}")


def _to_confirmation(visit: Visit, page: AnyPage) -> Response:
    """Ask for the password again; afterwards the page that has the form is shown."""
    at_hand = visit.request.url.path
    if page.method is Method.POST:
        came_from = visit.request.headers.get("referer", "")
        start = came_from.find(f"{OFFICE_PATH}/")
        at_hand = came_from[start:] if start >= 0 else OFFICE_PATH
    return _leading_on(f"{OFFICE_PATH}/confirm?next={quote(at_hand)}")


def _leading_on(path: str) -> Response:
    return RedirectResponse(path, status_code=303, headers={**SECURITY_HEADERS, **NOT_KEPT})
