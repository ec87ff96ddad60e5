"""The tables of a journal in memory that tell the history what became durable, when it did."""

from __future__ import annotations

from meganodes.domain.transaction import Move
from meganodes.journal.memory_tables import Place, Tables
from meganodes.journal.store import Insert
from tests.simulation.history import History, Journaled


class ObservedTables(Tables):
    """Put them in the place of a `MemoryJournal`'s own tables before it is used."""

    def __init__(self, history: History) -> None:
        """Start empty."""
        super().__init__()
        self._history = history

    def _insert(self, insert: Insert, at_ms: int, lease_now_ms: int) -> None:
        super()._insert(insert, at_ms, lease_now_ms)
        place = (insert.row.agent_id, insert.row.trans_id)
        self._tell(place, None, insert.cause)

    def _move(self, move: Move, at_ms: int, lease_now_ms: int) -> None:
        super()._move(move, at_ms, lease_now_ms)
        place = (move.after.agent_id, move.after.trans_id)
        self._tell(place, move.before.state.value, move.cause)

    def _tell(self, place: Place, left: str | None, cause: str) -> None:
        held = self.held[place]
        row = held.row
        self._history.append(
            Journaled(
                at=self._history.now(),
                node=self._history.node(),
                agent_id=row.agent_id,
                trans_id=row.trans_id,
                guid=row.guid,
                kind=row.kind.value,
                epoch=row.epoch,
                from_state=left,
                to_state=row.state.value,
                step=row.step.value,
                attempts=row.attempts,
                leased=held.lease_until_ms is not None,
                cause=cause,
            )
        )
