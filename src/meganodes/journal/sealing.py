"""Making seals of what the journal holds, and checking what it holds against its seals.

Reads only: who writes adds the seals of a step in one transaction, guarded by how far all chains
have come, so that of several nodes one is the first. What is committed later than it should be is
sealed by a later link of the chain, over the same minute.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from meganodes.journal.reader import Reader
from meganodes.journal.rows import ATTEMPT_COLUMNS
from meganodes.journal.seals import (
    FIRST,
    MINUTE_MS,
    Block,
    Seal,
    history_fault,
    is_late,
    packed,
    seal_digest,
    unpacked,
)
from meganodes.kit.identity import first_trans_id, time_of

GRACE_MS: Final = 120_000
"""So long after its end a minute is closed: events come up to a minute after a number, and a commit
half a minute after its event."""

LOOKED_AT_AGAIN_MS: Final = (5 * MINUTE_MS, 60 * MINUTE_MS, 24 * 60 * MINUTE_MS)
"""At these ages a minute is looked at once more, for what a node that stood still brought late."""

_SEALS_AT_ONCE: Final = 100
_AGENT_OF_ATTEMPT: Final = ATTEMPT_COLUMNS.index("agent_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class SealStep:
    """What one step adds: the seals, and how far all chains have come before and afterwards."""

    before_ms: int
    to_ms: int
    seals: tuple[Seal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Broken:
    """Where the journal and its seals disagree; ``minute_ms`` is None for a fault of the chain."""

    agent_id: int
    minute_ms: int | None
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """One minute that was looked at: how many rows it has, and what is wrong with them."""

    minute_ms: int
    rows: int
    broken: tuple[Broken, ...]


def next_step(reader: Reader, now_ms: int) -> SealStep | None:
    """Make the seals of the next minute that is surely closed; None while there is none."""
    with reader.one_state():
        before_ms = sealed_to(reader)
        target_ms = (now_ms - GRACE_MS) // MINUTE_MS * MINUTE_MS
        if before_ms >= target_ms:
            return None
        minute_ms = _next_minute(reader, before_ms)
        if minute_ms is None or minute_ms >= target_ms:
            return SealStep(before_ms=before_ms, to_ms=target_ms, seals=())
        seals = _Links(reader)
        if now_ms - minute_ms < 2 * LOOKED_AT_AGAIN_MS[-1]:
            for age_ms in LOOKED_AT_AGAIN_MS:
                _seal_what_is_new(reader, minute_ms - age_ms, seals)
        _seal_what_is_new(reader, minute_ms, seals)
    return SealStep(before_ms=before_ms, to_ms=minute_ms + MINUTE_MS, seals=tuple(seals.made))


def sealed_to(reader: Reader) -> int:
    """Give the moment before which all minutes are sealed, 0 at the beginning."""
    found = reader.all("sealed_to")
    return int(found[0][0]) if found else 0


def chain(reader: Reader, agent_id: int) -> Iterator[tuple[Seal, Broken | None]]:
    """Follow an agent's chain from its first link to its last, each with what is wrong with it."""
    number, digest = 0, FIRST
    while links := reader.all("seals_after", (agent_id, number, _SEALS_AT_ONCE)):
        for link in links:
            seal = Seal(agent_id, *link)
            fault = None
            if seal.number != number + 1 or seal.previous != digest:
                fault = _broken_link(seal, "does not follow the one before it: a seal is missing")
            elif seal.digest != seal_digest(seal):
                fault = _broken_link(seal, "was changed")
            number, digest = seal.number, seal.digest
            yield seal, fault


def sealed_agents(reader: Reader) -> Iterator[int]:
    """Name the agents that have a chain."""
    agent_id = 0
    while (found := reader.all("next_sealed_agent", (agent_id,))[0][0]) is not None:
        agent_id = int(found)
        yield agent_id


def check_minutes(
    reader: Reader, start_ms: int, end_ms: int, agent_id: int | None = None
) -> Iterator[Checked]:
    """Compare minutes with their seals, as far as everything is sealed."""
    minute_ms = start_ms // MINUTE_MS * MINUTE_MS
    while True:
        with reader.one_state():
            end = min(end_ms, sealed_to(reader))
            here = _next_minute(reader, minute_ms)
            sealed = reader.all("next_sealed_minute", (minute_ms,))[0][0]
            following = [int(each) for each in (here, sealed) if each is not None]
            if not following or min(following) >= end:
                return
            minute_ms = min(following)
            checked = _check(reader, minute_ms, agent_id)
        yield checked
        minute_ms += MINUTE_MS


def blocks_of(reader: Reader, minute_ms: int) -> dict[int, Block]:
    """Read what belongs to a minute, by agent."""
    blocks: defaultdict[int, Block] = defaultdict(Block)
    numbers = (first_trans_id(minute_ms), first_trans_id(minute_ms + MINUTE_MS))
    if numbers[0] < numbers[1]:
        _add_transactions(reader, numbers, blocks)
        for attempt in reader.all("attempts_to_seal", numbers * 2):
            blocks[attempt[_AGENT_OF_ATTEMPT]].add_attempt(attempt)
    late = reader.all("late_events_to_seal", (minute_ms, minute_ms + MINUTE_MS))
    for found in late:
        row = found[7:] if found[7] is not None else None
        blocks[found[0]].add_event(found[:7], row)
    return blocks


def _add_transactions(
    reader: Reader, numbers: tuple[int, int], blocks: defaultdict[int, Block]
) -> None:
    histories: defaultdict[tuple[int, int], list[Sequence[Any]]] = defaultdict(list)
    for event in reader.all("events_to_seal", numbers):
        histories[event[0], event[1]].append(event)
    for row in reader.all("transactions_to_seal", numbers):
        block = blocks[row[0]]
        block.add_transaction(row)
        events = histories.pop((row[0], row[1]), [])
        if fault := history_fault(row, events):
            block.faults.append(fault)
        for event in events:
            if not is_late(event[1], event[3]):
                block.add_event(event, row)
    for events in histories.values():  # their transactions are gone
        for event in events:
            blocks[event[0]].add_event(event, None)


# --- seals ----------------------------------------------------------------------------------------


class _Links:
    """The links that a step adds to the ends of the chains."""

    def __init__(self, reader: Reader) -> None:
        self.made: list[Seal] = []
        self._reader = reader
        self._ends: dict[int, tuple[int, bytes]] = {}

    def add(self, agent_id: int, minute_ms: int, leaves: bytes, rests: bytes) -> None:
        """Add one at the end of an agent's chain."""
        number, previous = self._ends.get(agent_id) or self._end(agent_id)
        link = Seal(agent_id, number + 1, minute_ms, previous, b"", leaves, rests)
        digest = seal_digest(link)
        self.made.append(link._replace(digest=digest))
        self._ends[agent_id] = (number + 1, digest)

    def _end(self, agent_id: int) -> tuple[int, bytes]:
        found = self._reader.all("last_seal", (agent_id,))
        return (int(found[0][0]), bytes(found[0][1])) if found else (0, FIRST)


def _seal_what_is_new(reader: Reader, minute_ms: int, links: _Links) -> None:
    """Seal the rows of a minute that no seal covers, unless rows that one covers are not there.

    Then somebody has been at the journal, and nothing new may be vouched for.
    """
    sealed = _sealed(reader, minute_ms)
    for agent_id, block in sorted(blocks_of(reader, minute_ms).items()):
        leaves, _ = sealed.get(agent_id, _NOTHING)
        new = block.leaves.keys() - leaves.keys()
        if new and not leaves.keys() - block.leaves.keys():
            rests = (block.rests[leaf].digest for leaf in new if leaf in block.rests)
            links.add(agent_id, minute_ms, packed(new), packed(rests))


_NOTHING: Final[tuple[Counter[bytes], set[bytes]]] = (Counter(), set())


def _sealed(reader: Reader, minute_ms: int) -> dict[int, tuple[Counter[bytes], set[bytes]]]:
    """Read what the seals say of a minute, by agent: leaves and rests."""
    found: dict[int, tuple[Counter[bytes], set[bytes]]] = {}
    for agent_id, leaves, rests in reader.all("seals_of_minute", (minute_ms,)):
        before = found.setdefault(agent_id, (Counter(), set()))
        before[0].update(unpacked(leaves))
        before[1].update(unpacked(rests))
    return found


def _check(reader: Reader, minute_ms: int, agent_id: int | None) -> Checked:
    blocks, sealed = blocks_of(reader, minute_ms), _sealed(reader, minute_ms)
    agents = sorted(blocks.keys() | sealed.keys()) if agent_id is None else [agent_id]
    broken: list[Broken] = []
    for each in agents:
        block = blocks.get(each, Block())
        leaves, rests = sealed.get(each, _NOTHING)
        sentences = _sentences(block, leaves, rests)
        broken += [Broken(agent_id=each, minute_ms=minute_ms, sentence=one) for one in sentences]
    rows = sum(len(blocks[each].leaves) for each in agents if each in blocks)
    return Checked(minute_ms=minute_ms, rows=rows, broken=tuple(broken))


def _sentences(block: Block, leaves: Counter[bytes], rests: set[bytes]) -> Iterator[str]:
    new = block.leaves.keys() - leaves.keys()
    lost = len(leaves.keys() - block.leaves.keys())
    changed = min(len(new), lost)
    what = "was changed after it was sealed" if changed else "was added after it was sealed"
    yield from sorted(f"{block.leaves[leaf]} {what}" for leaf in new)
    if lost > changed:
        yield f"{lost - changed} rows are missing that were sealed"
    for leaf, rest in block.rests.items():
        if leaf in leaves and rest.digest not in rests:
            yield f"{rest.name} was changed without a move"
    yield from block.faults


def _next_minute(reader: Reader, minute_ms: int) -> int | None:
    """Find the first minute from one on to which a row belongs."""
    number = first_trans_id(minute_ms)
    first, attempt, late_ms = reader.all("next_to_seal", (number, number, minute_ms))[0]
    moments = [time_of(each) for each in (first, attempt) if each is not None]
    if late_ms is not None:
        moments.append(late_ms)
    return min(moments) // MINUTE_MS * MINUTE_MS if moments else None


def _broken_link(seal: Seal, sentence: str) -> Broken:
    return Broken(agent_id=seal.agent_id, minute_ms=None, sentence=f"seal {seal.number} {sentence}")
