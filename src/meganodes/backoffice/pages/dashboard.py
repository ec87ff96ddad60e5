"""The dashboard of an agent: is its backend well, is money moving, does anything wait."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from meganodes.backoffice.amounts import amount_text
from meganodes.backoffice.page import Answer, AnyPage, Page, Show, Visit
from meganodes.hub.dashboard import RANGES, Dashboard, Range, dashboard, range_of

if TYPE_CHECKING:
    from meganodes.directory.records import Agent

GAMES_SHOWN: Final = 10
_DAY_MS: Final = 86_400_000


async def show_dashboard(visit: Visit) -> Answer:
    """Show figures, a chart and what is open, for the range of the address."""
    agent = visit.own_agent
    wanted = range_of(visit.query("range", "24h"))
    seen = await dashboard(visit.office.hub, agent, wanted)
    directory = visit.office.hub.directory
    games = []
    for each in seen.games[:GAMES_SHOWN]:
        provider = directory.provider(each.provider_id)
        game = directory.game(each.provider_id, each.game_code)
        games.append(
            {
                "turnover": each,
                "provider": provider.name if provider else str(each.provider_id),
                "game": game.name if game else each.game_code,
            }
        )
    values = {
        "agent": agent,
        "seen": seen,
        "ranges": RANGES,
        "wanted": wanted,
        "games": games,
        "games_total": len(seen.games),
        "chart": json.dumps(_chart(seen, agent, wanted)),
        "rate": _thousandths(seen.per_second_thousandths),
        "accepted": None if seen.accepted_thousandths is None else _percent(seen),
    }
    return Show(template="dashboard/dashboard.html", values=values)


def _chart(seen: Dashboard, agent: Agent, wanted: Range) -> dict[str, object]:
    """Return what the chart draws: positions are numbers, amounts their exact texts beside them."""
    zone = ZoneInfo(agent.time_zone)
    form = "%d %b" if wanted.part_ms >= _DAY_MS else "%d %b %H:%M"
    labels = [
        f"{datetime.fromtimestamp(each.start_ms // 1000, zone):{form}}" for each in seen.parts
    ]
    return {
        "labels": labels,
        "bets": [each.bet_minor for each in seen.parts],
        "wins": [each.win_minor for each in seen.parts],
        "betTexts": [amount_text(each.bet_minor, agent.currency) for each in seen.parts],
        "winTexts": [amount_text(each.win_minor, agent.currency) for each in seen.parts],
        "currency": agent.currency.code,
    }


def _thousandths(value: int) -> str:
    return f"{value // 1000}.{value % 1000 // 10:02d}"


def _percent(seen: Dashboard) -> str:
    assert seen.accepted_thousandths is not None
    return f"{seen.accepted_thousandths // 10}.{seen.accepted_thousandths % 10}"


PAGES: tuple[AnyPage, ...] = (
    Page(path="/a/{agent_id}/dashboard", title="Dashboard", answer=show_dashboard),
)
