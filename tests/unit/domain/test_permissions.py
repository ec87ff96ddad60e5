"""Permissions of a backend, applied to bets only (contract 3.2)."""

from __future__ import annotations

import pytest

from meganodes.domain.permissions import permitted
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.replies import Permissions


def permissions(play: bool | None = None, max_bet_minor: int | None = None) -> Permissions:
    return Permissions(
        play=play, max_bet_minor=max_bet_minor, session_minutes=None, reality_check_minutes=None
    )


@pytest.mark.rule("3.2-permission-play", "3.2-permission-max-bet", "3.2-permissions-optional")
@pytest.mark.parametrize(
    ("given", "amount_minor", "code"),
    [
        (None, 10**9, None),
        (permissions(), 10**9, None),
        (permissions(play=True), 10**9, None),
        (permissions(play=False), 0, ApiCode.PLAYER_BLOCKED),
        (permissions(max_bet_minor=100), 100, None),
        (permissions(max_bet_minor=100), 101, ApiCode.LIMIT_EXCEEDED),
        (permissions(max_bet_minor=0), 0, None),
    ],
)
def test_a_bet_is_judged_by_the_newest_permissions(
    given: Permissions | None, amount_minor: int, code: ApiCode | None
) -> None:
    assert permitted(given, amount_minor) is code
