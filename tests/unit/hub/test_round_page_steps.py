"""What a row of the journal is to the one who played, and what a round came to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meganodes.domain.transaction import Kind, State
from meganodes.hub.round_page_steps import (
    PageStep,
    RoundSums,
    Standing,
    StepKind,
    is_undone,
    steps_of,
    sums_of,
    was_played,
)
from meganodes.protocol.codes import ApiCode
from tests.support.round_shapes import SHAPES, bet, owed, win
from tests.support.transactions import START_MS

BET, WIN, NO_WIN, RETURN = StepKind.BET, StepKind.WIN, StepKind.NO_WIN, StepKind.RETURN


def told(*rows: object, undone: dict[int, int] | None = None) -> list[tuple[StepKind, Standing]]:
    steps = steps_of(rows, undone or {})  # type: ignore[arg-type]
    return [(step.kind, step.standing) for step in steps]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (State.PENDING, [(BET, Standing.CHECKING)]),
        (State.ACCEPTED, [(BET, Standing.DONE)]),
        (State.REFUSED, [(BET, Standing.REFUSED)]),
        (State.CANCELLING, [(BET, Standing.CANCELLED), (RETURN, Standing.ON_ITS_WAY)]),
        (State.NOT_SEEN_WAIT, [(BET, Standing.CANCELLED), (RETURN, Standing.ON_ITS_WAY)]),
        (State.CANCELLED, [(BET, Standing.CANCELLED), (RETURN, Standing.DONE)]),
        (State.PARKED, [(BET, Standing.CANCELLED), (RETURN, Standing.CHECKING)]),
        (State.SETTLED_BY_HAND, [(BET, Standing.CANCELLED), (RETURN, Standing.BY_HAND)]),
        (State.VOID, [(BET, Standing.NOT_BOOKED)]),
        (State.TOMBSTONE, [(BET, Standing.NOT_BOOKED)]),
    ],
)
def test_bet_in_every_state(state: State, expected: list[tuple[StepKind, Standing]]) -> None:
    assert told(bet(100, state=state)) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (State.OWED, Standing.ON_ITS_WAY),
        (State.CREDITED, Standing.DONE),
        (State.PARKED, Standing.CHECKING),
        (State.SETTLED_BY_HAND, Standing.BY_HAND),
    ],
)
def test_win_in_every_state(state: State, expected: Standing) -> None:
    assert told(win(100, state=state)) == [(WIN, expected)]


@pytest.mark.parametrize("state", [State.OWED, State.CREDITED, State.UNDELIVERED])
def test_win_of_nothing_is_no_win_whatever_became_of_its_message(state: State) -> None:
    assert told(win(0, state=state)) == [(NO_WIN, Standing.DONE)]


def test_refusal_says_when_the_balance_was_too_low() -> None:
    rows = [bet(1, state=State.REFUSED, code=ApiCode.BALANCE_NOT_ENOUGH)]
    assert told(*rows) == [(BET, Standing.BALANCE_TOO_LOW)]


def test_every_state_of_a_bet_and_a_win_can_be_told() -> None:
    impossible = {Kind.BET: {State.OWED, State.CREDITED, State.UNDELIVERED, State.RECORDED}}
    for state in set(State) - impossible[Kind.BET]:
        assert told(bet(1, state=state))


def test_returned_stake_stands_where_it_came_back() -> None:
    cancelled = bet(100, state=State.CANCELLED)
    steps = steps_of([cancelled, bet(100, 3), win(50, 9)], {cancelled.trans_id: START_MS + 5_000})
    assert [(step.kind, step.at_ms - START_MS) for step in steps] == [
        (BET, 0),
        (BET, 3_000),
        (RETURN, 5_000),
        (WIN, 9_000),
    ]


def test_stake_on_its_way_back_is_so_since_it_was_owed() -> None:
    (_, back) = steps_of([owed(bet(100), State.CANCELLING)], {})
    assert back.at_ms == START_MS + 2_000


def test_clocks_that_differ_do_not_change_the_order() -> None:
    early = replace(win(5), created_at_ms=START_MS - 900)
    assert told(bet(1), early) == [(BET, Standing.DONE), (WIN, Standing.DONE)]


def test_only_a_stake_that_came_back_has_a_moment_of_its_own() -> None:
    undone = {state for state in State if is_undone(bet(1, state=state))}
    assert undone == {State.CANCELLED, State.SETTLED_BY_HAND}
    assert not is_undone(win(1, state=State.SETTLED_BY_HAND))


@pytest.mark.parametrize(
    ("name", "staked", "returned", "won", "still_open"),
    [
        ("loss", 150, 0, 0, 0),
        ("win", 150, 0, 1_875, 0),
        ("several", 1_000, 0, 9_840, 0),
        ("cancelled", 2_000, 1_000, 2_000, 0),
        ("cancelling", 1_000, 1_000, 0, 1_000),
        ("owed", 200, 0, 125_000, 125_000),
        ("refused", 0, 0, 0, 0),
        ("open", 300, 0, 0, 0),
        ("troubled", 1_500, 1_100, 1_250, 1_600),
        ("crypto", 12_501, 0, 9_007_199_254_740_991, 0),
    ],
)
def test_sums_of_every_shape(
    name: str, staked: int, returned: int, won: int, still_open: int
) -> None:
    sums = sums_of(steps_of(SHAPES[name]().rows, {}))
    assert sums == RoundSums(
        staked_minor=staked, returned_minor=returned, won_minor=won, open_minor=still_open
    )
    assert sums.net_minor == returned + won - staked


@pytest.mark.parametrize("name", SHAPES)
def test_sums_are_what_the_steps_show(name: str) -> None:
    steps = steps_of(SHAPES[name]().rows, {})
    not_moved = {
        Standing.REFUSED, Standing.BALANCE_TOO_LOW, Standing.NOT_BOOKED, Standing.CHECKING
    }  # fmt: skip

    def moved(step: PageStep) -> int:
        if step.kind is BET:
            return 0 if step.standing in not_moved else -step.amount_minor
        return step.amount_minor

    assert sums_of(steps).net_minor == sum(moved(step) for step in steps)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("loss", True),
        ("open", True),
        ("owed", True),
        ("refused", False),
        ("cancelling", False),
    ],
)
def test_round_was_played_when_a_bet_stands_or_a_win_came(name: str, *, expected: bool) -> None:
    assert was_played(steps_of(SHAPES[name]().rows, {})) is expected
