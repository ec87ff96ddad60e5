"""What the hub and somebody else hold of one transaction, compared: one verdict for each id.

Pure rules. The hub's row says what the other side should hold; what it does hold comes from a file
or from `status`. Wherever an answer is not decided yet, the verdict is open and no difference.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from meganodes.domain.transaction import Kind, State, Step, Transaction


class Side(StrEnum):
    """Whom the hub is compared with. The agent's backend is the operator's side in reports."""

    BACKEND = "operator"
    PROVIDER = "provider"


class Verdict(StrEnum):
    """What comparing one id brought (reliability 4)."""

    EQUAL = "equal"
    MISSING_AT_BACKEND = "missing at operator"
    MISSING_AT_PROVIDER = "missing at provider"
    MISSING_AT_HUB = "missing at hub"
    AMOUNT_DIFFERS = "amount differs"
    STATE_DIFFERS = "state differs"
    DOUBLE = "double"
    OPEN = "open"

    @property
    def is_difference(self) -> bool:
        """Say whether somebody has to look at it."""
        return self not in {Verdict.EQUAL, Verdict.OPEN}


class Expected(StrEnum):
    """What the other side should hold by the hub's row. EITHER: both were right once."""

    BOOKED = "booked"
    UNDONE = "undone"
    EITHER = "either"
    OPEN = "open"


class Told(StrEnum):
    """What a line says of its movement. OPEN: the other side itself does not know yet."""

    BOOKED = "ok"
    CANCELLED = "cancelled"
    REFUSED = "refused"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A line of the other side about one id; cancels stand under the id of their bet."""

    kind: Kind
    amount_minor: int
    told: Told


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """What is compared of a row of the hub. ``probed``: closed, but late bets are looked for."""

    trans_id: int
    guid: str
    kind: Kind
    amount_minor: int
    state: State
    expected: Expected
    probed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """A verdict and the sentence that says why; "" where nothing is to be said."""

    verdict: Verdict
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """Amounts of movements in minor units. ``net_minor`` is what was staked and not given back."""

    count: int = 0
    bet_minor: int = 0
    win_minor: int = 0
    cancel_minor: int = 0

    @property
    def net_minor(self) -> int:
        """Bets less wins and cancels."""
        return self.bet_minor - self.win_minor - self.cancel_minor

    def __add__(self, other: Sums) -> Sums:
        return Sums(
            count=self.count + other.count,
            bet_minor=self.bet_minor + other.bet_minor,
            win_minor=self.win_minor + other.win_minor,
            cancel_minor=self.cancel_minor + other.cancel_minor,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DayResult:
    """What comparing an agent's UTC day with its backend brought, when it was done last.

    ``number`` is the report's in the audit log, None of a day without transactions; ``left_out``
    were not asked about, ``unanswered`` without an answer.
    """

    agent_id: int
    day_ms: int
    at_ms: int
    number: int | None
    rows: int
    differences: int
    unanswered: int
    left_out: int


_AT_BACKEND: Final = {
    State.ACCEPTED: Expected.BOOKED,
    State.CREDITED: Expected.BOOKED,
    State.REFUSED: Expected.UNDONE,
    State.CANCELLED: Expected.UNDONE,
    State.VOID: Expected.UNDONE,
    State.TOMBSTONE: Expected.UNDONE,
    State.UNDELIVERED: Expected.EITHER,
    State.SETTLED_BY_HAND: Expected.EITHER,
}
_MISSING: Final = {
    Side.BACKEND: Verdict.MISSING_AT_BACKEND,
    Side.PROVIDER: Verdict.MISSING_AT_PROVIDER,
}
_NOTHING: Final = Judgement(verdict=Verdict.EQUAL)


def expected(kind: Kind, state: State, side: Side) -> Expected:
    """Say what the other side should hold of a bet or a win.

    A provider counts a win from the moment the hub owes it, and no bet that is being undone.
    """
    if side is Side.BACKEND:
        return _AT_BACKEND.get(state, Expected.OPEN)
    if state is State.PENDING:
        return Expected.OPEN
    stands = kind is Kind.WIN or state is State.ACCEPTED
    return Expected.BOOKED if stands else Expected.UNDONE


EXPECTED: Final = {
    side: {
        (kind.value, state.value): expected(kind, state, side).value
        for kind in (Kind.BET, Kind.WIN)
        for state in State
    }
    for side in Side
}
"""The same by the words of a row, for a million of them."""


def is_probed(state: str, step: str) -> bool:
    """Say whether a closed bet is still looked for."""
    return state == State.VOID and step == Step.PROBE


def ours(row: Transaction, side: Side) -> Ours:
    """Take what is compared out of a row."""
    return Ours(
        trans_id=row.trans_id,
        guid=row.guid,
        kind=row.kind,
        amount_minor=row.amount_minor,
        state=row.state,
        expected=expected(row.kind, row.state, side),
        probed=is_probed(row.state, row.step),
    )


def judge(mine: Ours | None, entries: Sequence[Entry], side: Side) -> Judgement:
    """Compare one id: what the hub has of it, if anything, with all lines of the other side."""
    if mine is None:
        return _unknown_here(entries)
    movements = [each for each in entries if each.kind is not Kind.CANCEL]
    cancels = [each for each in entries if each.kind is Kind.CANCEL and each.told is Told.BOOKED]
    fault = _doubled(movements, cancels) or _kind_fault(mine, movements) or _amount(mine, entries)
    return fault or _standing(mine, movements, cancels, side)


def _unknown_here(entries: Sequence[Entry]) -> Judgement:
    if all(each.told is Told.REFUSED for each in entries):
        return _NOTHING  # what was refused there need not have come here
    return Judgement(verdict=Verdict.MISSING_AT_HUB, why="the hub has no transaction of this id")


def _doubled(movements: Sequence[Entry], cancels: Sequence[Entry]) -> Judgement | None:
    booked = [each for each in movements if each.told in {Told.BOOKED, Told.CANCELLED}]
    for what, lines in (("movement", booked), ("cancel", cancels)):
        if len(lines) > 1:
            why = f"the {what} stands there {len(lines)} times"
            return Judgement(verdict=Verdict.DOUBLE, why=why)
    return None


def _kind_fault(mine: Ours, movements: Sequence[Entry]) -> Judgement | None:
    other = next((each.kind for each in movements if each.kind is not mine.kind), None)
    if other is None:
        return None
    why = f"a {mine.kind} here, a {other} there"
    return Judgement(verdict=Verdict.STATE_DIFFERS, why=why)


def _amount(mine: Ours, entries: Sequence[Entry]) -> Judgement | None:
    moved = (each for each in entries if each.told in {Told.BOOKED, Told.CANCELLED})
    other = next((each for each in moved if each.amount_minor != mine.amount_minor), None)
    if other is None:
        return None
    what = "cancel" if other.kind is Kind.CANCEL else "movement"
    return Judgement(verdict=Verdict.AMOUNT_DIFFERS, why=f"the {what} there has another amount")


def _standing(
    mine: Ours, movements: Sequence[Entry], cancels: Sequence[Entry], side: Side
) -> Judgement:
    told = _told(movements, cancels)
    if told is Told.OPEN or mine.expected is Expected.OPEN:
        return Judgement(verdict=Verdict.OPEN, why="not decided yet")
    if cancels and not movements:
        why = "a cancel is booked there without its bet"
        return Judgement(verdict=Verdict.STATE_DIFFERS, why=why)
    if mine.expected is Expected.EITHER:
        return _NOTHING
    if mine.expected is Expected.BOOKED:
        return _booked(told, side)
    if told is Told.BOOKED:
        return Judgement(verdict=Verdict.STATE_DIFFERS, why=f"{mine.state} here, booked there")
    if mine.probed:
        return Judgement(verdict=Verdict.OPEN, why="closed, and still probed for a late bet")
    return _NOTHING


def _booked(told: Told | None, side: Side) -> Judgement:
    if told is None:
        return Judgement(verdict=_MISSING[side], why="it stands here and is not there")
    if told is Told.BOOKED:
        return _NOTHING
    return Judgement(verdict=Verdict.STATE_DIFFERS, why=f"it stands here and is {told} there")


def _told(movements: Sequence[Entry], cancels: Sequence[Entry]) -> Told | None:
    """Put the lines of one id together; None when there are none."""
    words = {each.told for each in movements}
    if Told.OPEN in words:
        return Told.OPEN
    if cancels or Told.CANCELLED in words:
        return Told.CANCELLED
    if Told.BOOKED in words:
        return Told.BOOKED
    return Told.REFUSED if words else None


def sums_here(mine: Ours) -> Sums:
    """Give what the hub's row moved, as the hub believes; of what is open all that is at stake."""
    if mine.expected is Expected.UNDONE and mine.state is not State.CANCELLED:
        return Sums(count=1)
    if mine.kind is Kind.WIN:
        return Sums(count=1, win_minor=mine.amount_minor)
    undone = mine.expected is Expected.UNDONE or mine.state is State.SETTLED_BY_HAND
    cancel_minor = mine.amount_minor if undone else 0
    return Sums(count=1, bet_minor=mine.amount_minor, cancel_minor=cancel_minor)


def sums_there(entries: Sequence[Entry]) -> Sums:
    """Give what the lines of one id moved."""
    bet_minor = win_minor = cancel_minor = 0
    for each in entries:
        if each.told not in {Told.BOOKED, Told.CANCELLED}:
            continue
        if each.kind is Kind.BET:
            bet_minor += each.amount_minor
        elif each.kind is Kind.WIN:
            win_minor += each.amount_minor
        if each.kind is Kind.CANCEL or each.told is Told.CANCELLED:
            cancel_minor += each.amount_minor
    return Sums(
        count=int(bool(entries)),
        bet_minor=bet_minor,
        win_minor=win_minor,
        cancel_minor=cancel_minor,
    )
