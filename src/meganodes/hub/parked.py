"""Parked transactions: nothing is sent for them until a person resumes or settles them."""

from __future__ import annotations

from dataclasses import dataclass

from meganodes.domain.by_hand import Settlement, resumed, settled
from meganodes.domain.cancellation import Moment
from meganodes.domain.retry import CONTRACT_SCHEDULE
from meganodes.domain.transaction import Move, State, Transaction
from meganodes.journal.store import Change, Committed, JournalStore
from meganodes.kit.clock import Clock


@dataclass(frozen=True, slots=True)
class NotDone:
    """Why a parked transaction was left as it is, in a sentence."""

    reason: str


async def resume(
    journal: JournalStore, clock: Clock, row: Transaction, by: str = ""
) -> Transaction | NotDone:
    """Let the worker send this win or cancel again, with a new schedule; ``by`` says who."""
    if row.state is not State.PARKED:
        return _not_parked(row)
    moment = Moment(now_ms=clock.now_ms(), jitter=0.0, schedule=CONTRACT_SCHEDULE)
    return await _apply(journal, resumed(row, moment, by or "a person"), moment.now_ms)


async def settle(
    journal: JournalStore, clock: Clock, row: Transaction, settlement: Settlement
) -> Transaction | NotDone:
    """Close the row for good because two people settled it outside the hub."""
    fault = settlement.fault()
    if fault is not None:
        return NotDone(fault)
    if row.state is not State.PARKED:
        return _not_parked(row)
    return await _apply(journal, settled(row, settlement), clock.now_ms())


async def _apply(journal: JournalStore, move: Move, now_ms: int) -> Transaction | NotDone:
    result = await journal.commit(Change(at_ms=now_ms, moves=(move,)))
    if isinstance(result, Committed):
        return result.rows[0]
    return NotDone("somebody else changed it in this very moment: look at it again")


def _not_parked(row: Transaction) -> NotDone:
    return NotDone(f"it is not parked: its state is {row.state.value}")
