"""Maintenance: judged by the moment, planned and ended by people, seen by every node."""

from __future__ import annotations

import json

import pytest

from meganodes.directory.faults import DirectoryFault
from meganodes.directory.maintenance import is_in_maintenance, status_at
from meganodes.directory.port import Directory
from meganodes.directory.records import NewWindow, Status, Window
from meganodes.kit.clock import ManualClock
from meganodes.kit.database import DatabaseUrl
from tests.support.builders import NOW_MS, a_game, a_new_provider, a_provider
from tests.support.directory import Surroundings, started_directory

HOUR_MS = 3_600_000


def a_window(from_ms: int, to_ms: int | None = None) -> Window:
    return Window(window_id=1, provider_id=7, game_code=None, from_ms=from_ms, to_ms=to_ms)


@pytest.fixture(autouse=True)
async def provider(directory: Directory) -> None:
    await directory.add_provider(a_new_provider())
    await directory.import_games(7, [a_game(), a_game(game_code="dice")])


def is_off(directory: Directory, now_ms: int, game_code: str | None = None) -> bool:
    provider = directory.provider(7)
    assert provider is not None
    game = None if game_code is None else directory.game(7, game_code)
    return is_in_maintenance(provider, game, now_ms)


@pytest.mark.parametrize(
    ("window", "now_ms", "is_inside"),
    [
        (a_window(100, 200), 99, False),
        (a_window(100, 200), 100, True),
        (a_window(100, 200), 199, True),
        (a_window(100, 200), 200, False),
        (a_window(100), 99, False),
        (a_window(100), 10**15, True),
    ],
)
def test_a_window_has_its_beginning_and_not_its_end(
    window: Window, now_ms: int, is_inside: bool
) -> None:
    assert window.has(now_ms) is is_inside
    assert (status_at(a_provider(windows=(window,)), now_ms) is Status.MAINTENANCE) is is_inside


@pytest.mark.parametrize(
    ("provider", "game", "expected"),
    [
        (a_provider(), None, False),
        (a_provider(), a_game(), False),
        (a_provider(status=Status.MAINTENANCE), a_game(), True),
        (a_provider(windows=(a_window(0),)), a_game(), True),
        (a_provider(), a_game(status=Status.MAINTENANCE), True),
        (a_provider(), a_game(windows=(a_window(0, 5), a_window(9, 11))), True),
        (a_provider(), a_game(windows=(a_window(0, 5), a_window(11, 20))), False),
    ],
)
def test_provider_and_game_each_can_be_in_maintenance(
    provider: object, game: object, expected: bool
) -> None:
    assert is_in_maintenance(provider, game, 10) is expected  # type: ignore[arg-type]  # records


async def test_a_planned_window_begins_and_ends_by_itself(directory: Directory) -> None:
    begin, end = NOW_MS + HOUR_MS, NOW_MS + 2 * HOUR_MS
    new = NewWindow(provider_id=7, from_ms=begin, to_ms=end, reason="new version")
    window = await directory.plan_maintenance(new)
    assert (window.window_id, window.from_ms, window.to_ms) == (1, begin, end)
    moments = (NOW_MS, begin - 1, begin, end - 1, end)
    assert [is_off(directory, at_ms) for at_ms in moments] == [False, False, True, True, False]
    assert is_off(directory, begin, "fruits")


async def test_a_window_of_one_game_leaves_the_others(directory: Directory) -> None:
    await directory.plan_maintenance(NewWindow(provider_id=7, game_code="dice"))
    assert is_off(directory, NOW_MS, "dice")
    assert not is_off(directory, NOW_MS, "fruits")
    assert not is_off(directory, NOW_MS)


async def test_maintenance_from_now_lasts_until_it_is_ended(
    directory: Directory, clock: ManualClock
) -> None:
    await directory.plan_maintenance(NewWindow(provider_id=7, reason="down"))
    assert is_off(directory, NOW_MS + 1_000 * HOUR_MS)
    clock.advance(60)
    assert await directory.end_maintenance(7, reason="up again")
    assert not is_off(directory, clock.now_ms())
    assert not await directory.end_maintenance(7)


async def test_ending_at_the_moment_it_began_leaves_nothing(directory: Directory) -> None:
    await directory.plan_maintenance(NewWindow(provider_id=7))
    assert await directory.end_maintenance(7)
    assert not is_off(directory, NOW_MS)


async def test_ending_ends_a_status_too_and_leaves_what_is_planned(directory: Directory) -> None:
    await directory.set_provider(7, {"status": Status.MAINTENANCE})
    await directory.import_games(7, [a_game(game_code="dice", status=Status.MAINTENANCE)])
    later = NewWindow(provider_id=7, from_ms=NOW_MS + HOUR_MS)
    await directory.plan_maintenance(later)
    assert await directory.end_maintenance(7)
    assert not is_off(directory, NOW_MS)
    assert is_off(directory, NOW_MS + HOUR_MS)
    assert is_off(directory, NOW_MS, "dice")
    assert await directory.end_maintenance(7, "dice")
    assert not is_off(directory, NOW_MS, "dice")


async def test_a_window_that_has_all_of_it_already_stays_the_only_one(directory: Directory) -> None:
    wide = await directory.plan_maintenance(
        NewWindow(provider_id=7, from_ms=NOW_MS, to_ms=NOW_MS + 9 * HOUR_MS)
    )
    inner = NewWindow(provider_id=7, from_ms=NOW_MS + HOUR_MS, to_ms=NOW_MS + 9 * HOUR_MS)
    assert await directory.plan_maintenance(inner) == wide
    longer = NewWindow(provider_id=7, from_ms=NOW_MS + HOUR_MS)
    assert (await directory.plan_maintenance(longer)).window_id == 2
    assert (await directory.plan_maintenance(inner)).window_id == wide.window_id
    of_game = NewWindow(provider_id=7, game_code="dice", from_ms=NOW_MS + HOUR_MS)
    assert (await directory.plan_maintenance(of_game)).window_id == 3


async def test_a_window_not_yet_begun_can_be_withdrawn(
    directory: Directory, clock: ManualClock
) -> None:
    new = NewWindow(provider_id=7, from_ms=NOW_MS + HOUR_MS)
    first = await directory.plan_maintenance(new)
    await directory.withdraw_maintenance(first.window_id)
    assert not is_off(directory, NOW_MS + HOUR_MS)
    second = await directory.plan_maintenance(new)
    clock.advance(3_600)
    with pytest.raises(DirectoryFault, match="window 2 has begun"):
        await directory.withdraw_maintenance(second.window_id)
    with pytest.raises(DirectoryFault, match="there is no window 99"):
        await directory.withdraw_maintenance(99)


@pytest.mark.parametrize(
    ("new", "sentence"),
    [
        (NewWindow(provider_id=9), "there is no provider 9"),
        (NewWindow(provider_id=7, game_code="none"), "provider 7 has no game none"),
        (NewWindow(provider_id=7, from_ms=NOW_MS + 5, to_ms=NOW_MS + 5), "ends before it begins"),
        (NewWindow(provider_id=7, from_ms=NOW_MS - 9, to_ms=NOW_MS), "is over already"),
    ],
)
async def test_what_cannot_be_planned_is_refused(
    directory: Directory, new: NewWindow, sentence: str
) -> None:
    with pytest.raises(DirectoryFault, match=sentence):
        await directory.plan_maintenance(new)


async def test_only_what_is_there_can_be_ended(directory: Directory) -> None:
    with pytest.raises(DirectoryFault, match="there is no provider 9"):
        await directory.end_maintenance(9)
    with pytest.raises(DirectoryFault, match="provider 7 has no game none"):
        await directory.end_maintenance(7, "none")


async def test_every_step_is_audited_with_its_reason(
    directory: Directory, clock: ManualClock
) -> None:
    before = len(await directory.audit_trail())
    await directory.plan_maintenance(NewWindow(provider_id=7, reason="down"))
    clock.advance(1)
    await directory.end_maintenance(7, reason="up again")
    later = NewWindow(provider_id=7, game_code="dice", from_ms=NOW_MS + HOUR_MS)
    await directory.withdraw_maintenance((await directory.plan_maintenance(later)).window_id)
    rows = await directory.audit_trail()
    assert [(row.tag.split(":")[2], row.reason) for row in rows[: len(rows) - before]] == [
        ("withdraw-maintenance", None),
        ("plan-maintenance", None),
        ("end-maintenance", "up again"),
        ("plan-maintenance", "down"),
    ]
    assert json.loads(rows[1].new) == {
        "window_id": 2,
        "game_code": "dice",
        "from_ms": NOW_MS + HOUR_MS,
        "to_ms": None,
    }
    assert await directory.first_broken_audit_row() is None


async def test_other_nodes_see_windows_and_forget_those_that_are_over(
    directory: Directory, place: DatabaseUrl, clock: ManualClock
) -> None:
    await directory.plan_maintenance(NewWindow(provider_id=7, to_ms=NOW_MS + HOUR_MS))
    await directory.plan_maintenance(NewWindow(provider_id=7, game_code="dice"))
    async with started_directory(place, Surroundings(clock=clock)) as node:
        assert is_off(node, NOW_MS)
        clock.advance(3_600)
        assert not is_off(node, clock.now_ms())
        assert is_off(node, clock.now_ms(), "dice")
    async with started_directory(place, Surroundings(clock=clock)) as later:
        provider = later.provider(7)
        assert provider is not None
        assert provider.windows == ()
        dice = later.game(7, "dice")
        assert dice is not None
        assert len(dice.windows) == 1


async def test_an_import_leaves_windows_alone(directory: Directory) -> None:
    await directory.plan_maintenance(NewWindow(provider_id=7, game_code="dice"))
    await directory.import_games(7, [a_game(game_code="dice", name="New")])
    assert is_off(directory, NOW_MS, "dice")
