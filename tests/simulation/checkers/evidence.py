"""What the checkers judge: everything that is left of a run, and nothing of a hub's memory."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from meganodes.domain.round import OpenRound
from meganodes.domain.transaction import Transaction
from meganodes.journal.store import AttemptRecord, Event, ListedTransaction
from tests.simulation.history import History


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """An invariant does not hold. ``invariant`` is its short name in reliability 2.7 (``I4``)."""

    invariant: str
    subject: str
    sentence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One movement in an operator's own ledger: ``bet``, ``win`` or ``cancel`` of ``original``.

    ``moved_minor`` is what the account gained; ``reference`` the transaction's id on the wire.
    """

    account: str
    kind: str
    reference: str
    original: str | None
    moved_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """What a provider holds to be true of one transaction when it has stopped asking.

    ``last`` is ``ok``, ``failed``, ``cancelled`` (a bet whose cancel was answered OK), ``refused``
    (a cancel that was answered by a definite error) or ``unsure`` (it gave up, or never heard a
    definite word). ``said`` are all definite answers in order of their arrival.
    """

    provider_id: int
    agent_id: int
    transaction_id: str
    kind: str
    round_id: str
    amount_minor: int
    original: str | None
    last: str
    said: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentFacts:
    """An agent as its operator and the directory know it. ``secrets`` are all it ever had.

    ``flags`` are what its operator really does (the names in casino.py), ``tombstones_shown`` what
    the hub was told of it.
    """

    agent_id: int
    revision: str
    exponent: int
    accounts: frozenset[str]
    secrets: tuple[bytes, ...] = field(repr=False)
    flags: frozenset[str]
    tombstones_shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFacts:
    """A provider's profile."""

    provider_id: int
    wins_without_bet: bool = False
    cancel_after_win: bool = False


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All of it. Keys of ``events`` are (agent_id, trans_id); of ``ledgers`` and ``listed`` agents.

    ``logs`` is what the hub's logging wrote, ``seal_faults`` what `journal seals` would report.
    ``healed_at`` and ``ended_at`` are virtual seconds; ``drained`` says for agents with a backlog
    at the healing how many rows were due and when the last of them was closed.
    """

    history: History
    rows: tuple[Transaction, ...]
    events: Mapping[tuple[int, int], tuple[Event, ...]]
    attempts: tuple[AttemptRecord, ...]
    listed: Mapping[int, tuple[ListedTransaction, ...]]
    open_rounds: tuple[OpenRound, ...]
    ledgers: Mapping[int, tuple[Entry, ...]]
    words: tuple[Word, ...]
    agents: Mapping[int, AgentFacts]
    providers: Mapping[int, ProviderFacts]
    logs: bytes = field(default=b"", repr=False)
    seal_faults: tuple[str, ...] = ()
    healed_at: float = 0.0
    ended_at: float = 0.0
