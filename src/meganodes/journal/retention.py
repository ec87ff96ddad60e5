"""Where bytes of attempts are packed and retired: the port, and what both databases share.

Each step is one short transaction of its own that can be repeated: a run that is killed anywhere
loses nothing, and the next one goes on where it stood. What goes has its digest kept before.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from meganodes.journal.packing import PLAIN, pack, unpack
from meganodes.journal.seals import body_digest


@dataclass(slots=True)
class Tally:
    """Of how many attempts, how many bytes were stored before and are stored afterwards."""

    rows: int = 0
    bytes_before: int = 0
    bytes_after: int = 0

    def add(self, other: Tally) -> None:
        """Take another one's in."""
        self.rows += other.rows
        self.bytes_before += other.bytes_before
        self.bytes_after += other.bytes_after


@dataclass(frozen=True, slots=True)
class Step:
    """What one step did, by agent; nothing at all when it did what has no rows.

    ``kept_back`` bytes stay because another digest than theirs is on record: somebody was there.
    """

    by_agent: dict[int, Tally] = field(default_factory=dict)
    kept_back: int = 0


class Shelf(Protocol):
    """The bytes of attempts on one database, opened by one run; used by one thread at a time.

    Raises StoreUnavailable.
    """

    def close(self) -> None:
        """Hang up."""

    def is_alone(self) -> bool:
        """Say whether this run may work: one at a time does."""

    def prepare(self, now_ms: int) -> None:
        """Make room ahead of time, where bytes lie in parts."""

    def planned(self, *, packed_below: int, retired_below: int) -> tuple[dict[int, Tally], ...]:
        """Say what is to be packed and what is to be retired, by agent; changes nothing."""

    def retire(self, below: int, limit: int) -> Step | None:
        """Retire up to ``limit`` attempts with numbers below one; None when nothing is left."""

    def pack(self, below: int, limit: int) -> Step | None:
        """Pack up to ``limit`` attempts with numbers below one; None when nothing is left."""

    def oldest(self) -> int | None:
        """Give the lowest number of an attempt whose bytes are kept."""


@dataclass(frozen=True, slots=True)
class Body:
    """The bytes of an attempt as they stand in the table."""

    attempt_id: int
    agent_id: int
    request: bytes
    reply: bytes
    packing: int

    @classmethod
    def of(cls, row: Sequence[Any]) -> Body:
        """Take a row of the table."""
        attempt_id, agent_id, request, reply, packing = row
        return cls(attempt_id, agent_id, bytes(request), bytes(reply), packing)

    @property
    def key(self) -> tuple[int, int]:
        """The key of the table."""
        return self.attempt_id, self.agent_id

    @property
    def size(self) -> int:
        """How many bytes are stored."""
        return len(self.request) + len(self.reply)

    def packed(self) -> Body:
        """Pack them, unless they are."""
        if self.packing != PLAIN:
            return self
        request, reply, packing = pack(self.request, self.reply)
        return Body(self.attempt_id, self.agent_id, request, reply, packing)

    def digested(self) -> tuple[int, int, bytes, int, int]:
        """Give the row that stays: key, digest, and how many bytes were sent and came."""
        request, reply = unpack(self.request, self.packing), unpack(self.reply, self.packing)
        return *self.key, body_digest(request, reply), len(request), len(reply)


def tallied(bodies: Iterable[Body], after: Iterable[Body] | None = None) -> dict[int, Tally]:
    """Add up bodies by agent; ``after`` are the same ones as they are stored now, None: gone."""
    found: dict[int, Tally] = {}
    for body in bodies:
        found.setdefault(body.agent_id, Tally()).add(Tally(1, body.size, 0))
    for body in after or ():
        found[body.agent_id].bytes_after += body.size
    return found
