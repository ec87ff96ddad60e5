"""Compares the casino's ledger, the hub's journal and the studio's record, each transaction.

Pure: whoever calls it has read the three. It trusts none of them; a difference is a sentence.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What moved money."""

    BET = "bet"
    WIN = "win"
    CANCEL = "cancel"


class Fate(StrEnum):
    """What the studio believes of one of its transactions."""

    OPEN = "open"
    STANDS = "accepted"
    UNDONE = "cancelled"
    VOID = "void"


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One movement of money as the casino or the hub tells it.

    ``key`` is the id on the callback wire; of a cancel it is the id of the bet it undid.
    """

    kind: Kind
    key: str
    round_id: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """One bet or win as the studio tells it."""

    kind: Kind
    transaction_id: str
    round_id: str
    amount_minor: int
    fate: Fate


@dataclass(frozen=True, slots=True, kw_only=True)
class HubState:
    """What the Provider API's `round` says of one transaction."""

    state: str
    delivered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Records:
    """The three records, and what the hub tells the studio (`states`, by transaction id)."""

    casino: Sequence[Movement]
    hub: Sequence[Movement]
    studio: Sequence[Played]
    states: Mapping[str, HubState]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sums:
    """What one record adds up to, in minor units: the stakes that stand, and the wins."""

    stakes_minor: int
    wins_minor: int

    @property
    def net_minor(self) -> int:
        """What the players lost."""
        return self.stakes_minor - self.wins_minor


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """``differences`` are findings; ``open_ids`` are transactions that are not settled yet."""

    casino: Sums
    hub: Sums
    studio: Sums
    transactions: int
    differences: tuple[str, ...]
    open_ids: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        """Whether everything is settled and the same three times."""
        return not self.differences and not self.open_ids


def compare(records: Records) -> Comparison:
    """Compare the three records."""
    open_ids = tuple(_open(records))
    differences = [
        *_repeated("casino", records.casino),
        *_repeated("hub", records.hub),
        *_casino_against_hub(records),
        *_studio_against_hub(records, frozenset(open_ids)),
        *_states(records, frozenset(open_ids)),
    ]
    sums = _sums(records.casino), _sums(records.hub), _studio_sums(records.studio)
    if len(set(sums)) != 1 and not open_ids:
        differences.append("the sums differ")
    return Comparison(
        casino=sums[0],
        hub=sums[1],
        studio=sums[2],
        transactions=len({(one.kind, one.key) for one in (*records.casino, *records.hub)}),
        differences=tuple(differences),
        open_ids=open_ids,
    )


def _open(records: Records) -> Iterator[str]:
    for played in records.studio:
        state = records.states.get(played.transaction_id)
        if played.fate is Fate.OPEN or (state is not None and not state.delivered):
            yield played.transaction_id


def _repeated(name: str, movements: Iterable[Movement]) -> Iterator[str]:
    counted = Counter((one.kind, one.key) for one in movements)
    for (kind, key), times in counted.items():
        if times > 1:
            yield f"the {name} has the {kind} of {key} {times} times"


def _casino_against_hub(records: Records) -> Iterator[str]:
    casino = {(one.kind, one.key): one for one in records.casino}
    hub = {(one.kind, one.key): one for one in records.hub}
    for kind, key in casino.keys() | hub.keys():
        here, there = casino.get((kind, key)), hub.get((kind, key))
        if here is None:
            yield f"the {kind} of {key} is in the hub's list and not in the casino's ledger"
        elif there is None:
            yield f"the {kind} of {key} is in the casino's ledger and not in the hub's list"
        elif here != there:
            yield (
                f"the {kind} of {key} is {here.amount_minor} in round {here.round_id} for the "
                f"casino, {there.amount_minor} in round {there.round_id} for the hub"
            )


def _studio_against_hub(records: Records, open_ids: frozenset[str]) -> Iterator[str]:
    """Match by round, kind and amount: the studio never learns the ids of the callback wire."""
    listed = Counter((one.kind, one.round_id, one.amount_minor) for one in records.hub)
    for played in records.studio:
        listed.subtract(_expected(played, listed))
        if played.transaction_id in open_ids:
            continue
        for kind in (played.kind, Kind.CANCEL):
            if listed[kind, played.round_id, played.amount_minor] < 0:
                yield (
                    f"the studio's {played.kind} {played.transaction_id} is {played.fate.value}, "
                    f"and the hub's list has no {kind} for it"
                )
    for (kind, round_id, amount_minor), times in listed.items():
        if times > 0:
            yield f"the hub lists a {kind} of {amount_minor} in round {round_id} too many"


def _expected(
    played: Played, listed: Mapping[tuple[Kind, str, int], int]
) -> dict[tuple[Kind, str, int], int]:
    """Say what the hub must list for one of the studio's transactions."""
    own = (played.kind, played.round_id, played.amount_minor)
    cancel = (Kind.CANCEL, played.round_id, played.amount_minor)
    match played.fate:
        case Fate.STANDS:
            return {own: 1}
        case Fate.UNDONE:
            return {own: 1, cancel: 1}
        case Fate.VOID | Fate.OPEN:
            # A bet that never stood is listed together with its cancel, or not at all.
            both_listed = listed[own] > 0 and listed[cancel] > 0
            return {own: 1, cancel: 1} if played.kind is Kind.BET and both_listed else {}


_GONE = frozenset({"refused", "cancelled", "void"})
_THERE = frozenset({"accepted", "settled_by_hand"})


def _states(records: Records, open_ids: frozenset[str]) -> Iterator[str]:
    for played in records.studio:
        state = records.states.get(played.transaction_id)
        if played.transaction_id in open_ids:
            continue
        told = "unknown" if state is None else state.state
        stands = played.fate is Fate.STANDS
        fits = told in _THERE if stands else told in _GONE | {"unknown"}
        if not fits:
            yield (
                f"the {played.kind} {played.transaction_id} is {played.fate.value} for the studio "
                f"and {told} for the hub"
            )


def _sums(movements: Iterable[Movement]) -> Sums:
    totals: Counter[Kind] = Counter()
    for one in movements:
        totals[one.kind] += one.amount_minor
    return Sums(stakes_minor=totals[Kind.BET] - totals[Kind.CANCEL], wins_minor=totals[Kind.WIN])


def _studio_sums(played: Iterable[Played]) -> Sums:
    totals: Counter[Kind] = Counter()
    for one in played:
        if one.fate is Fate.STANDS:
            totals[one.kind] += one.amount_minor
    return Sums(stakes_minor=totals[Kind.BET], wins_minor=totals[Kind.WIN])
