"""/v4/game/transaction and transaction-id: the agent's settled transactions, by time and cursor."""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from meganodes.hub import history
from meganodes.main_api.v4.endpoint import ApiCall, Endpoint
from meganodes.main_api.v4.envelope import Answer, done
from meganodes.main_api.v4.reports import ReportBody, ReportPage, page_of
from meganodes.main_api.v4.schemas import Amount, TransactionsAfterBody
from meganodes.protocol.wire import Exact


class TransactionItem(TypedDict):
    """One settled transaction.

    `trans_id` is the position in the agent's list. `trans_guid` comes with callback revision
    `guid`, `callback_trans_id` with revision `id`; `cancel_trans_guid` names the cancelled bet.
    """

    trans_id: int
    user_code: int
    round_id: str
    trans_type: int
    provider_id: int
    provider_name: str
    game_code: str
    game_name: str
    category: str
    prebalance: Amount
    trans_amount: Amount
    balance: Amount
    balance_known: bool
    regdate: str
    time_stamp: int
    trans_guid: NotRequired[str]
    callback_trans_id: NotRequired[int]
    cancel_trans_guid: str | None
    gplay_id: int
    currency_code: str
    created_at: str


async def list_after(call: ApiCall, body: TransactionsAfterBody) -> Answer:
    """Answer game/transaction-id: oldest first, without `last_id` itself."""
    entries = await history.list_after(call.hub, call.agent, body.last_id, body.limit)
    return done([_item(each) for each in entries])


async def list_between(call: ApiCall, body: ReportBody) -> Answer:
    """Answer game/transaction: what was listed in a window, oldest first."""
    found = await history.list_between(call.hub, call.agent, body.window, body.page)
    return done(page_of(body, found.total, [_item(each) for each in found.entries]))


def _item(entry: history.HistoryEntry) -> TransactionItem:
    exponent = entry.currency.exponent
    item: TransactionItem = {
        "trans_id": entry.position,
        "user_code": entry.user_code,
        "round_id": entry.round_id,
        "trans_type": entry.trans_type.value,
        "provider_id": entry.provider_id,
        "provider_name": entry.provider_name,
        "game_code": entry.game_code,
        "game_name": entry.game_name,
        "category": entry.category.value,
        "prebalance": Exact(entry.prebalance_minor, exponent),
        "trans_amount": Exact(entry.amount_minor, exponent),
        "balance": Exact(entry.balance_minor, exponent),
        "balance_known": entry.balance_known,
        "regdate": entry.regdate,
        "time_stamp": entry.listed_at_ms,
        "cancel_trans_guid": entry.cancel_trans_guid,
        "gplay_id": entry.gplay_id,
        "currency_code": entry.currency.code,
        "created_at": entry.created_at,
    }
    if entry.trans_guid is not None:
        item["trans_guid"] = entry.trans_guid
    if entry.callback_trans_id is not None:
        item["callback_trans_id"] = entry.callback_trans_id
    return item


ENDPOINTS = (
    Endpoint(
        path="/v4/game/transaction",
        summary=(
            "Settled transactions of a window of at most 31 days, by the moment of listing, oldest "
            "first; once end_time has passed, a window never grows."
        ),
        body=ReportBody,
        answer=list_between,
        data=ReportPage[TransactionItem],
        when_suspended=True,
    ),
    Endpoint(
        path="/v4/game/transaction-id",
        summary="Settled transactions after a position, oldest first.",
        body=TransactionsAfterBody,
        answer=list_after,
        data=list[TransactionItem],
        when_suspended=True,
    ),
)
