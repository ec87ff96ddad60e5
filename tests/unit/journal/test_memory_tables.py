"""The memory store's tables keep their own books straight."""

from __future__ import annotations

from meganodes.domain.transaction import State, move
from meganodes.journal.memory_tables import Tables
from meganodes.journal.store import Committed
from tests.support.transactions import START_MS, accepted, bet, intent, moving, win


def test_rows_with_nothing_left_to_do_are_in_no_index() -> None:
    tables = Tables()
    row, owed = bet(), win(round_id="r-2")
    tables.apply(intent(row), 0)
    tables.apply(intent(owed, lease_ms=None), 0)
    assert (tables.pending, tables.due) == ({(1, row.trans_id)}, {(1, owed.trans_id)})
    recorded = tables.held[1, row.trans_id].row
    tables.apply(moving(accepted(recorded)), 0)
    (claimed,) = tables.claim(1, START_MS, 1, 10, 0)
    undelivered = move(
        claimed, "nobody took it", state=State.UNDELIVERED, step=row.step, due_at_ms=None
    )
    tables.apply(moving(undelivered), 0)
    assert (tables.pending, tables.due) == (set(), set())


def test_row_keeps_what_was_asked_whatever_a_move_says() -> None:
    tables = Tables()
    result = tables.apply(intent(bet(amount_minor=150)), 0)
    assert isinstance(result, Committed)
    (row,) = result.rows
    assert row.round_seq == 1
    tables.apply(moving(accepted(row)), 0)
    held = tables.held[1, row.trans_id].row
    assert (held.amount_minor, held.round_seq, held.state) == (150, 1, State.ACCEPTED)
