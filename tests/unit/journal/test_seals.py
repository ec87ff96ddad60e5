"""What a seal is made of: one way to write a row, for ever, however quickly it is written."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meganodes.domain.transaction import State
from meganodes.journal.rows import COLUMNS
from meganodes.journal.seals import as_json, history_fault

VALUES = st.none() | st.text() | st.integers(min_value=-(2**63), max_value=2**63 - 1)


@given(st.lists(VALUES))
def test_a_row_is_written_as_json_writes_it_in_ascii(values: list[str | int | None]) -> None:
    assert as_json(values) == json.dumps(values, separators=(",", ":")).encode()


@pytest.mark.parametrize(
    "text", ["\x00", "\x1f", '"', "\\", "/", "\x7f", "\x80", "é", "賭", "\U0001f3b0"]
)
def test_a_character_that_encoders_write_in_different_ways_is_written_in_one(text: str) -> None:
    assert as_json(["t", 1, text]) == json.dumps(["t", 1, text], separators=(",", ":")).encode()


def test_a_row_of_the_first_release_has_the_same_bytes() -> None:
    assert as_json(("e", 1, 7, 0, 5, None, "pending", "asked")) == (
        b'["e",1,7,0,5,null,"pending","asked"]'
    )


HOLE = "the history of transaction 7 has a hole, or another end than its row"
WRONG = "the history of transaction 7 does not lead to its state"


@pytest.mark.reliability("I7")
@pytest.mark.parametrize(
    ("steps", "epoch", "fault"),
    [
        ([(0, None, "pending"), (1, "pending", "accepted")], 1, None),
        ([(0, None, "accepted")], 0, None),
        ([], 0, "transaction 7 has no history"),
        ([(0, None, "pending")], 1, HOLE),
        ([(0, None, "pending"), (1, "pending", "accepted")], 0, HOLE),
        ([(0, None, "pending"), (2, "pending", "accepted")], 2, HOLE),
        ([(0, None, "pending"), (1, "pending", "accepted"), (9, "accepted", "accepted")], 1, HOLE),
        ([(0, None, "pending"), (1, "owed", "accepted")], 1, WRONG),
        ([(0, "owed", "pending"), (1, "pending", "accepted")], 1, WRONG),
        ([(0, None, "pending"), (1, "pending", "refused")], 1, WRONG),
    ],
)
def test_a_history_leads_step_by_step_to_where_its_row_stands(
    steps: Sequence[tuple[int, str | None, str]], epoch: int, fault: str | None
) -> None:
    values = {"agent_id": 1, "trans_id": 7, "epoch": epoch, "state": State.ACCEPTED.value}
    row = [values.get(name) for name in COLUMNS]
    events = [(1, 7, at, 5, before, after, "") for at, before, after in steps]
    assert history_fault(row, events) == fault
