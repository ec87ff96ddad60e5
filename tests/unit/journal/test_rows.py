"""Records and rows of tables: nothing is lost on the way there and back."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest

from meganodes.domain.transaction import Kind, State, Step, Transaction
from meganodes.journal import rows
from meganodes.journal.store import AttemptRecord
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.commands import Revision
from tests.support.transactions import attempt_of, bet

PLAIN = (int, str, bytes, type(None))


@pytest.mark.parametrize(
    "row",
    [
        *(bet(kind=kind) for kind in Kind),
        *(bet(state=state) for state in State),
        *(bet(step=step) for step in Step),
        *(bet(revision=revision) for revision in Revision),
        *(bet(code=code) for code in ApiCode),
        bet(maybe_sent=True, outcome_unknown=True),
    ],
)
def test_transaction_survives_its_row(row: Transaction) -> None:
    values = rows.all_values(row)
    assert all(type(value) in PLAIN for value in values), "the driver is slow with anything else"
    read = rows.transaction((*values, "more", "columns"))
    assert read == row
    assert [type(getattr(read, name)) for name in rows.COLUMNS] == [
        type(getattr(row, name)) for name in rows.COLUMNS
    ]


def test_every_field_is_asked_once_or_may_move() -> None:
    assert {field.name for field in fields(Transaction)} == set(rows.COLUMNS)
    fixed = [name for name in rows.COLUMNS if name not in rows.MOVING]
    assert fixed[-1] == "round_seq"
    assert fixed + list(rows.MOVING) == list(rows.COLUMNS)
    assert len(rows.moving_values(bet())) == len(rows.MOVING)


def test_numbered_copy_differs_in_its_number_alone() -> None:
    row = bet()
    assert rows.numbered(row, 7) == replace(row, round_seq=7)
    assert row.round_seq == 0
    assert hash(rows.numbered(row, 7)) == hash(replace(row, round_seq=7))


def test_attempt_columns_are_its_fields() -> None:
    names = {field.name for field in fields(AttemptRecord)}
    assert names - {"retired"} == set(rows.ATTEMPT_COLUMNS)


def test_attempt_survives_its_row() -> None:
    attempt = attempt_of(bet(), notes=("one", "two"), faults=('a "quoted" one',))
    values = [getattr(attempt, name) for name in rows.ATTEMPT_COLUMNS]
    for name in ("notes", "faults"):
        index = rows.ATTEMPT_COLUMNS.index(name)
        values[index] = rows.sentences_text(values[index])
    assert rows.attempt(values) == attempt
    assert rows.sentences_text(()) is None
