"""statistics/user, game and day on the wire (contract 2.2)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from meganodes.directory.records import AgentState
from meganodes.domain.transaction import Transaction
from meganodes.protocol.commands import Category
from meganodes.protocol.money import AMOUNT_MAX_MINOR
from tests.support.builders import NOW_MS, a_game, a_new_agent
from tests.support.door import World, opened_world
from tests.support.transactions import settled_bet, settled_win, undone

DAY = {
    "start_time": "2026-09-21T00:00:00Z",
    "end_time": "2026-09-22T00:00:00Z",
    "offset": 0,
    "limit": 2000,
}
NOTHING = {
    "slot_bet": "0.00",
    "slot_win": "0.00",
    "live_bet": "0.00",
    "live_win": "0.00",
    "mini_bet": "0.00",
    "mini_win": "0.00",
}
REPORTS = ("user", "game", "day")
HOUR_MS = 3_600_000


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        await made.directory.import_games(
            7,
            [
                a_game(),
                a_game(game_code="roulette", name="Roulette", category=Category.LIVE),
                a_game(game_code="dice", name="Dice", category=Category.MINI),
            ],
        )
        yield made


async def place(world: World, at_ms: int = NOW_MS) -> None:
    await world.journal.sequence(now_ms=at_ms, limit=1000)


async def bet(world: World, amount_minor: int, **changes: object) -> Transaction:
    return await settled_bet(
        world.journal, agent_id=world.agent.agent_id, amount_minor=amount_minor, **changes
    )


async def win(world: World, amount_minor: int, **changes: object) -> Transaction:
    return await settled_win(
        world.journal, agent_id=world.agent.agent_id, amount_minor=amount_minor, **changes
    )


async def report(world: World, by: str, **changes: object) -> Any:  # noqa: ANN401 - data of any form
    answer = await world.post(f"statistics/{by}", {**DAY, **changes})
    assert answer.code == 0, answer
    return answer.data


@pytest.mark.rule("2.2-statistics-user")
async def test_users_have_their_bets_and_wins_by_category(world: World) -> None:
    alice, bob = await world.user("alice"), await world.user("bob")
    await bet(world, 150, user_code=bob.user_code)
    await win(world, 75, user_code=bob.user_code)
    await bet(world, 1000, user_code=alice.user_code, game_code="roulette")
    await win(world, 5, user_code=alice.user_code, game_code="dice")
    await bet(world, 20, user_code=alice.user_code)
    await place(world)
    assert await report(world, "user") == {
        "total": 2,
        "offset": 0,
        "count": 2,
        "list": [
            {
                "user_code": alice.user_code,
                "user_name": "alice",
                **NOTHING,
                "slot_bet": "0.20",
                "live_bet": "10.00",
                "mini_win": "0.05",
            },
            {
                "user_code": bob.user_code,
                "user_name": "bob",
                **NOTHING,
                "slot_bet": "1.50",
                "slot_win": "0.75",
            },
        ],
    }


@pytest.mark.rule("2.2-statistics-mini")
async def test_mini_is_all_that_is_neither_slot_nor_live(world: World) -> None:
    await bet(world, 1, game_code="dice")
    await bet(world, 10, game_code="gone from the catalogue")
    await bet(world, 100, provider_id=99)
    await place(world)
    (line,) = (await report(world, "user"))["list"]
    assert (line["mini_bet"], line["slot_bet"], line["live_bet"]) == ("1.11", "0.00", "0.00")
    assert line["user_name"] == str(line["user_code"])  # a user that only this test invented


@pytest.mark.rule("2.2-statistics-game-day")
async def test_games_have_their_names_and_the_same_sums(world: World) -> None:
    await bet(world, 150)
    await bet(world, 1000, game_code="roulette", user_code=5)
    await win(world, 75)
    await bet(world, 1, provider_id=99, game_code="gone")
    await place(world)
    data = await report(world, "game")
    names = ("provider_id", "provider_name", "game_code", "game_name", "category")
    assert [tuple(line[name] for name in names) for line in data["list"]] == [
        (7, "Pixel Works", "fruits", "Fruits", "Slots"),
        (7, "Pixel Works", "roulette", "Roulette", "Live"),
        (99, "99", "gone", "gone", "mini"),
    ]
    assert [line | dict.fromkeys(names) for line in data["list"]] == [
        dict.fromkeys(names) | NOTHING | sums
        for sums in (
            {"slot_bet": "1.50", "slot_win": "0.75"},
            {"live_bet": "10.00"},
            {"mini_bet": "0.01"},
        )
    ]


@pytest.mark.rule("2.2-statistics-game-day")
async def test_days_are_those_of_the_agent_s_calendar_and_none_is_left_out(world: World) -> None:
    await world.directory.set_agent("acme", {"time_zone": "Asia/Kathmandu"})  # UTC+05:45
    midnight_ms = NOW_MS - NOW_MS % (24 * HOUR_MS) + 24 * HOUR_MS - 5 * HOUR_MS - 45 * 60_000
    for at_ms, amount_minor in (
        (midnight_ms - 1, 100),
        (midnight_ms, 20),
        (midnight_ms + 48 * HOUR_MS - 1, 3),
    ):
        await bet(world, amount_minor)
        await place(world, at_ms)
    data = await report(
        world, "day", start_time="2026-09-21 12:00:00", end_time="2026-09-25 00:00:00"
    )
    assert (data["total"], data["count"]) == (4, 4)
    assert [(line["day"], line["slot_bet"]) for line in data["list"]] == [
        ("2026-09-21", "1.00"),
        ("2026-09-22", "0.20"),
        ("2026-09-23", "0.03"),
        ("2026-09-24", "0.00"),
    ]
    assert set(data["list"][0]) == {"day", *NOTHING}


@pytest.mark.parametrize("by", REPORTS)
async def test_cancelled_bets_are_taken_out_where_their_cancel_is_listed(
    world: World, by: str
) -> None:
    row = await bet(world, 150)
    await bet(world, 50)
    await place(world)
    await undone(world.journal, row)
    await place(world, NOW_MS + HOUR_MS)
    whole, first, second = [
        (await report(world, by, start_time=f"2026-09-21T{start}:00:00Z", end_time=end))["list"]
        for start, end in (
            ("14", DAY["end_time"]),
            ("14", "2026-09-21T15:00:00Z"),
            ("15", DAY["end_time"]),
        )
    ]
    sums = [line["slot_bet"] for lines in (whole, first, second) for line in lines]
    assert sums == ["0.50", "2.00", "-1.50"]


@pytest.mark.parametrize("by", REPORTS)
async def test_sums_above_every_amount_are_exact(world: World, by: str) -> None:
    for _ in range(3):
        await bet(world, AMOUNT_MAX_MINOR)
    await place(world)
    (line,) = (await report(world, by))["list"]
    assert line["slot_bet"] == "270215977642229.73"


async def test_pages_come_in_one_order(world: World) -> None:
    for number in range(5):
        await bet(world, 1, user_code=100 - number, game_code=f"g-{number}")
    await place(world)
    for by, name in (("user", "user_code"), ("game", "game_code")):
        whole = [line[name] for line in (await report(world, by))["list"]]
        assert whole == sorted(whole)
        pages = [await report(world, by, offset=offset, limit=2) for offset in (0, 2, 4, 6)]
        assert [(page["total"], page["offset"], page["count"]) for page in pages] == [
            (5, 0, 2),
            (5, 2, 2),
            (5, 4, 1),
            (5, 6, 0),
        ]
        assert [line[name] for page in pages for line in page["list"]] == whole
    days = await report(world, "day", start_time="2026-09-20T00:00:00Z", offset=1, limit=1)
    assert (days["total"], days["count"], days["list"][0]["day"]) == (2, 1, "2026-09-21")


@pytest.mark.parametrize("by", REPORTS)
async def test_suspended_agent_reads_its_own_statistics_only(world: World, by: str) -> None:
    await bet(world, 1)
    await place(world)
    await world.set_state(AgentState.SUSPENDED)
    assert (await report(world, by))["total"] == 1
    world.credentials = await world.directory.add_agent(a_new_agent(name="other"))
    data = await report(world, by)
    assert [line for line in data["list"] if line["slot_bet"] != "0.00"] == []


@pytest.mark.parametrize("by", REPORTS)
async def test_report_once_read_stays_as_it_is(world: World, by: str) -> None:
    await bet(world, 1)
    await place(world)
    world.clock.advance(5)
    window = {"end_time": "2026-09-21T14:13:25Z"}
    read = await report(world, by, **window)
    await bet(world, 1)
    await place(world, NOW_MS + 4_900)
    assert await report(world, by, **window) == read


@pytest.mark.rule("2.2-statistics-fields")
@pytest.mark.parametrize("by", REPORTS)
async def test_bad_fields_are_told_together(world: World, by: str) -> None:
    answer = await world.post(
        f"statistics/{by}",
        {**DAY, "end_time": "2026-11-01T00:00:00Z", "offset": -1, "limit": 2001},
    )
    assert answer.code == 1002
    assert [fault["field"] for fault in answer.data] == ["end_time", "offset", "limit"]
    answer = await world.post(f"statistics/{by}")
    assert [fault["field"] for fault in answer.data] == list(DAY)
