"""The memory store's tables, and what changes do to them: the model for the databases' tests."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from meganodes.domain.round import RoundView
from meganodes.domain.transaction import Kind, Move, RoundKey, State, Step, Transaction
from meganodes.journal.claims import claim_move
from meganodes.journal.guards import OWED, RowRefused, require_sound, round_refusal
from meganodes.journal.rows import MOVING
from meganodes.journal.store import (
    LEASE_MS_MAX,
    AttemptRecord,
    Change,
    CommitResult,
    Committed,
    Event,
    Insert,
    KeyTaken,
    RoundStep,
    StateMoved,
)
from meganodes.protocol.commands import TransType

Place = tuple[int, int]
"""Where a row is: agent_id and trans_id."""

_REPLY_BYTES_MAX = 65_536


@dataclass(slots=True, kw_only=True)
class Held:
    """A row with its lease."""

    row: Transaction
    lease_until_ms: int | None


@dataclass(slots=True, kw_only=True)
class Entry:
    """An entry of an agent's list, waiting for its position or placed."""

    listing_id: int
    place: Place
    trans_type: TransType
    balance_minor: int | None
    balance_open: bool
    position: int | None = None
    listed_at_ms: int = 0


class Tables:
    """Everything the memory store holds. ``lease_now_ms`` is the time leases are compared with."""

    def __init__(self) -> None:
        self.held: dict[Place, Held] = {}
        self.places: dict[tuple[int, int, str], Place] = {}
        self.rounds: dict[RoundKey, RoundView] = {}
        self.in_round: defaultdict[RoundKey, list[Place]] = defaultdict(list)
        self.events: defaultdict[Place, list[Event]] = defaultdict(list)
        self.attempts: dict[tuple[int, int], AttemptRecord] = {}
        self.attempts_of: defaultdict[Place, list[AttemptRecord]] = defaultdict(list)
        self.entries: dict[tuple[Place, TransType], Entry] = {}
        self.waiting: dict[int, Entry] = {}
        self.placed: defaultdict[int, list[Entry]] = defaultdict(list)
        self.last_listed_at_ms: dict[int, int] = {}
        # Places of rows with something due and of undecided bets, in no order.
        self.due: set[Place] = set()
        self.pending: set[Place] = set()

    # --- changes ----------------------------------------------------------------------------------

    def apply(self, change: Change, lease_now_ms: int) -> CommitResult:
        """Write all of a change, or nothing and say which guard refused."""
        require_sound(change)
        if refusal := self._refusal(change):
            return refusal
        seqs = {step.key: self.round(step.key).seq + 1 for step in change.rounds}
        inserts = [_numbered(insert, seqs) for insert in change.inserts]
        self._require_fresh(replace(change, inserts=tuple(inserts)))
        for insert in inserts:
            self._insert(insert, change.at_ms, lease_now_ms)
        for move in change.moves:
            self._move(move, change.at_ms, lease_now_ms)
        for step in change.rounds:
            self._step(step)
        for attempt in change.attempts:
            self.log(attempt)
        inserted = (insert.row for insert in inserts)
        return Committed(rows=(*inserted, *(move.after for move in change.moves)))

    def claim(
        self, agent_id: int, now_ms: int, limit: int, lease_ms: int, lease_now_ms: int
    ) -> tuple[Transaction, ...]:
        """Take due rows of an agent (see the port)."""
        free = [
            self.held[place]
            for place in self.due
            if place[0] == agent_id and self._is_claimable(self.held[place], now_ms, lease_now_ms)
        ]
        free.sort(key=lambda held: (held.row.due_at_ms, held.row.trans_id))
        claims = [
            claim_move(held.row, lease_lost=held.lease_until_ms is not None, lease_ms=lease_ms)
            for held in free[:limit]
        ]
        for claim in claims:
            self._move(claim, now_ms, lease_now_ms)
        return tuple(claim.after for claim in claims)

    def log(self, attempt: AttemptRecord) -> None:
        """Keep an attempt."""
        self._require_fresh(Change(at_ms=0, attempts=(attempt,)))
        self.attempts[attempt.agent_id, attempt.attempt_id] = attempt
        if attempt.trans_id is not None:
            self.attempts_of[attempt.agent_id, attempt.trans_id].append(attempt)

    def sequence(self, now_ms: int, limit: int) -> int:
        """Give positions to waiting entries, the oldest first."""
        ready = [entry for entry in self.waiting.values() if not entry.balance_open][:limit]
        for entry in ready:
            agent_id = entry.place[0]
            before = self.placed[agent_id]
            entry.position = len(before) + 1
            self.close_times(agent_id, now_ms)
            entry.listed_at_ms = self.last_listed_at_ms[agent_id]
            before.append(entry)
            del self.waiting[entry.listing_id]
        return len(ready)

    def close_times(self, agent_id: int, before_ms: int) -> None:
        """Let nothing of an agent's be listed before this any more."""
        last_ms = self.last_listed_at_ms.get(agent_id, before_ms)
        self.last_listed_at_ms[agent_id] = max(last_ms, before_ms)

    def settle_balance(self, listing_id: int, agent_id: int, balance_minor: int | None) -> None:
        """Note what the balance callback brought; only the first answer counts."""
        entry = self.waiting.get(listing_id)
        if entry is not None and entry.place[0] == agent_id and entry.balance_open:
            entry.balance_minor = balance_minor
            entry.balance_open = False

    # --- reads ------------------------------------------------------------------------------------

    def round(self, key: RoundKey) -> RoundView:
        """Give a round without its bets."""
        return self.rounds.get(key, RoundView(key=key))

    def rows_of_round(self, key: RoundKey, kinds: Iterable[Kind]) -> tuple[Transaction, ...]:
        """Give the rows of these kinds, oldest first."""
        rows = (self.held[place].row for place in self.in_round.get(key, ()))
        wanted = (row for row in rows if row.kind in kinds)
        return tuple(sorted(wanted, key=lambda row: (row.round_seq, row.trans_id)))

    def due_rows(self, now_ms: int) -> Iterator[Transaction]:
        """Give the rows that are due, leased or not."""
        for place in self.due:
            row = self.held[place].row
            assert row.due_at_ms is not None
            if row.due_at_ms <= now_ms:
                yield row

    def expired_pending(self, lease_now_ms: int) -> list[Transaction]:
        """Give undecided bets that nobody owns, the longest ended lease first."""
        expired = [
            held for place in self.pending if not _is_leased(held := self.held[place], lease_now_ms)
        ]
        expired.sort(
            key=lambda held: (held.lease_until_ms or 0, held.row.trans_id, held.row.agent_id)
        )
        return [held.row for held in expired]

    def overdue(self, owed_before_ms: int, lease_now_ms: int) -> list[Transaction]:
        """Give what is owed for too long and has nobody at work on it, the oldest first."""
        late = [
            (row.owed_since_ms, row.trans_id, row.agent_id, row)
            for place in self.due
            if (row := self.held[place].row).state in OWED
            and row.owed_since_ms is not None
            and row.owed_since_ms < owed_before_ms
            and not _is_leased(self.held[place], lease_now_ms)
        ]
        return [row for *_, row in sorted(late, key=lambda each: each[:3])]

    def parked_of(self, agent_id: int, after: int) -> tuple[Transaction, ...]:
        """Give what of an agent's waits for a person, by number."""
        rows = (held.row for place, held in self.held.items() if place[0] == agent_id)
        found = [row for row in rows if row.state is State.PARKED and row.trans_id > after]
        return tuple(sorted(found, key=lambda row: row.trans_id))

    def owed_of(self, agent_id: int, after: tuple[int, int]) -> tuple[Transaction, ...]:
        """Give what an agent's backend is still to be told, what is due next first."""
        found = [
            ((row.due_at_ms or 0, row.trans_id), row)
            for place in self.due
            if place[0] == agent_id and (row := self.held[place].row).step is not Step.PROBE
        ]
        return tuple(row for key, row in sorted(found, key=lambda each: each[0]) if key > after)

    # --- what they share --------------------------------------------------------------------------

    def _refusal(self, change: Change) -> CommitResult | None:
        for insert in change.inserts:
            place = self.places.get(_key(insert.row))
            if place is not None:
                return KeyTaken(row=self.held[place].row)
        for move in change.moves:
            held = self.held.get((move.before.agent_id, move.before.trans_id))
            if held is None:
                raise RowRefused(f"there is no row {move.before.trans_id}")
            if (held.row.state, held.row.epoch) != (move.before.state, move.before.epoch):
                return StateMoved(row=held.row)
        for step in change.rounds:
            view = self.round(step.key)
            if refusal := round_refusal(step, view.seq, closed=view.closed):
                return refusal
        return None

    def _require_fresh(self, change: Change) -> None:
        """Refuse what the tables of a database refuse by their keys."""
        rows = [insert.row for insert in change.inserts]
        moved = [(move.before.agent_id, move.before.trans_id) for move in change.moves]
        numbers = [(row.agent_id, row.trans_id) for row in rows]
        logged = [(each.agent_id, each.attempt_id) for each in change.attempts]
        for twice in (moved, numbers, [_key(row) for row in rows], logged):
            if len(set(twice)) != len(twice):
                raise RowRefused("a change holds the same key or the same row twice")
        if self.held.keys() & numbers or self.attempts.keys() & logged:
            raise RowRefused("a number is given out twice")
        if any(len(attempt.reply) > _REPLY_BYTES_MAX for attempt in change.attempts):
            raise RowRefused("of a reply the first 64 KiB are kept")

    def _insert(self, insert: Insert, at_ms: int, lease_now_ms: int) -> None:
        row = insert.row
        place = (row.agent_id, row.trans_id)
        self.places[_key(row)] = place
        self.in_round[row.round_key].append(place)
        self._put(place, row, _lease_end(insert.lease_ms, lease_now_ms))
        self._note(row, at_ms, None, insert.cause)

    def _move(self, move: Move, at_ms: int, lease_now_ms: int) -> None:
        after = move.after
        place = (after.agent_id, after.trans_id)
        held = self.held[place]
        # What was asked stays, whatever the mover's copy says of it.
        row = replace(held.row, **{name: getattr(after, name) for name in MOVING})
        lease = held.lease_until_ms if move.keep_lease else _lease_end(move.lease_ms, lease_now_ms)
        self._note(row, at_ms, held.row.state, move.cause)
        self._put(place, row, lease)
        for listing in move.lists:
            if (place, listing.trans_type) not in self.entries:
                entry = Entry(
                    listing_id=len(self.entries) + 1,
                    place=place,
                    trans_type=listing.trans_type,
                    balance_minor=listing.balance_minor,
                    balance_open=listing.balance_minor is None,
                )
                self.entries[place, listing.trans_type] = self.waiting[entry.listing_id] = entry

    def _put(self, place: Place, row: Transaction, lease_until_ms: int | None) -> None:
        self.held[place] = Held(row=row, lease_until_ms=lease_until_ms)
        for places, belongs in (
            (self.due, row.step is not Step.NONE),
            (self.pending, row.state is State.PENDING),
        ):
            (places.add if belongs else places.discard)(place)

    def _note(self, row: Transaction, at_ms: int, left: State | None, cause: str) -> None:
        self.events[row.agent_id, row.trans_id].append(
            Event(
                epoch=row.epoch,
                at_ms=at_ms,
                from_state=None if left is None else left.value,
                to_state=row.state.value,
                cause=cause,
            )
        )

    def _step(self, step: RoundStep) -> None:
        view = self.round(step.key)
        self.rounds[step.key] = replace(
            view, seq=view.seq + 1, wins=view.wins + step.wins, closed=view.closed or step.close
        )

    def _is_claimable(self, held: Held, now_ms: int, lease_now_ms: int) -> bool:
        row = held.row
        assert row.due_at_ms is not None
        if row.due_at_ms > now_ms or _is_leased(held, lease_now_ms):
            return False
        return row.kind is not Kind.WIN or not any(
            bet.state is State.PENDING and bet.round_seq < row.round_seq
            for bet in self.rows_of_round(row.round_key, {Kind.BET})
        )


def _key(row: Transaction) -> tuple[int, int, str]:
    return (row.agent_id, row.provider_id, row.transaction_id)


def _numbered(insert: Insert, seqs: dict[RoundKey, int]) -> Insert:
    seq = seqs.get(insert.row.round_key)
    return insert if seq is None else replace(insert, row=replace(insert.row, round_seq=seq))


def _lease_end(lease_ms: int | None, lease_now_ms: int) -> int | None:
    return None if lease_ms is None else lease_now_ms + lease_ms


def _is_leased(held: Held, lease_now_ms: int) -> bool:
    """A lease that lasts longer than any may was given before the clock was set back."""
    return held.lease_until_ms is not None and (
        0 < held.lease_until_ms - lease_now_ms <= LEASE_MS_MAX
    )
