"""The provider's ``round`` command: what became of a round, read from its rows (contract 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meganodes.domain.answers import is_delivered, shown_state
from meganodes.domain.asked import Answer, AskedRound, RoundItem
from meganodes.protocol.codes import ApiCode

if TYPE_CHECKING:
    from meganodes.hub.core import Hub
    from meganodes.hub.play import Play


async def show_round(hub: Hub, play: Play, asked: AskedRound) -> Answer:
    """List a round's bets and wins, oldest first, with what is still owed."""
    key = play.round_key(asked.round_id)
    rows = await hub.journal.round_rows(key)
    if not rows:
        return play.answer(ApiCode.ROUND_NOT_FOUND)
    view = await hub.journal.round(key)
    items = tuple(
        RoundItem(
            transaction_id=row.transaction_id,
            kind=row.kind,
            amount_minor=row.amount_minor,
            guid=row.guid,
            state=shown_state(row),
            delivered=is_delivered(row),
        )
        for row in rows
    )
    return Answer(code=ApiCode.OK, exponent=play.exponent, transactions=items, closed=view.closed)
