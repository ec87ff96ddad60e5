"""Folding the events of a row gives the row, after any answers in any order (reliability 3.4 e)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meganodes.domain.cancellation import (
    Moment,
    after_bet,
    after_delivery,
    cancel_accepted,
    undo_pending,
    wish_cancel,
)
from meganodes.domain.outcome import (
    Accepted,
    Duplicate,
    NotSeen,
    NotSent,
    Outcome,
    Refused,
    Unknown,
)
from meganodes.domain.retry import CONTRACT_SCHEDULE
from meganodes.domain.transaction import Kind, Move, State, Step, Transaction
from meganodes.journal.memory_tables import Tables
from meganodes.journal.store import Change, Committed, Insert
from tests.support.effort import effort
from tests.support.machine_invariants import hold_fold
from tests.support.transactions import START_MS, bet

pytestmark = pytest.mark.thorough
LEASE_MS = 9_000
OUTCOMES: st.SearchStrategy[Outcome] = st.sampled_from(
    (
        Accepted(balance_minor=100),
        Accepted(balance_minor=100, trans_status="OK"),
        Accepted(balance_minor=100, trans_status="CANCELED"),
        Refused(result=21),
        Refused(result=100),
        Duplicate(),
        NotSeen(result=43),
        NotSent(reason="no connection"),
        NotSent(reason="held back", counted=False),
        Unknown(reason="time-out"),
    )
)
PAUSES_MS = st.sampled_from((1, 4_000, 60_000, 1_000_000, 90_000_000))
STORY = st.lists(st.tuples(OUTCOMES, PAUSES_MS, st.booleans()), min_size=1, max_size=10)


class History:
    """One row on its way, in the memory store's tables."""

    def __init__(self, row: Transaction) -> None:
        self.tables = Tables()
        self.now_ms = START_MS
        self.place = (row.agent_id, row.trans_id)
        insert = Insert(row=row, cause="begun")
        assert isinstance(
            self.tables.apply(Change(at_ms=START_MS, inserts=(insert,)), 0), Committed
        )

    @property
    def row(self) -> Transaction:
        return self.tables.held[self.place].row

    def go_on(self, outcome: Outcome, *, asks_to_cancel: bool) -> None:
        """Let the next thing happen that may, if any."""
        moment = Moment(now_ms=self.now_ms, jitter=0.5, schedule=CONTRACT_SCHEDULE)
        row = self.row
        if row.state is State.PENDING:
            step = after_bet(row, outcome, moment)
            if asks_to_cancel and row.cancel_asked_at_ms is None:
                step = wish_cancel(row, moment)
            elif asks_to_cancel:
                step = undo_pending(row, moment, cause="its node stopped")
            self._apply(step)
        elif row.state is State.ACCEPTED and asks_to_cancel:
            self._apply(cancel_accepted(row, moment))
        elif row.step is not Step.NONE:
            for claimed in self.tables.claim(1, self.now_ms, 1, LEASE_MS, self.now_ms):
                self._apply(after_delivery(claimed, outcome, moment))

    def _apply(self, step: Move) -> None:
        result = self.tables.apply(Change(at_ms=self.now_ms, moves=(step,)), self.now_ms)
        assert isinstance(result, Committed)


def owed(row: Transaction) -> Transaction:
    """Make a win of a bet's row."""
    return replace(
        row, kind=Kind.WIN, state=State.OWED, step=Step.DELIVER, due_at_ms=START_MS,
        owed_since_ms=START_MS,
    )  # fmt: skip


@settings(max_examples=effort(500, 10_000), derandomize=True, database=None)
@given(story=STORY, is_win=st.booleans())
def test_events_of_a_row_fold_to_the_row(
    story: list[tuple[Outcome, int, bool]], is_win: bool
) -> None:
    history = History(owed(bet()) if is_win else bet())
    for outcome, pause_ms, asks_to_cancel in story:
        history.now_ms += pause_ms
        history.go_on(outcome, asks_to_cancel=asks_to_cancel)
        hold_fold(history.row, history.tables.events[history.place])
