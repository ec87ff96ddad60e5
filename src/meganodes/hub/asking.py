"""The provider's authenticate and balance: asked of the backend each time, stored nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meganodes.domain.asked import Answer, ShownUser
from meganodes.domain.outcome import Accepted, Outcome, Refused
from meganodes.hub import calls
from meganodes.hub.accounts import ask_balance
from meganodes.hub.patience import result_by
from meganodes.protocol.codes import ApiCode, ResultCode

if TYPE_CHECKING:
    from meganodes.hub.core import Hub
    from meganodes.hub.play import Play

_REFUSALS = {
    ResultCode.ACCOUNT_UNKNOWN: ApiCode.USER_NOT_FOUND,
    ResultCode.PLAYER_INACTIVE: ApiCode.PLAYER_BLOCKED,
}


async def authenticate(hub: Hub, play: Play) -> Answer:
    """Ask the backend who plays; its permissions hold from now on (contract 3.2)."""
    task = hub.spawn(calls.authenticate(hub, play.agent, play.session.account))
    asked = await result_by(hub, task, play.answer_by)
    if asked is None or asked.accepted is None:
        return play.answer(_code(asked.attempt.outcome if asked else None))
    reply = asked.attempt.reply
    assert reply is not None, "an accepted reply was read"
    session = play.session
    await hub.directory.set_permissions(
        session.gplay_id, reply.permissions, reply.language, reply.country
    )
    user = ShownUser(
        account=str(session.user_code),
        game_code=session.game_code,
        currency=play.agent.currency.code,
        language=reply.language,
        country=reply.country,
        permissions=reply.permissions,
    )
    return Answer(
        code=ApiCode.OK,
        exponent=play.exponent,
        balance_minor=asked.accepted.balance_minor,
        user=user,
    )


async def balance(hub: Hub, play: Play) -> Answer:
    """Ask the backend for the balance, with up to three repeats inside the time for an answer."""
    left = play.answer_by - hub.clock.monotonic()
    task = hub.spawn(ask_balance(hub, play.agent, play.session.account, left))
    asked = await result_by(hub, task, play.answer_by)
    outcome = asked.attempt.outcome if asked else None
    if isinstance(outcome, Accepted):
        return Answer(code=ApiCode.OK, exponent=play.exponent, balance_minor=outcome.balance_minor)
    return play.answer(_code(outcome))


def _code(outcome: Outcome | None) -> ApiCode:
    if isinstance(outcome, Refused):
        return _REFUSALS.get(ResultCode(outcome.result), ApiCode.AGENT_UNAVAILABLE)
    return ApiCode.AGENT_UNAVAILABLE
