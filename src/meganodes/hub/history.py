"""The agent's list of settled transactions, with the names and times people read (contract 2.2)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from meganodes.protocol.commands import Category, Revision, TransType
from meganodes.protocol.currency import Currency, currency

if TYPE_CHECKING:
    from meganodes.directory.records import Agent
    from meganodes.hub.core import Hub
    from meganodes.journal.store import ListedTransaction


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


async def list_after(hub: Hub, agent: Agent, position: int, limit: int) -> tuple[HistoryEntry, ...]:
    """Give the agent's settled transactions after a position, oldest first (the cursor law)."""
    listed = await hub.reads.listed_after(agent.agent_id, position, limit)
    zone = ZoneInfo(agent.time_zone)
    return tuple(_entry(hub, zone, each) for each in listed)


def _entry(hub: Hub, zone: ZoneInfo, listed: ListedTransaction) -> HistoryEntry:
    row = listed.row
    provider = hub.directory.provider(row.provider_id)
    game = hub.directory.game(row.provider_id, row.game_code)
    by_guid = row.revision is Revision.GUID
    is_cancel = listed.trans_type is TransType.CANCEL
    own_guid = row.cancel_guid if is_cancel else row.guid
    return HistoryEntry(
        position=listed.position,
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


def local_time(at_ms: int, zone: ZoneInfo) -> str:
    """Write an instant as `YYYY-MM-DD HH:MM:SS` in a time zone (contract 2.1)."""
    return datetime.fromtimestamp(at_ms // 1000, zone).strftime("%Y-%m-%d %H:%M:%S")


def utc_time(at_ms: int) -> str:
    """Write an instant as `YYYY-MM-DDTHH:MM:SS.mmmZ`."""
    whole = datetime.fromtimestamp(at_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{at_ms % 1000:03d}Z"
