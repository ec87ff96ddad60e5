"""What is owed to an agent's players or waits for a person, each with why it waits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from meganodes.domain.transaction import State, Step, Transaction
from meganodes.hub.api_log import cause_of_attempt

if TYPE_CHECKING:
    from meganodes.hub.attempt_causes import Cause
    from meganodes.hub.core import Hub
    from meganodes.journal.store import AttemptRecord


class Why(StrEnum):
    """Why something is not done yet."""

    CIRCUIT_OPEN = "circuit-open"
    FIRST_ATTEMPT = "first-attempt"
    REPEATING = "repeating"
    NOT_SEEN = "not-seen"
    CHECKING = "checking"
    PERSON = "person"


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenItem:
    """A transaction that is not done. ``cause`` and ``reason`` are of its last attempt.

    ``parked_because`` is what its history says of the parking, "" for what is not parked.
    """

    row: Transaction
    why: Why
    cause: Cause | None
    reason: str
    parked_because: str = ""

    @property
    def since_ms(self) -> int:
        """When it began to be owed."""
        return self.row.owed_since_ms or self.row.created_at_ms


def why_waiting(row: Transaction, *, circuit_open: bool) -> Why:
    """Say why a row that is owed or parked waits."""
    if row.state is State.PARKED:
        return Why.PERSON
    if row.step is Step.VERIFY:
        return Why.CHECKING
    if circuit_open:
        return Why.CIRCUIT_OPEN
    if row.state is State.NOT_SEEN_WAIT:
        return Why.NOT_SEEN
    return Why.REPEATING if row.failures or row.attempts > 1 else Why.FIRST_ATTEMPT


async def owed_items(
    hub: Hub, agent_id: int, *, after: tuple[int, int], limit: int
) -> tuple[OpenItem, ...]:
    """Give what is owed, cancelling or waiting, what is due next first."""
    rows = await hub.reads.owed_of(agent_id, after=after, limit=limit)
    return await _items(hub, agent_id, rows)


async def parked_items(hub: Hub, agent_id: int, *, after: int, limit: int) -> tuple[OpenItem, ...]:
    """Give what waits for a person, oldest first."""
    rows = await hub.reads.parked_of(agent_id, after=after, limit=limit)
    return await _items(hub, agent_id, rows)


async def _items(hub: Hub, agent_id: int, rows: tuple[Transaction, ...]) -> tuple[OpenItem, ...]:
    if not rows:
        return ()
    found = await hub.reads.last_attempts(agent_id, [row.trans_id for row in rows])
    last = {each.trans_id: each for each in found}
    is_open = hub.gateway.is_open(agent_id)
    return tuple(
        [await _item(hub, row, last.get(row.trans_id), circuit_open=is_open) for row in rows]
    )


async def _item(
    hub: Hub, row: Transaction, last: AttemptRecord | None, *, circuit_open: bool
) -> OpenItem:
    because = ""
    if row.state is State.PARKED:
        events = await hub.journal.events(row.agent_id, row.trans_id)
        parkings = [each for each in events if each.to_state == State.PARKED]
        because = parkings[-1].cause.removeprefix("parked: ") if parkings else ""
    return OpenItem(
        row=row,
        why=why_waiting(row, circuit_open=circuit_open),
        cause=cause_of_attempt(last) if last else None,
        reason=last.faults[0] if last and last.faults else "",
        parked_because=because,
    )
