"""Every journal store: sums for reports, whatever is summed up already and wherever windows end."""

from __future__ import annotations

import asyncio
import random
from collections import defaultdict
from itertools import combinations

import pytest

from meganodes.domain.transaction import Transaction
from meganodes.journal.turnover import (
    QUARTER_MS,
    QUARTERS_OF_DAY,
    Page,
    QuarterTurnover,
    SessionTurnover,
    Turnover,
    TurnoverCourse,
    UserTurnovers,
    Window,
)
from meganodes.protocol.money import AMOUNT_MAX_MINOR
from tests.conformance.journal_stores import Journal
from tests.support.transactions import START_MS, settled_bet, settled_win, undone

ALL = Page(offset=0, limit=2_000)
EVER = Window(start_ms=0, end_ms=START_MS * 2)
QUARTER = START_MS // QUARTER_MS * QUARTER_MS
DAY_MS = QUARTERS_OF_DAY * QUARTER_MS
SEED = 20_260_921


async def place(journal: Journal, at_ms: int = START_MS) -> None:
    await journal.store.sequence(now_ms=at_ms, limit=10_000)


def of_game(bet_minor: int, win_minor: int, **changes: object) -> Turnover:
    values = {"user_code": None, "provider_id": 7, "game_code": "fruits"} | changes
    return Turnover(bet_minor=bet_minor, win_minor=win_minor, **values)  # type: ignore[arg-type]


async def quarter_by_quarter(journal: Journal, window: Window) -> tuple[QuarterTurnover, ...]:
    """Ask for the games of each quarter of a window alone, and add them up."""
    found = []
    first_ms = window.start_ms // QUARTER_MS * QUARTER_MS
    for start_ms in range(first_ms, window.end_ms, QUARTER_MS):
        end_ms = min(start_ms + QUARTER_MS, window.end_ms)
        inside = Window(start_ms=max(start_ms, window.start_ms), end_ms=end_ms)
        games = await journal.reads.turnover_by_game(1, inside)
        bet_minor = sum(each.bet_minor for each in games)
        win_minor = sum(each.win_minor for each in games)
        if games:
            found.append(
                QuarterTurnover(start_ms=start_ms, bet_minor=bet_minor, win_minor=win_minor)
            )
    return tuple(found)


# --- what is summed -------------------------------------------------------------------------------


async def test_nothing_was_turned_over_without_entries(journal: Journal) -> None:
    assert await journal.reads.turnover_by_game(1, EVER) == ()
    assert await journal.reads.turnover_by_user(1, EVER, ALL) == UserTurnovers(
        total=0, turnovers=()
    )
    assert await journal.reads.turnover_by_session(1, [11], EVER) == ()
    assert await journal.store.sum_turnovers(limit=100) == 0


async def test_the_course_of_a_window_adds_each_quarter_up(journal: Journal) -> None:
    assert await journal.reads.turnover_course(1, EVER) == TurnoverCourse(quarters=(), games=())
    await settled_bet(journal.store, amount_minor=150)
    await settled_win(journal.store, amount_minor=75)
    await place(journal, QUARTER)
    await settled_bet(journal.store, amount_minor=50)
    await place(journal, QUARTER + 3 * QUARTER_MS - 1)
    course = await journal.reads.turnover_course(1, EVER)
    assert course.games == (of_game(200, 75),)
    assert course.quarters == (
        QuarterTurnover(start_ms=QUARTER, bet_minor=150, win_minor=75),
        QuarterTurnover(start_ms=QUARTER + 2 * QUARTER_MS, bet_minor=50, win_minor=0),
    )


async def test_bets_and_wins_are_summed_once_they_are_placed(journal: Journal) -> None:
    await settled_bet(journal.store, amount_minor=150)
    await settled_bet(journal.store, amount_minor=50)
    await settled_win(journal.store, amount_minor=75)
    assert await journal.reads.turnover_by_game(1, EVER) == ()
    await place(journal)
    assert await journal.reads.turnover_by_game(1, EVER) == (of_game(200, 75),)


@pytest.mark.parametrize("is_summed", [True, False])
async def test_listed_cancel_takes_its_bet_out_again(journal: Journal, *, is_summed: bool) -> None:
    row = await settled_bet(journal.store, amount_minor=150)
    await settled_bet(journal.store, amount_minor=50)
    await place(journal, QUARTER)
    await undone(journal.store, row)
    await place(journal, QUARTER + 5 * QUARTER_MS)
    if is_summed:
        await journal.store.sum_turnovers(limit=100)
    assert await journal.reads.turnover_by_game(1, EVER) == (of_game(50, 0),)
    later = Window(start_ms=QUARTER + QUARTER_MS, end_ms=QUARTER + 9 * QUARTER_MS)
    assert await journal.reads.turnover_by_game(1, later) == (of_game(-150, 0),)


async def test_sums_beyond_every_number_of_a_database_are_exact(journal: Journal) -> None:
    """1,100 bets of the largest amount are above 2^63."""
    for _ in range(11):
        await asyncio.gather(
            *(settled_bet(journal.store, amount_minor=AMOUNT_MAX_MINOR) for _ in range(100))
        )
    await place(journal)
    expected = (of_game(1_100 * AMOUNT_MAX_MINOR, 0),)
    assert await journal.reads.turnover_by_game(1, EVER) == expected
    await journal.store.sum_turnovers(limit=10_000)
    assert await journal.reads.turnover_by_game(1, EVER) == expected


async def test_users_come_by_number_page_by_page_with_all_their_games(journal: Journal) -> None:
    for user_code in (9, 5, 7):
        for game_code, provider_id in (("b", 1), ("a", 2), ("a", 1)):
            await settled_bet(
                journal.store,
                user_code=user_code,
                game_code=game_code,
                provider_id=provider_id,
                amount_minor=user_code,
            )
    await place(journal)
    for offset, limit, users in ((0, 2, (5, 7)), (2, 2, (9,)), (1, 1, (7,)), (3, 5, ())):
        expected = tuple(
            of_game(user, 0, user_code=user, provider_id=provider_id, game_code=game_code)
            for user in users
            for provider_id, game_code in ((1, "a"), (1, "b"), (2, "a"))
        )
        found = await journal.reads.turnover_by_user(1, EVER, Page(offset=offset, limit=limit))
        assert found == UserTurnovers(total=3, turnovers=expected)


async def test_other_agents_turn_over_something_else(journal: Journal) -> None:
    await settled_bet(journal.store, amount_minor=1)
    await settled_bet(journal.store, amount_minor=2, agent_id=2)
    await place(journal)
    await journal.store.sum_turnovers(limit=100)
    assert await journal.reads.turnover_by_game(2, EVER) == (of_game(2, 0),)
    (session,) = await journal.reads.turnover_by_session(2, [11], EVER)
    assert (session.bet_minor, session.last_round_bet_minor) == (2, 2)


# --- sessions -------------------------------------------------------------------------------------


@pytest.mark.parametrize("is_summed", [True, False])
async def test_session_has_its_sums_and_the_bets_of_its_last_round(
    journal: Journal, *, is_summed: bool
) -> None:
    store = journal.store
    await settled_bet(store, gplay_id=21, round_id="old", amount_minor=500)
    await settled_bet(store, gplay_id=21, round_id="new", amount_minor=30)
    await settled_bet(store, gplay_id=22, round_id="new", amount_minor=7)
    await settled_win(store, gplay_id=21, round_id="old", amount_minor=90)
    cancelled = await settled_bet(store, gplay_id=21, round_id="new", amount_minor=4)
    await undone(store, cancelled)
    await settled_bet(store, gplay_id=21, round_id="new", amount_minor=5)
    await settled_win(store, gplay_id=23, amount_minor=1)
    await settled_bet(store, gplay_id=24, amount_minor=1)
    await place(journal)
    if is_summed:
        await store.sum_turnovers(limit=100)
    assert await journal.reads.turnover_by_session(1, [21, 22, 23, 99], EVER) == (
        SessionTurnover(gplay_id=21, bet_minor=535, win_minor=90, last_round_bet_minor=35),
        SessionTurnover(gplay_id=22, bet_minor=7, win_minor=0, last_round_bet_minor=7),
        SessionTurnover(gplay_id=23, bet_minor=0, win_minor=1, last_round_bet_minor=0),
    )


async def test_last_round_whose_bets_are_all_cancelled_has_none(journal: Journal) -> None:
    await settled_bet(journal.store, round_id="old", amount_minor=500)
    await undone(journal.store, await settled_bet(journal.store, round_id="new", amount_minor=30))
    await place(journal)
    (session,) = await journal.reads.turnover_by_session(1, [11], EVER)
    assert (session.bet_minor, session.last_round_bet_minor) == (500, 0)


# --- windows and summing up -----------------------------------------------------------------------


async def test_every_window_has_the_sums_of_its_entries_however_far_they_are_summed_up(
    journal: Journal,
) -> None:
    chance = random.Random(SEED)  # noqa: S311 - a test that can be repeated
    moments = sorted(QUARTER + chance.randrange(6 * QUARTER_MS) for _ in range(120))
    rows: list[Transaction] = []
    for at_ms in moments:
        rows.append(
            await settled_bet(
                journal.store,
                game_code=chance.choice("abc"),
                user_code=chance.randrange(4),
                amount_minor=chance.randrange(1, 10**12),
            )
        )
        await place(journal, at_ms)
        if chance.random() < 0.1:
            await journal.store.sum_turnovers(limit=chance.choice([1, 2, 7, 50]))
    edges = [QUARTER + n * QUARTER_MS for n in range(-1, 8)]
    edges += [QUARTER + chance.randrange(6 * QUARTER_MS) for _ in range(12)] + moments[::17]
    for _ in range(60):
        start_ms, end_ms = sorted(chance.choices(edges, k=2))
        window = Window(start_ms=start_ms, end_ms=end_ms)
        expected: defaultdict[str, int] = defaultdict(int)
        for row, at_ms in zip(rows, moments, strict=True):
            if start_ms <= at_ms < end_ms:
                expected[row.game_code] += row.amount_minor
        games = await journal.reads.turnover_by_game(1, window)
        assert {each.game_code: each.bet_minor for each in games} == expected
        users = await journal.reads.turnover_by_user(1, window, ALL)
        assert sum(each.bet_minor for each in users.turnovers) == sum(expected.values())
        course = await journal.reads.turnover_course(1, window)
        assert course.games == games
        assert course.quarters == await quarter_by_quarter(journal, window)


@pytest.mark.parametrize("offset_minutes", [0, 60, -210, 330, 345, 825])
async def test_local_days_of_every_time_zone_have_the_sums_of_their_entries(
    journal: Journal, offset_minutes: int
) -> None:
    """By game whole days of UTC are summed up too; local days end anywhere among their quarters."""
    chance = random.Random(offset_minutes)  # noqa: S311 - a test that can be repeated
    midnight = START_MS // DAY_MS * DAY_MS - offset_minutes * 60_000
    moments = sorted(midnight + chance.randrange(5 * DAY_MS) for _ in range(80))
    amounts = [chance.randrange(1, 10**12) for _ in moments]
    for at_ms, amount_minor in zip(moments, amounts, strict=True):
        await settled_bet(journal.store, game_code=str(amount_minor % 3), amount_minor=amount_minor)
        await place(journal, at_ms)
        if chance.random() < 0.1:
            await journal.store.sum_turnovers(limit=chance.choice([1, 7, 50]))
    for first, past in combinations(range(-1, 7), 2):
        window = Window(start_ms=midnight + first * DAY_MS, end_ms=midnight + past * DAY_MS)
        expected: defaultdict[str, int] = defaultdict(int)
        for at_ms, amount_minor in zip(moments, amounts, strict=True):
            if window.start_ms <= at_ms < window.end_ms:
                expected[str(amount_minor % 3)] += amount_minor
        games = await journal.reads.turnover_by_game(1, window)
        assert {each.game_code: each.bet_minor for each in games} == expected
        assert (await journal.reads.turnover_course(1, window)).games == games


async def test_summing_up_goes_on_from_where_it_stopped_and_ends(journal: Journal) -> None:
    for agent_id in (1, 2, 1, 3, 1):
        await settled_bet(journal.store, agent_id=agent_id, amount_minor=10)
        await place(journal)
    while await journal.store.sum_turnovers(limit=2):
        pass
    assert await journal.store.sum_turnovers(limit=2) == 0
    for agent_id, bet_minor in ((1, 30), (2, 10), (3, 10)):
        assert await journal.reads.turnover_by_game(agent_id, EVER) == (of_game(bet_minor, 0),)


async def test_two_who_sum_up_at_once_add_nothing_twice(journal: Journal) -> None:
    for _ in range(40):
        await settled_bet(journal.store, amount_minor=10)
    await place(journal)

    async def sum_up() -> None:
        while await journal.store.sum_turnovers(limit=3):
            pass

    await asyncio.gather(*(sum_up() for _ in range(4)))
    assert await journal.reads.turnover_by_game(1, EVER) == (of_game(400, 0),)
