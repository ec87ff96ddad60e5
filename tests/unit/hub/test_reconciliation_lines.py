"""Files of operators and providers: read exactly, or refused with every bad line by number."""

from __future__ import annotations

from pathlib import Path

import pytest

from meganodes.domain.reconciliation import Entry, Side, Sums, Told, ours
from meganodes.domain.transaction import Kind, State, Step
from meganodes.hub.reconciliation_lines import (
    BadFile,
    BadLine,
    Merge,
    entry_line,
    entry_of,
    our_line,
    ours_of,
    read_file,
)
from meganodes.journal.search import ComparedRow
from meganodes.kit.line_sorter import LineSorter
from tests.support.transactions import bet

HEADER = "trans_guid,kind,amount,state\n"


def entries(tmp_path: Path, text: str | bytes, exponent: int = 2) -> list[tuple[str, Entry]]:
    path = tmp_path / "theirs.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    sorter = LineSorter(tmp_path, "theirs")
    read_file(path, exponent, sorter, lambda _: None)
    return [entry_of(line) for line in sorter.sorted()]


def faults(tmp_path: Path, text: str | bytes, exponent: int = 2) -> list[BadLine]:
    with pytest.raises(BadFile) as refused:
        entries(tmp_path, text, exponent)
    return refused.value.lines


@pytest.mark.parametrize(
    ("line", "key", "entry"),
    [
        ("mn-1,bet,1.50,OK", "mn-1", Entry(kind=Kind.BET, amount_minor=150, told=Told.BOOKED)),
        ("mn-1,WIN,2,ok", "mn-1", Entry(kind=Kind.WIN, amount_minor=200, told=Told.BOOKED)),
        ("mn-1,win,0,ok", "mn-1", Entry(kind=Kind.WIN, amount_minor=0, told=Told.BOOKED)),
        ("77,bet,1.5000,ok", "77", Entry(kind=Kind.BET, amount_minor=150, told=Told.BOOKED)),
        (
            "mn-1,bet,1,CANCELED",
            "mn-1",
            Entry(kind=Kind.BET, amount_minor=100, told=Told.CANCELLED),
        ),
        ("mn-1-c,cancel,1,ok", "mn-1", Entry(kind=Kind.CANCEL, amount_minor=100, told=Told.BOOKED)),
        ("mn-1-c,refund,1,ok", "mn-1", Entry(kind=Kind.CANCEL, amount_minor=100, told=Told.BOOKED)),
        ('"mn-1",bet,"1.50",open', "mn-1", Entry(kind=Kind.BET, amount_minor=150, told=Told.OPEN)),
    ],
)
def test_a_line_is_read(tmp_path: Path, line: str, key: str, entry: Entry) -> None:
    assert entries(tmp_path, HEADER + line + "\n") == [(key, entry)]


def test_marks_and_line_ends_of_spreadsheets_are_taken(tmp_path: Path) -> None:
    text = b"\xef\xbb\xbf" + (HEADER + "a,bet,1,ok\nb,bet,2,ok").replace("\n", "\r\n").encode()
    assert [key for key, _ in entries(tmp_path, text)] == ["a", "b"]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("mn-1,bet,1.50", "3 cells, 4 are needed"),
        ("mn-1,bet,1.50,ok,", "5 cells, 4 are needed"),
        ("", "0 cells"),
        (",bet,1,ok", "trans_guid: "),
        ("a b,bet,1,ok", "trans_guid: "),
        ("a" * 67 + ",bet,1,ok", "trans_guid: "),
        ("a,stake,1,ok", "kind: 'stake'"),
        ("a,bet,1,fine", "state: 'fine'"),
        ("a,bet,1.505,ok", "amount: '1.505'. The currency has at most 2 decimals"),
        ("a,bet,-1,ok", "amount: '-1'."),
        ("a,bet,1e3,ok", "amount: '1e3'."),
        ('a,bet,"1,50",ok', "amount: '1,50'."),
        ("a,bet,1.,ok", "amount: '1.'."),
        ("a,bet,90071992547409.92,ok", "An amount is at most 90071992547409.91."),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, reason: str) -> None:
    found = faults(tmp_path, f"{HEADER}good,bet,1,ok\n{line}\ngood2,bet,1,ok\n")
    assert [bad.number for bad in found] == [3]
    assert reason in found[0].reason


def test_every_bad_line_is_named(tmp_path: Path) -> None:
    found = faults(tmp_path, HEADER + "a,x,1,ok\nb,bet,1,ok\nc,bet,,ok\n")
    assert [bad.number for bad in found] == [2, 4]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"", "the file is empty"),
        (b"id,kind,amount,state\n", "the header must be trans_guid,kind,amount,state"),
        (HEADER.encode() + b"a\xff,bet,1,ok\n", "no CSV in UTF-8"),
        (HEADER.encode() + b'"a"b,bet,1,ok\n', "no CSV in UTF-8"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: bytes, reason: str) -> None:
    assert reason in faults(tmp_path, text)[0].reason


@pytest.mark.parametrize(("exponent", "minor"), [(0, 12), (2, 1_200), (8, 1_200_000_000)])
def test_amounts_are_of_the_agents_currency(tmp_path: Path, exponent: int, minor: int) -> None:
    ((_, entry),) = entries(tmp_path, HEADER + "a,bet,12.0000,ok\n", exponent)
    assert entry.amount_minor == minor


def a_row(state: State = State.ACCEPTED, step: Step = Step.NONE) -> ComparedRow:
    row = bet(state=state, step=step)
    return ComparedRow(*(getattr(row, name) for name in ComparedRow._fields))


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("state", [State.VOID, State.ACCEPTED, State.PARKED])
@pytest.mark.parametrize("step", [Step.NONE, Step.PROBE])
def test_texts_to_be_sorted_read_back_the_same(side: Side, state: State, step: Step) -> None:
    row = bet(state=state, step=step, due_at_ms=1)
    compared = ComparedRow(*(getattr(row, name) for name in ComparedRow._fields))
    assert ours_of(our_line("key", compared, side)) == ("key", ours(row, side))
    entry = Entry(kind=Kind.CANCEL, amount_minor=1, told=Told.REFUSED)
    assert entry_of(entry_line("key", entry)) == ("key", entry)


def test_both_sides_are_walked_through_and_the_plainly_equal_are_only_counted() -> None:
    plain = Entry(kind=Kind.BET, amount_minor=150, told=Told.BOOKED)
    other = Entry(kind=Kind.BET, amount_minor=151, told=Told.BOOKED)
    here = [our_line(key, a_row(), Side.BACKEND) for key in ("a", "b", "c", "d", "e", "f")]
    here.append(our_line("g", a_row(State.REFUSED), Side.BACKEND))
    there = [entry_line(key, plain) for key in ("b", "b", "c", "c!", "e", "g", "h")]
    walk = Merge(iter(here), iter(sorted([*there, entry_line("f", other)])))
    walked = [(key, row is not None, len(entries)) for key, row, entries in walk.rest()]
    assert walked == [
        ("a", True, 0),
        ("b", True, 2),
        ("c!", False, 1),
        ("d", True, 0),
        ("f", True, 1),
        ("g", True, 1),
        ("h", False, 1),
    ]
    assert walk.equal == Sums(count=2, bet_minor=300)
