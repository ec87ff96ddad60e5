"""Looks on SQLite are bounded, and go on where the last one stopped until all is seen."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from meganodes.domain.transaction import Kind, State
from meganodes.journal import looks, rows
from meganodes.journal.schema import upgrade
from meganodes.journal.search import FEW_ENTRIES, OWN_ENTRIES_MAX, Counted, Found, Sought
from meganodes.journal.sequencer import Sequencer
from meganodes.journal.sqlite_connection import sqlite_reader
from meganodes.journal.statements import SQLITE
from meganodes.kit.database import parse_database_url
from tests.support.transactions import bet

COUNT = OWN_ENTRIES_MAX + 2_000
EVERYTHING = Sought(agent_id=1, first=0, past=2**53)


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    """Agent 1 has more rows than one look goes through, all but the oldest of one user."""
    path = tmp_path_factory.mktemp("search") / "journal.db"
    upgrade(parse_database_url(f"sqlite:///{path}"))
    with closing(sqlite3.connect(path, isolation_level=None)) as opened:
        _fill(opened)
        yield opened


def _fill(opened: sqlite3.Connection) -> None:
    base = bet(state=State.ACCEPTED)
    made = [
        replace(base, trans_id=number, transaction_id=f"n-{number}", round_id=f"r-{number}")
        for number in range(1, COUNT + 1)
    ]
    made[0] = replace(made[0], user_code=1, kind=Kind.WIN, amount_minor=7)
    made += [
        replace(base, agent_id=2, trans_id=number, transaction_id=f"n-{number}", round_id="r")
        for number in (5, COUNT + 5)
    ]
    opened.execute("BEGIN")
    values = [(*rows.all_values(row), None, None) for row in made]
    opened.executemany(SQLITE["insert_transaction"].text, values)
    opened.execute("COMMIT")


def _seen(connection: sqlite3.Connection, sought: Sought) -> tuple[list[int], int]:
    """Look until nothing is left; return the numbers found and how many looks it took."""
    numbers: list[int] = []
    times = 0
    while sought.past > sought.first:
        found = looks.found(sqlite_reader(connection), sought, 50)
        numbers += [row.trans_id for row in found.rows]
        sought = replace(sought, past=found.reached)
        times += 1
    return numbers, times


def test_a_rare_row_far_back_takes_a_second_look(connection: sqlite3.Connection) -> None:
    for question in ({"kind": Kind.WIN}, {"amount_max_minor": 7}):
        sought = replace(EVERYTHING, **question)
        first = looks.found(sqlite_reader(connection), sought, 50)
        assert first.rows == ()
        assert first.reached == COUNT - OWN_ENTRIES_MAX
        assert _seen(connection, sought) == ([1], 2)


def test_a_look_for_newer_rows_is_bounded_too_and_goes_on_where_it_stopped(
    connection: sqlite3.Connection,
) -> None:
    newest = looks.found(sqlite_reader(connection), EVERYTHING, 1).rows[0]
    sought = replace(EVERYTHING, amount_min_minor=newest.amount_minor + 1, first=2)
    first = looks.found_newer(sqlite_reader(connection), sought, 50)
    assert (first.rows, first.reached) == ((), 2 + OWN_ENTRIES_MAX)
    on = replace(sought, first=first.reached)
    rest = looks.found_newer(sqlite_reader(connection), on, 50)
    assert (rest.rows, rest.reached) == ((), sought.past)


def test_a_user_with_few_rows_is_found_at_once_however_far_back(
    connection: sqlite3.Connection,
) -> None:
    assert _seen(connection, replace(EVERYTHING, user_code=1)) == ([1], 1)


def test_a_user_with_many_rows_is_looked_for_by_time(connection: sqlite3.Connection) -> None:
    user_code = bet().user_code
    assert COUNT > FEW_ENTRIES
    found = looks.found(sqlite_reader(connection), replace(EVERYTHING, user_code=user_code), 3)
    assert [row.trans_id for row in found.rows] == [COUNT, COUNT - 1, COUNT - 2]


def test_an_agent_with_few_rows_among_many_is_found_at_once(
    connection: sqlite3.Connection,
) -> None:
    assert _seen(connection, replace(EVERYTHING, agent_id=2)) == ([COUNT + 5, 5], 1)


def test_a_count_that_did_not_see_all_says_so(connection: sqlite3.Connection) -> None:
    def counted(sought: Sought) -> Counted:
        return looks.found_and_counted(sqlite_reader(connection), sought, 1, 10_000)[1]

    wins = counted(replace(EVERYTHING, kind=Kind.WIN))
    assert (wins.count, wins.is_all) == (0, False)
    own = counted(replace(EVERYTHING, agent_id=2))
    assert (own.count, own.is_all) == (2, True)
    user = counted(replace(EVERYTHING, user_code=1))
    assert (user.count, user.is_all) == (1, True)


@pytest.mark.parametrize("limit", [1, 2, 7, 50])
@pytest.mark.parametrize("count_max", [50, 10_000])
@pytest.mark.parametrize(
    "questions",
    [{}, {"agent_id": 2}, {"user_code": 1}, {"kind": Kind.WIN}, {"past": 20}, {"game_code": "\0"}],
)
def test_what_is_counted_is_what_stands_in_the_range_that_was_looked_at(
    connection: sqlite3.Connection, questions: dict[str, Any], limit: int, count_max: int
) -> None:
    """However long the page is, beside which the counting goes on below its last row."""
    reader, sought = sqlite_reader(connection), replace(EVERYTHING, **questions)
    newest, counted = looks.found_and_counted(reader, sought, limit, count_max)
    assert newest == looks.found(reader, sought, limit)
    wanted = looks.found(reader, sought, count_max + 1)
    assert counted.count == min(len(wanted.rows), count_max)
    is_whole = len(wanted.rows) <= count_max and wanted.reached == sought.first
    assert counted.is_all is is_whole


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("with_guid", "w USING PRIMARY KEY (word=?"),
        ("rounds_with_id", "w USING PRIMARY KEY (word=?"),
        ("with_trans_id", "(trans_id=?)"),
        ("attempts_with_id", "(attempt_id=?)"),
        ("with_transaction_id", "(agent_id=? AND provider_id=? AND transaction_id=?)"),
        ("search_by_time", "(trans_id>? AND trans_id<?)"),
        ("search_by_user", "(agent_id=? AND provider_id=? AND user_code=?)"),
        ("search_by_agent", "transactions_of_round (agent_id=?)"),
        ("search_newer_by_time", "(trans_id>? AND trans_id<?)"),
        ("search_newer_by_user", "(agent_id=? AND provider_id=? AND user_code=?)"),
        ("search_newer_by_agent", "transactions_of_round (agent_id=?)"),
        ("own_entry_after", "COVERING INDEX sqlite_autoindex_transactions_1 (trans_id>?"),
        ("own_entry_before", "COVERING INDEX sqlite_autoindex_transactions_1 (trans_id>?"),
    ],
)
def test_each_look_goes_by_a_key(connection: sqlite3.Connection, name: str, key: str) -> None:
    text = SQLITE[name].text
    more = ("limit", "skipped", "bound", "text", "agents", "providers", "word", "guid")
    names = (*EVERYTHING.__slots__, *more)
    values = dict.fromkeys(names) if ":" in text else ("1",) * text.count("?")
    plan = connection.execute(f"EXPLAIN QUERY PLAN {text}", values).fetchall()
    searched = [step[-1] for step in plan]
    assert any(key in step for step in searched), searched
    assert not any(step.startswith("SCAN t") for step in searched), searched


def test_a_guid_of_the_same_beginning_is_another(connection: sqlite3.Connection) -> None:
    guid = bet().guid
    found = looks.named(sqlite_reader(connection), guid[:-1] + "x", {1, 2}, {7})
    assert found.transactions == ()


def test_a_journal_without_a_row_answers_too(tmp_path: Path) -> None:
    path = tmp_path / "journal.db"
    upgrade(parse_database_url(f"sqlite:///{path}"))
    with closing(sqlite3.connect(path)) as empty:
        assert looks.found(sqlite_reader(empty), EVERYTHING, 5).rows == ()
        _, counted = looks.found_and_counted(sqlite_reader(empty), EVERYTHING, 5, 5)
        assert counted == Counted(count=0, is_all=True)


@pytest.mark.parametrize("steps", [0, 1, 3])
def test_rows_are_found_with_and_without_their_words(tmp_path: Path, steps: int) -> None:
    """However far the words have come: not at all, to a part, or as far as they may."""
    path = tmp_path / "journal.db"
    upgrade(parse_database_url(f"sqlite:///{path}"))
    with closing(sqlite3.connect(path, isolation_level=None)) as opened:
        made = [
            replace(
                bet(state=State.ACCEPTED),
                trans_id=number,
                transaction_id=f"n-{number}",
                round_id=f"round {number}",
                guid=f"mn-{number:040x}"[:43].replace("mn-0000", f"mn-{number:04d}"),
            )
            for number in range(1, 11)
        ]
        values = [(*rows.all_values(row), None, None) for row in made]
        opened.executemany(SQLITE["insert_transaction"].text, values)
        sequencer = Sequencer(opened)
        came = [sequencer.add_search_words(before=9, limit=4) for _ in range(steps)]
        assert came == [4, 8, 0][:steps]
        for row in made:
            found = looks.named(sqlite_reader(opened), row.guid, {1}, {7})
            assert [each.trans_id for each in found.transactions] == [row.trans_id]
            found = looks.named(sqlite_reader(opened), row.round_id, {1}, {7})
            assert [each.round_id for each in found.rounds] == [row.round_id]
            assert looks.named(sqlite_reader(opened), row.guid, {2}, {7}).transactions == ()
            assert looks.named(sqlite_reader(opened), row.round_id, {2}, {7}).rounds == ()


def test_a_rounds_word_leads_to_its_first_row_alone(connection: sqlite3.Connection) -> None:
    Sequencer(connection).add_search_words(before=2**53, limit=10 * COUNT)
    words = "SELECT count(*) FROM search_words WHERE word = 'r-2'"
    assert connection.execute(words).fetchone() == (1,)


@pytest.mark.parametrize("odd", [{"round_id": "a\0"}, {"game_code": "\0"}])
def test_a_text_that_no_row_can_hold_is_found_nowhere(
    connection: sqlite3.Connection, odd: dict[str, str]
) -> None:
    reader = sqlite_reader(connection)
    sought = replace(Sought(agent_id=1, first=5, past=2**53), **odd)  # type: ignore[arg-type]
    assert looks.found(reader, sought, 5) == Found(rows=(), reached=5)
    assert looks.found_newer(reader, sought, 5) == Found(rows=(), reached=2**53)
    _, counted = looks.found_and_counted(reader, sought, 5, 5)
    assert counted == Counted(count=0, is_all=True)
