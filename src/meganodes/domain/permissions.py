"""What a backend's permissions allow a session to bet (contract 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from meganodes.protocol.codes import ApiCode

if TYPE_CHECKING:
    from meganodes.protocol.replies import Permissions


def permitted(permissions: Permissions | None, amount_minor: int) -> ApiCode | None:
    """Judge a bet of this amount; absent permissions allow everything."""
    if permissions is None:
        return None
    if permissions.play is False:
        return ApiCode.PLAYER_BLOCKED
    if permissions.max_bet_minor is not None and amount_minor > permissions.max_bet_minor:
        return ApiCode.LIMIT_EXCEEDED
    return None
