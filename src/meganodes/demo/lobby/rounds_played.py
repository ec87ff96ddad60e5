"""What a player reads about the last rounds, made from the casino's own ledger."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from meganodes.protocol.money import format_amount
from meganodes.sdk.ledger import Entry, EntryKind, EntryState


class RoundFate(StrEnum):
    """OPEN: the stake is booked and no win has come yet, not even one of nothing."""

    OPEN = "open"
    WON = "won"
    LOST = "lost"
    RETURNED = "returned"


@dataclass(slots=True)
class _Sums:
    stake_minor: int = 0
    returned_minor: int = 0
    win_minor: int = 0
    is_settled: bool = False


def rounds_played(newest_first: Iterable[Entry], exponent: int) -> list[dict[str, str]]:
    """Return a row for each round, newest first; what never moved money has none."""
    rounds: dict[str, _Sums] = {}
    for entry in newest_first:
        if entry.round_id and entry.state in {EntryState.BOOKED, EntryState.CANCELLED}:
            _add(entry, rounds.setdefault(entry.round_id, _Sums()))
    return [_row(round_id, sums, exponent) for round_id, sums in rounds.items()]


def _add(entry: Entry, sums: _Sums) -> None:
    match entry.kind:
        case EntryKind.BET:
            sums.stake_minor += entry.amount_minor
        case EntryKind.CANCEL:
            sums.returned_minor += entry.amount_minor
        case EntryKind.WIN:
            sums.win_minor += entry.amount_minor
            sums.is_settled = True
        case EntryKind.DEPOSIT | EntryKind.WITHDRAWAL:
            raise AssertionError("no part of a round")


def _row(round_id: str, sums: _Sums, exponent: int) -> dict[str, str]:
    return {
        "round_id": round_id,
        "stake": format_amount(sums.stake_minor, exponent),
        "win": format_amount(sums.win_minor, exponent),
        "net": format_amount(sums.win_minor + sums.returned_minor - sums.stake_minor, exponent),
        "fate": _fate(sums).value,
    }


def _fate(sums: _Sums) -> RoundFate:
    if sums.returned_minor and sums.returned_minor == sums.stake_minor:
        return RoundFate.RETURNED
    if not sums.is_settled:
        return RoundFate.OPEN
    return RoundFate.WON if sums.win_minor else RoundFate.LOST
