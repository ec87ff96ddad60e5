"""A claim counts the attempt and remembers one whose outcome was lost (reliability 2.4 D5)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meganodes.journal.claims import claim_move
from tests.support.transactions import win


def test_claim_counts_the_attempt_and_takes_a_lease() -> None:
    row = win(epoch=4, attempts=2)
    claim = claim_move(row, lease_lost=False, lease_ms=9_000)
    assert claim.after == replace(row, epoch=5, attempts=3)
    assert (claim.before, claim.lease_ms, claim.cause) == (row, 9_000, "claimed")


@pytest.mark.parametrize("known_before", [False, True])
def test_lost_attempt_may_have_been_sent(known_before: bool) -> None:
    claim = claim_move(win(maybe_sent=known_before), lease_lost=True, lease_ms=1)
    assert claim.after.maybe_sent
    assert claim.cause == "claimed after a lost attempt"


def test_what_may_have_been_sent_stays_so() -> None:
    assert claim_move(win(maybe_sent=True), lease_lost=False, lease_ms=1).after.maybe_sent
