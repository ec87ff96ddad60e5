"""What a person may do with a parked transaction: take it up again, or settle it (contract 3.4)."""

from __future__ import annotations

from dataclasses import dataclass, replace

from meganodes.domain.cancellation import Moment, cancel_listings
from meganodes.domain.transaction import Kind, Listing, Move, State, Step, Transaction, move
from meganodes.protocol.commands import TransType


@dataclass(frozen=True, slots=True, kw_only=True)
class ByTwo:
    """Who does something about money by hand, why, and who confirms it: two different people."""

    by: str
    confirmed_by: str
    reason: str

    what = "this"

    def fault(self) -> str | None:
        """Say what is missing, or None."""
        if not self.reason.strip():
            return f"{self.what} needs a reason"
        if not self.by.strip() or not self.confirmed_by.strip():
            return f"{self.what} needs two people's names"
        if self.by.strip().casefold() == self.confirmed_by.strip().casefold():
            return f"{self.what} needs a second person: the two names are the same"
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement(ByTwo):
    """What was settled outside the hub."""

    what = "a settlement by hand"


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair(ByTwo):
    """What a reconciliation found and the hub may mend by itself."""

    what = "a repair"


def resumed(row: Transaction, moment: Moment, by: str = "a person") -> Move:
    """Take a parked transaction up again because a person decided so; its schedule starts anew."""
    assert row.state is State.PARKED
    state = State.OWED if row.kind is Kind.WIN else State.CANCELLING
    return move(
        row,
        f"resumed by {by}",
        state=state,
        step=Step.DELIVER,
        due_at_ms=moment.now_ms,
        owed_since_ms=moment.now_ms,
        failures=0,
        not_seen=0,
        # Nobody knows what the backend made of the earlier attempts: a 41 is checked by status.
        maybe_sent=False,
    )


def looked_at_again(row: Transaction, moment: Moment, repair: Repair) -> Move:
    """Ask the backend anew about a closed bet: should it stand there, it is cancelled again."""
    assert row.kind is Kind.BET
    assert row.state in {State.VOID, State.CANCELLED}
    assert repair.fault() is None
    return move(
        row,
        f"looked at again by {repair.by}, confirmed by {repair.confirmed_by}: {repair.reason}",
        step=Step.PROBE,
        due_at_ms=moment.now_ms,
        owed_since_ms=row.owed_since_ms or moment.now_ms,
        failures=0,
    )


def settled(row: Transaction, settlement: Settlement) -> Move:
    """Close a parked transaction as settled outside the hub: nothing is sent for it ever again.

    It appears in the agent's list like the movement it stands for, with its balance asked for.
    """
    assert row.state is State.PARKED
    assert settlement.fault() is None
    cause = (
        f"settled by hand by {settlement.by}, confirmed by {settlement.confirmed_by}: "
        f"{settlement.reason}"
    )
    closed = move(row, cause, state=State.SETTLED_BY_HAND, step=Step.NONE, due_at_ms=None)
    if row.kind is Kind.WIN:
        lists: tuple[Listing, ...] = (Listing(trans_type=TransType.WIN, balance_minor=None),)
    else:
        lists = cancel_listings(row, None)
    return replace(closed, lists=lists)
