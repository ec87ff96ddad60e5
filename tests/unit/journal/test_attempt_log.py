"""Which attempts a filter takes; what the stores make of it is the conformance suite's matter."""

from __future__ import annotations

import pytest

from meganodes.journal.attempt_log import AttemptFilter
from tests.support.transactions import attempt_of, bet


@pytest.mark.parametrize(
    ("wanted", "is_taken"),
    [
        (AttemptFilter(), True),
        (AttemptFilter(above=9, below=11), True),
        (AttemptFilter(above=10), False),
        (AttemptFilter(below=10), False),
        (AttemptFilter(not_accepted=True), False),
        (AttemptFilter(outcome="accepted"), True),
        (AttemptFilter(outcome="unknown"), False),
        (AttemptFilter(command="bet"), True),
        (AttemptFilter(command="win"), False),
        (AttemptFilter(http_status=200), True),
        (AttemptFilter(http_status=500), False),
        (AttemptFilter(account="alice"), True),
        (AttemptFilter(account="Alice"), False),
        (AttemptFilter(trans_id=5), True),
        (AttemptFilter(trans_id=6), False),
    ],
    ids=str,
)
def test_filter_takes_what_fits(wanted: AttemptFilter, is_taken: bool) -> None:
    assert wanted.fits(attempt_of(bet(), attempt_id=10, trans_id=5)) is is_taken
