"""game/transaction on the wire: windows of time over the list of settled transactions."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from meganodes.directory.records import AgentState
from tests.support.builders import NOW_MS, a_new_agent
from tests.support.door import Envelope, World, opened_world
from tests.support.transactions import settled_bet, settled_win, undone

DAY = {
    "start_time": "2026-09-21 00:00:00",
    "end_time": "2026-09-22 00:00:00",
    "offset": 0,
    "limit": 2000,
}
TIME = "a time such as 2026-09-21 14:00:00 in your time zone, or 2026-09-21T14:00:00+02:00"


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        yield made


async def listed_at(world: World, *seconds: float) -> None:
    """List one bet at each of these moments, counted from the clock's beginning, 14:13:20."""
    for moment in seconds:
        await settled_bet(world.journal, agent_id=world.agent.agent_id)
        await world.journal.sequence(now_ms=NOW_MS + round(moment * 1000), limit=10)


async def asked(world: World, **changes: object) -> Any:  # noqa: ANN401 - data of any form
    """Ask for transactions of the day and give the data."""
    answer = await world.post("game/transaction", {**DAY, **changes})
    assert answer.code == 0, answer
    return answer.data


async def positions(world: World, **changes: object) -> list[int]:
    return [item["trans_id"] for item in (await asked(world, **changes))["list"]]


async def faults(world: World, **changes: object) -> dict[str, str]:
    """Ask what must be refused and give the sentences by their fields."""
    answer = await world.post("game/transaction", {**DAY, **changes})
    assert (answer.code, answer.message) == (1002, "VALIDATION_ERROR")
    return {fault["field"]: fault["message"] for fault in answer.data}


# --- the list -------------------------------------------------------------------------------------


@pytest.mark.rule("2.2-transaction-data")
async def test_page_says_where_it_is_in_the_whole(world: World) -> None:
    await listed_at(world, *range(5))
    page = await asked(world, offset=1, limit=3)
    assert list(page) == ["total", "offset", "count", "list"]
    assert (page["total"], page["offset"], page["count"]) == (5, 1, 3)
    assert [item["trans_id"] for item in page["list"]] == [2, 3, 4]
    last = await asked(world, offset=4, limit=3)
    assert (last["total"], last["count"]) == (5, 1)
    beyond = await asked(world, offset=2**63 - 1)
    assert (beyond["total"], beyond["count"], beyond["list"]) == (5, 0, [])


async def test_window_without_transactions_is_empty(world: World) -> None:
    assert await asked(world) == {"total": 0, "offset": 0, "count": 0, "list": []}


@pytest.mark.rule("2.2-transaction-item")
async def test_items_are_those_of_the_cursor(world: World) -> None:
    agent_id = world.agent.agent_id
    row = await settled_bet(world.journal, agent_id=agent_id)
    await settled_win(world.journal, agent_id=agent_id)
    await undone(world.journal, row)
    await world.journal.sequence(now_ms=NOW_MS, limit=10)
    by_cursor = await world.post("game/transaction-id", {"last_id": 0, "limit": 2000})
    by_time = await asked(world)
    assert by_time["list"] == by_cursor.data
    assert [item["trans_type"] for item in by_time["list"]] == [1, 2, 16]


async def test_windows_that_meet_give_what_the_cursor_gives(world: World) -> None:
    await listed_at(world, *(n * 0.7 for n in range(40)))
    found: list[int] = []
    for second in range(20, 60, 5):
        found += await positions(
            world,
            start_time=f"2026-09-21 14:13:{second:02d}",
            end_time=f"2026-09-21 14:13:{second + 5:02d}" if second < 55 else "2026-09-21 14:14:00",
        )
    by_cursor = await world.post("game/transaction-id", {"last_id": 0, "limit": 2000})
    assert found == [item["trans_id"] for item in by_cursor.data] == list(range(1, 41))


async def test_agent_sees_its_own_transactions_only(world: World) -> None:
    await listed_at(world, 0)
    world.credentials = await world.directory.add_agent(a_new_agent(name="other"))
    assert (await asked(world))["total"] == 0


async def test_suspended_agent_reads_its_lists(world: World) -> None:
    await listed_at(world, 0)
    await world.set_state(AgentState.SUSPENDED)
    assert (await asked(world))["total"] == 1


# --- windows --------------------------------------------------------------------------------------


@pytest.mark.rule("2.2-transaction-window")
async def test_window_has_its_start_and_not_its_end_to_the_second(world: World) -> None:
    """An entry of 14:13:25.999 has the regdate 14:13:25 and is in the window that has it."""
    await listed_at(world, 0, 4.999, 5, 5.999, 6)
    window = {"start_time": "2026-09-21 14:13:25", "end_time": "2026-09-21 14:13:26"}
    page = await asked(world, **window)
    assert [item["trans_id"] for item in page["list"]] == [3, 4]
    assert {item["regdate"] for item in page["list"]} == {"2026-09-21 14:13:25"}
    empty = {"start_time": "2026-09-21 14:13:25", "end_time": "2026-09-21 14:13:25"}
    assert await positions(world, **empty) == []


@pytest.mark.rule("2.2-transaction-times")
@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2026-09-21 23:13:20", "2026-09-21 23:13:21", [1]),
        ("2026-09-21T14:13:20Z", "2026-09-21T14:13:21Z", [1]),
        ("2026-09-21T16:13:21+02:00", "2026-09-21 23:13:23", [2, 3]),
        ("2026-09-21 14:13:20", "2026-09-21 14:13:22", []),
    ],
)
async def test_times_are_of_the_agent_s_zone_unless_they_name_an_offset(
    world: World, start: str, end: str, expected: list[int]
) -> None:
    await world.directory.set_agent("acme", {"time_zone": "Asia/Seoul"})
    await listed_at(world, 0, 1, 2)
    assert await positions(world, start_time=start, end_time=end) == expected


@pytest.mark.rule("2.1-repeated-hour")
async def test_of_a_repeated_local_hour_the_earlier_one_counts(world: World) -> None:
    await world.directory.set_agent("acme", {"time_zone": "Europe/Vienna"})
    first_ms = 1_792_888_200_000  # 2026-10-25 02:30:00, an hour later it is that again
    await listed_at(world, *((first_ms - NOW_MS) / 1000 + hours * 3600 for hours in (0, 1)))
    page = await asked(
        world, start_time="2026-10-25 02:30:00", end_time="2026-10-25 03:00:00", limit=1
    )
    assert (page["total"], page["list"][0]["time_stamp"]) == (2, first_ms)
    before = {"start_time": "2026-10-25 02:00:00", "end_time": "2026-10-25 02:30:00"}
    assert await positions(world, **before) == []


@pytest.mark.rule("2.2-transaction-window-stable")
async def test_window_once_read_never_grows(world: World) -> None:
    """Not by a sequencer whose time is past already, nor by a clock that is set back."""
    await listed_at(world, 0)
    world.clock.advance(5)
    window = {"start_time": "2026-09-21 14:13:20", "end_time": "2026-09-21 14:13:25"}
    read = await asked(world, **window)
    assert read["total"] == 1
    await listed_at(world, 4.9)
    world.clock.jump_wall(-4)
    await listed_at(world, 1, 7)
    assert await asked(world, **window) == read
    assert await positions(world) == [1, 2, 3, 4]
    stamps = [item["time_stamp"] for item in (await asked(world))["list"]]
    assert stamps == [NOW_MS, NOW_MS + 5_000, NOW_MS + 5_000, NOW_MS + 7_000]


async def test_of_an_open_window_the_past_is_promised_and_no_more(world: World) -> None:
    """A window that reaches into the future makes nobody's times run ahead."""
    await asked(world, end_time="2026-09-22 00:00:00")
    await listed_at(world, -5, 1)
    stamps = [item["time_stamp"] for item in (await asked(world))["list"]]
    assert stamps == [NOW_MS, NOW_MS + 1_000]


@pytest.mark.rule("2.2-transaction-window")
async def test_window_of_31_days_is_taken_and_a_second_more_is_not(world: World) -> None:
    await asked(world, start_time="2026-08-22 00:00:00")
    told = await faults(world, start_time="2026-08-21 23:59:59")
    assert told == {"end_time": "end_time must be at most 31 days after start_time."}


async def test_month_in_which_the_clocks_are_put_back_is_taken(world: World) -> None:
    await world.directory.set_agent("acme", {"time_zone": "Europe/Vienna"})
    await asked(world, start_time="2026-10-01 00:00:00", end_time="2026-11-01 00:00:00")


# --- faults ---------------------------------------------------------------------------------------


async def test_end_before_its_start_is_refused(world: World) -> None:
    told = await faults(world, end_time="2026-09-20 23:59:59")
    assert told == {"end_time": "end_time must be at or after start_time."}


@pytest.mark.parametrize(
    "wrong", ["2026-02-30 00:00:00", "yesterday", "", "2026-09-21", 1_790_000_000, True, ["x"], {}]
)
async def test_what_is_no_time_is_refused(world: World, wrong: object) -> None:
    told = await faults(world, start_time=wrong)
    assert told == {"start_time": f"start_time must be {TIME}."}


@pytest.mark.rule("2.2-transaction-fields")
async def test_all_bad_fields_are_told_together(world: World) -> None:
    """The window is judged even when the page is wrong, as far as both its ends are times."""
    told = await faults(world, end_time="2026-12-01 00:00:00", offset=-1, limit=2001)
    assert list(told) == ["end_time", "offset", "limit"]
    told = await faults(world, start_time="soon", end_time="2026-13-01 00:00:00", offset="x")
    assert list(told) == ["start_time", "end_time", "offset"]
    answer = await world.post("game/transaction")
    assert answer == Envelope(
        code=1002,
        message="VALIDATION_ERROR",
        data=[
            {"field": "start_time", "message": f"start_time is required: {TIME}."},
            {"field": "end_time", "message": f"end_time is required: {TIME}."},
            {
                "field": "offset",
                "message": "offset is required: a whole number: how many entries to leave out, 0 "
                "at first.",
            },
            {"field": "limit", "message": "limit is required: a whole number from 1 to 2000."},
        ],
    )


@pytest.mark.rule("2.2-transaction-fields")
@pytest.mark.parametrize(("offset", "limit"), [(0, 1), (0, 2000), ("3", "10"), (2**63 - 1, 1)])
async def test_bounds_of_the_page_are_taken(world: World, offset: object, limit: object) -> None:
    assert (await asked(world, offset=offset, limit=limit))["count"] == 0


@pytest.mark.rule("2.2-transaction-fields")
@pytest.mark.parametrize(
    ("field", "wrong"),
    [("offset", -1), ("offset", 2**63), ("limit", 0), ("limit", 2001), ("limit", 1.5)],
)
async def test_page_beyond_its_bounds_is_refused(world: World, field: str, wrong: object) -> None:
    assert list(await faults(world, **{field: wrong})) == [field]
