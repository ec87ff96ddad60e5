"""Files of the other side, read strictly: one bad line, and nothing is compared.

UTF-8 with the header `trans_guid,kind,amount,state`; one line for each movement. Lines and rows of
the hub become short texts that are sorted by id outside memory.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from meganodes.domain.reconciliation import (
    EXPECTED,
    Entry,
    Expected,
    Ours,
    Side,
    Sums,
    Told,
    is_probed,
)
from meganodes.domain.transaction import Kind, State
from meganodes.journal.search import ComparedRow
from meganodes.kit.line_sorter import LineSorter
from meganodes.protocol.money import AmountError, parse_amount

HEADER: Final = ("trans_guid", "kind", "amount", "state")

FAULTS_MAX: Final = 10_000
"""So many bad lines are listed; a file with more is no file of transactions."""

_TELL_EVERY: Final = 20_000
_CANCEL_END: Final = "-c"
_ID: Final = re.compile(r"[!-~]{1,66}")
_KINDS: Final = {
    "bet": Kind.BET.value,
    "win": Kind.WIN.value,
    "cancel": Kind.CANCEL.value,
    "refund": Kind.CANCEL.value,
    "rollback": Kind.CANCEL.value,
}
_STATES: Final = {
    "ok": Told.BOOKED.value,
    "accepted": Told.BOOKED.value,
    "canceled": Told.CANCELLED.value,
    "cancelled": Told.CANCELLED.value,
    "refused": Told.REFUSED.value,
    "open": Told.OPEN.value,
}


@dataclass(frozen=True, slots=True)
class BadLine:
    """A line that cannot be read: its number, the header being 1, and why."""

    number: int
    reason: str


@dataclass(frozen=True, slots=True)
class ReadFile:
    """What a file was: how many lines it has below its header, and its SHA-256."""

    lines: int
    digest: str


class BadFile(Exception):
    """The file is not used; ``lines`` say why, with their numbers."""

    def __init__(self, path: Path, lines: list[BadLine]) -> None:
        super().__init__(f"{path}: {len(lines)} bad lines")
        self.path = path
        self.lines = lines


class _Unreadable(Exception):
    """Why one line is bad."""


def read_file(path: Path, exponent: int, into: LineSorter, tell: Callable[[int], None]) -> ReadFile:
    """Read all lines into a sorter; ``tell`` hears how far it is. Raises BadFile and OSError."""
    bad: list[BadLine] = []
    lines = 0
    rows = _rows(path)
    if tuple(next(rows)) != HEADER:
        raise BadFile(path, [BadLine(1, f"the header must be {','.join(HEADER)}")])
    for cells in rows:
        lines += 1
        try:
            into.add(_line(cells, exponent))
        except _Unreadable as fault:
            bad.append(BadLine(lines + 1, str(fault)))
            if len(bad) == FAULTS_MAX:
                break
        if lines % _TELL_EVERY == 0:
            tell(lines)
    if bad:
        raise BadFile(path, bad)
    tell(lines)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ReadFile(lines=lines, digest=digest)


def _rows(path: Path) -> Iterator[list[str]]:
    number = 0
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            for cells in csv.reader(file, strict=True):
                number += 1
                yield cells
    except (UnicodeDecodeError, csv.Error) as fault:
        raise BadFile(path, [BadLine(number + 1, f"no CSV in UTF-8: {fault}")]) from fault
    if not number:
        raise BadFile(path, [BadLine(1, "the file is empty")])


def _line(cells: list[str], exponent: int) -> str:
    if len(cells) != len(HEADER):
        raise _Unreadable(f"{len(cells)} cells, {len(HEADER)} are needed")
    key, kind_word, amount, state = cells
    if _ID.fullmatch(key) is None:
        raise _Unreadable("trans_guid: 1 to 66 printable characters without blanks are needed")
    kind = _KINDS.get(kind_word) or _KINDS.get(kind_word.lower())
    if kind is None:
        raise _Unreadable(f"kind: {kind_word!r} is none of bet, win, cancel")
    told = _STATES.get(state) or _STATES.get(state.lower())
    if told is None:
        raise _Unreadable(f"state: {state!r} is none of ok, canceled, refused, open")
    if kind == Kind.CANCEL:
        key = key.removesuffix(_CANCEL_END)
    return f"{key}\t{kind}\t{_amount_minor(amount, exponent)}\t{told}"


@lru_cache(maxsize=100_000)
def _amount_minor(text: str, exponent: int) -> int:
    """Read an amount; zeros beyond the currency's decimals are taken: many print four always."""
    whole, dot, fraction = text.partition(".")
    if dot and len(fraction) > exponent and not fraction[exponent:].strip("0"):
        text = f"{whole}.{fraction[:exponent]}" if exponent else whole
    try:
        return parse_amount(text, exponent)
    except AmountError as fault:
        raise _Unreadable(f"amount: {text!r}. {fault.reason}") from fault


# --- texts to be sorted: id, kind, amount, then what is particular to a side ----------------------

_BOOKED_HERE: Final = f"\t{Expected.BOOKED}\t"
_BOOKED_THERE: Final = f"\t{Told.BOOKED}"


def entry_line(key: str, entry: Entry) -> str:
    """Make a sortable text of a line."""
    return f"{key}\t{entry.kind}\t{entry.amount_minor}\t{entry.told}"


def entry_of(line: str) -> tuple[str, Entry]:
    """Read it back."""
    key, kind, amount_minor, told = line.split("\t")
    return key, Entry(kind=Kind(kind), amount_minor=int(amount_minor), told=Told(told))


def our_line(key: str, row: ComparedRow, side: Side) -> str:
    """Make a sortable text of what is compared of a row."""
    kind, state = row.kind, row.state
    return (
        f"{key}\t{kind}\t{row.amount_minor}\t{EXPECTED[side][kind, state]}"
        f"\t{row.trans_id}\t{row.guid}\t{state}\t{is_probed(state, row.step):d}"
    )


def ours_of(line: str) -> tuple[str, Ours]:
    """Read it back."""
    key, kind, amount_minor, expected, trans_id, guid, state, probed = line.split("\t")
    return key, Ours(
        trans_id=int(trans_id),
        guid=guid,
        kind=Kind(kind),
        amount_minor=int(amount_minor),
        state=State(state),
        expected=Expected(expected),
        probed=probed == "1",
    )


class Merge:
    """Walks through both sorted sides at once.

    What is plainly equal, a movement that stands on both sides once with one amount, is compared as
    text and only counted: ``equal`` are its sums.
    """

    def __init__(self, ours: Iterator[str], theirs: Iterator[str]) -> None:
        self._ours = ours
        self._theirs = theirs
        self._counts: Counter[str] = Counter()
        self._minor: Counter[str] = Counter()
        self.walked = 0

    @property
    def equal(self) -> Sums:
        """Sum up what was plainly equal so far."""
        return Sums(
            count=self._counts.total(),
            bet_minor=self._minor[Kind.BET],
            win_minor=self._minor[Kind.WIN],
        )

    def rest(self) -> Iterator[tuple[str, Ours | None, list[Entry]]]:
        """Give every other id once, in order, with all that there is of it."""
        ours, theirs = self._ours, self._theirs
        mine, line = next(ours, None), next(theirs, None)
        while mine is not None or line is not None:
            self.walked += 1
            our_key = None if mine is None else mine.partition("\t")[0]
            their_key = None if line is None else line.partition("\t")[0]
            key = min(each for each in (our_key, their_key) if each is not None)
            lines = []
            while line is not None and line.startswith(key) and line[len(key)] == "\t":
                lines.append(line)
                line = next(theirs, None)
            here, mine = (mine, next(ours, None)) if our_key == key else (None, mine)
            if here is None or not self._is_plain(here, lines):
                row = None if here is None else ours_of(here)[1]
                yield key, row, [entry_of(each)[1] for each in lines]

    def _is_plain(self, here: str, lines: list[str]) -> bool:
        if len(lines) != 1:
            return False
        head, is_booked, _ = here.partition(_BOOKED_HERE)
        if not is_booked or lines[0] != head + _BOOKED_THERE:
            return False
        _, kind, amount_minor = head.split("\t")
        self._counts[kind] += 1
        self._minor[kind] += int(amount_minor)
        return True
