"""What the checkers judge: everything that is left of a run, and nothing of a hub's memory."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from meganodes.domain.round import OpenRound
from meganodes.domain.transaction import Transaction
from meganodes.journal.store import AttemptRecord, Event, ListedTransaction
from tests.simulation.history import Answered, Asked, Executed, Fault, History, Journaled, Sent

Reference = tuple[int, str]
"""An agent and the name of a transaction on its wire."""
_MOVING = frozenset({"bet", "win", "betwin"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """An invariant does not hold. ``invariant`` is its short name in reliability 2.7 (``I4``).

    ``excuse`` names the operator's way that explains it: then it is no fault of the hub, and is
    reported as a line. An excuse never makes a violation disappear.
    """

    invariant: str
    subject: str
    sentence: str
    excuse: str = ""


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

    ``flags`` are what its operator really does (`Personality.flags`), ``tombstones_shown`` what the
    hub was told of it. For ``probed_seconds`` after it closed a bet the hub looks again.
    """

    agent_id: int
    revision: str
    exponent: int
    accounts: frozenset[str]
    secrets: tuple[bytes, ...] = field(repr=False)
    flags: frozenset[str]
    tombstones_shown: bool = False
    probed_seconds: float = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderFacts:
    """A provider's profile; ``secrets`` are its tokens and those of its sessions."""

    provider_id: int
    wins_without_bet: bool = False
    cancel_after_win: bool = False
    secrets: tuple[bytes, ...] = field(default=(), repr=False)


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All of it. Keys of ``events`` are (agent_id, trans_id); of ``ledgers`` and ``listed`` agents.

    ``logs`` is what the hub's logging wrote, ``seal_faults`` what is wrong with the journal's
    seals. ``healed_at`` and ``ended_at`` are virtual seconds.
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

    def reference(self, row: Transaction) -> Reference:
        """Give the name under which a row's agent knows it."""
        return (row.agent_id, row.guid if row.revision == "guid" else str(row.trans_id))

    @cached_property
    def by_reference(self) -> dict[Reference, Transaction]:
        """Bets and wins by their names on the wire; cancel rows have no callback of their own."""
        return {self.reference(row): row for row in self.rows if row.kind != "cancel"}

    @cached_property
    def by_key(self) -> dict[tuple[int, int, str], Transaction]:
        """Rows by agent, provider and the provider's id."""
        return {(row.agent_id, row.provider_id, row.transaction_id): row for row in self.rows}

    @cached_property
    def entries(self) -> dict[Reference, list[Entry]]:
        """What the operators booked, by the transaction it is about: cancels with their bet."""
        found: dict[Reference, list[Entry]] = defaultdict(list)
        for agent_id, ledger in self.ledgers.items():
            for entry in ledger:
                found[agent_id, entry.original or entry.reference].append(entry)
        return dict(found)

    @cached_property
    def executions(self) -> dict[Reference, list[Executed]]:
        """What the operators executed, by the transaction it is about, in order."""
        found: dict[Reference, list[Executed]] = defaultdict(list)
        for each in self.history.of(Executed):
            found[each.agent_id, each.original or each.reference].append(each)
        return dict(found)

    @cached_property
    def steps(self) -> dict[tuple[int, int], list[Journaled]]:
        """What became durable, by row, in order."""
        found: dict[tuple[int, int], list[Journaled]] = defaultdict(list)
        for each in self.history.of(Journaled):
            found[each.agent_id, each.trans_id].append(each)
        return dict(found)

    @cached_property
    def restarts(self) -> dict[int, list[float]]:
        """When each agent's operator was restarted."""
        found: dict[int, list[float]] = defaultdict(list)
        for fault in self.history.of(Fault):
            if fault.kind == "operator-restarted" and fault.agent_id is not None:
                found[fault.agent_id].append(fault.at)
        return dict(found)

    @cached_property
    def calls(self) -> dict[int, Asked]:
        """What providers asked, by the number of the call."""
        return {asked.call: asked for asked in self.history.of(Asked)}

    @cached_property
    def answers(self) -> list[tuple[Asked, Answered]]:
        """What providers were answered, in order of arrival."""
        return [(self.calls[each.call], each) for each in self.history.of(Answered)]

    @cached_property
    def acknowledged(self) -> list[tuple[Asked, Answered, str]]:
        """Answers of code 0 to bets and wins, with each guid that they confirm."""
        found: list[tuple[Asked, Answered, str]] = []
        for asked, answered in self.answers:
            reply = answer_of(answered)
            if reply is None or reply.get("code") != 0 or asked.command not in _MOVING:
                continue
            data = reply["data"]
            parts = [data["bet"], *data["wins"]] if asked.command == "betwin" else [data]
            guids = (part.get("transaction_guid") for part in parts)
            found.extend((asked, answered, guid) for guid in guids if guid is not None)
        return found

    @cached_property
    def sent(self) -> list[Sent]:
        """What nodes put on the wire, in order."""
        return list(self.history.of(Sent))


def answer_of(answered: Answered) -> dict[str, Any] | None:
    """Read what a provider got; None where it was no business answer."""
    if answered.status != 200 or answered.body is None:
        return None
    reply: dict[str, Any] = json.loads(answered.body)
    return reply
