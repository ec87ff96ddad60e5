"""Changes that are written together: each kind of row by one statement over whole columns.

Always in the same order (rounds, new rows, moves, the rest) and by ascending keys, so that two
transactions cannot wait for each other in a circle. The changes of a batch touch nothing in common.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from meganodes.domain.transaction import Move, RoundKey, Transaction
from meganodes.journal import rows
from meganodes.journal.guards import RowRefused, round_refusal
from meganodes.journal.postgres_link import PostgresSettings, Session, Undo
from meganodes.journal.store import (
    Change,
    CommitResult,
    Committed,
    KeyTaken,
    StateMoved,
)
from meganodes.kit.clock import Clock
from meganodes.kit.metrics import CommitMeters

_KEY = itemgetter(0)
_PLACE_OF_KEY = itemgetter(0, 2, 3)
_PLACE = itemgetter(0, 1)

_EVENT_WIDTH = 7
_ATTEMPT_WIDTH = 17
_LISTING_WIDTH = 5

Touched = frozenset[tuple[Any, ...]]
"""The keys, rows and rounds that a change touches; they differ in length."""


class GuardFailed(Undo):
    """Some changes of a batch were refused; ``indexes`` says which ones."""

    def __init__(self, indexes: Iterable[int]) -> None:
        """Name the refused changes by their place in the batch."""
        super().__init__()
        self.indexes = frozenset(indexes)


@dataclass(frozen=True, slots=True)
class Leases:
    """Who owns the leases that are given, and the clock they run by; None: the database's."""

    owner: str
    clock: Clock | None

    def now_ms(self) -> int | None:
        """Return the time, or None where the database is to take its own."""
        return None if self.clock is None else self.clock.now_ms()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """What all that writes has in common."""

    settings: PostgresSettings
    leases: Leases
    clock: Clock
    """For pauses and patience."""
    meters: CommitMeters


def touched(change: Change) -> Touched | None:
    """Name what a change touches; None when it touches something twice, which no store takes."""
    found: list[tuple[Any, ...]] = []
    for insert in change.inserts:
        row = insert.row
        found.append((row.agent_id, row.provider_id, row.transaction_id))
        found.append((row.agent_id, row.trans_id))
    found.extend((move.before.agent_id, move.before.trans_id) for move in change.moves)
    found.extend(key_values(step.key) for step in change.rounds)
    together = frozenset(found)
    return together if len(together) == len(found) else None


async def write(session: Session, changes: Sequence[Change], leases: Leases) -> list[Committed]:
    """Write all changes inside the transaction of a session. Raises GuardFailed."""
    seqs = await _step_rounds(session, changes)
    inserted = await _insert(session, changes, seqs, leases)
    await _move(session, changes, leases)
    await _write_the_rest(session, changes, inserted)
    if any(change.is_empty for change in changes):
        # Nothing to write is no reason not to wait for the disk and the standby.
        await session.rows("leave_a_mark")
    return [
        Committed(rows=(*new, *(move.after for move in change.moves)))
        for change, new in zip(changes, inserted, strict=True)
    ]


async def judge(session: Session, change: Change) -> CommitResult | None:
    """Say which guard refuses a change, in the port's order; None when none does (any more).

    Raises RowRefused when it can never be written. The session is in a transaction that sees one
    state.
    """
    for insert in change.inserts:
        key = insert.row.key
        values = (key.agent_id, key.provider_id, key.transaction_id)
        if taken := await session.rows("find", *values):
            return KeyTaken(row=rows.transaction(taken[0]))
    for move in change.moves:
        before = move.before
        found = await session.rows("fetch", before.agent_id, before.trans_id)
        if not found:
            raise RowRefused(f"there is no row {before.trans_id} of agent {before.agent_id}")
        present = rows.transaction(found[0])
        if (present.state, present.epoch) != (before.state, before.epoch):
            return StateMoved(row=present)
    for step in change.rounds:
        standing = await session.rows("read_round", *key_values(step.key))
        seq, closed = standing[0] if standing else (0, 0)
        if refusal := round_refusal(step, seq, closed=bool(closed)):
            return refusal
    await _require_fresh(session, change)
    return None


async def take(session: Session, claims: Sequence[Change], leases: Leases) -> None:
    """Write the claims of rows that this transaction holds: their moves and events."""
    await _move(session, claims, leases)
    await _write_the_rest(session, claims, [[]] * len(claims))


def key_values(key: RoundKey) -> tuple[Any, ...]:
    """Give the columns of a round's key."""
    return (key.agent_id, key.provider_id, key.user_code, key.round_id)


# --- guards and writes ----------------------------------------------------------------------------


async def _step_rounds(session: Session, changes: Sequence[Change]) -> dict[tuple[Any, ...], int]:
    """Step the rounds; give each one's new seq."""
    steps = [
        (key_values(step.key), index, step)
        for index, change in enumerate(changes)
        for step in change.rounds
    ]
    if not steps:
        return {}
    steps.sort(key=_KEY)
    values = [(*key, each.wins, int(each.close), each.must_be_open) for key, _, each in steps]
    found = await session.rows("step_rounds", *zip(*values, strict=True))
    seqs = {tuple(row[:4]): row[4] for row in found}
    refused = [
        index
        for key, index, step in steps
        if key not in seqs or (step.expected_seq is not None and seqs[key] != step.expected_seq + 1)
    ]
    if refused:
        raise GuardFailed(refused)
    return seqs


async def _insert(
    session: Session,
    changes: Sequence[Change],
    seqs: dict[tuple[Any, ...], int],
    leases: Leases,
) -> list[list[Transaction]]:
    """Insert the new rows; give those of each change with their numbers in their rounds."""
    inserted: list[list[Transaction]] = []
    values: list[tuple[Any, ...]] = []
    places: dict[tuple[int, int], int] = {}
    for index, change in enumerate(changes):
        numbered = []
        for insert in change.inserts:
            row = _numbered(insert.row, change, seqs)
            numbered.append(row)
            values.append((*rows.all_values(row), insert.lease_ms))
            places[row.agent_id, row.trans_id] = index
        inserted.append(numbered)
    if values:
        values.sort(key=_PLACE_OF_KEY)
        columns = zip(*values, strict=True)
        found = await session.rows("insert_transactions", *columns, leases.owner, leases.now_ms())
        _require_all(places, found)
    return inserted


async def _move(session: Session, changes: Sequence[Change], leases: Leases) -> None:
    values: list[tuple[Any, ...]] = []
    places: dict[tuple[int, int], int] = {}
    for index, change in enumerate(changes):
        for move in change.moves:
            before = move.before
            guard = (before.agent_id, before.trans_id, before.state._value_, before.epoch)
            moved = rows.moving_values(move.after)
            values.append((*guard, *moved, move.lease_ms, move.keep_lease))
            places[before.agent_id, before.trans_id] = index
    if values:
        values.sort(key=_PLACE)
        columns = zip(*values, strict=True)
        found = await session.rows("move_transactions", *columns, leases.owner, leases.now_ms())
        _require_all(places, found)


def _require_all(places: dict[tuple[int, int], int], found: Sequence[rows.Row]) -> None:
    """Raise GuardFailed for the changes whose rows are not among those that were written."""
    if len(found) == len(places):
        return
    written = {(row[0], row[1]) for row in found}
    raise GuardFailed(index for place, index in places.items() if place not in written)


async def _write_the_rest(
    session: Session, changes: Sequence[Change], inserted: Sequence[Sequence[Transaction]]
) -> None:
    events: list[tuple[Any, ...]] = []
    attempts: list[tuple[Any, ...]] = []
    listings: list[tuple[Any, ...]] = []
    for change, new in zip(changes, inserted, strict=True):
        at_ms = change.at_ms
        for row, insert in zip(new, change.inserts, strict=False):
            events.append(_event(row, at_ms, None, insert.cause))
        for move in change.moves:
            events.append(_event(move.after, at_ms, move.before.state._value_, move.cause))
            listings.extend(_listings(move))
        attempts.extend(
            (
                *rows.attempt_values(each),
                rows.sentences_text(each.notes),
                rows.sentences_text(each.faults),
                each.peer_address,
                each.request,
                each.reply,
            )
            for each in change.attempts
        )
    if events or attempts:
        await session.rows(
            "insert_the_rest",
            *_columns(events, _EVENT_WIDTH),
            *_columns(attempts, _ATTEMPT_WIDTH),
            *_columns(listings, _LISTING_WIDTH),
        )


def _numbered(row: Transaction, change: Change, seqs: dict[tuple[Any, ...], int]) -> Transaction:
    for step in change.rounds:
        if rows.belongs(row, step.key):
            seq = seqs[key_values(step.key)]
            if row.round_seq != seq:
                row = rows.numbered(row, seq)
    return row


def _event(row: Transaction, at_ms: int, left: str | None, cause: str) -> tuple[Any, ...]:
    return (row.agent_id, row.trans_id, row.epoch, at_ms, left, row.state._value_, cause)


def _listings(move: Move) -> Iterable[tuple[Any, ...]]:
    after = move.after
    for each in move.lists:
        is_open = int(each.balance_minor is None)
        yield (after.agent_id, after.trans_id, int(each.trans_type), each.balance_minor, is_open)


def _columns(values: list[tuple[Any, ...]], width: int) -> Iterable[tuple[Any, ...]]:
    return zip(*values, strict=True) if values else ((),) * width


async def _require_fresh(session: Session, change: Change) -> None:
    """Refuse what no guard speaks of and no table takes: a number or a row that comes twice."""
    if touched(change) is None:
        raise RowRefused("a change holds the same key or the same row twice")
    for insert in change.inserts:
        if await session.rows("fetch", insert.row.agent_id, insert.row.trans_id):
            raise RowRefused("a number is given out twice")
