"""The agent's list of settled transactions, with the names and times people read (contract 2.2)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from meganodes.hub.times import local_time, utc_time
from meganodes.protocol.commands import Category, Revision, TransType
from meganodes.protocol.currency import Currency, currency

if TYPE_CHECKING:
    from meganodes.directory.records import Agent
    from meganodes.hub.core import Hub
    from meganodes.journal.store import ListedTransaction
    from meganodes.journal.turnover import Page, Window

ENTRIES_INLINE_MAX: Final = 100
"""So many entries are made at once on the event loop."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One settled movement as the agent sees it.

    ``position`` is the list's ``trans_id``. ``prebalance_minor`` and ``balance_minor`` are both 0
    when ``balance_known`` is False. Of ``trans_guid`` and ``callback_trans_id`` the one is set that
    the row's revision carries in callbacks. ``regdate`` is the moment of listing in the agent's
    time zone, ``created_at`` when the provider asked, in UTC.
    """

    position: int
    user_code: int
    round_id: str
    trans_type: TransType
    provider_id: int
    provider_name: str
    game_code: str
    game_name: str
    category: Category
    currency: Currency
    prebalance_minor: int
    amount_minor: int
    balance_minor: int
    balance_known: bool
    regdate: str
    listed_at_ms: int
    created_at: str
    gplay_id: int
    trans_guid: str | None
    callback_trans_id: int | None
    cancel_trans_guid: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryPage:
    """A page of what was listed in a window, and how much the whole window has."""

    total: int
    entries: tuple[HistoryEntry, ...]


async def list_after(hub: Hub, agent: Agent, position: int, limit: int) -> tuple[HistoryEntry, ...]:
    """Give the agent's settled transactions after a position, oldest first (the cursor law)."""
    after = hub.list_numbers.position(agent.agent_id, position)
    listed = await hub.reads.listed_after(agent.agent_id, after, limit)
    return await _entries(hub, agent, listed)


async def list_between(hub: Hub, agent: Agent, window: Window, page: Page) -> HistoryPage:
    """Give a page of the transactions that were listed in a window, oldest first."""
    await close_window(hub, agent, window)
    listed = await hub.reads.listed_between(agent.agent_id, window, page)
    return HistoryPage(total=listed.total, entries=await _entries(hub, agent, listed.entries))


async def close_window(hub: Hub, agent: Agent, window: Window) -> None:
    """Make sure that what is read of a window is all there will be (contract 2.2).

    The sequencer may be at work with a time that is past already, or the clock may be set back:
    whatever is listed from now on is listed after the window. Of a window that reaches beyond this
    moment only what lies before it can be promised.
    """
    before_ms = min(window.end_ms, hub.clock.now_ms())
    await hub.journal.close_times(agent.agent_id, before_ms=before_ms)


async def _entries(
    hub: Hub, agent: Agent, listed: Sequence[ListedTransaction]
) -> tuple[HistoryEntry, ...]:
    """Make entries of a list; a long one in a thread: it takes 20 ms, and bets are waiting."""
    zone = ZoneInfo(agent.time_zone)

    def made() -> tuple[HistoryEntry, ...]:
        return tuple(_entry(hub, zone, each) for each in listed)

    return made() if len(listed) <= ENTRIES_INLINE_MAX else await asyncio.to_thread(made)


def _entry(hub: Hub, zone: ZoneInfo, listed: ListedTransaction) -> HistoryEntry:
    row = listed.row
    provider = hub.directory.provider(row.provider_id)
    game = hub.directory.game(row.provider_id, row.game_code)
    by_guid = row.revision is Revision.GUID
    is_cancel = listed.trans_type is TransType.CANCEL
    own_guid = row.cancel_guid if is_cancel else row.guid
    return HistoryEntry(
        position=hub.list_numbers.number(row.agent_id, listed.position),
        user_code=row.user_code,
        round_id=row.round_id,
        trans_type=listed.trans_type,
        provider_id=row.provider_id,
        provider_name=provider.name if provider else str(row.provider_id),
        game_code=row.game_code,
        game_name=game.name if game else row.game_code,
        # What no catalogue knows any more is neither slot nor live, which is what "mini" means.
        category=game.category if game else Category.MINI,
        currency=currency(row.currency),
        prebalance_minor=_prebalance_minor(listed),
        amount_minor=row.amount_minor,
        balance_minor=listed.balance_minor if listed.balance_known else 0,
        balance_known=listed.balance_known,
        regdate=local_time(listed.listed_at_ms, zone),
        listed_at_ms=listed.listed_at_ms,
        created_at=utc_time(row.created_at_ms),
        gplay_id=row.gplay_id,
        trans_guid=own_guid if by_guid else None,
        callback_trans_id=None if by_guid else row.trans_id,
        cancel_trans_guid=row.guid if by_guid and is_cancel else None,
    )


def _prebalance_minor(listed: ListedTransaction) -> int:
    """Before a bet there was more, before a win or a cancel less (contract 2.2)."""
    if not listed.balance_known:
        return 0
    amount_minor = listed.row.amount_minor
    moved_minor = -amount_minor if listed.trans_type is TransType.BET else amount_minor
    return listed.balance_minor - moved_minor
