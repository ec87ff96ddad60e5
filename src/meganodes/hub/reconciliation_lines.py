"""Files of the other side, read strictly: one bad line, and nothing is compared.

UTF-8 with the header `trans_guid,kind,amount,state`; one line for each movement. Lines and rows of
the hub become short texts that are sorted by id outside memory.
"""

from __future__ import annotations

import csv
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from pathlib import Path
from typing import Final, TextIO

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
from meganodes.domain.transaction import Kind, State, Step
from meganodes.journal.search import ComparedRow
from meganodes.kit.line_sorter import LineSorter, key_ranges
from meganodes.protocol.commands import Revision
from meganodes.protocol.money import AmountError, parse_amount

HEADER: Final = ("trans_guid", "kind", "amount", "state")

FAULTS_MAX: Final = 10_000
"""So many bad lines are listed; a file with more is no file of transactions."""

_TELL_EVERY: Final = 20_000
_CHARACTERS_AT_ONCE: Final = 1 << 20
_TAILS_MAX: Final = 100_000
_ID_MAX: Final = 66
_CANCEL: Final = f"\t{Kind.CANCEL}\t"
_CANCEL_OF_BET: Final = f"-c{_CANCEL}"
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
    reading = _Reading(path, exponent, into, tell)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reading.read(file)
    except UnicodeDecodeError as fault:
        raise BadFile(path, [BadLine(_undecodable(path), f"no CSV in UTF-8: {fault}")]) from fault
    if reading.bad:
        raise BadFile(path, reading.bad)
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ReadFile(lines=reading.lines, digest=digest)


class _Reading:
    """A file that is being read: thousands of lines at once as long as they are plain.

    Plain are lines without quotes whose cells are right. Others are read one by one, which also
    says what is wrong with them.
    """

    def __init__(
        self, path: Path, exponent: int, into: LineSorter, tell: Callable[[int], None]
    ) -> None:
        self.lines = 0
        self.bad: list[BadLine] = []
        self._path = path
        self._into = into
        self._tell = tell
        self._exponent = exponent
        self._tails = _Tails(exponent)

    def read(self, file: TextIO) -> None:
        """Read all there is, or as far as there are not too many bad lines."""
        self._check_header(file)
        while len(self.bad) < FAULTS_MAX and (lines := file.readlines(_CHARACTERS_AT_ONCE)):
            if '"' in "".join(lines):  # a quoted cell may go on in the next line, and so on
                self._take(self._rows(chain(lines, file)))
            else:
                self._take_plain(lines)
            self._tell(self.lines)

    def _check_header(self, file: TextIO) -> None:
        header = next(self._rows(file), None)
        if header is None:
            raise BadFile(self._path, [BadLine(1, "the file is empty")])
        if tuple(header) != HEADER:
            raise BadFile(self._path, [BadLine(1, f"the header must be {','.join(HEADER)}")])

    def _rows(self, lines: Iterable[str]) -> Iterator[list[str]]:
        try:
            yield from csv.reader(lines, strict=True)
        except csv.Error as fault:
            bad = BadLine(self.lines + 2, f"no CSV in UTF-8: {fault}")
            raise BadFile(self._path, [bad]) from fault

    def _take_plain(self, lines: list[str]) -> None:
        cut = [line.partition(",") for line in lines]
        tails = self._tails
        try:
            _check_ids([key for key, _, _ in cut])
            texts = "\n".join([f"{key}\t{tails[tail]}" for key, _, tail in cut])
        except _Unreadable:
            self._take(csv.reader(lines, strict=True))
        else:
            self._into.extend(texts.replace(_CANCEL_OF_BET, _CANCEL).split("\n"))
            self.lines += len(lines)

    def _take(self, rows: Iterable[list[str]]) -> None:
        for cells in rows:
            self.lines += 1
            try:
                text = f"{_id_of(cells)}\t{_tail(cells[1:], self._exponent)}"
                self._into.extend([text.replace(_CANCEL_OF_BET, _CANCEL)])
            except _Unreadable as fault:
                self.bad.append(BadLine(self.lines + 1, str(fault)))
                if len(self.bad) == FAULTS_MAX:
                    return
            if self.lines % _TELL_EVERY == 0:
                self._tell(self.lines)


class _Tails(dict[str, str]):
    """What stands behind the id of a line, by its text: kind, amount and state repeat a lot."""

    def __init__(self, exponent: int) -> None:
        self._exponent = exponent

    def __missing__(self, text: str) -> str:
        """Read it and remember it. Raises _Unreadable."""
        cells = text.rstrip("\r\n").split(",")
        if len(cells) != len(HEADER) - 1:
            raise _Unreadable
        if len(self) >= _TAILS_MAX:
            self.clear()
        tail = self[text] = _tail(cells, self._exponent)
        return tail


def _tail(cells: list[str], exponent: int) -> str:
    kind_word, amount, state = cells
    kind = _KINDS.get(kind_word.lower())
    if kind is None:
        raise _Unreadable(f"kind: {kind_word!r} is none of bet, win, cancel")
    told = _STATES.get(state.lower())
    if told is None:
        raise _Unreadable(f"state: {state!r} is none of ok, canceled, refused, open")
    return f"{kind}\t{_amount_minor(amount, exponent)}\t{told}"


def _check_ids(keys: list[str]) -> None:
    """Look at thousands of ids at once: the same rule as of a single one. Raises _Unreadable."""
    together = "".join(keys)
    lengths = set(map(len, keys))
    is_plain = together.isascii() and together.isprintable() and " " not in together
    if not is_plain or min(lengths) == 0 or max(lengths) > _ID_MAX:
        raise _Unreadable("trans_guid: 1 to 66 printable characters without blanks are needed")


def _id_of(cells: list[str]) -> str:
    if len(cells) != len(HEADER):
        raise _Unreadable(f"{len(cells)} cells, {len(HEADER)} are needed")
    _check_ids(cells[:1])
    return cells[0]


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


def _undecodable(path: Path) -> int:
    """Give the number of the first line that is no UTF-8."""
    with path.open("rb") as file:
        return next((number for number, line in enumerate(file, 1) if not _is_text(line)), 1)


def _is_text(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True


# --- texts to be sorted: id, kind, amount, then what is particular to a side ----------------------

_PROBED: Final = {
    (state.value, step.value): int(is_probed(state, step)) for state in State for step in Step
}
_BOOKED_HERE: Final = f"\t{Expected.BOOKED}\t"
_BOOKED_THERE: Final = f"\t{Told.BOOKED}"


def entry_line(key: str, entry: Entry) -> str:
    """Make a sortable text of a line."""
    return f"{key}\t{entry.kind}\t{entry.amount_minor}\t{entry.told}"


def entry_of(line: str) -> tuple[str, Entry]:
    """Read it back."""
    key, kind, amount_minor, told = line.split("\t")
    return key, Entry(kind=Kind(kind), amount_minor=int(amount_minor), told=Told(told))


def our_lines(rows: Iterable[ComparedRow], side: Side) -> list[str]:
    """Make sortable texts of what is compared of rows, by the ids by which a side knows them.

    Backends of revision `id` know the hub's number, everybody else its guid.
    """
    by_number = Revision.ID if side is Side.BACKEND else None
    expected = EXPECTED[side]
    return [
        f"{trans_id if revision == by_number else guid}\t{kind}\t{amount_minor}"
        f"\t{expected[kind, state]}\t{trans_id}\t{guid}\t{state}\t{_PROBED[state, step]}"
        for trans_id, guid, kind, amount_minor, state, step, revision, *_ in rows
    ]


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


class Sample:
    """Takes lines of the hub like a sorter, and keeps so many: those that did not simply go well.

    Where there is room, others follow: the lowest ids, which say nothing of what they stand for.
    """

    def __init__(self, most: int) -> None:
        self.left_out = 0
        self._most = most
        self._plain: list[str] = []
        self._other: list[str] = []

    def extend(self, lines: Iterable[str]) -> None:
        """Take lines; what is more than enough is forgotten at once."""
        for line in lines:
            (self._plain if _BOOKED_HERE in line else self._other).append(line)
        for kept in (self._plain, self._other):
            if len(kept) > 2 * self._most:
                self._cut(kept, self._most)

    def sorted(self) -> Iterator[str]:
        """Give what is kept in order."""
        self._cut(self._other, self._most)
        self._cut(self._plain, self._most - len(self._other))
        return iter(sorted([*self._other, *self._plain]))

    def blocks(self) -> Iterator[list[str]]:
        """Give the same as a sorter does."""
        lines = list(self.sorted())
        return iter([lines] if lines else [])

    def _cut(self, kept: list[str], most: int) -> None:
        kept.sort()
        self.left_out += len(kept[most:])
        del kept[most:]


class Merge:
    """Walks through both sorted sides at once.

    What is plainly equal, a movement that stands on both sides once with one amount, is compared as
    text and only counted: ``equal`` are its sums, ``walked`` how many rows of the hub were passed.
    """

    def __init__(self, ours: Iterator[list[str]], theirs: Iterator[list[str]]) -> None:
        self._ranges = key_ranges([ours, theirs])
        self.equal = Sums()
        self.walked = 0

    def rest(self) -> Iterator[tuple[str, Ours | None, list[Entry]]]:
        """Give every other id once, in order, with all that there is of it."""
        for mine, theirs in self._ranges:
            self.walked += len(mine)
            heads = [line.partition(_BOOKED_HERE)[0] + _BOOKED_THERE for line in mine]
            plain = _plain(heads, theirs)
            self.equal += _sums_of(plain)
            if len(plain) < max(len(mine), len(theirs)):
                both = zip(mine, heads, strict=True)
                yield from _by_key(
                    [line for line, head in both if head not in plain],
                    [line for line in theirs if line not in plain],
                )


def _plain(heads: list[str], theirs: list[str]) -> set[str]:
    """Give the lines that stand on both sides, whose ids stand in no other line of the other."""
    plain = set(heads).intersection(theirs)
    if len(plain) == len(theirs):
        return plain
    ids = Counter(line.partition("\t")[0] for line in theirs)
    several = {key for key, count in ids.items() if count > 1}
    return {line for line in plain if line.partition("\t")[0] not in several} if several else plain


def _sums_of(plain: set[str]) -> Sums:
    minor = {Kind.BET.value: 0, Kind.WIN.value: 0}
    for tail, count in Counter(line.partition("\t")[2] for line in plain).items():
        kind, amount_minor, _ = tail.split("\t")
        minor[kind] += int(amount_minor) * count
    return Sums(count=len(plain), bet_minor=minor[Kind.BET], win_minor=minor[Kind.WIN])


def _by_key(mine: list[str], theirs: list[str]) -> Iterator[tuple[str, Ours | None, list[Entry]]]:
    rows = dict(map(ours_of, mine))
    entries: dict[str, list[Entry]] = {}
    for line in theirs:
        key, entry = entry_of(line)
        entries.setdefault(key, []).append(entry)
    for key in sorted(rows.keys() | entries.keys()):
        yield key, rows.get(key), entries.get(key, [])
