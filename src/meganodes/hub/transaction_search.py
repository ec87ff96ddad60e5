"""Finding transactions for staff: by what they are, or by any of the ids people have in hand."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from meganodes.domain.transaction import Kind, TransactionKey
from meganodes.journal.search import Counted, Found, Named, Sought

if TYPE_CHECKING:
    from meganodes.domain.transaction import Transaction
    from meganodes.hub.core import Hub

COUNT_MAX: Final = 10_000
"""So far a page counts; beyond it says that there are more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionPage:
    """Rows, newest first.

    ``older_below`` is where the page of older ones begins, None at the end, and ``newer_from``
    where that of newer ones does, None on the first page. ``is_short``: the look ended before the
    page was full or the range was through, so there may be more further on.
    """

    rows: tuple[Transaction, ...]
    older_below: int | None
    newer_from: int | None = None
    is_short: bool


async def transactions_page(
    hub: Hub, sought: Sought, limit: int, *, below: int | None = None
) -> TransactionPage:
    """Give a page of an agent's transactions, newest first: the newest ones, or those below."""
    past = sought.past if below is None else min(sought.past, below)
    found = await hub.reads.search(replace(sought, past=past), limit)
    return _page(sought, limit, found, newer_from=below)


async def first_page(hub: Hub, sought: Sought, limit: int) -> tuple[TransactionPage, Counted]:
    """Give the newest ones, and how many there are as far as one look goes."""
    found, counted = await hub.reads.search_and_count(sought, limit, COUNT_MAX)
    return _page(sought, limit, found, newer_from=None), counted


async def newer_page(hub: Hub, sought: Sought, limit: int, *, newer_from: int) -> TransactionPage:
    """Give the page that comes before one in the list: the oldest rows from a number on.

    Once these are not more than a page it is the first one, whole, with what is new by now.
    """
    first = max(sought.first, newer_from)
    found = await hub.reads.search_newer(replace(sought, first=first), limit)
    if found.reached >= sought.past:
        return await transactions_page(hub, sought, limit)
    return TransactionPage(
        rows=found.rows,
        older_below=newer_from,
        newer_from=found.reached,
        is_short=len(found.rows) < limit,
    )


async def every_transaction(
    hub: Hub, sought: Sought, *, limit: int, at_once: int
) -> AsyncIterator[tuple[Transaction, ...]]:
    """Give all of them, newest first, a stretch at a time, until there are ``limit``."""
    left = limit
    while left > 0:
        found: Found = await hub.reads.search(sought, min(at_once, left))
        left -= len(found.rows)
        yield found.rows
        if found.reached <= sought.first:
            return
        sought = replace(sought, past=found.reached)


async def named(hub: Hub, text: str, agents: Collection[int]) -> Named:
    """Look for whatever goes by an id; a cancel's own id stands for the bet it asked to undo."""
    providers = [provider.provider_id for provider in hub.directory.providers()]
    found = await hub.reads.named(text, agents, providers)
    meant = [await _undone_bet(hub, row) or row for row in found.transactions]
    once = {(row.agent_id, row.trans_id): row for row in meant}
    return replace(found, transactions=tuple(once.values()))


async def _undone_bet(hub: Hub, row: Transaction) -> Transaction | None:
    if row.kind is not Kind.CANCEL or row.cancel_transaction_id is None:
        return None
    key = TransactionKey(
        agent_id=row.agent_id,
        provider_id=row.provider_id,
        transaction_id=row.cancel_transaction_id,
    )
    return await hub.journal.find(key)


def _page(sought: Sought, limit: int, found: Found, *, newer_from: int | None) -> TransactionPage:
    more = found.reached > sought.first
    return TransactionPage(
        rows=found.rows,
        older_below=found.reached if more else None,
        newer_from=newer_from,
        is_short=more and len(found.rows) < limit,
    )
