"""Changes for tests of the journal: numbered rows, intents, decisions, attempts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

from meganodes.domain.transaction import (
    Kind,
    Listing,
    Move,
    RoundKey,
    State,
    Step,
    Transaction,
    move,
)
from meganodes.journal.store import (
    AttemptRecord,
    Change,
    Committed,
    Insert,
    JournalStore,
    RoundStep,
)
from meganodes.protocol.commands import Revision, TransType

START_MS = 1_790_000_000_000
"""Where a ManualClock begins."""

_numbers: Iterator[int] = itertools.count(1)


def number() -> int:
    """Give a number that no other row or attempt of this run has."""
    return next(_numbers)


def bet(**changes: object) -> Transaction:
    """Make an intent of a bet; ids are fresh unless they are given."""
    trans_id = number()
    base = Transaction(
        agent_id=1,
        trans_id=trans_id,
        provider_id=7,
        transaction_id=f"t-{trans_id}",
        kind=Kind.BET,
        user_code=400_000_001,
        account="alice",
        gplay_id=11,
        round_id="r-1",
        game_code="fruits",
        currency="EUR",
        amount_minor=150,
        revision=Revision.GUID,
        guid=f"mn-{trans_id:040x}",
        data=b'{"account":"alice","amount":1.50}',
        content="digest",
        created_at_ms=START_MS,
        state=State.PENDING,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def win(**changes: object) -> Transaction:
    """Make a win that is owed and due at once."""
    base = bet(
        kind=Kind.WIN,
        state=State.OWED,
        step=Step.DELIVER,
        due_at_ms=START_MS,
        owed_since_ms=START_MS,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def cancelling(**changes: object) -> Transaction:
    """Make a bet whose cancel is owed and due at once."""
    base = win(kind=Kind.BET, state=State.CANCELLING, outcome_unknown=True)
    return replace(base, **changes)  # type: ignore[arg-type]


def intent(
    row: Transaction, *, lease_ms: int | None = 5_000, step: RoundStep | None = None
) -> Change:
    """Record a row and one step of its round."""
    return Change(
        at_ms=row.created_at_ms,
        inserts=(Insert(row=row, cause="intent", lease_ms=lease_ms),),
        rounds=(step or RoundStep(key=row.round_key),),
    )


def moving(*moves: Move, at_ms: int = START_MS) -> Change:
    """Make a change of nothing but moves."""
    return Change(at_ms=at_ms, moves=moves)


def accepted(row: Transaction, balance_minor: int | None = 1_000) -> Move:
    """Decide a bet: accepted, and listed."""
    decided = move(row, "accepted", state=State.ACCEPTED, balance_minor=balance_minor)
    return replace(decided, lists=(listing(TransType.BET, balance_minor),))


def credited(row: Transaction, balance_minor: int | None = 1_000) -> Move:
    """Decide a win: credited, and listed."""
    decided = move(
        row,
        "credited",
        state=State.CREDITED,
        balance_minor=balance_minor,
        step=Step.NONE,
        due_at_ms=None,
    )
    return replace(decided, lists=(listing(TransType.WIN, balance_minor),))


def listing(trans_type: TransType, balance_minor: int | None) -> Listing:
    """Make an entry for an agent's list."""
    return Listing(trans_type=trans_type, balance_minor=balance_minor)


def attempt_of(row: Transaction, **changes: object) -> AttemptRecord:
    """Log one attempt of a row."""
    base = AttemptRecord(
        attempt_id=number(),
        agent_id=row.agent_id,
        trans_id=row.trans_id,
        account=row.account,
        command="bet",
        number=1,
        started_at_ms=START_MS,
        duration_ms=20,
        outcome="accepted",
        phase="complete",
        result=0,
        http_status=200,
        request=b'{"command":"bet"}',
        reply=b'{"result":0}',
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def round_key(**changes: object) -> RoundKey:
    """Name the round that rows of these builders are in."""
    return replace(bet().round_key, **changes)  # type: ignore[arg-type]


async def committed(store: JournalStore, change: Change) -> tuple[Transaction, ...]:
    """Commit a change that must go through and give its rows."""
    result = await store.commit(change)
    assert isinstance(result, Committed), result
    return result.rows


async def record(
    store: JournalStore, row: Transaction, *, lease_ms: int | None = 5_000
) -> Transaction:
    """Record one row with a step of its round."""
    (recorded,) = await committed(store, intent(row, lease_ms=lease_ms))
    return recorded


async def settled_bet(store: JournalStore, **changes: object) -> Transaction:
    """Record and accept a bet of a round of its own, so that one entry waits for its position."""
    row = bet(**changes)
    if "round_id" not in changes:
        row = replace(row, round_id=f"r-{row.trans_id}")
    (decided,) = await committed(store, moving(accepted(await record(store, row))))
    return decided


async def settled_win(store: JournalStore, **changes: object) -> Transaction:
    """Record and credit a win, so that one entry waits for its position."""
    row = await record(store, win(**changes))
    (decided,) = await committed(store, moving(credited(row)))
    return decided


async def undone(store: JournalStore, row: Transaction) -> Transaction:
    """Cancel an accepted bet, so that the entry of its cancel waits for its position."""
    asked = move(row, "cancel", state=State.CANCELLING, step=Step.DELIVER, due_at_ms=START_MS)
    (owed,) = await committed(store, moving(asked))
    done = move(owed, "cancelled", state=State.CANCELLED, step=Step.NONE, due_at_ms=None)
    listed = replace(done, lists=(listing(TransType.CANCEL, 1_000),))
    (cancelled,) = await committed(store, moving(listed))
    return cancelled
