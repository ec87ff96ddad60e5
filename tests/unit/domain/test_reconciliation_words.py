"""The sentence of each verdict, and sums that add up: what people read of a reconciliation."""

from __future__ import annotations

import pytest

from meganodes.domain.reconciliation import (
    EXPECTED,
    Entry,
    Expected,
    Side,
    Sums,
    Told,
    Verdict,
    expected,
    judge,
    ours,
    sums_there,
)
from meganodes.domain.transaction import Kind, State, Step
from tests.support.transactions import bet


def entry(kind: Kind = Kind.BET, amount_minor: int = 150, told: Told = Told.BOOKED) -> Entry:
    return Entry(kind=kind, amount_minor=amount_minor, told=told)


CANCEL = entry(Kind.CANCEL)


@pytest.mark.parametrize(
    ("state", "entries", "why"),
    [
        (None, (entry(),), "the hub has no transaction of this id"),
        (State.ACCEPTED, (entry(), entry()), "the movement stands there 2 times"),
        (State.CANCELLED, (entry(), CANCEL, CANCEL), "the cancel stands there 2 times"),
        (State.ACCEPTED, (entry(Kind.WIN),), "a bet here, a win there"),
        (State.ACCEPTED, (entry(amount_minor=151),), "the movement there has another amount"),
        (
            State.CANCELLED,
            (entry(), entry(Kind.CANCEL, 149)),
            "the cancel there has another amount",
        ),
        (State.PENDING, (), "not decided yet"),
        (State.CANCELLED, (CANCEL,), "a cancel is booked there without its bet"),
        (State.REFUSED, (entry(),), "refused here, booked there"),
        (State.ACCEPTED, (), "it stands here and is not there"),
        (State.ACCEPTED, (entry(told=Told.REFUSED),), "it stands here and is refused there"),
        (State.ACCEPTED, (entry(),), ""),
    ],
)
def test_each_verdict_says_why(state: State | None, entries: tuple[Entry, ...], why: str) -> None:
    mine = None if state is None else ours(bet(state=state), Side.BACKEND)
    assert judge(mine, entries, Side.BACKEND).why == why


def test_a_closed_bet_that_is_still_probed_says_so() -> None:
    probed = ours(bet(state=State.VOID, step=Step.PROBE), Side.BACKEND)
    assert judge(probed, (), Side.BACKEND).why == "closed, and still probed for a late bet"
    over = ours(bet(state=State.VOID, step=Step.NONE), Side.BACKEND)
    assert judge(over, (), Side.BACKEND).why == ""


def test_sums_add_up_part_by_part() -> None:
    one = Sums(count=1, bet_minor=20, win_minor=300, cancel_minor=4_000)
    other = Sums(count=5, bet_minor=60, win_minor=700, cancel_minor=8_000)
    assert one + other == Sums(count=6, bet_minor=80, win_minor=1_000, cancel_minor=12_000)
    assert Sums() + one == one


def test_what_is_expected_stands_in_the_table_by_the_words_of_a_row() -> None:
    for side in Side:
        for kind in (Kind.BET, Kind.WIN):
            for state in State:
                word = EXPECTED[side][kind.value, state.value]
                assert Expected(word) is expected(kind, state, side)
    assert EXPECTED[Side.PROVIDER]["bet", "accepted"] == Expected.BOOKED.value


def test_what_reports_and_files_say_has_these_words() -> None:
    assert [side.value for side in Side] == ["operator", "provider"]
    assert [told.value for told in Told] == ["ok", "cancelled", "refused", "open"]
    assert [verdict.value for verdict in Verdict] == [
        "equal",
        "missing at operator",
        "missing at provider",
        "missing at hub",
        "amount differs",
        "state differs",
        "double",
        "open",
    ]


def test_lines_that_moved_nothing_hide_no_others_from_the_sums() -> None:
    lines = (entry(told=Told.REFUSED), entry(told=Told.OPEN), entry(amount_minor=7), CANCEL)
    assert sums_there(lines) == Sums(count=1, bet_minor=7, win_minor=0, cancel_minor=150)
