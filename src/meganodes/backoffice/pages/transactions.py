"""Transactions of an agent: the list with its filters, one's whole story, and the file to keep."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from meganodes.backoffice.messages import say
from meganodes.backoffice.office import OFFICE_PATH
from meganodes.backoffice.page import (
    Answer,
    AnyPage,
    Download,
    GoTo,
    Missing,
    Page,
    Show,
    Visit,
)
from meganodes.backoffice.permissions import Right
from meganodes.backoffice.transaction_export import EXPORT_ROWS_MAX, csv_parts, file_name
from meganodes.backoffice.transaction_filter import (
    OWN_PERIOD,
    PERIODS,
    Filter,
    asked_filter,
    trans_id_of,
)
from meganodes.backoffice.transaction_words import (
    KINDS,
    OUTCOMES,
    SHOWN_STATES,
    STATES,
    event_tone,
    event_words,
)
from meganodes.backoffice.wire_text import Message, as_curl, message_of
from meganodes.domain.transaction import Kind
from meganodes.hub.transaction_search import (
    COUNT_MAX,
    TransactionPage,
    first_page,
    named,
    newer_page,
    transactions_page,
)
from meganodes.hub.transaction_story import Chapter, transaction_story
from meganodes.hub.uses import Use
from meganodes.journal.search import Counted
from meganodes.kit.identity import time_of
from meganodes.protocol.currency import currency

if TYPE_CHECKING:
    from meganodes.directory.records import Agent
    from meganodes.domain.transaction import Transaction

PAGE_SIZE: Final = 50
_NOTHING: Final = (
    TransactionPage(rows=(), older_below=None, is_short=False),
    Counted(count=0, is_all=True),
)


async def list_transactions(visit: Visit) -> Answer:
    """Show a page of what fits the filter, newest first."""
    asked = await asked_filter(visit)
    page, counted = await _found(visit, asked)
    older, newer = page.older_below, page.newer_from
    looked_ahead = bool(visit.query("after")) and newer is not None
    values = {
        "rows": page.rows,
        "asked": asked,
        "counted": counted,
        "count_max": COUNT_MAX,
        "export_max": EXPORT_ROWS_MAX,
        "older": older,
        "newer": newer,
        "looked_to_ms": _looked_to_ms(page, newer if looked_ahead else older),
        "looked_ahead": looked_ahead,
        "periods": tuple(PERIODS),
        "own_period": OWN_PERIOD,
        "providers": visit.office.hub.directory.providers_of(visit.own_agent.agent_id),
        "states": SHOWN_STATES,
        **names(visit),
    }
    return Show(template="transactions/list.html", values=values)


def _looked_to_ms(page: TransactionPage, reached: int | None) -> int | None:
    """Say how far a look went that ended before its page was full."""
    return time_of(reached) if page.is_short and reached is not None else None


async def _found(visit: Visit, asked: Filter) -> tuple[TransactionPage, Counted | None]:
    """Look once, and on the first page count too; a page further back says no number."""
    hub = visit.office.hub
    if asked.nobody or asked.faults:
        return _NOTHING
    if asked.id_text:
        return await _by_id(visit, asked)
    below, newer_from = (trans_id_of(visit.query(name)) for name in ("before", "after"))
    if newer_from is not None:
        page = await newer_page(hub, asked.sought, PAGE_SIZE, newer_from=newer_from)
        if page.newer_from is not None:
            return page, None
    elif below is not None:
        return await transactions_page(hub, asked.sought, PAGE_SIZE, below=below), None
    return await first_page(hub, asked.sought, PAGE_SIZE)


async def _by_id(visit: Visit, asked: Filter) -> tuple[TransactionPage, Counted]:
    """Find what goes by one id; the period is not asked about, all else is."""
    whole = asked.sought.widened()
    found = await named(visit.office.hub, asked.id_text, (visit.own_agent.agent_id,))
    rows = tuple(row for row in found.transactions if whole.fits(row))
    page = TransactionPage(rows=rows, older_below=None, is_short=False)
    return page, Counted(count=len(rows), is_all=True)


async def show_transaction(visit: Visit) -> Answer:
    """Show all that happened to one transaction."""
    agent = visit.own_agent
    trans_id = trans_id_of(visit.request.path_params["trans_id"])
    story = None
    if trans_id is not None:
        story = await transaction_story(visit.office.hub, agent.agent_id, trans_id)
    if story is None:
        return Missing()
    row = story.row
    if row.kind is Kind.CANCEL and story.bet is not None:
        return GoTo(path=transaction_path(story.bet))
    values = {
        "title": f"{say(KINDS[row.kind]).capitalize()} {row.transaction_id}",
        "row": row,
        "bet": story.bet,
        "currency": currency(row.currency),
        "chapters": [_told(chapter, agent) for chapter in story.chapters],
        "attempts": sum(1 for chapter in story.chapters if chapter.attempt is not None),
        **names(visit),
    }
    return Show(template="transactions/transaction.html", values=values)


def _told(chapter: Chapter, agent: Agent) -> dict[str, object]:
    """Prepare a step or an attempt for the page: its words, and its bytes without secrets."""
    if chapter.event is not None:
        event = chapter.event
        words = event_words(event.from_state, event.to_state, event.cause)
        return {
            "at_ms": chapter.at_ms,
            "event": event,
            "words": words,
            "tone": event_tone(event.to_state) if event.from_state != event.to_state else "",
        }
    assert chapter.attempt is not None
    attempt = chapter.attempt
    request: Message | None = message_of(attempt.request)
    return {
        "at_ms": chapter.at_ms,
        "event": None,
        "attempt": attempt,
        "said": OUTCOMES[attempt.outcome],
        "request": request,
        "reply": message_of(attempt.reply),
        "curl": as_curl(request, agent) if request else "",
        "tone": {"accepted": "is-good", "unknown": "is-bad"}.get(attempt.outcome, "is-waiting"),
    }


async def export(visit: Visit) -> Answer:
    """Give what fits the filter as a file; who took it away is in the audit log (S26)."""
    asked = await asked_filter(visit)
    if asked.nobody or asked.faults or asked.id_text:
        query = visit.request.url.query
        return GoTo(
            path=f"{list_path(visit.own_agent)}?{query}",
            toast=say("This filter cannot be exported: take a period, and no single id."),
            tone="warning",
        )
    hub, agent = visit.office.hub, visit.own_agent
    await hub.directory.note_export(
        agent.agent_id, "export-transactions", asked.audited(), visit.actor
    )
    return Download(
        name=file_name(agent, hub.clock.now_ms()),
        media_type="text/csv; charset=utf-8",
        parts=csv_parts(hub, asked.sought),
    )


def names(visit: Visit) -> dict[str, object]:
    """Give what templates need to name things."""
    directory = visit.office.hub.directory

    def provider_name(row: Transaction) -> str:
        found = directory.provider(row.provider_id)
        return found.name if found else str(row.provider_id)

    def game_name(row: Transaction) -> str:
        found = directory.game(row.provider_id, row.game_code)
        return found.name if found else row.game_code

    return {
        "kinds": KINDS,
        "said": STATES,
        "currency_of": lambda row: currency(row.currency),
        "provider_name": provider_name,
        "game_name": game_name,
        "path_of": transaction_path,
    }


def list_path(agent: Agent) -> str:
    """Return the address of an agent's list."""
    return f"{OFFICE_PATH}/a/{agent.agent_id}/transactions"


def transaction_path(row: Transaction) -> str:
    """Return the address of a transaction's story."""
    return f"{OFFICE_PATH}/a/{row.agent_id}/transactions/{row.trans_id}"


PAGES: tuple[AnyPage, ...] = (
    Page(
        path="/a/{agent_id}/transactions",
        title="Transactions",
        answer=list_transactions,
        use=Use.SEARCH,
    ),
    Page(
        path="/a/{agent_id}/transactions.csv",
        title="Transactions",
        answer=export,
        right=Right.EXPORT,
        use=Use.EXPORT,
    ),
    Page(
        path="/a/{agent_id}/transactions/{trans_id}", title="Transaction", answer=show_transaction
    ),
)
