"""What is sought, row by row: the meaning that every store is held to by tests/conformance."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meganodes.domain.transaction import Kind, State
from meganodes.journal.search import Sought
from tests.support.transactions import bet

ROW = bet(amount_minor=150)
ANY = Sought(agent_id=1, first=0, past=2**53)


def test_without_a_question_each_row_of_the_agent_fits() -> None:
    assert ANY.fits(ROW)
    assert not replace(ANY, agent_id=2).fits(ROW)
    assert not ANY.fits(replace(ROW, kind=Kind.CANCEL, state=State.RECORDED))


@pytest.mark.parametrize(
    ("yes", "no"),
    [
        ({"first": ROW.trans_id}, {"first": ROW.trans_id + 1}),
        ({"past": ROW.trans_id + 1}, {"past": ROW.trans_id}),
        ({"user_code": ROW.user_code}, {"user_code": 1}),
        ({"provider_id": 7}, {"provider_id": 8}),
        ({"game_code": "fruits"}, {"game_code": "Fruits"}),
        ({"round_id": "r-1"}, {"round_id": "r-"}),
        ({"kind": Kind.BET}, {"kind": Kind.WIN}),
        ({"states": (State.OWED, State.PENDING)}, {"states": (State.OWED,)}),
        ({"amount_min_minor": 150}, {"amount_min_minor": 151}),
        ({"amount_max_minor": 150}, {"amount_max_minor": 149}),
        ({"amount_min_minor": 0}, {"amount_max_minor": 0}),
    ],
)
def test_each_question_has_a_yes_and_a_no(yes: dict[str, object], no: dict[str, object]) -> None:
    assert replace(ANY, **yes).fits(ROW)  # type: ignore[arg-type]
    assert not replace(ANY, **no).fits(ROW)  # type: ignore[arg-type]


def test_widened_asks_the_same_about_all_time() -> None:
    narrow = replace(ANY, first=5, past=6, kind=Kind.BET)
    assert narrow.widened() == replace(ANY, kind=Kind.BET)
