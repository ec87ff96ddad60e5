"""What may be repaired, as a table; that it is done right is proved in tests/conformance."""

from __future__ import annotations

import pytest

from meganodes.domain.reconciliation import Entry, Side, Told, Verdict, judge, ours
from meganodes.domain.transaction import Kind, State
from meganodes.hub.reconciliation import Finding
from meganodes.hub.reconciliation_repair import what_is_mended, what_people_do
from tests.support.transactions import bet

BOOKED = Entry(kind=Kind.BET, amount_minor=150, told=Told.BOOKED)
OTHER = Entry(kind=Kind.BET, amount_minor=151, told=Told.BOOKED)
CANCEL = Entry(kind=Kind.CANCEL, amount_minor=150, told=Told.BOOKED)


def finding(
    state: State | None,
    *entries: Entry,
    side: Side = Side.BACKEND,
    kind: Kind = Kind.BET,
) -> Finding:
    mine = None if state is None else ours(bet(state=state, kind=kind), side)
    judged = judge(mine, entries, side)
    return Finding(
        side=side, key="k", verdict=judged.verdict, why=judged.why, mine=mine, entries=entries
    )


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (finding(State.PARKED), "send it again"),
        (finding(State.PARKED, kind=Kind.WIN), "send it again"),
        (finding(State.VOID, BOOKED), "status"),
        (finding(State.CANCELLED, BOOKED), "status"),
    ],
)
def test_it_is_repaired_by_the_usual_path(found: Finding, word: str) -> None:
    assert word in (what_is_mended(found) or "")


@pytest.mark.parametrize(
    "found",
    [
        finding(State.ACCEPTED),  # no second debit
        finding(State.CREDITED, kind=Kind.WIN),  # the backend confirmed it: no second credit
        finding(State.REFUSED, BOOKED),  # no move leads from there
        finding(State.TOMBSTONE, BOOKED),
        finding(State.CANCELLED, CANCEL),  # nothing stands there
        finding(State.VOID, OTHER),  # another amount
        finding(State.VOID, BOOKED, BOOKED),
        finding(State.PARKED, OTHER),
        finding(None, BOOKED),
        finding(State.VOID, BOOKED, side=Side.PROVIDER),
        finding(State.ACCEPTED, side=Side.PROVIDER),
    ],
)
def test_it_is_for_people_who_are_told_what_to_do(found: Finding) -> None:
    assert found.verdict.is_difference
    assert what_is_mended(found) is None
    assert what_people_do(found)


@pytest.mark.parametrize("state", [State.PENDING, State.CANCELLING, State.NOT_SEEN_WAIT])
def test_what_the_worker_is_at_needs_nobody(state: State) -> None:
    found = finding(state)
    assert found.verdict is Verdict.OPEN
    assert what_is_mended(found) is None
    assert not what_people_do(found)
