"""The journal's SQL: named, described, bound to one agent, and never a scan of a large table."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing

import pytest

from meganodes.journal import rows
from meganodes.journal.postgres_parts import STATEMENTS as RETENTION_POSTGRESQL
from meganodes.journal.schema import TABLES, upgrade
from meganodes.journal.sqlite_retention import STATEMENTS as RETENTION_SQLITE
from meganodes.journal.statements import POSTGRESQL, SQLITE, Statement, read_statements
from meganodes.kit.database import DatabaseKind, parse_database_url

NAMES = TABLES[DatabaseKind.SQLITE]

ACROSS_AGENTS = {
    "due_work": "the worker asks once for all agents; it groups by agent_id",
    "expired_pending": "the worker undoes the bets of whichever agent; the rows carry agent_id",
    "overdue": "the worker parks the rows of whichever agent; the rows carry agent_id",
    "last_to_place": "the sequencer serves all agents in one run",
    "advance_positions": "the sequencer serves all agents in one run; it groups by agent_id",
    "place_listings": "the sequencer serves all agents in one run; it partitions by agent_id",
    "parked": "people look at what waits in all agents; the rows carry agent_id",
    "open_work": "people look at what waits in all agents; it groups by agent_id",
    "unplaced": "people look at what waits in all agents; only a number leaves it",
    "open_rounds": "the report is about all agents; it groups by agent_id",
    "highest_trans_id": "numbers are issued for all agents; no row leaves it",
    "unlisted_balances": "the worker asks for whichever agent; the rows carry agent_id",
    "unsummed": "the worker sums up for all agents in one run; the rows carry agent_id",
    "list_skips": "a start reads those of all agents; the rows carry agent_id",
    "undecided": "a restore looks at all agents; the rows carry agent_id",
    "last_numbers": "a restore looks at all agents; only two numbers leave it",
    "entry_before": "a look is bounded by what all agents did; only a number leaves it",
    "entry_after": "a look is bounded by what all agents did; only a number leaves it",
    "with_trans_id": "staff may see many agents; the caller keeps the rows of those alone",
    "with_guid": "staff may see many agents; the caller keeps the rows of those alone",
    "next_search_words": "words are put down for all agents in one run; only numbers leave it",
    "add_search_words": "words are put down for all agents in one run; they carry agent_id",
    "note_search_words": "one row says how far the run has come",
    "with_transaction_id": "staff may see many agents; it is bound to a list of them",
    "rounds_with_id": "staff may see many agents; it is bound to a list of them",
    "attempts_with_id": "staff may see many agents; the caller keeps the rows of those alone",
    "sealed_to": "one row says how far the seals have come",
    "next_to_seal": "one run seals all agents; only numbers leave it",
    "transactions_to_seal": "one run seals all agents, each in a chain of its own",
    "events_to_seal": "one run seals all agents, each in a chain of its own",
    "late_events_to_seal": "one run seals all agents, each in a chain of its own",
    "attempts_to_seal": "one run seals all agents, each in a chain of its own",
    "seals_of_minute": "one run looks at all agents; the rows carry agent_id",
    "next_sealed_minute": "a check goes through the minutes; only a moment leaves it",
    "next_sealed_agent": "a check goes through the chains of all agents",
    "misplaced": "the check at the start looks at every agent's list",
}
SMALL = {
    "listing_positions": "one row for each agent",
    "list_skips": "one row for each agent and restore",
    "search_progress": "one row",
    "seal_progress": "one row",
    "retention_progress": "one row",
}

SCANS = re.compile(r"SCAN|SEARCH (?!.*(\(|INDEX))")
"""A step of a plan that reads a whole table; a SEARCH without a bound looks for a max() so."""
THROUGH = re.compile(r"SCAN \w+ USING (?:COVERING )?INDEX (\w+)$")
"""A step that reads a key from end to end, which is little when the key is of few rows only."""

_TABLE = re.compile(r"\b(?:FROM|JOIN|UPDATE)\s+(\w+)(?:\s+AS\s+(\w+))?")
_BOUND = r"(?<![\w.])(?:{alias}\.)?agent_id\s*=\s*(?:\?|:agent_id|%s|%\(agent_id\)s|\w+\.agent_id)"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[sqlite3.Connection]:
    path = tmp_path_factory.mktemp("statements") / "journal.db"
    upgrade(parse_database_url(f"sqlite:///{path}"))
    with closing(sqlite3.connect(path)) as connection:
        yield connection


def unbound(statement: Statement) -> list[str]:
    """Tables that a statement touches without saying of which agent."""
    text = statement.text
    columns = re.findall(r"INSERT INTO \w+ \(([^)]*)\)", text)
    targets = re.findall(r"ON CONFLICT \(([^)]*)\)", text)
    return [part for part in (*columns, *targets) if "agent_id" not in part] + [
        table
        for table, alias in _TABLE.findall(text)
        if table in NAMES and not re.search(_BOUND.format(alias=alias or table), text)
    ]


@pytest.mark.reliability("I11")
@pytest.mark.parametrize("file", [SQLITE, POSTGRESQL], ids=["sqlite", "postgresql"])
def test_statement_is_bound_to_one_agent(file: Mapping[str, Statement]) -> None:
    loose = {name: unbound(file[name]) for name in file.keys() - ACROSS_AGENTS}
    assert {name: tables for name, tables in loose.items() if tables} == {}


@pytest.mark.parametrize("file", [SQLITE, POSTGRESQL], ids=["sqlite", "postgresql"])
def test_exemptions_are_statements_that_need_one(file: Mapping[str, Statement]) -> None:
    assert ACROSS_AGENTS.keys() <= SQLITE.keys()
    assert [name for name in ACROSS_AGENTS.keys() & file if not unbound(file[name])] == []


@pytest.mark.parametrize("name", sorted(POSTGRESQL))
def test_both_databases_take_the_same_parameters(name: str) -> None:
    ours, theirs = POSTGRESQL[name].text, SQLITE[name].text
    assert ours.count("%s") == theirs.count("?")
    assert set(re.findall(r"%\((\w+)\)s", ours)) == set(re.findall(r"(?<!:):(\w+)", theirs))
    assert POSTGRESQL[name].description.endswith(".")


def test_checker_finds_a_statement_that_forgets_the_agent() -> None:
    source = """
-- name: good
-- Read.
SELECT 1 FROM events AS e WHERE e.agent_id = ?

-- name: bad
-- Read.
SELECT e.agent_id FROM events AS e WHERE e.trans_id = ?

-- name: half
-- Read.
SELECT 1 FROM events AS e JOIN rounds AS r ON r.seq = e.epoch WHERE e.agent_id = ?

-- name: worse
-- Write.
INSERT INTO rounds (agent_id, seq) VALUES (?, ?) ON CONFLICT (seq) DO NOTHING
"""
    found = {name: unbound(statement) for name, statement in read_statements(source).items()}
    assert found == {"good": [], "bad": ["events"], "half": ["rounds"], "worse": ["seq"]}


@pytest.mark.parametrize("name", sorted(SQLITE))
def test_statement_finds_its_rows_by_an_index(name: str, database: sqlite3.Connection) -> None:
    """What costs the same with ten million rows as with ten (performance 2)."""
    text = SQLITE[name].text
    plan = database.execute("EXPLAIN QUERY PLAN " + text, _values(text)).fetchall()
    tables = {alias or table: table for table, alias in _TABLE.findall(text)}
    scanned = [step.split()[1] for *_, step in plan if reads_all(step, database)]
    assert {tables[alias] for alias in scanned if tables.get(alias) in NAMES} <= SMALL.keys()


@pytest.mark.parametrize("name", ["compared_rows"])
def test_pages_are_read_in_the_order_of_their_key(name: str, database: sqlite3.Connection) -> None:
    """A page that is sorted first costs what all pages cost, and all of them their square."""
    text = SQLITE[name].text
    plan = database.execute("EXPLAIN QUERY PLAN " + text, _values(text)).fetchall()
    assert [step for *_, step in plan if "TEMP B-TREE" in step] == []


def reads_all(step: str, database: sqlite3.Connection) -> bool:
    """Say whether a step of a plan reads all rows of a table, be it through a key."""
    through = THROUGH.match(step)
    return bool(SCANS.match(step)) and not (through and through[1] in keys_of_few(database))


def keys_of_few(database: sqlite3.Connection) -> set[str]:
    """Name the keys that hold only rows that are open in some way."""
    found = database.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'index'")
    return {name for name, text in found if text and " WHERE " in text} - {"listings_placed"}


def _values(text: str) -> dict[str, int] | tuple[int, ...]:
    """Give every parameter a value, by its name where it has one."""
    names = re.findall(r":(\w+)", text)
    return dict.fromkeys(names, 1) or (1,) * text.count("?")


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("SELECT * FROM events AS e WHERE epoch = 1", "SCAN e"),
        ("SELECT max(at_ms) FROM events AS e WHERE epoch = 1", "SEARCH e USING PRIMARY KEY"),
        (
            "SELECT count(*) FROM transactions AS t WHERE code = 1 GROUP BY agent_id",
            "SCAN t USING INDEX transactions_of_round",
        ),
    ],
)
def test_checker_of_plans_would_see_a_scan(
    text: str, step: str, database: sqlite3.Connection
) -> None:
    ((*_, found),) = database.execute("EXPLAIN QUERY PLAN " + text).fetchall()
    assert found == step
    assert reads_all(found, database)


@pytest.mark.rule("2.2-transaction-kept")
def test_nothing_is_ever_deleted() -> None:
    """Transactions are kept for at least 400 days; only bytes of attempts ever go."""
    files = (SQLITE, POSTGRESQL, RETENTION_SQLITE, RETENTION_POSTGRESQL)
    texts = [statement.text for file in files for statement in file.values()]
    gone = [text for text in texts if re.search(r"\b(DELETE|DROP|REPLACE)\b", text)]
    assert [text.split("\n")[0] for text in gone] == [
        "DELETE FROM attempt_bodies",
        "DELETE FROM [part] AS b",
    ]


RETENTION_ACROSS_AGENTS = {
    "added_up": "a look ahead is about all agents; it groups by agent_id",
    "bodies_after": "retention goes by age through all agents; the rows carry agent_id",
    "oldest_body": "a metric about all agents; only a number leaves it",
    "packed_to": "one row says how far packing has come",
    "to_pack": "a look ahead is about all agents; it groups by agent_id",
    "to_retire": "a look ahead is about all agents; it groups by agent_id",
}


def test_statements_of_retention_are_bound_to_one_agent_or_say_why_not() -> None:
    loose = {
        name
        for file in (RETENTION_SQLITE, RETENTION_POSTGRESQL)
        for name, statement in file.items()
        if unbound(statement)
    }
    assert loose == RETENTION_ACROSS_AGENTS.keys()
    assert SQLITE.keys().isdisjoint(RETENTION_SQLITE)


@pytest.mark.parametrize("name", sorted(RETENTION_SQLITE))
def test_statement_of_retention_finds_its_rows_by_an_index(
    name: str, database: sqlite3.Connection
) -> None:
    text = RETENTION_SQLITE[name].text
    plan = database.execute("EXPLAIN QUERY PLAN " + text, _values(text)).fetchall()
    scans = [step for *_, step in plan if reads_all(step, database)]
    assert [step for step in scans if "retention_progress" not in step] == []


@pytest.mark.parametrize("name", sorted(SQLITE))
def test_statement_says_what_it_is_for(name: str) -> None:
    statement = SQLITE[name]
    assert statement.name == name
    assert statement.description.endswith(".")
    assert "{" not in statement.text


def test_columns_stand_in_the_order_of_the_fields() -> None:
    selected = re.search(r"SELECT (.*?) FROM", SQLITE["fetch"].text, re.DOTALL)
    assert selected
    assert re.findall(r"t\.(\w+)", selected[1]) == list(rows.COLUMNS)
    also = re.search(r"SELECT (.*?) FROM", POSTGRESQL["with_trans_id"].text, re.DOTALL)
    assert also
    assert also[1] == selected[1]
    for file in (SQLITE, POSTGRESQL):
        logged = re.search(r"SELECT (.*?)\nFROM", file["attempt"].text, re.DOTALL)
        assert logged
        expected = [*rows.ATTEMPT_COLUMNS, *rows.KEPT_COLUMNS]
        assert re.findall(r"[abd]\.(\w+)", logged[1]) == expected
    moved = re.search(r"SET (.*?), lease_until_ms", SQLITE["move_transaction"].text, re.DOTALL)
    assert moved
    assert re.findall(r"(\w+) = \?", moved[1]) == list(rows.MOVING)
    inserted = re.search(r"\(([^)]*)\)", SQLITE["insert_transaction"].text)
    assert inserted
    expected = [*rows.COLUMNS, "lease_until_ms", "lease_owner"]
    assert re.findall(r"\w+", inserted[1]) == expected


@pytest.mark.parametrize(
    ("source", "fault"),
    [
        ("-- name: a\n-- One.\nSELECT 1\n-- name: a\n-- Two.\nSELECT 2\n", "given twice"),
        ("-- name: a\nSELECT 1\n", "needs a sentence"),
        ("-- name: a\n-- One.\n", "needs a sentence"),
    ],
)
def test_file_with_a_fault_is_refused(source: str, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        read_statements(source)


def test_fragment_may_use_those_before_it() -> None:
    source = (
        "-- fragment: inner\n-- Some.\na\n-- fragment: outer\n-- More.\n{inner}, b\n"
        "-- name: read\n-- Read.\nSELECT {outer}\n"
    )
    assert read_statements(source)["read"].text == "SELECT a, b"


def test_fragment_is_pasted_in_where_it_is_named() -> None:
    source = (
        "-- The file.\n-- fragment: columns\n-- Some.\na, b\n"
        "-- name: read\n-- Read\n-- on.\nSELECT {columns}\nFROM t\n"
    )
    expected = Statement(name="read", description="Read on.", text="SELECT a, b\nFROM t")
    assert read_statements(source) == {"read": expected}
