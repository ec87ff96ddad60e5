"""What people look for among an agent's transactions, and what a look brought.

A look is bounded: it goes through so many entries and then says how far it came, so that no filter
can make the journal read for seconds.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import NamedTuple, Protocol

from meganodes.domain.transaction import Kind, RoundKey, State, Transaction

ENTRIES_MAX = 150_000
"""So many entries of all agents one look goes through: they stand in one small index."""

OWN_ENTRIES_MAX = 20_000
"""So many rows of the agent itself one look reads and compares."""

FEW_ENTRIES = 10_000
"""Of a user or an agent with no more rows than this all are read; others are looked for by time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sought:
    """Which transactions of an agent are wanted; None leaves a question out.

    ``first`` and ``past`` bound the numbers, which rise with time (kit.identity.first_trans_id).
    Rows that only remember a cancel's id are never among them. ``states`` () means any.
    """

    agent_id: int
    first: int
    past: int
    user_code: int | None = None
    provider_id: int | None = None
    game_code: str | None = None
    round_id: str | None = None
    kind: Kind | None = None
    states: tuple[State, ...] = ()
    amount_min_minor: int | None = None
    amount_max_minor: int | None = None

    def widened(self) -> Sought:
        """Give the same questions about all time."""
        return replace(self, first=0, past=2**53)

    def fits(self, row: Transaction) -> bool:
        """Say whether a row is wanted."""
        wanted = {
            "agent_id": self.agent_id,
            "user_code": self.user_code,
            "provider_id": self.provider_id,
            "game_code": self.game_code,
            "round_id": self.round_id,
            "kind": self.kind,
        }
        return (
            self.first <= row.trans_id < self.past
            and row.kind is not Kind.CANCEL
            and all(value is None or getattr(row, name) == value for name, value in wanted.items())
            and (not self.states or row.state in self.states)
            and self._is_amount(row.amount_minor)
        )

    def _is_amount(self, amount_minor: int) -> bool:
        least, most = self.amount_min_minor, self.amount_max_minor
        return (least is None or least <= amount_minor) and (most is None or amount_minor <= most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """Rows, newest first. Everything from ``reached`` on was looked at, and nothing before it.

    Of a look for newer rows it is the other way round: all before it, and nothing from it on.
    """

    rows: tuple[Transaction, ...]
    reached: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """How many there are; with ``is_all`` False there may be more."""

    count: int
    is_all: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """What goes by an id that somebody typed: as our number, a guid, or the provider's own."""

    transactions: tuple[Transaction, ...] = ()
    rounds: tuple[RoundKey, ...] = ()
    attempts: tuple[tuple[int, int | None], ...] = ()
    """Entries of the API log by that number: agent and transaction, if it has one."""


class ComparedRow(NamedTuple):
    """What a reconciliation looks at of a bet or a win; words as they stand in the table."""

    trans_id: int
    guid: str
    kind: str
    amount_minor: int
    state: str
    step: str
    revision: str
    created_at_ms: int
    owed_since_ms: int | None
    due_at_ms: int | None


class JournalSearch(Protocol):
    """The part of JournalReads that answers people who look for something."""

    async def search(self, sought: Sought, limit: int) -> Found:
        """Look for the newest rows that are wanted."""

    async def search_newer(self, sought: Sought, limit: int) -> Found:
        """Look for the oldest rows that are wanted; all before ``reached`` was looked at."""

    async def search_and_count(
        self, sought: Sought, limit: int, count_max: int
    ) -> tuple[Found, Counted]:
        """Look for the newest rows wanted; count to ``count_max``, which is ``limit`` or more."""

    async def named(self, text: str, agents: Collection[int], providers: Collection[int]) -> Named:
        """Look for whatever of these agents goes by an id; a provider's own at ``providers``."""

    async def compared_rows(
        self, agent_id: int, first: int, past: int, limit: int
    ) -> tuple[ComparedRow, ...]:
        """Give an agent's bets and wins with these numbers, the lowest first."""
