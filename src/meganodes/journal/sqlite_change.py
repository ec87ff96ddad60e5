"""One change as statements on SQLite: guards first, so that what is refused has written nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

from meganodes.domain.transaction import Move, RoundKey, State, Transaction, TransactionKey
from meganodes.journal import rows
from meganodes.journal.claims import claim_move
from meganodes.journal.guards import RowRefused, require_sound, round_refusal
from meganodes.journal.statements import SQLITE
from meganodes.journal.store import (
    AttemptRecord,
    Change,
    CommitResult,
    Committed,
    Insert,
    KeyTaken,
    RoundClosed,
    RoundMoved,
    RoundStep,
    StateMoved,
)
from meganodes.kit.clock import SteadyClock

_INSERT = SQLITE["insert_transaction"].text
_MOVE = SQLITE["move_transaction"].text
_MOVE_KEEPING_LEASE = SQLITE["move_keeping_lease"].text
_EVENT = SQLITE["insert_event"].text
_READ_ROUND = SQLITE["read_round"].text
_STEP_ROUND = SQLITE["step_round"].text
_ATTEMPT = SQLITE["insert_attempt"].text
_ATTEMPT_BODIES = SQLITE["insert_attempt_bodies"].text
_LISTING = SQLITE["insert_listing"].text
_FIND = SQLITE["find"].text
_FETCH = SQLITE["fetch"].text
_READ_PLACE = SQLITE["read_place"].text
_CLAIMABLE = SQLITE["claimable"].text


class ChangeWriter:
    """Applies changes and claims inside whatever transaction its connection is in."""

    def __init__(self, connection: sqlite3.Connection, leases: SteadyClock, owner: str) -> None:
        """Write on this connection; leases are this owner's."""
        self._execute = connection.execute
        self._leases = leases
        self._owner = owner

    def apply(self, change: Change) -> CommitResult:
        """Write all of a change, or nothing and say which guard refused."""
        require_sound(change)
        seqs, round_fault = self._judge_rounds(change.rounds)
        if round_fault or len(change.inserts) + len(change.moves) > 1:
            # With a single row its own write is the guard, and the first thing written.
            refusal = self._judge_rows(change) or round_fault
            if refusal:
                return refusal
        written: list[Transaction] = []
        for insert in change.inserts:
            row = self._insert(insert, seqs, change.at_ms)
            if row is None:
                _require_nothing(written)
                return KeyTaken(row=self._find(insert.row.key))
            written.append(row)
        for move in change.moves:
            if not self._move(move, change.at_ms):
                _require_nothing(written)
                return StateMoved(row=self._fetch(move.before))
            written.append(move.after)
        self._write_the_rest(change)
        return Committed(rows=tuple(written))

    def claim(
        self, agent_id: int, now_ms: int, limit: int, lease_ms: int
    ) -> tuple[Transaction, ...]:
        """Take due rows of an agent (see the port)."""
        lease_now_ms = self._leases.now_ms()
        found = self._execute(_CLAIMABLE, (agent_id, now_ms, lease_now_ms, limit)).fetchall()
        claims = []
        for *values, lease_until_ms in found:
            claim = claim_move(
                rows.transaction(values), lease_lost=lease_until_ms is not None, lease_ms=lease_ms
            )
            moved = self._move(claim, now_ms)
            assert moved, "nobody else writes in this transaction"
            claims.append(claim.after)
        return tuple(claims)

    def log(self, attempt: AttemptRecord) -> None:
        """Write an attempt and its bytes."""
        self._execute(
            _ATTEMPT,
            (
                *rows.attempt_values(attempt),
                rows.sentences_text(attempt.notes),
                rows.sentences_text(attempt.faults),
                attempt.peer_address,
            ),
        )
        self._execute(
            _ATTEMPT_BODIES,
            (attempt.attempt_id, attempt.agent_id, attempt.request, attempt.reply),
        )

    # --- guards -----------------------------------------------------------------------------------

    def _judge_rounds(
        self, steps: Sequence[RoundStep]
    ) -> tuple[list[tuple[RoundKey, int]], RoundClosed | RoundMoved | None]:
        """Give each round's seq after this change, and the first refusal."""
        seqs: list[tuple[RoundKey, int]] = []
        refusal: RoundClosed | RoundMoved | None = None
        for step in steps:
            found = self._execute(_READ_ROUND, _key_values(step.key)).fetchall()
            seq, closed = found[0] if found else (0, 0)
            seqs.append((step.key, seq + 1))
            refusal = refusal or round_refusal(step, seq, closed=bool(closed))
        return seqs, refusal

    def _judge_rows(self, change: Change) -> KeyTaken | StateMoved | None:
        for insert in change.inserts:
            key = insert.row.key
            found = self._execute(_FIND, (key.agent_id, key.provider_id, key.transaction_id))
            if taken := found.fetchall():
                return KeyTaken(row=rows.transaction(taken[0]))
        for move in change.moves:
            before = move.before
            found = self._execute(_READ_PLACE, (before.agent_id, before.trans_id))
            if found.fetchall() != [(before.state, before.epoch)]:
                return StateMoved(row=self._fetch(before))
        return None

    # --- writes -----------------------------------------------------------------------------------

    def _write_the_rest(self, change: Change) -> None:
        for step in change.rounds:
            self._execute(_STEP_ROUND, (*_key_values(step.key), step.wins, int(step.close)))
        for attempt in change.attempts:
            self.log(attempt)

    def _insert(
        self, insert: Insert, seqs: list[tuple[RoundKey, int]], at_ms: int
    ) -> Transaction | None:
        """Insert a row and its first event; None when its key is taken."""
        row = insert.row
        for key, seq in seqs:
            if row.round_seq != seq and rows.belongs(row, key):
                row = rows.numbered(row, seq)
        cursor = self._execute(_INSERT, (*rows.all_values(row), *self._lease(insert.lease_ms)))
        if not cursor.rowcount:
            return None
        self._note(row, at_ms, None, insert.cause)
        return row

    def _move(self, move: Move, at_ms: int) -> bool:
        """Move a row with its event and listings; False when it is no longer what was believed."""
        before, after = move.before, move.after
        guard = (before.agent_id, before.trans_id, before.state.value, before.epoch)
        moved = rows.moving_values(after)
        if move.keep_lease:
            cursor = self._execute(_MOVE_KEEPING_LEASE, (*moved, *guard))
        else:
            cursor = self._execute(_MOVE, (*moved, *self._lease(move.lease_ms), *guard))
        if not cursor.rowcount:
            return False
        self._note(after, at_ms, before.state, move.cause)
        for listing in move.lists:
            balance_minor = listing.balance_minor
            balance_open = int(balance_minor is None)
            kind = int(listing.trans_type)
            values = (after.agent_id, after.trans_id, kind, balance_minor, balance_open)
            self._execute(_LISTING, values)
        return True

    def _note(self, row: Transaction, at_ms: int, left: State | None, cause: str) -> None:
        from_state = None if left is None else left.value
        values = (row.agent_id, row.trans_id, row.epoch, at_ms, from_state, row.state.value, cause)
        self._execute(_EVENT, values)

    def _lease(self, lease_ms: int | None) -> tuple[int | None, str | None]:
        if lease_ms is None:
            return None, None
        return self._leases.now_ms() + lease_ms, self._owner

    # --- reads ------------------------------------------------------------------------------------

    def _find(self, key: TransactionKey) -> Transaction:
        values = (key.agent_id, key.provider_id, key.transaction_id)
        found = self._execute(_FIND, values).fetchall()
        if not found:
            raise RowRefused("a number is given out twice")
        return rows.transaction(found[0])

    def _fetch(self, believed: Transaction) -> Transaction:
        found = self._execute(_FETCH, (believed.agent_id, believed.trans_id)).fetchall()
        if not found:
            raise RowRefused(f"there is no row {believed.trans_id} of agent {believed.agent_id}")
        return rows.transaction(found[0])


def _require_nothing(written: list[Transaction]) -> None:
    """All guards were looked at before the first write, so a change meets only itself here."""
    if written:
        raise RowRefused("a change holds the same key or the same row twice")


def _key_values(key: RoundKey) -> tuple[Any, ...]:
    return (key.agent_id, key.provider_id, key.user_code, key.round_id)
