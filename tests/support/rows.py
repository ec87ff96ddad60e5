"""Rows of the journal for tests of rules: each builder names only what the test is about."""

from __future__ import annotations

from dataclasses import replace

from meganodes.domain.cancellation import Moment
from meganodes.domain.retry import CONTRACT_SCHEDULE
from meganodes.domain.transaction import Kind, State, Step, Transaction
from meganodes.protocol.commands import Revision

NOW_MS = 1_800_000_000_000


def moment(now_ms: int = NOW_MS, **changes: object) -> Moment:
    """A moment with the contract's schedule and the middle of every jitter."""
    base = Moment(now_ms=now_ms, jitter=0.5, schedule=CONTRACT_SCHEDULE)
    return replace(base, **changes)  # type: ignore[arg-type]


def pending_bet(**changes: object) -> Transaction:
    """A bet whose intent is durable and whose outcome is open."""
    base = Transaction(
        agent_id=1,
        trans_id=1001,
        provider_id=7,
        transaction_id="t-1",
        kind=Kind.BET,
        user_code=400_000_001,
        account="alice",
        gplay_id=11,
        round_id="r-1",
        game_code="fruits",
        currency="EUR",
        amount_minor=150,
        revision=Revision.GUID,
        guid="mn-" + "a" * 40,
        data=b"{}",
        content="digest",
        created_at_ms=NOW_MS,
        state=State.PENDING,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def owed_win(**changes: object) -> Transaction:
    """A win that is due now and has been claimed for its first attempt."""
    base = pending_bet(
        trans_id=1002,
        transaction_id="t-2",
        kind=Kind.WIN,
        state=State.OWED,
        step=Step.DELIVER,
        due_at_ms=NOW_MS,
        owed_since_ms=NOW_MS,
        attempts=1,
        guid="mn-" + "b" * 40,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def owed_cancel(**changes: object) -> Transaction:
    """A bet of unknown outcome whose cancel is due now and claimed for its first attempt."""
    base = pending_bet(
        state=State.CANCELLING,
        step=Step.DELIVER,
        due_at_ms=NOW_MS,
        owed_since_ms=NOW_MS,
        outcome_unknown=True,
        attempts=1,
    )
    return replace(base, **changes)  # type: ignore[arg-type]
