"""What the hub refuses by itself before a bet reaches a backend (contract 1, 3.2, 4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meganodes.directory.records import AgentState
from meganodes.domain.permissions import permitted
from meganodes.protocol.codes import ApiCode

if TYPE_CHECKING:
    from meganodes.hub.core import Hub
    from meganodes.hub.play import Play


async def bet_refusal(hub: Hub, play: Play, amount_minor: int) -> ApiCode | None:
    """Give the code a bet is refused with without a callback, or None when it may be sent."""
    if play.agent.state is not AgentState.APPROVED:
        return ApiCode.AGENT_UNAVAILABLE
    user = await hub.directory.user(play.session.user_code)
    if user is not None and user.blocked:
        return ApiCode.PLAYER_BLOCKED
    refusal = permitted(play.session.permissions, amount_minor)
    if refusal is not None:
        return refusal
    if hub.gateway.is_open(play.agent.agent_id):
        return ApiCode.AGENT_UNAVAILABLE
    return None
