"""The journal's port: the only way to write what happened to money.

One call of ``commit`` is one atomic, durable step: all of it or nothing, guarded by what the caller
believes. The rules live in ``domain``; a store only compares, writes and tells who came first.
Three implementations (memory, SQLite, PostgreSQL) pass one conformance suite.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Protocol

from meganodes.domain.round import OpenRound, RoundView
from meganodes.domain.transaction import Move, RoundKey, State, Transaction, TransactionKey
from meganodes.journal.attempt_log import AttemptFilter, AttemptGroups, RetiredBytes
from meganodes.journal.search import JournalSearch
from meganodes.journal.turnover import (
    Page,
    SessionTurnover,
    Turnover,
    TurnoverCourse,
    UserTurnovers,
    Window,
)
from meganodes.protocol.commands import TransType

LEASE_MS_MAX = 120_000
"""No lease lasts longer; one that seems to was given before a clock was set back, and has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Insert:
    """A new row. ``lease_ms`` as in ``Move``; ``cause`` goes into the row's first event."""

    row: Transaction
    cause: str
    lease_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundStep:
    """A guarded step of a round's row, created when missing (seq 1 after the first step).

    ``expected_seq`` None takes any; ``must_be_open`` refuses a closed round. Each step adds one to
    ``seq``. Inserts of this change that belong to ``key`` get the new ``seq`` as their
    ``round_seq``.
    """

    key: RoundKey
    expected_seq: int | None = None
    must_be_open: bool = False
    wins: int = 0
    close: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRecord:
    """One callback attempt for the API log (contract 3.5). Secrets are masked before it gets here.

    ``outcome`` is the lower-case name of the outcome; ``result`` the agent's, -1 when unreadable
    and None when nothing came back. ``reply`` holds at most the first 64 KiB.
    """

    attempt_id: int
    agent_id: int
    trans_id: int | None
    account: str
    command: str
    number: int
    started_at_ms: int
    duration_ms: int
    outcome: str
    phase: str
    result: int | None
    http_status: int | None
    request: bytes = field(repr=False)
    reply: bytes = field(repr=False)
    notes: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()
    peer_address: str | None = None
    retired: RetiredBytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """Everything one step writes. ``at_ms`` stamps its events."""

    at_ms: int
    inserts: tuple[Insert, ...] = ()
    moves: tuple[Move, ...] = ()
    rounds: tuple[RoundStep, ...] = ()
    attempts: tuple[AttemptRecord, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether it writes nothing: committing it shows that commits are possible."""
        return not (self.inserts or self.moves or self.rounds or self.attempts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed:
    """The change is durable. ``rows``: inserted rows in order, then the moved ones."""

    rows: tuple[Transaction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyTaken:
    """Nothing was written: an inserted key exists already; ``row`` is what stands there."""

    row: Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class StateMoved:
    """Nothing was written: a row is no longer ``Move.before``; ``row`` is its present state."""

    row: Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundMoved:
    """Nothing was written: the round went on since it was read; read it again."""

    key: RoundKey


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundClosed:
    """Nothing was written: the round is closed."""

    key: RoundKey


CommitResult = Committed | KeyTaken | StateMoved | RoundMoved | RoundClosed


class CommitUnknown(Exception):
    """The store cannot tell whether the change is durable. Read again by key; conclude nothing."""


class StoreUnavailable(Exception):
    """The store refused before anything was written (closed, disk full, read-only)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueWork:
    """What waits for one agent: how many rows are due now and since when the oldest."""

    agent_id: int
    count: int
    oldest_due_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWork:
    """How much of one agent's is in one state that is not an end, and since when the oldest."""

    agent_id: int
    state: State
    count: int
    oldest_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnlistedBalance:
    """A listing without a reported balance: one ``balance`` callback is to be made."""

    listing_id: int
    agent_id: int
    account: str


class JournalStore(Protocol):
    """The port. Methods may raise StoreUnavailable; ``commit`` and ``claim`` CommitUnknown too."""

    async def start(self) -> None:
        """Open the store; create or check its schema."""

    async def close(self) -> None:
        """Finish what was handed in, then close."""

    async def commit(self, change: Change) -> CommitResult:
        """Apply a change atomically and durably, or say which guard failed and write nothing.

        Order of guards when several fail: inserts (KeyTaken), moves (StateMoved), rounds. Each
        insert and move appends one event (agent, trans_id, epoch, from, to, cause, at). Listings of
        moves are queued for the sequencer; one that exists already (row and type) is left alone.
        """

    async def claim(
        self, agent_id: int, *, now_ms: int, limit: int, lease_ms: int
    ) -> tuple[Transaction, ...]:
        """Take up to ``limit`` due rows of an agent, oldest due first, none twice (SKIP LOCKED).

        Due: ``step`` is not NONE, ``due_at_ms`` <= now, and no lease is running. A win is passed
        over while a bet recorded before it in its round (smaller ``round_seq``) is PENDING. A claim
        is a move within the state: epoch+1, attempts+1, lease set, ``maybe_sent`` set when an ended
        lease was found (its attempt's outcome is lost), one event. Durable before it returns.
        """

    async def find(self, key: TransactionKey) -> Transaction | None:
        """Read a row by the provider's id, from the primary."""

    async def fetch(self, agent_id: int, trans_id: int) -> Transaction | None:
        """Read a row by the hub's number, from the primary."""

    async def round(self, key: RoundKey) -> RoundView:
        """Read a round with its bets, from the primary; an unknown one has seq 0."""

    async def round_rows(self, key: RoundKey) -> tuple[Transaction, ...]:
        """Read the bets and wins of a round, oldest first."""

    async def due_work(self, *, now_ms: int) -> tuple[DueWork, ...]:
        """Say for which agents claims would find rows (leases and round order not looked at)."""

    async def expired_pending(self, *, limit: int) -> tuple[Transaction, ...]:
        """Give PENDING bets whose lease has ended: their node is gone or paused."""

    async def overdue(self, *, owed_before_ms: int, limit: int) -> tuple[Transaction, ...]:
        """Give unleased OWED, CANCELLING and NOT_SEEN_WAIT rows owed since before that moment."""

    def log(self, attempt: AttemptRecord) -> None:
        """Queue an attempt that moves no money for the API log; does not wait."""

    async def sequence(self, *, now_ms: int, limit: int) -> int:
        """Give positions to listings that have none and whose balance question is settled.

        Per agent positions are 1, 2, 3, ... without a hole, in the order in which the listings were
        committed as far as visible; ``listed_at_ms`` = max(now, the agent's previous one). Returns
        how many were placed. Safe to call from several nodes at once.
        """

    async def close_times(self, agent_id: int, *, before_ms: int) -> None:
        """Let no entry that is placed from now on have a time before this; durable.

        What is listed before that moment is all that ever will be, whatever the clocks do.
        """

    async def sum_turnovers(self, *, limit: int) -> int:
        """Add up to ``limit`` placed entries to the sums that reports read; return how many.

        Reports are right without it: it spares them reading the entries one by one.
        """

    async def add_search_words(self, *, before: int, limit: int) -> bool:
        """Prepare some ``limit`` rows for being looked for by guid and round; say whether any.

        Only numbers below ``before`` are taken: above it a commit may still be under way. Looks are
        right without it as far as they go back; it lets them go back to the first row.
        """

    async def seal(self, *, now_ms: int) -> bool:
        """Seal the next minute that is surely closed; say whether it went on."""

    async def unlisted_balances(self, *, limit: int) -> tuple[UnlistedBalance, ...]:
        """Give listings that still need their one ``balance`` callback, oldest first."""

    async def settle_balance(
        self, listing_id: int, agent_id: int, balance_minor: int | None
    ) -> None:
        """Note the answer to that callback; None means it failed too (``balance_known`` false)."""

    async def events(self, agent_id: int, trans_id: int) -> tuple[Event, ...]:
        """Give a row's history, oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One step of a row's history; folding the events of a row gives its state and epoch."""

    epoch: int
    at_ms: int
    from_state: str | None
    to_state: str
    cause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedTransaction:
    """An entry of an agent's transaction list (contract 2.2).

    ``balance_minor`` is the balance after the movement, 0 with ``balance_known`` False when nobody
    could say. ``position`` is the list's ``trans_id``.
    """

    position: int
    trans_type: TransType
    row: Transaction
    balance_minor: int
    balance_known: bool
    listed_at_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPage:
    """A page of the entries in a window of time, and how many the whole window has."""

    total: int
    entries: tuple[ListedTransaction, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptPage:
    """A page of the API log, without the bytes. ``older_below``: where it goes on, None at the end.

    A page may be short or empty and still go on: a look takes in so many entries and no more.
    """

    attempts: tuple[AttemptRecord, ...]
    older_below: int | None


class JournalReads(JournalSearch, Protocol):
    """Queries for doors and pages; they never decide money.

    A window that ended before ``JournalStore.close_times`` was asked to close it gives the same for
    ever.
    """

    async def listed_after(
        self, agent_id: int, position: int, limit: int
    ) -> tuple[ListedTransaction, ...]:
        """Give the entries after a position, oldest first (the cursor law, contract 2.2)."""

    async def listed_between(self, agent_id: int, window: Window, page: Page) -> ListedPage:
        """Give a page of the entries that were listed in a window, oldest first."""

    async def turnover_by_user(self, agent_id: int, window: Window, page: Page) -> UserTurnovers:
        """Sum up a window by user and game, in the order of both, for a page of its users."""

    async def turnover_by_game(self, agent_id: int, window: Window) -> tuple[Turnover, ...]:
        """Sum up a window by game, in the order of providers and codes."""

    async def turnover_course(self, agent_id: int, window: Window) -> TurnoverCourse:
        """Sum up a window by quarter, in their order, and the same entries by game."""

    async def turnover_by_session(
        self, agent_id: int, gplay_ids: Collection[int], window: Window
    ) -> tuple[SessionTurnover, ...]:
        """Sum up a window by session, in their order; those without an entry are left out."""

    async def attempts(self, agent_id: int, trans_id: int) -> tuple[AttemptRecord, ...]:
        """Give all logged attempts of one transaction, oldest first."""

    async def attempt(self, agent_id: int, attempt_id: int) -> AttemptRecord | None:
        """Give one entry of the API log by its id (the ``error_id`` of a 1015)."""

    async def attempts_page(
        self, agent_id: int, wanted: AttemptFilter, *, limit: int, rows_max: int
    ) -> AttemptPage:
        """Give the newest attempts that fit, among the newest ``rows_max`` in the filter's range.

        They come without their bytes.
        """

    async def failed_attempts(
        self, agent_id: int, wanted: AttemptFilter, *, rows_max: int
    ) -> AttemptGroups:
        """Group the newest ``rows_max`` attempts that were not accepted by all that says why."""

    async def last_attempts(
        self, agent_id: int, trans_ids: Collection[int]
    ) -> tuple[AttemptRecord, ...]:
        """Give the newest attempt of each of these transactions, in no order, without its bytes."""

    async def parked_of(self, agent_id: int, *, after: int, limit: int) -> tuple[Transaction, ...]:
        """Give what of one agent's waits for a person, by trans_id, from after one on."""

    async def owed_of(
        self, agent_id: int, *, after: tuple[int, int], limit: int
    ) -> tuple[Transaction, ...]:
        """Give what is owed, cancelling or waiting, by (due_at_ms, trans_id), from after one on.

        Probes of bets that are closed are not open work.
        """

    async def open_work(self) -> tuple[OpenWork, ...]:
        """Count what is pending, owed or parked, by agent and state; probes of closed bets not."""

    async def sealed_to(self) -> int:
        """Give the moment before which everything is sealed, 0 when nothing is."""

    async def unplaced(self) -> int:
        """Count the list entries that have no position yet."""

    async def parked(self, *, limit: int) -> tuple[Transaction, ...]:
        """Give what waits for a person, oldest first, of all agents."""

    async def open_rounds(self, *, opened_before_ms: int, limit: int) -> tuple[OpenRound, ...]:
        """Give rounds with an accepted bet that nobody closed, oldest first (contract 4)."""

    async def rounds_named(
        self, agent_id: int, user_code: int, round_id: str
    ) -> tuple[RoundKey, ...]:
        """Give a user's rounds of that name: each provider may have one, in provider order."""

    async def highest_trans_id(self) -> int:
        """Give the highest number ever issued here, 0 for none: the next ones lie above it."""
