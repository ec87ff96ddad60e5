"""What a seal is: digests of rows, and a chain of them for each agent (docs/adr/0017).

Pure. A row's digest (its leaf) is made of its values as JSON, the same on every database and with
every version of Python. What a move may change has a digest of its own (its rest), which counts as
long as the row stands at the same epoch.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from operator import itemgetter
from typing import Any, Final, NamedTuple

import msgspec

from meganodes.journal.packing import PLAIN, unpack
from meganodes.journal.rows import ATTEMPT_COLUMNS, COLUMNS, KEPT_COLUMNS, MOVING
from meganodes.kit.identity import time_of

MINUTE_MS: Final = 60_000
LATE_MS: Final = 60_000
"""An event that comes so long after its transaction's number is found by its own time."""

LEAF_BYTES: Final = 16
FIRST: Final = bytes(32)
"""What the first seal of a chain has before it."""

FIXED: Final = tuple(name for name in COLUMNS if name not in MOVING)
"""The columns of a transaction that say what was asked."""

_fixed = itemgetter(*(COLUMNS.index(name) for name in FIXED if name != "data"))
_moving = itemgetter(*(COLUMNS.index(name) for name in MOVING))
_told = itemgetter(
    *(at for at, name in enumerate(ATTEMPT_COLUMNS) if name not in {"request", "reply"})
)
_DATA: Final = COLUMNS.index("data")
_STATE: Final = COLUMNS.index("state")
_EPOCH: Final = COLUMNS.index("epoch")
_REQUEST: Final = ATTEMPT_COLUMNS.index("request")
_REPLY: Final = ATTEMPT_COLUMNS.index("reply")
_PACKING: Final = len(ATTEMPT_COLUMNS) + KEPT_COLUMNS.index("packing")
_DIGEST: Final = len(ATTEMPT_COLUMNS) + KEPT_COLUMNS.index("digest")

_text = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode


class Rest(NamedTuple):
    """The digest of what a move may change, of the row that an event left."""

    digest: bytes
    name: str


@dataclass(slots=True)
class Block:
    """What one agent has in one minute: rows by their leaves, and rests by their events' leaves.

    ``faults`` are rows whose history does not lead to where they stand.
    """

    leaves: dict[bytes, str] = field(default_factory=dict)
    rests: dict[bytes, Rest] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)

    def add_transaction(self, row: Sequence[Any]) -> None:
        """Take what was asked of a transaction."""
        self.leaves[_transaction_leaf(row)] = f"transaction {row[1]}"

    def add_event(self, event: Sequence[Any], row: Sequence[Any] | None) -> None:
        """Take an event, and with the last of a row what it left there."""
        leaf = _leaf(("e", *event))
        self.leaves[leaf] = f"event {event[2]} of transaction {event[1]}"
        if row is not None and row[_EPOCH] == event[2]:
            moving = _leaf(("r", *event[:3], *_moving(row)))
            self.rests[leaf] = Rest(moving, f"transaction {event[1]}")

    def add_attempt(self, row: Sequence[Any]) -> None:
        """Take an attempt; its bytes stand there as their digest, which is left when they go."""
        packing, kept = row[_PACKING], row[_DIGEST]
        if packing is None and kept is not None:
            body = bytes(kept)
        else:
            request, reply = (
                unpack(bytes(row[at] or b""), packing or PLAIN) for at in (_REQUEST, _REPLY)
            )
            body = body_digest(request, reply)
            if kept is not None and bytes(kept) != body:
                self.faults.append(f"attempt {row[0]} has other bytes than its digest says")
        self.leaves[_leaf(("a", *_told(row), body.hex()))] = f"attempt {row[0]}"


class Seal(NamedTuple):
    """One link of an agent's chain over rows of one minute."""

    agent_id: int
    number: int
    minute_ms: int
    previous: bytes
    digest: bytes
    leaves: bytes
    rests: bytes


def seal_digest(seal: Seal) -> bytes:
    """Bind a seal's content to its place in the chain."""
    digest = sha256(seal.previous)
    digest.update(_text([seal.agent_id, seal.number, seal.minute_ms]).encode())
    digest.update(sha256(seal.leaves).digest())
    digest.update(sha256(seal.rests).digest())
    return digest.digest()


def body_digest(request: bytes | None, reply: bytes | None) -> bytes:
    """Give the digest of an attempt's bytes."""
    sent, came = bytes(request or b""), bytes(reply or b"")
    return sha256(b"%d:%b%b" % (len(sent), sent, came)).digest()


def packed(digests: Iterable[bytes]) -> bytes:
    """Put digests together in their own order, so that the same rows give the same bytes."""
    return b"".join(sorted(digests))


def unpacked(digests: bytes) -> list[bytes]:
    """Take them apart again."""
    return [bytes(digests[at : at + LEAF_BYTES]) for at in range(0, len(digests), LEAF_BYTES)]


def is_late(trans_id: int, at_ms: int) -> bool:
    """Say whether an event is found by its own time and not by its transaction's number."""
    return at_ms - time_of(trans_id) > LATE_MS


def history_fault(row: Sequence[Any], events: Sequence[Sequence[Any]]) -> str | None:
    """Say why the events of a transaction do not lead to where its row stands, None when they do.

    An event is agent, number, epoch, moment, from, to, cause.
    """
    if not events:
        return f"transaction {row[1]} has no history"
    epoch, state = events[0][2], None
    is_straight = True
    for event in events:
        if event[2] != epoch:
            break
        is_straight = is_straight and event[4] == state
        epoch, state = epoch + 1, event[5]
    if epoch != row[_EPOCH] + 1 or events[-1][2] != row[_EPOCH]:
        return f"the history of transaction {row[1]} has a hole, or another end than its row"
    if not is_straight or state != row[_STATE]:
        return f"the history of transaction {row[1]} does not lead to its state"
    return None


def _transaction_leaf(row: Sequence[Any]) -> bytes:
    return _leaf(("t", *_fixed(row), bytes(row[_DATA]).hex()))


def _leaf(values: Sequence[Any]) -> bytes:
    return sha256(as_json(values)).digest()[:LEAF_BYTES]


def as_json(values: Sequence[str | int | None]) -> bytes:
    """Write values in the one way that seals are made of: no blanks, and ASCII only.

    The quick encoder writes the same bytes as long as nothing needs an escape.
    """
    text = msgspec.json.encode(values)
    if text.isascii() and b"\\" not in text and b"\x7f" not in text:
        return text
    return _text(values).encode()
