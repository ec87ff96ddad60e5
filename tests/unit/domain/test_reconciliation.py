"""The verdict on one id, as a table: what the hub has against what the other side says."""

from __future__ import annotations

import pytest

from meganodes.domain.reconciliation import (
    Entry,
    Expected,
    Ours,
    Side,
    Sums,
    Told,
    Verdict,
    expected,
    judge,
    ours,
    sums_here,
    sums_there,
)
from meganodes.domain.transaction import Kind, State, Step
from tests.support.transactions import bet, win

BET = Entry(kind=Kind.BET, amount_minor=150, told=Told.BOOKED)
WIN = Entry(kind=Kind.WIN, amount_minor=150, told=Told.BOOKED)
CANCEL = Entry(kind=Kind.CANCEL, amount_minor=150, told=Told.BOOKED)
UNDONE_BET = Entry(kind=Kind.BET, amount_minor=150, told=Told.CANCELLED)
REFUSED_BET = Entry(kind=Kind.BET, amount_minor=150, told=Told.REFUSED)
OPEN_BET = Entry(kind=Kind.BET, amount_minor=150, told=Told.OPEN)
OTHER_BET = Entry(kind=Kind.BET, amount_minor=151, told=Told.BOOKED)
OTHER_CANCEL = Entry(kind=Kind.CANCEL, amount_minor=149, told=Told.BOOKED)


def mine(state: State, kind: Kind = Kind.BET, side: Side = Side.BACKEND) -> Ours:
    return ours(bet(kind=kind, state=state), side)


AT_BACKEND = [
    (State.ACCEPTED, (BET,), Verdict.EQUAL),
    (State.ACCEPTED, (), Verdict.MISSING_AT_BACKEND),
    (State.ACCEPTED, (REFUSED_BET,), Verdict.STATE_DIFFERS),
    (State.ACCEPTED, (UNDONE_BET,), Verdict.STATE_DIFFERS),
    (State.ACCEPTED, (BET, CANCEL), Verdict.STATE_DIFFERS),
    (State.ACCEPTED, (OTHER_BET,), Verdict.AMOUNT_DIFFERS),
    (State.ACCEPTED, (BET, BET), Verdict.DOUBLE),
    (State.ACCEPTED, (WIN,), Verdict.STATE_DIFFERS),
    (State.ACCEPTED, (OPEN_BET,), Verdict.OPEN),
    (State.REFUSED, (), Verdict.EQUAL),
    (State.REFUSED, (REFUSED_BET,), Verdict.EQUAL),
    (State.REFUSED, (BET,), Verdict.STATE_DIFFERS),
    (State.CANCELLED, (), Verdict.EQUAL),
    (State.CANCELLED, (UNDONE_BET,), Verdict.EQUAL),
    (State.CANCELLED, (BET, CANCEL), Verdict.EQUAL),
    (State.CANCELLED, (BET,), Verdict.STATE_DIFFERS),
    (State.CANCELLED, (CANCEL,), Verdict.STATE_DIFFERS),
    (State.CANCELLED, (BET, CANCEL, CANCEL), Verdict.DOUBLE),
    (State.CANCELLED, (BET, OTHER_CANCEL), Verdict.AMOUNT_DIFFERS),
    (State.VOID, (), Verdict.EQUAL),
    (State.VOID, (BET,), Verdict.STATE_DIFFERS),
    (State.TOMBSTONE, (), Verdict.EQUAL),
    (State.TOMBSTONE, (REFUSED_BET,), Verdict.EQUAL),
    (State.SETTLED_BY_HAND, (), Verdict.EQUAL),
    (State.SETTLED_BY_HAND, (BET,), Verdict.EQUAL),
    (State.SETTLED_BY_HAND, (OTHER_BET,), Verdict.AMOUNT_DIFFERS),
    *[
        (state, entries, Verdict.OPEN)
        for state in (State.PENDING, State.CANCELLING, State.NOT_SEEN_WAIT, State.PARKED)
        for entries in ((), (BET,), (UNDONE_BET,))
    ],
    (State.PENDING, (BET, BET), Verdict.DOUBLE),
    (State.PARKED, (OTHER_BET,), Verdict.AMOUNT_DIFFERS),
]


@pytest.mark.reliability("2.6-bet-duplicated-by-proxy")
@pytest.mark.parametrize(("state", "entries", "verdict"), AT_BACKEND)
def test_a_bet_at_the_operator(state: State, entries: tuple[Entry, ...], verdict: Verdict) -> None:
    assert judge(mine(state), entries, Side.BACKEND).verdict is verdict


@pytest.mark.parametrize(
    ("state", "entries", "verdict"),
    [
        (State.CREDITED, (WIN,), Verdict.EQUAL),
        (State.CREDITED, (), Verdict.MISSING_AT_BACKEND),
        (State.CREDITED, (WIN, WIN), Verdict.DOUBLE),
        (State.OWED, (), Verdict.OPEN),
        (State.OWED, (WIN,), Verdict.OPEN),
        (State.PARKED, (), Verdict.OPEN),
        (State.UNDELIVERED, (), Verdict.EQUAL),
        (State.SETTLED_BY_HAND, (), Verdict.EQUAL),
    ],
)
def test_a_win_at_the_operator(state: State, entries: tuple[Entry, ...], verdict: Verdict) -> None:
    assert judge(mine(state, Kind.WIN), entries, Side.BACKEND).verdict is verdict


@pytest.mark.parametrize(
    ("kind", "state", "entries", "verdict"),
    [
        (Kind.BET, State.ACCEPTED, (BET,), Verdict.EQUAL),
        (Kind.BET, State.ACCEPTED, (), Verdict.MISSING_AT_PROVIDER),
        (Kind.BET, State.ACCEPTED, (REFUSED_BET,), Verdict.STATE_DIFFERS),
        (Kind.BET, State.REFUSED, (BET,), Verdict.STATE_DIFFERS),
        (Kind.BET, State.REFUSED, (REFUSED_BET,), Verdict.EQUAL),
        # The provider was told that it is void; that the backend is still asked is no news to it.
        (Kind.BET, State.CANCELLING, (REFUSED_BET,), Verdict.EQUAL),
        (Kind.BET, State.PARKED, (BET,), Verdict.STATE_DIFFERS),
        (Kind.BET, State.PENDING, (BET,), Verdict.OPEN),
        (Kind.WIN, State.OWED, (WIN,), Verdict.EQUAL),
        (Kind.WIN, State.PARKED, (WIN,), Verdict.EQUAL),
        (Kind.WIN, State.OWED, (), Verdict.MISSING_AT_PROVIDER),
    ],
)
def test_a_transaction_at_its_provider(
    kind: Kind, state: State, entries: tuple[Entry, ...], verdict: Verdict
) -> None:
    assert judge(mine(state, kind, Side.PROVIDER), entries, Side.PROVIDER).verdict is verdict


@pytest.mark.parametrize(
    ("entries", "verdict"),
    [
        ((BET,), Verdict.MISSING_AT_HUB),
        ((UNDONE_BET,), Verdict.MISSING_AT_HUB),
        ((CANCEL,), Verdict.MISSING_AT_HUB),
        ((REFUSED_BET,), Verdict.EQUAL),
    ],
)
def test_an_id_the_hub_does_not_know(entries: tuple[Entry, ...], verdict: Verdict) -> None:
    assert judge(None, entries, Side.PROVIDER).verdict is verdict


def test_a_void_bet_that_is_still_probed_is_open_until_it_shows_up() -> None:
    probed = ours(bet(state=State.VOID, step=Step.PROBE, due_at_ms=1), Side.BACKEND)
    assert judge(probed, (), Side.BACKEND).verdict is Verdict.OPEN
    assert judge(probed, (BET,), Side.BACKEND).verdict is Verdict.STATE_DIFFERS


def test_only_equal_and_open_are_no_differences() -> None:
    calm = {verdict for verdict in Verdict if not verdict.is_difference}
    assert calm == {Verdict.EQUAL, Verdict.OPEN}


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("state", set(State) - {State.RECORDED})
def test_every_state_says_what_is_expected(side: Side, state: State) -> None:
    kind = Kind.WIN if state in {State.OWED, State.CREDITED, State.UNDELIVERED} else Kind.BET
    assert expected(kind, state, side) in Expected


@pytest.mark.parametrize(
    ("row", "sums"),
    [
        (bet(state=State.ACCEPTED), Sums(count=1, bet_minor=150)),
        (win(state=State.CREDITED), Sums(count=1, win_minor=150)),
        (bet(state=State.CANCELLED), Sums(count=1, bet_minor=150, cancel_minor=150)),
        (bet(state=State.REFUSED), Sums(count=1)),
        (bet(state=State.VOID), Sums(count=1)),
        (bet(state=State.PENDING), Sums(count=1, bet_minor=150)),
    ],
)
def test_sums_of_a_row(row: object, sums: Sums) -> None:
    assert sums_here(ours(row, Side.BACKEND)) == sums  # type: ignore[arg-type]


def test_sums_of_lines_count_what_moved_and_every_double() -> None:
    assert sums_there((BET, BET, CANCEL, REFUSED_BET)) == Sums(
        count=1, bet_minor=300, cancel_minor=150
    )
    assert sums_there((UNDONE_BET,)).net_minor == 0
    assert (sums_there((BET,)) + sums_there((WIN,))).net_minor == 0
