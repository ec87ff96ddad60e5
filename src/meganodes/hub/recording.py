"""Committing a change when the store may not know itself whether the commit happened.

Commit-unknown is an everyday state (reliability 2.6): the rule is to read by key until it is known,
never to guess and never to act on memory.
"""

from __future__ import annotations

from dataclasses import dataclass

from meganodes.domain.transaction import Transaction
from meganodes.hub.core import Hub
from meganodes.journal.store import (
    AttemptRecord,
    Change,
    CommitResult,
    Committed,
    CommitUnknown,
    KeyTaken,
    StateMoved,
)

_PAUSE_SECONDS = 0.05
_READS_MAX = 40


@dataclass(frozen=True, slots=True)
class Claimed:
    """A row together with the right to make its next attempt.

    Only a claim that was committed by this very call gives one, so nobody sends under another's
    claim (reliability 2.4, D5).
    """

    row: Transaction


def claims_of(change: Change, result: Committed) -> tuple[Claimed, ...]:
    """Give the claims this change made and still holds: a row that moved on belongs to another."""
    written = {
        insert.row.trans_id: insert.row.epoch
        for insert in change.inserts
        if insert.lease_ms is not None and insert.row.attempts
    } | {
        step.after.trans_id: step.after.epoch
        for step in change.moves
        if step.lease_ms is not None and step.after.attempts
    }
    return tuple(Claimed(row) for row in result.rows if written.get(row.trans_id) == row.epoch)


async def keep_attempt(hub: Hub, record: AttemptRecord) -> None:
    """Log an attempt whose row is no longer ours, unless our own commit had landed unseen."""
    if await hub.reads.attempt(record.agent_id, record.attempt_id) is None:
        hub.journal.log(record)


async def commit_surely(hub: Hub, change: Change) -> CommitResult:
    """Commit, and when the outcome is unknown find it out from the rows; give up as CommitUnknown.

    Repeating a change is safe: its inserts are unique by key and its moves are guarded by epoch.
    """
    in_doubt = False
    for _ in range(_READS_MAX):
        try:
            result = await hub.journal.commit(change)
        except CommitUnknown:
            in_doubt = True
            await hub.clock.sleep(_PAUSE_SECONDS)
            result = None
        if in_doubt and not isinstance(result, Committed):
            # What looks like another's row may be our own: the first commit may have landed.
            result = await _landed(hub, change) or result
        if result is not None:
            return result
    raise CommitUnknown


async def _landed(hub: Hub, change: Change) -> CommitResult | None:
    """Say whether the change is in the rows; None when it is not there (yet)."""
    if change.inserts:
        return await _landed_inserts(hub, change)
    rows: list[Transaction] = []
    for step in change.moves:
        present = await hub.journal.fetch(step.before.agent_id, step.before.trans_id)
        if present is None or present.epoch == step.before.epoch:
            return None
        if present != step.after:
            return StateMoved(row=present)
        rows.append(present)
    return Committed(rows=tuple(rows))


async def _landed_inserts(hub: Hub, change: Change) -> CommitResult | None:
    """A change is atomic: when its inserts are there with our numbers, its moves are too."""
    rows: list[Transaction] = []
    for insert in change.inserts:
        row = await hub.journal.find(insert.row.key)
        if row is None:
            return None
        if row.trans_id != insert.row.trans_id:
            return KeyTaken(row=row)
        rows.append(row)
    for step in change.moves:
        present = await hub.journal.fetch(step.before.agent_id, step.before.trans_id)
        assert present is not None
        rows.append(present)
    return Committed(rows=tuple(rows))
