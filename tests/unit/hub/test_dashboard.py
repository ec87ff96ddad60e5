"""How an agent is doing: parts of a range, shares of times, rates."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from meganodes.hub.dashboard import (
    ATTEMPTS_MAX,
    RANGES,
    Speed,
    _call_parts,
    _speed,
    _speed_of,
    _windows,
    dashboard,
    range_of,
)
from meganodes.kit.metrics import Histogram
from tests.support.hub_world import hub_world
from tests.support.transactions import attempt_of, bet, settled_bet

NOW_MS = int(datetime.fromisoformat("2026-11-22T19:07:03+00:00").timestamp()) * 1000


@pytest.mark.parametrize("name", [each.name for each in RANGES])
@pytest.mark.parametrize("zone", ["UTC", "Asia/Kathmandu", "America/New_York"])
def test_parts_meet_and_end_after_now(name: str, zone: str) -> None:
    windows = list(_windows(NOW_MS, range_of(name), ZoneInfo(zone)))
    assert all(one.end_ms == other.start_ms for one, other in pairwise(windows))
    assert windows[-1].start_ms <= NOW_MS < windows[-1].end_ms
    wanted = range_of(name)
    assert len(windows) == wanted.length_ms // wanted.part_ms


def test_days_are_those_of_the_agents_zone() -> None:
    """The clocks of New York went back on 1 November 2026: that day has 25 hours."""
    windows = list(_windows(NOW_MS, range_of("30d"), ZoneInfo("America/New_York")))
    lengths = {(each.end_ms - each.start_ms) // 3_600_000 for each in windows}
    assert lengths == {24, 25}


def test_an_unknown_range_is_a_day() -> None:
    assert range_of("nonsense").name == "24h"


@pytest.mark.parametrize(
    ("durations", "expected"),
    [
        ([], None),
        ([7], Speed(count=1, p50_ms=7, p95_ms=7, p99_ms=7)),
        (list(range(1, 101)), Speed(count=100, p50_ms=50, p95_ms=95, p99_ms=99)),
        ([5] * 99 + [500], Speed(count=100, p50_ms=5, p95_ms=5, p99_ms=5)),
    ],
)
def test_shares_of_times(durations: list[int], expected: Speed | None) -> None:
    assert _speed(durations) == expected


def test_shares_of_a_histogram_are_the_bounds_that_hold_them() -> None:
    seen = Histogram()
    assert _speed_of(seen.distribution()) is None
    for _ in range(98):
        seen.observe(0.002)
    for _ in range(2):
        seen.observe(0.9)
    assert _speed_of(seen.distribution()) == Speed(count=100, p50_ms=2, p95_ms=2, p99_ms=1000)


async def test_the_busiest_game_comes_first_and_each_part_has_its_own(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        agent = world.hub.directory.agent(world.stage.agent.agent_id)
        assert agent is not None
        now_ms = world.hub.clock.now_ms()
        days = list(_windows(now_ms, range_of("30d"), ZoneInfo(agent.time_zone)))
        for day, game_code, amount_minor in ((3, "a", 100), (3, "b", 900), (7, "a", 50)):
            bet = {"agent_id": agent.agent_id, "game_code": game_code}
            await settled_bet(world.journal, amount_minor=amount_minor, **bet)
            await world.journal.sequence(now_ms=days[day].start_ms, limit=10)
        seen = await dashboard(world.hub, agent, range_of("30d"))
        assert [(each.game_code, each.bet_minor) for each in seen.games] == [("b", 900), ("a", 150)]
        assert {each.start_ms: each.bet_minor for each in seen.parts if each.bet_minor} == {
            days[3].start_ms: 1_000,
            days[7].start_ms: 50,
        }


async def test_bets_wins_and_calls_of_one_agent(tmp_path: Path) -> None:
    async with hub_world(tmp_path) as world:
        await world.bet()
        await world.win()
        await world.worker.place_listings()
        agent = world.hub.directory.agent(world.stage.agent.agent_id)
        assert agent is not None
        seen = await dashboard(world.hub, agent, range_of("6h"))
        assert sum(part.bet_minor for part in seen.parts) == seen.bet_minor > 0
        assert sum(part.win_minor for part in seen.parts) == seen.win_minor > 0
        assert (seen.calls, seen.accepted_thousandths) == (2, 1000)
        assert seen.open_work == ()


def test_of_a_look_that_was_cut_off_only_the_stretches_it_saw_are_counted() -> None:
    now_ms = 1_800_000_000_000
    seen = [
        attempt_of(bet(), started_at_ms=now_ms - 10 * 60_000 + number, outcome=outcome)
        for number, outcome in enumerate(["accepted", "refused"] * (ATTEMPTS_MAX // 2))
    ]
    older = attempt_of(bet(), started_at_ms=now_ms - 2 * 3_600_000)
    whole, cut = _call_parts([*seen[:10], older], now_ms), _call_parts(seen, now_ms)
    counted = sum(part.accepted + part.not_accepted for part in whole)
    assert counted == 10, "what is older is left out"
    assert whole[0].start_ms < cut[0].start_ms
    assert cut[0].start_ms > seen[0].started_at_ms, "of its first stretch not all was seen"
