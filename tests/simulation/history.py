"""Everything that was observed from outside the hub, in order, with virtual time: the evidence.

Nothing of a hub's own memory is in it. Who observes something appends a record at the moment it
happens; the order of the records is the order of events. The digest tells two runs apart.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TypeVar


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A provider put a request on the line to the hub; ``call`` numbers the calls of a run.

    ``node`` None: any node. ``fields`` are the members of the body besides the session, which is
    given by its number ``gplay_id``.
    """

    at: float
    call: int
    node: int | None
    provider_id: int
    agent_id: int
    gplay_id: int
    command: str
    fields: tuple[tuple[str, object], ...]

    def field(self, name: str) -> object:
        """Give a member of the body, None where it is missing."""
        return dict(self.fields).get(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came back to a provider: HTTP status and body, both None where nothing did."""

    at: float
    call: int
    status: int | None
    body: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Journaled:
    """An insert or a move became durable in the journal, whatever its writer was told.

    ``from_state`` None marks the insert. ``attempts`` are those claimed so far, this claim
    included; ``step`` is what is due.
    """

    at: float
    node: int | None
    agent_id: int
    trans_id: int
    guid: str
    kind: str
    epoch: int
    from_state: str | None
    to_state: str
    step: str
    attempts: int
    leased: bool
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A hub node put one callback on the wire (its first byte); the network made no copy of it.

    ``exchange`` numbers what nodes sent, so that later fates can be told. ``body`` and ``headers``
    are the bytes as sent.
    """

    at: float
    node: int | None
    agent_id: int
    exchange: int
    headers: tuple[tuple[bytes, bytes], ...] = field(repr=False)
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Executed:
    """An operator executed one request; its ledger moved by ``moved_minor`` (often 0).

    ``result`` None: its answer was a 5xx; ``booked`` tells a movement of 0 from none. ``body`` is
    what it was asked, ``reply`` the body of its answer.
    """

    at: float
    agent_id: int
    command: str
    account: str
    reference: str
    original: str | None
    result: int | None
    booked: bool
    moved_minor: int
    body: bytes
    reply: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A fault was injected; ``node`` or ``agent_id`` say whom it hit, ``detail`` tells more.

    ``seconds`` is how long an outage or a pause lasts, 0 for what happens once.
    """

    at: float
    kind: str
    node: int | None = None
    agent_id: int | None = None
    seconds: float = 0.0
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A named point of the tables in reliability 2.6 was passed (``2.6-bet-paused``)."""

    at: float
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """A part of the run begins: ``faults``, ``healed`` (no more faults, no new play), ``quiet``."""

    at: float
    name: str


Record = Asked | Answered | Journaled | Sent | Executed | Fault | Reached | Phase
_R = TypeVar("_R")


def _nobody() -> None:
    return None


class History:
    """The records of one run, appended and never changed, and the hash over all of them."""

    def __init__(self, now: Callable[[], float], node: Callable[[], int | None] = _nobody) -> None:
        """Take the virtual clock, and who can say which node's code is running."""
        self.now = now
        self.node = node
        self._records: list[Record] = []
        self._hash = sha256()

    def append(self, record: Record) -> None:
        """Take a record in; the hash covers it at once, with all its bytes."""
        self._records.append(record)
        self._hash.update(repr(record).encode())

    def fault(
        self,
        kind: str,
        *,
        node: int | None = None,
        agent_id: int | None = None,
        seconds: float = 0.0,
        detail: str = "",
    ) -> None:
        """Note a fault that is injected now, and how long it lasts."""
        self.append(
            Fault(
                at=self.now(),
                kind=kind,
                node=node,
                agent_id=agent_id,
                seconds=seconds,
                detail=detail,
            )
        )

    def reached(self, line: str) -> None:
        """Note that a named line of reliability 2.6 was met now."""
        self.append(Reached(at=self.now(), line=line))

    def phase(self, name: str) -> None:
        """Note that a part of the run begins now."""
        self.append(Phase(at=self.now(), name=name))

    def digest(self) -> str:
        """Give the hash of everything that happened so far: equal runs have equal ones."""
        return self._hash.hexdigest()

    def of(self, kind: type[_R]) -> Iterator[_R]:
        """Give the records of one kind in order."""
        return (record for record in self._records if isinstance(record, kind))

    def __iter__(self) -> Iterator[Record]:
        """Go through all records, oldest first."""
        return iter(self._records)

    def __len__(self) -> int:
        """Count the records."""
        return len(self._records)
