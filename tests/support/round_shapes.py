"""Rounds of every shape that players may meet, as rows of the journal: for pages and pictures."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from meganodes.domain.transaction import State, Step, Transaction
from meganodes.journal.store import Change, Insert, JournalStore, RoundStep
from meganodes.protocol.codes import ApiCode
from tests.support import transactions as made
from tests.support.transactions import START_MS, committed

SECOND_MS = 1_000
DAY_MS = 86_400_000


@dataclass(frozen=True, kw_only=True)
class Shape:
    """A round: rows in the order of their recording, and whether the provider closed it."""

    rows: tuple[Transaction, ...]
    closed: bool = True


def bet(amount_minor: int, seconds: int = 0, **changes: object) -> Transaction:
    """A bet that was accepted so many seconds after the round's beginning."""
    usual = {"state": State.ACCEPTED, "amount_minor": amount_minor}
    return made.bet(created_at_ms=START_MS + seconds * SECOND_MS, **usual | changes)


def win(amount_minor: int, seconds: int = 0, **changes: object) -> Transaction:
    """A win that was paid."""
    usual: dict[str, object] = {
        "state": State.CREDITED,
        "amount_minor": amount_minor,
        "step": Step.NONE,
        "due_at_ms": None,
    }
    return made.win(created_at_ms=START_MS + seconds * SECOND_MS, **usual | changes)


def owed(row: Transaction, state: State) -> Transaction:
    """Make a row one that is still to be delivered, since two seconds after it was asked for."""
    since_ms = row.created_at_ms + 2 * SECOND_MS
    step, due = (Step.NONE, None) if state is State.PARKED else (Step.DELIVER, since_ms)
    return replace(row, state=state, step=step, due_at_ms=due, owed_since_ms=since_ms)


def _refused(amount_minor: int, code: ApiCode, seconds: int = 0) -> Transaction:
    return bet(amount_minor, seconds, state=State.REFUSED, code=code)


def _loss() -> Shape:
    return Shape(rows=(bet(150), win(0, 4)))


def _gain() -> Shape:
    return Shape(rows=(bet(150), win(1_875, 4)))


def _several() -> Shape:
    return Shape(
        rows=(bet(500), bet(250, 3), win(1_200, 9), bet(250, 14), win(0, 19), win(8_640, 31))
    )


def _cancelled() -> Shape:
    return Shape(rows=(bet(1_000, state=State.CANCELLED), bet(1_000, 8), win(2_000, 15)))


def _cancelling() -> Shape:
    return Shape(rows=(owed(bet(1_000), State.CANCELLING),), closed=False)


def _owed() -> Shape:
    return Shape(rows=(bet(200), owed(win(125_000, 5), State.OWED)))


def _refused_bet() -> Shape:
    rows = (_refused(50_000, ApiCode.BALANCE_NOT_ENOUGH), _refused(500, ApiCode.PLAYER_BLOCKED, 6))
    return Shape(rows=rows, closed=False)


def _open() -> Shape:
    return Shape(rows=(bet(300), bet(300, 7, state=State.PENDING)), closed=False)


def _troubled() -> Shape:
    rows = (
        owed(bet(700), State.PARKED),
        bet(700, 9, state=State.VOID),
        bet(400, 12, state=State.SETTLED_BY_HAND),
        bet(400, 20),
        owed(win(900, 25), State.PARKED),
        win(350, 30, state=State.SETTLED_BY_HAND),
    )
    return Shape(rows=rows)


def _long() -> Shape:
    pairs = [(bet(100 + at * 25, at * 9), win(at % 4 * 240, at * 9 + 4)) for at in range(15)]
    return Shape(rows=tuple(row for pair in pairs for row in pair))


def _crypto() -> Shape:
    rows = (bet(12_500), bet(1, 2), win(9_007_199_254_740_991, 5))
    return Shape(rows=tuple(replace(row, currency="BTC") for row in rows))


def _yen() -> Shape:
    rows = (bet(12_000), win(1_480_000, 5))
    return Shape(rows=tuple(replace(row, currency="JPY") for row in rows))


def _two_days() -> Shape:
    late = (DAY_MS - START_MS % DAY_MS) // SECOND_MS - 5
    rows = (
        bet(200, late),
        bet(200, late + 2, game_code="lobby-roulette"),
        win(700, late + 40, game_code="lobby-roulette"),
    )
    return Shape(rows=rows)


SHAPES: Mapping[str, Callable[[], Shape]] = MappingProxyType(
    {
        "loss": _loss,
        "win": _gain,
        "several": _several,
        "cancelled": _cancelled,
        "cancelling": _cancelling,
        "owed": _owed,
        "refused": _refused_bet,
        "open": _open,
        "troubled": _troubled,
        "long": _long,
        "crypto": _crypto,
        "yen": _yen,
        "two-days": _two_days,
    }
)
"""Each makes a new round; ids of rows are never used twice."""


async def record_shape(
    journal: JournalStore, shape: Shape, *, agent_id: int, user_code: int, round_id: str
) -> tuple[Transaction, ...]:
    """Write a round into a journal as if it had come to be there; a cancel took four seconds."""
    recorded: list[Transaction] = []
    for row in shape.rows:
        of_round = replace(row, agent_id=agent_id, user_code=user_code, round_id=round_id)
        step = RoundStep(key=of_round.round_key, close=shape.closed and row is shape.rows[-1])
        change = Change(
            at_ms=row.created_at_ms + 4 * SECOND_MS,
            inserts=(Insert(row=of_round, cause="made for a test"),),
            rounds=(step,),
        )
        recorded += await committed(journal, change)
    return tuple(recorded)
