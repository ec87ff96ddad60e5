"""A round's rows told as what happened to the money: the steps of its page, and their sums.

Pure: the same rows always tell the same story. Amounts are minor units and never negative; the kind
of a step says which way the money went.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from meganodes.domain.transaction import Kind, State, Transaction
from meganodes.protocol.codes import ApiCode


class StepKind(StrEnum):
    """What a step is to the one who plays. A RETURN gives a cancelled stake back."""

    BET = "bet"
    WIN = "win"
    NO_WIN = "no_win"
    RETURN = "return"


class Standing(StrEnum):
    """How far a step has come.

    NOT_BOOKED: a cancelled bet that the backend never saw. ON_ITS_WAY: owed, and sent until it is
    taken. CHECKING: nobody knows yet, or a person is looking at it.
    """

    DONE = "done"
    REFUSED = "refused"
    BALANCE_TOO_LOW = "balance_too_low"
    CANCELLED = "cancelled"
    NOT_BOOKED = "not_booked"
    ON_ITS_WAY = "on_its_way"
    CHECKING = "checking"
    BY_HAND = "by_hand"


OPEN_STANDINGS: Final = frozenset({Standing.ON_ITS_WAY, Standing.CHECKING})
"""Standings that will still change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageStep:
    """One line of the picture. ``at_ms``: when it was asked for; of a RETURN, when it was done."""

    kind: StepKind
    standing: Standing
    amount_minor: int
    at_ms: int
    game_code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundSums:
    """What a round came to; ``net`` is returned and won less staked.

    Refused and undecided bets count nowhere. A cancelled stake counts as staked and as returned, a
    win from the moment it is owed. ``open`` is the part of returned and won that is not paid yet.
    """

    staked_minor: int
    returned_minor: int
    won_minor: int
    open_minor: int

    @property
    def net_minor(self) -> int:
        """What the round brought, below zero for a loss."""
        return self.returned_minor + self.won_minor - self.staked_minor


_BET_STANDINGS: Final[Mapping[State, Standing]] = {
    State.PENDING: Standing.CHECKING,
    State.ACCEPTED: Standing.DONE,
    State.REFUSED: Standing.REFUSED,
    State.CANCELLING: Standing.CANCELLED,
    State.NOT_SEEN_WAIT: Standing.CANCELLED,
    State.CANCELLED: Standing.CANCELLED,
    State.PARKED: Standing.CANCELLED,
    State.SETTLED_BY_HAND: Standing.CANCELLED,
    State.VOID: Standing.NOT_BOOKED,
    State.TOMBSTONE: Standing.NOT_BOOKED,
}

_RETURN_STANDINGS: Final[Mapping[State, Standing]] = {
    State.CANCELLING: Standing.ON_ITS_WAY,
    State.NOT_SEEN_WAIT: Standing.ON_ITS_WAY,
    State.CANCELLED: Standing.DONE,
    State.PARKED: Standing.CHECKING,
    State.SETTLED_BY_HAND: Standing.BY_HAND,
}
"""States of a bet whose stake comes back."""

_WIN_STANDINGS: Final[Mapping[State, Standing]] = {
    State.OWED: Standing.ON_ITS_WAY,
    State.CREDITED: Standing.DONE,
    State.PARKED: Standing.CHECKING,
    State.SETTLED_BY_HAND: Standing.BY_HAND,
}


def steps_of(rows: Iterable[Transaction], undone_at_ms: Mapping[int, int]) -> tuple[PageStep, ...]:
    """Tell a round's rows, which come oldest first; ``undone_at_ms``: by trans_id, when undone."""
    told: list[tuple[int, PageStep]] = []
    reached_ms = 0
    for row in rows:
        # Clocks of two nodes may differ: nothing goes before what was recorded before it.
        reached_ms = max(reached_ms, row.created_at_ms)
        steps = [_win(row)] if row.kind is Kind.WIN else _bet(row, undone_at_ms)
        told += [(max(reached_ms, step.at_ms), step) for step in steps]
    return tuple(step for _, step in sorted(told, key=lambda each: each[0]))


def sums_of(steps: Sequence[PageStep]) -> RoundSums:
    """Add a round up."""
    came_back = [step for step in steps if step.kind in {StepKind.RETURN, StepKind.WIN}]
    return RoundSums(
        staked_minor=_total(step for step in steps if _is_staked(step)),
        returned_minor=_total(step for step in came_back if step.kind is StepKind.RETURN),
        won_minor=_total(step for step in came_back if step.kind is StepKind.WIN),
        open_minor=_total(step for step in came_back if step.standing in OPEN_STANDINGS),
    )


def was_played(steps: Iterable[PageStep]) -> bool:
    """Say whether a bet stands or a win came: only then there is something to replay."""
    is_bet_standing = (StepKind.BET, Standing.DONE)
    return any(
        step.kind in {StepKind.WIN, StepKind.NO_WIN}
        or (step.kind, step.standing) == is_bet_standing
        for step in steps
    )


def is_undone(row: Transaction) -> bool:
    """Say whether this is a bet whose stake has come back, so that it matters when."""
    return row.kind is Kind.BET and row.state in {State.CANCELLED, State.SETTLED_BY_HAND}


def _win(row: Transaction) -> PageStep:
    if row.amount_minor == 0:
        return _step(row, StepKind.NO_WIN, Standing.DONE, row.created_at_ms)
    return _step(row, StepKind.WIN, _WIN_STANDINGS[row.state], row.created_at_ms)


def _bet(row: Transaction, undone_at_ms: Mapping[int, int]) -> list[PageStep]:
    standing = _BET_STANDINGS[row.state]
    if row.code is ApiCode.BALANCE_NOT_ENOUGH and standing is Standing.REFUSED:
        standing = Standing.BALANCE_TOO_LOW
    bet = _step(row, StepKind.BET, standing, row.created_at_ms)
    back = _RETURN_STANDINGS.get(row.state)
    if back is None:
        return [bet]
    since_ms = row.owed_since_ms or row.created_at_ms
    return [bet, _step(row, StepKind.RETURN, back, undone_at_ms.get(row.trans_id, since_ms))]


def _step(row: Transaction, kind: StepKind, standing: Standing, at_ms: int) -> PageStep:
    return PageStep(
        kind=kind,
        standing=standing,
        amount_minor=row.amount_minor,
        at_ms=at_ms,
        game_code=row.game_code,
    )


def _is_staked(step: PageStep) -> bool:
    return step.kind is StepKind.BET and step.standing in {Standing.DONE, Standing.CANCELLED}


def _total(steps: Iterable[PageStep]) -> int:
    return sum(step.amount_minor for step in steps)
