"""One movement of money a provider asks for, as a frozen row, and the legal moves between states.

The journal stores exactly these fields; the rules in this package turn one row into the next.
Nothing here does I/O or reads a clock: every instant comes in as ``..._ms`` (wall clock, UTC
milliseconds).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum

from meganodes.protocol.codes import ApiCode
from meganodes.protocol.commands import Revision, TransType
from meganodes.protocol.ids import cancel_guid


class Kind(StrEnum):
    """What the provider asked for. A tombstone is a bet that its cancel overtook."""

    BET = "bet"
    WIN = "win"
    CANCEL = "cancel"


class State(StrEnum):
    """Where a transaction stands (reliability 2.3).

    Bets. PENDING: intent durable, the call may have been made; its owner decides, or, once the
    lease has ended, the worker undoes it. ACCEPTED: the backend debited. REFUSED: a definite no.
    CANCELLING: the decision to undo is durable, a cancel is owed. NOT_SEEN_WAIT: the backend said
    it does not know the bet, a late bet is still possible. CANCELLED: the backend confirmed. VOID:
    never seen, window over; only a late probe reopens it. TOMBSTONE: the cancel came before the
    bet.

    Wins. OWED: durable, to be delivered until accepted. CREDITED: taken. UNDELIVERED: a win of 0
    that was not taken; nothing is owed.

    Both. PARKED: attempts used up or answers contradict; a person decides. SETTLED_BY_HAND: a
    person did.

    Cancel rows only remember which id asked (RECORDED); the bet's row drives the undoing.
    """

    PENDING = "pending"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    CANCELLING = "cancelling"
    NOT_SEEN_WAIT = "not_seen_wait"
    CANCELLED = "cancelled"
    VOID = "void"
    TOMBSTONE = "tombstone"
    OWED = "owed"
    CREDITED = "credited"
    UNDELIVERED = "undelivered"
    PARKED = "parked"
    SETTLED_BY_HAND = "settled_by_hand"
    RECORDED = "recorded"


class Step(StrEnum):
    """What the next callback for this row is; NONE when nothing is due."""

    NONE = "none"
    DELIVER = "deliver"
    VERIFY = "verify"
    PROBE = "probe"


LEGAL_MOVES: frozenset[tuple[State, State]] = frozenset(
    {
        (State.PENDING, State.PENDING),
        (State.PENDING, State.ACCEPTED),
        (State.PENDING, State.REFUSED),
        (State.PENDING, State.CANCELLING),
        (State.ACCEPTED, State.CANCELLING),
        (State.CANCELLING, State.CANCELLING),
        (State.CANCELLING, State.NOT_SEEN_WAIT),
        (State.CANCELLING, State.CANCELLED),
        (State.CANCELLING, State.VOID),
        (State.CANCELLING, State.PARKED),
        (State.NOT_SEEN_WAIT, State.NOT_SEEN_WAIT),
        (State.NOT_SEEN_WAIT, State.CANCELLED),
        (State.NOT_SEEN_WAIT, State.VOID),
        (State.NOT_SEEN_WAIT, State.PARKED),
        (State.CANCELLED, State.CANCELLED),
        (State.CANCELLED, State.CANCELLING),
        (State.CANCELLED, State.PARKED),
        (State.VOID, State.VOID),
        (State.VOID, State.CANCELLING),
        (State.OWED, State.OWED),
        (State.OWED, State.CREDITED),
        (State.OWED, State.UNDELIVERED),
        (State.OWED, State.PARKED),
        (State.PARKED, State.CANCELLING),
        (State.PARKED, State.OWED),
        (State.PARKED, State.SETTLED_BY_HAND),
    }
)
"""Every transition a row may make; within one state: a claim, a wish or a new due time."""

BET_UNDONE = frozenset(
    {
        State.CANCELLING,
        State.NOT_SEEN_WAIT,
        State.CANCELLED,
        State.VOID,
        State.PARKED,
        State.SETTLED_BY_HAND,
        State.TOMBSTONE,
    }
)
"""States of a bet that is, or is being, undone: the provider must treat it as lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundKey:
    """A round belongs to one user of one provider (contract 4)."""

    agent_id: int
    provider_id: int
    user_code: int
    round_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TransactionKey:
    """Unique for ever, over all kinds (contract 4, idempotency)."""

    agent_id: int
    provider_id: int
    transaction_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """A row of the journal: what was asked (fixed), where it stands (moves), what is due next.

    ``transaction_id`` is the provider's; ``trans_id`` the hub's own number, also the id in
    callbacks of revision ``id``. ``data`` is the callback's data object, fixed with the intent.
    ``content`` is the digest two requests of one id must share. ``code`` is the answer the provider
    gets. ``round_seq`` orders what was recorded in one round. ``epoch`` counts the moves.
    """

    agent_id: int
    trans_id: int
    provider_id: int
    transaction_id: str
    kind: Kind
    user_code: int
    account: str
    gplay_id: int
    round_id: str
    game_code: str
    currency: str
    amount_minor: int
    revision: Revision
    guid: str
    data: bytes = field(repr=False)
    content: str
    bet_transaction_id: str | None = None
    cancel_transaction_id: str | None = None
    created_at_ms: int
    round_seq: int = 0

    state: State
    epoch: int = 0
    code: ApiCode = ApiCode.OK
    balance_minor: int | None = None
    outcome_unknown: bool = False
    cancel_asked_at_ms: int | None = None
    decided_at_ms: int | None = None

    step: Step = Step.NONE
    due_at_ms: int | None = None
    owed_since_ms: int | None = None
    attempts: int = 0
    failures: int = 0
    maybe_sent: bool = False
    not_seen: int = 0
    probes: int = 0
    reopened: int = 0

    @property
    def key(self) -> TransactionKey:
        """The provider's name for this transaction."""
        return TransactionKey(
            agent_id=self.agent_id,
            provider_id=self.provider_id,
            transaction_id=self.transaction_id,
        )

    @property
    def round_key(self) -> RoundKey:
        """The round this transaction belongs to."""
        return RoundKey(
            agent_id=self.agent_id,
            provider_id=self.provider_id,
            user_code=self.user_code,
            round_id=self.round_id,
        )

    @property
    def cancel_guid(self) -> str:
        """The one id under which this bet is cancelled, for ever (contract 3.1)."""
        return cancel_guid(self.guid)


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """An entry for the agent's transaction list; gets its position from the sequencer later."""

    trans_type: TransType
    balance_minor: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One guarded transition: applies only while the row is still ``before`` (state and epoch).

    ``lease_ms`` is how long the mover owns the row from the commit on, by the store's own clock;
    None gives it up. ``keep_lease`` leaves an existing lease as it is. ``alarm`` is a sentence for
    people.
    """

    before: Transaction
    after: Transaction
    cause: str
    lease_ms: int | None = None
    keep_lease: bool = False
    lists: tuple[Listing, ...] = ()
    alarm: str | None = None

    def __post_init__(self) -> None:
        """Refuse what the state machine does not know: that would be a defect, never data."""
        assert (self.before.state, self.after.state) in LEGAL_MOVES, (
            self.before.state,
            self.after.state,
        )
        assert self.after.epoch == self.before.epoch + 1
        assert self.before.trans_id == self.after.trans_id


def move(before: Transaction, cause: str, /, **changes: object) -> Move:
    """Make the guarded transition from ``before`` with these fields changed."""
    after = replace(before, epoch=before.epoch + 1, **changes)  # type: ignore[arg-type]
    return Move(before=before, after=after, cause=cause)


def claimed(owed: Move, lease_ms: int) -> Move:
    """Add the claim of the first attempt to a move: one commit covers both (reliability 2.4)."""
    after = replace(owed.after, attempts=owed.after.attempts + 1)
    return replace(owed, after=after, lease_ms=lease_ms)
