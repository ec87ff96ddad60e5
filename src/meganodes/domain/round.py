"""Whether a round allows a win or the cancellation of a bet: pure judgements (contract 4).

The caller commits its change only if the round's ``seq`` is still the one judged here; otherwise it
reads again. That is what keeps a win and a cancel of one bet from crossing (reliability I5).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from meganodes.domain.transaction import BET_UNDONE, RoundKey, State, Transaction


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundView:
    """A round as the journal holds it. ``seq`` 0 means that nothing was recorded in it yet.

    ``wins`` counts recorded wins that rest on this round; ``bets`` are its bets, oldest first.
    """

    key: RoundKey
    seq: int = 0
    closed: bool = False
    wins: int = 0
    bets: tuple[Transaction, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenRound:
    """A round that is not closed; ``opened_at_ms``: when its oldest accepted bet was asked for."""

    key: RoundKey
    opened_at_ms: int


class WinVerdict(Enum):
    """What a round says to a win."""

    ALLOWED = "allowed"
    NO_BET = "no bet known"
    ALL_UNDONE = "all bets refused or undone"
    UNDECIDED = "no bet decided yet"


def judge_win(bets: tuple[Transaction, ...], *, wins_without_bet: bool) -> WinVerdict:
    """Judge a win by the bets it can rest on: those of its round, or the one it names.

    Providers set to ``wins_without_bet`` (prizes, free rounds) are exempt from NO_BET only.
    """
    if not bets:
        return WinVerdict.ALLOWED if wins_without_bet else WinVerdict.NO_BET
    states = {bet.state for bet in bets}
    if State.ACCEPTED in states:
        return WinVerdict.ALLOWED
    if State.PENDING in states:
        return WinVerdict.UNDECIDED
    return WinVerdict.ALL_UNDONE


def must_wait(bets: tuple[Transaction, ...]) -> bool:
    """Say whether a win may not be sent yet: an earlier bet is undecided (contract 3.4)."""
    return any(bet.state is State.PENDING for bet in bets)


class CancelVerdict(Enum):
    """What becomes of a provider's cancel of a known transaction."""

    UNDO_ACCEPTED = "undo an accepted bet"
    WISH = "the attempt is under way: note the wish"
    NOTHING_TO_DO = "refused, undone or being undone already"
    NOT_CANCELLABLE = "a win, a cancel, a closed round or a round with a win"


def judge_cancel(bet: Transaction, view: RoundView, *, cancel_after_win: bool) -> CancelVerdict:
    """Judge a cancel of ``bet``; ``cancel_after_win`` is a provider profile's exception."""
    if bet.state is State.REFUSED or bet.state in BET_UNDONE:
        return CancelVerdict.NOTHING_TO_DO
    if (view.closed or view.wins) and not cancel_after_win:
        return CancelVerdict.NOT_CANCELLABLE
    if bet.state is State.PENDING:
        return CancelVerdict.WISH
    assert bet.state is State.ACCEPTED
    return CancelVerdict.UNDO_ACCEPTED
