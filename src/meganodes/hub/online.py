"""Which sessions are in use, and what was staked and won in them (contract 2.2, online-games)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from meganodes.hub.times import local_time
from meganodes.journal.turnover import QUARTER_MS, SessionTurnover, Window
from meganodes.protocol.commands import Category

if TYPE_CHECKING:
    from meganodes.directory.records import Agent, Session
    from meganodes.hub.core import Hub

ACTIVE_MS: Final = 30 * 60_000
"""A session is active for so long after its opening or its provider's last call."""

_END_OF_TIME_MS: Final = 1_000_000_000 * QUARTER_MS
_NOTHING: Final = SessionTurnover(gplay_id=0, bet_minor=0, win_minor=0, last_round_bet_minor=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class OnlineGame:
    """A session in use. Amounts are of what is listed by now; times are of the agent's zone."""

    gplay_id: int
    user_code: int
    user_name: str
    provider_id: int
    provider_name: str
    game_code: str
    game_name: str
    category: Category
    last_round_bet_minor: int
    bet_minor: int
    win_minor: int
    start_time: str
    last_update: str


async def online_games(hub: Hub, agent: Agent) -> tuple[OnlineGame, ...]:
    """Give the agent's sessions of the last 30 minutes, by their numbers."""
    since_ms = hub.clock.now_ms() - ACTIVE_MS
    sessions = await hub.directory.active_sessions(agent.agent_id, since_ms)
    if not sessions:
        return ()
    opened_at_ms = min(session.opened_at_ms for session in sessions)
    # From the quarter of an hour of the first opening on: whole quarters are summed up already.
    window = Window(
        start_ms=opened_at_ms // QUARTER_MS * QUARTER_MS,
        end_ms=_END_OF_TIME_MS,
    )
    turnovers = await hub.reads.turnover_by_session(
        agent.agent_id, [session.gplay_id for session in sessions], window
    )
    by_number = {each.gplay_id: each for each in turnovers}
    zone = ZoneInfo(agent.time_zone)
    return tuple(
        _online_game(hub, zone, each, by_number.get(each.gplay_id, _NOTHING)) for each in sessions
    )


def _online_game(
    hub: Hub, zone: ZoneInfo, session: Session, turnover: SessionTurnover
) -> OnlineGame:
    provider = hub.directory.provider(session.provider_id)
    game = hub.directory.game(session.provider_id, session.game_code)
    return OnlineGame(
        gplay_id=session.gplay_id,
        user_code=session.user_code,
        user_name=session.account,
        provider_id=session.provider_id,
        provider_name=provider.name if provider else str(session.provider_id),
        game_code=session.game_code,
        game_name=game.name if game else session.game_code,
        category=game.category if game else Category.MINI,
        last_round_bet_minor=turnover.last_round_bet_minor,
        bet_minor=turnover.bet_minor,
        win_minor=turnover.win_minor,
        start_time=local_time(session.opened_at_ms, zone),
        last_update=local_time(session.last_call_at_ms, zone),
    )
