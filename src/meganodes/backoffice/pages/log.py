"""API Log: every attempt at a callback, newest first or as it comes in, with the bytes of both."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

from meganodes.backoffice.diagnoses import diagnoses_of
from meganodes.backoffice.messages import say
from meganodes.backoffice.numbers import number_of
from meganodes.backoffice.office import OFFICE_PATH
from meganodes.backoffice.page import Answer, AnyPage, GoTo, Live, Missing, Page, Show, Visit
from meganodes.backoffice.periods import asked_period
from meganodes.backoffice.rendering import page_html
from meganodes.backoffice.streams import looks
from meganodes.backoffice.wire_text import as_curl, message_of
from meganodes.hub.api_log import (
    LogTail,
    between,
    cause_of_attempt,
    log_page,
    logged_attempt,
    transaction_named,
)
from meganodes.journal.attempt_log import PAST_ID, AttemptFilter
from meganodes.kit.identity import time_of
from meganodes.protocol.commands import Command

if TYPE_CHECKING:
    from meganodes.hub.api_log import AttemptRecord

PAGE_SIZE: Final = 50
OUTCOMES: Final = ("accepted", "refused", "duplicate", "notseen", "notsent", "unknown")
NOT_ACCEPTED: Final = "not-accepted"
_FILTERS: Final = ("command", "outcome", "status", "account", "transaction")
_NO_TRANSACTION: Final = -1
_STATUS_MAX: Final = 999


async def show_log(visit: Visit) -> Answer:
    """Show a page of the log."""
    hub, agent = visit.office.hub, visit.own_agent
    period = asked_period(visit)
    asked = await _asked(visit)
    wanted = between(asked, period.from_ms, period.to_ms)
    page = await log_page(hub, agent.agent_id, wanted, PAGE_SIZE)
    looked_to = None if page.older_below is None else time_of(page.older_below)
    is_newest = "before" not in visit.request.query_params and period.to_ms is None
    newest = page.attempts[0].attempt_id if page.attempts else 0
    values = {
        "page": page,
        "rows": page.attempts,
        "cause_of": cause_of_attempt,
        "looked_to_ms": looked_to,
        "is_newest": is_newest,
        "live_href": _live_href(visit, newest),
        "period": period,
        "asked": asked,
        "outcome": visit.query("outcome"),
        "outcomes": OUTCOMES,
        "commands": tuple(Command),
        "is_filtered": asked != AttemptFilter() or period.from_ms is not None,
    }
    return Show(template="log/list.html", values=values)


def _live_href(visit: Visit, newest: int) -> str:
    """Give the address of the stream that goes on where the list begins, with its filter."""
    kept = {name: visit.query(name) for name in _FILTERS if visit.query(name)}
    query = urlencode(kept | {"after": str(newest)})
    return f"{OFFICE_PATH}/a/{visit.own_agent.agent_id}/log/live?{query}"


async def _asked(visit: Visit) -> AttemptFilter:
    text_id = visit.query("transaction")
    trans_id: int | None = None
    if text_id:
        found = await transaction_named(visit.office.hub, visit.own_agent.agent_id, text_id)
        trans_id = _NO_TRANSACTION if found is None else found
    outcome = visit.query("outcome")
    status = number_of(visit.query("status"))
    return AttemptFilter(
        below=number_of(visit.query("before")) or PAST_ID,
        not_accepted=outcome == NOT_ACCEPTED,
        command=visit.query("command"),
        outcome=outcome if outcome in OUTCOMES else "",
        http_status=status if status is not None and status <= _STATUS_MAX else None,
        account=visit.query("account"),
        trans_id=trans_id,
    )


async def show_attempt(visit: Visit) -> Answer:
    """Show one attempt: its bytes, its times, its notes, and where it belongs."""
    agent = visit.own_agent
    attempt_id = number_of(visit.request.path_params["attempt_id"])
    if attempt_id is None:
        return Missing()
    found = await logged_attempt(visit.office.hub, agent.agent_id, attempt_id)
    if found is None:
        return Missing()
    request, reply = message_of(found.request), message_of(found.reply)
    values = {
        "title": say("%(command)s · attempt %(n)s", command=found.command, n=found.number),
        "attempt": found,
        "cause": cause_of_attempt(found),
        "diagnoses": diagnoses_of(found, agent),
        "request": request,
        "reply": reply,
        "curl": as_curl(request, agent) if request else "",
        "kept_until_ms": visit.office.hub.settings.retention.kept_until_ms(time_of(attempt_id)),
    }
    return Show(template="log/attempt.html", values=values)


async def follow(visit: Visit) -> Answer:
    """Stream what is logged from now on, as rows of the list; to a person: the list itself."""
    if "text/event-stream" not in visit.request.headers.get("accept", ""):
        return GoTo(path=f"{OFFICE_PATH}/a/{visit.own_agent.agent_id}/log")
    if visit.office.streams.is_full:
        return Show(template="log/too_many.html", status=429)
    return Live(events=_rows(visit))


async def _rows(visit: Visit) -> AsyncIterator[tuple[str, str]]:
    wanted = await _asked(visit)
    after = number_of(visit.query("after")) or 0
    tail = LogTail(visit.office.hub, visit.own_agent.agent_id, _from(wanted, after))
    async with visit.office.streams.place(), aclosing(looks(visit)) as moments:
        async for _ in moments:
            for attempt in await tail.fresh():
                yield "row", _row_html(visit, attempt)


def _from(wanted: AttemptFilter, after: int) -> AttemptFilter:
    return AttemptFilter(
        above=after,
        not_accepted=wanted.not_accepted,
        command=wanted.command,
        outcome=wanted.outcome,
        http_status=wanted.http_status,
        account=wanted.account,
        trans_id=wanted.trans_id,
    )


def _row_html(visit: Visit, attempt: AttemptRecord) -> str:
    values = {"each": attempt, "cause_of": cause_of_attempt}
    return page_html(visit, "", "log/row.html", values).strip()


PAGES: tuple[AnyPage, ...] = (
    Page(path="/a/{agent_id}/log", title="API Log", answer=show_log),
    Page(path="/a/{agent_id}/log/live", title="API Log", answer=follow),
    Page(path="/a/{agent_id}/log/{attempt_id}", title="Attempt", answer=show_attempt),
)
