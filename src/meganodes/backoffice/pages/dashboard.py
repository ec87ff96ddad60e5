"""The dashboard of an agent: is its backend well, is money moving, does anything wait."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from meganodes.backoffice.amounts import amount_text
from meganodes.backoffice.messages import say
from meganodes.backoffice.page import Answer, AnyPage, Page, Show, Visit
from meganodes.backoffice.transaction_words import STATES
from meganodes.hub.dashboard import RANGES, Dashboard, Range, dashboard, range_of

if TYPE_CHECKING:
    from collections.abc import Sequence

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
        "said": STATES,
        "wanted": wanted,
        "games": games,
        "games_total": len(seen.games),
        "money_chart": json.dumps(_money_chart(seen, agent, wanted)),
        "calls_chart": json.dumps(_calls_chart(seen, agent)),
        "rate": _thousandths(seen.per_second_thousandths),
        "accepted": None if seen.accepted_thousandths is None else _percent(seen),
    }
    return Show(template="dashboard/dashboard.html", values=values)


def _money_chart(seen: Dashboard, agent: Agent, wanted: Range) -> dict[str, object]:
    """Return what the chart draws: heights are minor units, exact texts stand beside them."""
    bets = [each.bet_minor for each in seen.parts]
    wins = [each.win_minor for each in seen.parts]
    form = "%d %b" if wanted.part_ms >= _DAY_MS else "%d %b %H:%M"
    return {
        "labels": _labels([each.start_ms for each in seen.parts], agent, form),
        "exponent": agent.currency.exponent,
        "unit": agent.currency.code,
        "series": [
            _series(
                say("bets"), "bars", bets, [amount_text(each, agent.currency) for each in bets]
            ),
            _series(
                say("wins"), "line", wins, [amount_text(each, agent.currency) for each in wins]
            ),
        ],
    }


def _calls_chart(seen: Dashboard, agent: Agent) -> dict[str, object]:
    """Return what the chart of calls draws: all of them, and before them those not accepted."""
    every = [each.accepted + each.not_accepted for each in seen.call_parts]
    bad = [each.not_accepted for each in seen.call_parts]
    return {
        "labels": _labels([each.start_ms for each in seen.call_parts], agent, "%H:%M"),
        "exponent": 0,
        "unit": "",
        "series": [
            _series(say("calls"), "bars", every, [str(each) for each in every]),
            _series(say("not accepted"), "bad-bars", bad, [str(each) for each in bad]),
        ],
    }


def _labels(starts_ms: Sequence[int], agent: Agent, form: str) -> list[str]:
    zone = ZoneInfo(agent.time_zone)
    return [f"{datetime.fromtimestamp(each // 1000, zone):{form}}" for each in starts_ms]


def _series(name: str, look: str, values: list[int], texts: list[str]) -> dict[str, object]:
    return {"name": name, "look": look, "values": values, "texts": texts}


def _thousandths(value: int) -> str:
    """Write a rate; below one a second its thousandths count."""
    whole, rest = divmod(value, 1000)
    return f"{whole}.{rest // 10:02d}" if whole else f"0.{rest:03d}"


def _percent(seen: Dashboard) -> str:
    assert seen.accepted_thousandths is not None
    return f"{seen.accepted_thousandths // 10}.{seen.accepted_thousandths % 10}"


PAGES: tuple[AnyPage, ...] = (
    Page(path="/a/{agent_id}/dashboard", title="Dashboard", answer=show_dashboard),
)
