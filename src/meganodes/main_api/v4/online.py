"""/v4/game/online-games: the sessions in use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from typing_extensions import TypedDict

from meganodes.hub import online
from meganodes.main_api.v4.endpoint import ApiCall, Endpoint
from meganodes.main_api.v4.envelope import Answer, done
from meganodes.main_api.v4.schemas import Amount, NoFields
from meganodes.protocol.commands import Category
from meganodes.protocol.wire import Exact

CATEGORY_NUMBERS: Final[Mapping[Category, int]] = {
    Category.SLOTS: 1,
    Category.LIVE: 2,
    Category.MINI: 3,
}
"""What this endpoint calls the categories (contract 2.2)."""


class OnlineGameItem(TypedDict):
    """A session of the last 30 minutes.

    `category` is 1 (slot), 2 (live) or 3 (all else). `spend` is what was staked in the session and
    not cancelled, `last_round_bet` the same of its last round. The fields from `call_win` on are
    constant.
    """

    gplay_id: int
    user_code: int
    user_name: str
    provider_id: int
    provider_name: str
    game_code: str
    game_name: str
    category: int
    last_round_bet: Amount
    spend: Amount
    win: Amount
    start_time: str
    last_update: str
    call_win: int
    call_id: int
    call_enable: bool
    callend_flag: bool
    call_status: int


async def list_online_games(call: ApiCall, _body: NoFields) -> Answer:
    """Answer game/online-games."""
    exponent = call.agent.currency.exponent
    found = await online.online_games(call.hub, call.agent)
    return done([_item(each, exponent) for each in found])


def _item(game: online.OnlineGame, exponent: int) -> OnlineGameItem:
    return {
        "gplay_id": game.gplay_id,
        "user_code": game.user_code,
        "user_name": game.user_name,
        "provider_id": game.provider_id,
        "provider_name": game.provider_name,
        "game_code": game.game_code,
        "game_name": game.game_name,
        "category": CATEGORY_NUMBERS[game.category],
        "last_round_bet": Exact(game.last_round_bet_minor, exponent),
        "spend": Exact(game.bet_minor, exponent),
        "win": Exact(game.win_minor, exponent),
        "start_time": game.start_time,
        "last_update": game.last_update,
        "call_win": 0,
        "call_id": 0,
        "call_enable": False,
        "callend_flag": False,
        "call_status": 0,
    }


ENDPOINTS = (
    Endpoint(
        path="/v4/game/online-games",
        summary="The sessions that were opened or called in the last 30 minutes.",
        body=NoFields,
        answer=list_online_games,
        data=list[OnlineGameItem],
    ),
)
