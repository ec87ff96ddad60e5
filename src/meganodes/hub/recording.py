"""Committing a change when the store may not know itself whether the commit happened.

Commit-unknown is an everyday state (reliability 2.6): the rule is to read by key until it is known,
never to guess and never to act on memory.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meganodes.journal.store import (
    Change,
    CommitResult,
    Committed,
    CommitUnknown,
    KeyTaken,
    StateMoved,
)

if TYPE_CHECKING:
    from meganodes.domain.transaction import Transaction
    from meganodes.hub.core import Hub

_PAUSE_SECONDS = 0.05
_READS_MAX = 40


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
            # What looks like another's row may be our own: the first commit may have landed after
            # all.
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
