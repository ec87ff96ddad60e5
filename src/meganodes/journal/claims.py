"""What a claim does to a row: the same in every store (reliability 2.4 D5)."""

from __future__ import annotations

from dataclasses import replace

from meganodes.domain.transaction import Move, Transaction, move


def claim_move(row: Transaction, *, lease_lost: bool, lease_ms: int) -> Move:
    """Make the move within the state by which somebody takes a due row.

    ``lease_lost``: a lease was left to run out, so nobody knows what its attempt brought, and the
    backend may have seen it.
    """
    cause = "claimed after a lost attempt" if lease_lost else "claimed"
    taken = move(row, cause, attempts=row.attempts + 1, maybe_sent=row.maybe_sent or lease_lost)
    return replace(taken, lease_ms=lease_ms)
