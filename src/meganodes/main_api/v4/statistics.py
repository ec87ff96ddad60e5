"""/v4/statistics: what was staked and won, by user, by game and by day."""

from __future__ import annotations

from typing_extensions import TypedDict

from meganodes.hub import statistics
from meganodes.main_api.v4.endpoint import ApiCall, Endpoint
from meganodes.main_api.v4.envelope import Answer, done
from meganodes.main_api.v4.reports import ReportBody, ReportPage, page_of
from meganodes.main_api.v4.schemas import Amount
from meganodes.protocol.commands import Category
from meganodes.protocol.wire import Exact


class Sums(TypedDict):
    """Bets (less cancelled ones) and wins by category; mini is all that is neither slot nor live.

    Everything counts when it is listed: a cancel of a bet that was listed before the window makes
    its sum of bets smaller, even below zero.
    """

    slot_bet: Amount
    slot_win: Amount
    live_bet: Amount
    live_win: Amount
    mini_bet: Amount
    mini_win: Amount


class UserSums(Sums):
    """What one user staked and won."""

    user_code: int
    user_name: str


class GameSums(Sums):
    """What was staked and won in one game. `category` is `Slots`, `Live` or `mini`."""

    provider_id: int
    provider_name: str
    game_code: str
    game_name: str
    category: str


class DaySums(Sums):
    """What was staked and won on one day (`YYYY-MM-DD`) in the agent's time zone."""

    day: str


async def report_users(call: ApiCall, body: ReportBody) -> Answer:
    """Answer statistics/user: the users with a transaction in the window, by user_code."""
    report = await statistics.by_user(call.hub, call.agent, body.window, body.page)
    items: list[UserSums] = [
        {
            "user_code": line.user_code,
            "user_name": line.user_name,
            **_sums(call, line.sums),
        }
        for line in report.lines
    ]
    return done(page_of(body, report.total, items))


async def report_games(call: ApiCall, body: ReportBody) -> Answer:
    """Answer statistics/game: the games with a transaction in the window."""
    report = await statistics.by_game(call.hub, call.agent, body.window, body.page)
    items: list[GameSums] = [
        {
            "provider_id": line.provider_id,
            "provider_name": line.provider_name,
            "game_code": line.game_code,
            "game_name": line.game_name,
            "category": line.category.value,
            **_sums(call, line.sums),
        }
        for line in report.lines
    ]
    return done(page_of(body, report.total, items))


async def report_days(call: ApiCall, body: ReportBody) -> Answer:
    """Answer statistics/day: every day of the window, those without a transaction too."""
    report = await statistics.by_day(call.hub, call.agent, body.window, body.page)
    items: list[DaySums] = [{"day": line.day, **_sums(call, line.sums)} for line in report.lines]
    return done(page_of(body, report.total, items))


def _sums(call: ApiCall, sums: statistics.CategorySums) -> Sums:
    exponent = call.agent.currency.exponent
    bets, wins = sums.bets_minor, sums.wins_minor
    return {
        "slot_bet": Exact(bets[Category.SLOTS], exponent),
        "slot_win": Exact(wins[Category.SLOTS], exponent),
        "live_bet": Exact(bets[Category.LIVE], exponent),
        "live_win": Exact(wins[Category.LIVE], exponent),
        "mini_bet": Exact(bets[Category.MINI], exponent),
        "mini_win": Exact(wins[Category.MINI], exponent),
    }


ENDPOINTS = (
    Endpoint(
        path="/v4/statistics/user",
        summary="Bets and wins by user, in a window of at most 31 days.",
        body=ReportBody,
        answer=report_users,
        data=ReportPage[UserSums],
        when_suspended=True,
    ),
    Endpoint(
        path="/v4/statistics/game",
        summary="Bets and wins by game, in a window of at most 31 days.",
        body=ReportBody,
        answer=report_games,
        data=ReportPage[GameSums],
        when_suspended=True,
    ),
    Endpoint(
        path="/v4/statistics/day",
        summary="Bets and wins by day of the agent's time zone, in a window of at most 31 days.",
        body=ReportBody,
        answer=report_days,
        data=ReportPage[DaySums],
        when_suspended=True,
    ),
)
