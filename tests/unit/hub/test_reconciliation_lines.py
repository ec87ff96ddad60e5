"""Files of operators and providers: read exactly, or refused with every bad line by number."""

from __future__ import annotations

import random
from collections import defaultdict
from pathlib import Path

import pytest

from meganodes.domain.reconciliation import (
    Entry,
    Side,
    Sums,
    Told,
    Verdict,
    judge,
    ours,
    sums_here,
)
from meganodes.domain.transaction import Kind, State, Step
from meganodes.hub.reconciliation_lines import (
    FAULTS_MAX,
    BadFile,
    BadLine,
    Merge,
    Sample,
    _Tails,
    entry_line,
    entry_of,
    our_lines,
    ours_of,
    read_file,
)
from meganodes.journal.search import ComparedRow
from meganodes.kit.line_sorter import LineSorter
from meganodes.protocol.commands import Revision
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
    (line,) = our_lines([compared], side)
    assert ours_of(line) == (row.guid, ours(row, side))
    entry = Entry(kind=Kind.CANCEL, amount_minor=1, told=Told.REFUSED)
    assert entry_of(entry_line("key", entry)) == ("key", entry)


def test_a_backend_of_revision_id_knows_the_hubs_number() -> None:
    row = a_row()._replace(trans_id=77, revision=Revision.ID)
    keys = {side: ours_of(*our_lines([row], side))[0] for side in Side}
    assert keys == {Side.BACKEND: "77", Side.PROVIDER: row.guid}


def test_both_sides_are_walked_through_and_the_plainly_equal_are_only_counted() -> None:
    plain = Entry(kind=Kind.BET, amount_minor=150, told=Told.BOOKED)
    other = Entry(kind=Kind.BET, amount_minor=151, told=Told.BOOKED)
    rows = [a_row()._replace(guid=key) for key in ("a", "b", "c", "d", "e", "f")]
    here = our_lines([*rows, a_row(State.REFUSED)._replace(guid="g")], Side.BACKEND)
    there = [entry_line(key, plain) for key in ("b", "b", "c", "c!", "e", "g", "h")]
    walk = Merge(iter([here]), iter([sorted([*there, entry_line("f", other)])]))
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


def test_a_sample_keeps_what_did_not_go_well_and_fills_up_by_lot() -> None:
    rows = [a_row()._replace(guid=f"k{number:03}") for number in range(100)]
    rows[70:73] = [
        a_row(State.CANCELLED)._replace(guid=row.guid, state=State.CANCELLED) for row in rows[70:73]
    ]
    sample = Sample(5)
    for at in range(0, 100, 7):
        sample.extend(our_lines(rows[at : at + 7], Side.BACKEND))
    kept = [ours_of(line)[0] for line in sample.sorted()]
    assert kept == ["k000", "k001", "k070", "k071", "k072"]
    assert sample.left_out == 95
    assert [len(block) for block in sample.blocks()] == [5]
    assert sample.left_out == 95, "also when it is read again"
    assert list(Sample(5).blocks()) == []


@pytest.mark.parametrize("seed", range(30))
def test_every_id_is_counted_or_walked_with_all_its_lines(tmp_path: Path, seed: int) -> None:
    """The same as putting all lines of both sides into two dictionaries."""
    chance = random.Random(seed)  # noqa: S311 - a random world, the same in every run
    rows = [
        a_row(chance.choice(list(State)))._replace(guid=f"k{number}", amount_minor=number % 3)
        for number in chance.sample(range(40), 30)
    ]
    lines = [
        entry_line(
            f"k{chance.randrange(45)}",
            Entry(
                kind=chance.choice([Kind.BET, Kind.BET, Kind.WIN, Kind.CANCEL]),
                amount_minor=chance.randrange(3),
                told=chance.choice([Told.BOOKED, Told.BOOKED, *Told]),
            ),
        )
        for _ in range(60)
    ]
    here, there = (LineSorter(tmp_path, name, lines_max=7) for name in ("ours", "theirs"))
    here.extend(our_lines(rows, Side.BACKEND))
    there.extend(lines)
    walk = Merge(here.blocks(), there.blocks())
    rest = {key: (mine, entries) for key, mine, entries in walk.rest()}
    ours_by_key = dict(ours_of(line) for line in our_lines(rows, Side.BACKEND))
    theirs_by_key: dict[str, list[Entry]] = defaultdict(list)
    for key, entry in map(entry_of, sorted(lines)):
        theirs_by_key[key].append(entry)
    for key, (mine, entries) in rest.items():
        assert (mine, entries) == (ours_by_key.get(key), theirs_by_key.get(key, []))
    counted = (ours_by_key.keys() | theirs_by_key.keys()) - rest.keys()
    assert list(rest) == sorted(rest)
    assert walk.equal == sum((sums_here(ours_by_key[key]) for key in counted), Sums())
    for key in counted:
        judged = judge(ours_by_key[key], theirs_by_key[key], Side.BACKEND)
        assert (judged.verdict, len(theirs_by_key[key])) == (Verdict.EQUAL, 1)


def test_a_quoted_file_is_read_as_a_plain_one_is(tmp_path: Path) -> None:
    """From the first quote on lines are read one by one."""
    plain = "".join(f"mn-{number},bet,{number}.50,ok\r\n" for number in range(60_000))
    quoted = plain.replace("mn-59000,bet", '"mn-59000","bet"')
    cancels = 'mn-9-c,cancel,9.5,ok\n"mn-8-c",refund,8.50,ok\n'
    found = entries(tmp_path, HEADER + quoted + cancels)
    assert found == sorted(
        [
            *entries(tmp_path, HEADER + plain),
            ("mn-9", Entry(kind=Kind.CANCEL, amount_minor=950, told=Told.BOOKED)),
            ("mn-8", Entry(kind=Kind.CANCEL, amount_minor=850, told=Told.BOOKED)),
        ],
        key=lambda each: entry_line(*each),
    )


def test_a_byte_that_is_no_text_is_named_by_its_line(tmp_path: Path) -> None:
    text = HEADER.encode() + b"a,bet,1,ok\n" * 50_000 + b"a\xff,bet,1,ok\n"
    (bad,) = faults(tmp_path, text)
    assert bad.number == 50_002


def test_no_more_bad_lines_are_listed_than_anybody_reads(tmp_path: Path) -> None:
    assert len(faults(tmp_path, HEADER + "a,stake,1,ok\n" * (FAULTS_MAX + 5))) == FAULTS_MAX
    assert len(faults(tmp_path, HEADER + '"a",stake,1,ok\n' * (FAULTS_MAX + 5))) == FAULTS_MAX


def test_what_is_remembered_of_lines_has_a_bound() -> None:
    tails = _Tails(2)
    tails.update((str(number), "") for number in range(100_000))
    assert tails["bet,1.50,ok"] == tails["bet,1.50,ok"]
    assert list(tails) == ["bet,1.50,ok"]
