"""The core's one entrance for providers: from a neutral request to an answer (contract 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, assert_never

from meganodes.domain.asked import (
    Answer,
    Asked,
    AskedAuthenticate,
    AskedBalance,
    AskedBet,
    AskedBetWin,
    AskedCancel,
    AskedRound,
    AskedWin,
)
from meganodes.hub import asking
from meganodes.hub.bet import place_bet
from meganodes.hub.betwin import bet_and_win
from meganodes.hub.cancel import cancel_bet
from meganodes.hub.patience import result_by
from meganodes.hub.play import Play, look_up
from meganodes.hub.rounds import show_round
from meganodes.hub.win import pay_win
from meganodes.journal.store import CommitUnknown, StoreUnavailable
from meganodes.kit.database import DatabaseUnavailable
from meganodes.kit.logging import get_logger
from meganodes.protocol.codes import ApiCode

if TYPE_CHECKING:
    from meganodes.directory.records import Provider
    from meganodes.hub.core import Hub


log = get_logger("hub.wallet")

_ANSWER_MARGIN_SECONDS = 0.05
"""Left for rendering and sending, so that the provider has its answer within the 3 s."""


async def serve(hub: Hub, provider: Provider, asked: Asked, arrived: float) -> Answer:
    """Answer one request of a provider within 3 s of ``arrived`` (a monotonic moment)."""
    task = hub.spawn(_serve(hub, provider, asked, arrived))
    answer_by = arrived + hub.settings.answer_within_seconds - _ANSWER_MARGIN_SECONDS
    answer = await result_by(hub, task, answer_by)
    return Answer(code=ApiCode.TRY_AGAIN) if answer is None else answer


async def _serve(hub: Hub, provider: Provider, asked: Asked, arrived: float) -> Answer:
    try:
        play = await look_up(hub, provider, asked, arrived)
        return play if isinstance(play, Answer) else await _act(hub, play, asked)
    except (CommitUnknown, StoreUnavailable, DatabaseUnavailable) as fault:
        # Whatever was recorded stands; the provider concludes nothing and asks again.
        log.warning("database_not_available", fault=repr(fault))
        return Answer(code=ApiCode.TRY_AGAIN)


async def _act(hub: Hub, play: Play, asked: Asked) -> Answer:
    match asked:
        case AskedBet():
            return await place_bet(hub, play, asked)
        case AskedWin():
            return await pay_win(hub, play, asked)
        case AskedBetWin():
            return await bet_and_win(hub, play, asked)
        case AskedCancel():
            return await cancel_bet(hub, play, asked)
        case AskedBalance():
            return await asking.balance(hub, play)
        case AskedAuthenticate():
            return await asking.authenticate(hub, play)
        case AskedRound():
            return await show_round(hub, play, asked)
        case _:
            assert_never(asked)
