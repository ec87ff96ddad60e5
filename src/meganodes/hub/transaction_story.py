"""What became of one transaction, for staff: its row, every attempt and every step, in order."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from meganodes.domain.transaction import Kind, TransactionKey
from meganodes.hub.round_page_steps import RoundSums, steps_of, sums_of

if TYPE_CHECKING:
    from meganodes.domain.transaction import RoundKey, Transaction
    from meganodes.hub.core import Hub
    from meganodes.journal.store import AttemptRecord, Event


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """One thing that happened: a step of the row, or an attempt at a callback."""

    at_ms: int
    event: Event | None = None
    attempt: AttemptRecord | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionStory:
    """A transaction with all that happened to it, oldest first.

    ``bet`` is the bet that a cancel's row asked to undo, or that a win names.
    """

    row: Transaction
    chapters: tuple[Chapter, ...]
    bet: Transaction | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundForStaff:
    """A round with its rows, oldest first, whether its provider closed it, and what it came to."""

    key: RoundKey
    rows: tuple[Transaction, ...]
    closed: bool
    sums: RoundSums


async def transaction_story(hub: Hub, agent_id: int, trans_id: int) -> TransactionStory | None:
    """Tell a transaction; None when the agent has none of this number."""
    row = await hub.journal.fetch(agent_id, trans_id)
    if row is None:
        return None
    events = await hub.journal.events(agent_id, trans_id)
    attempts = await hub.reads.attempts(agent_id, trans_id)
    return TransactionStory(
        row=row, chapters=_in_order(events, attempts), bet=await _bet_of(hub, row)
    )


async def round_for_staff(hub: Hub, key: RoundKey) -> RoundForStaff | None:
    """Tell a round; None when nothing was recorded in it."""
    rows = await hub.journal.round_rows(key)
    if not rows:
        return None
    view = await hub.journal.round(key)
    return RoundForStaff(key=key, rows=rows, closed=view.closed, sums=sums_of(steps_of(rows, {})))


def _in_order(
    events: tuple[Event, ...], attempts: tuple[AttemptRecord, ...]
) -> tuple[Chapter, ...]:
    """Put steps and attempts in order; of one moment: the intent, the attempt, what it led to."""
    told = [(each.at_ms, _rank(each), Chapter(at_ms=each.at_ms, event=each)) for each in events]
    told += [
        (each.started_at_ms, 1, Chapter(at_ms=each.started_at_ms, attempt=each))
        for each in attempts
    ]
    return tuple(chapter for _, _, chapter in sorted(told, key=lambda each: each[:2]))


def _rank(event: Event) -> int:
    """Say whether a step goes before (0) or after (2) an attempt of the same moment."""
    return 0 if event.from_state is None or event.cause.startswith("claimed") else 2


async def _bet_of(hub: Hub, row: Transaction) -> Transaction | None:
    named = row.cancel_transaction_id if row.kind is Kind.CANCEL else row.bet_transaction_id
    if named is None:
        return None
    key = TransactionKey(agent_id=row.agent_id, provider_id=row.provider_id, transaction_id=named)
    return await hub.journal.find(key)
