"""Reads on PostgreSQL go by keys, end in time, and outlive the connection they were made on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from meganodes.journal import schema
from meganodes.journal.attempt_log import AttemptFilter
from meganodes.journal.postgres import PostgresJournal
from meganodes.journal.postgres_reading import PostgresSource, postgres_reads
from meganodes.journal.reader import Reader, Values
from meganodes.journal.reads import DatabaseReads
from meganodes.journal.schema import TABLES
from meganodes.journal.search import Counted, Found, Named, Sought
from meganodes.journal.statements import POSTGRESQL
from meganodes.journal.store import AttemptPage, StoreUnavailable
from meganodes.journal.turnover import Window
from meganodes.kit.clock import SystemClock
from meganodes.kit.database import DatabaseKind, DatabaseUrl, parse_database_url
from meganodes.kit.postgres_server import PostgresServer
from tests.support.postgres import dsn_of, postgres_database

SMALL = {"listing_positions", "list_skips"}
"""One row for each agent, or fewer."""

OF_FEW = {
    "listings_waiting",
    "rounds_open",
    "transactions_due",
    "transactions_parked",
    "transactions_pending",
}
"""Indexes of what is not over yet: one may read all of them."""

FROM_THE_END = {
    "highest_trans_id": {"transactions", "attempts"},
    "last_numbers": {"transactions"},
}
"""What looks at the last entry of a key and at no other."""

ROWS = 22_000


@pytest.fixture(scope="module")
def url() -> Iterator[DatabaseUrl]:
    """A journal of one large agent, with the statistics that a server gathers by itself."""
    with postgres_database() as url:
        with psycopg.connect(dsn_of(url), autocommit=True) as connection:
            _fill(connection)
        yield url


@pytest.fixture(scope="module")
def empty() -> Iterator[DatabaseUrl]:
    with postgres_database() as url:
        yield url


def _fill(connection: psycopg.Connection) -> None:
    connection.execute(
        """INSERT INTO transactions
           SELECT 1 + (n %% 20 = 0)::int, n, 7, 't-' || n, 'bet', 400000001 + n %% 3, 'alice', 11,
                  'r-' || n / 2, 'fruits', 'EUR', 150, 'guid', 'mn-' || md5(n::text) || '00000000',
                  '', 'x', NULL, NULL, n, 1, 'accepted', 1, 0, 1, 0, NULL, n, 'none', NULL, NULL,
                  1, 0, 1, 0, 0, 0, NULL, NULL
           FROM generate_series(1, %s) AS n""",
        (ROWS,),
    )
    connection.execute(
        """INSERT INTO rounds
           SELECT DISTINCT agent_id, provider_id, user_code, round_id, 1, 0,
                  (trans_id / 2 % 100 <> 0)::int
           FROM transactions"""
    )
    connection.execute(
        """INSERT INTO listings (agent_id, trans_id, trans_type, balance_open, position,
                                 listed_at_ms)
           SELECT agent_id, trans_id, 1, 0, row_number() OVER (PARTITION BY agent_id), trans_id
           FROM transactions"""
    )
    connection.execute(
        """INSERT INTO attempts
           SELECT n, 1, n, 'alice', 'bet', 1, n, 1,
                  CASE WHEN n %% 50 = 0 THEN 'unknown' ELSE 'accepted' END, 'complete'
           FROM generate_series(1, %s) AS n""",
        (ROWS,),
    )
    connection.execute(
        "INSERT INTO attempt_bodies SELECT attempt_id, agent_id, '', '' FROM attempts"
    )
    connection.execute(
        """INSERT INTO attempt_digests
           SELECT attempt_id, agent_id, decode(repeat('00', 32), 'hex'), 0, 0 FROM attempts"""
    )
    connection.execute(
        """INSERT INTO events SELECT agent_id, trans_id, 0, 1, NULL, 'accepted', 'x'
           FROM transactions"""
    )
    connection.execute("ANALYZE")


VALUES = {
    "agent_id": 1,
    "first": 0,
    "past": 2**53,
    "user_code": 400_000_001,
    "kind": "win",
    "states": '["owed"]',
    "provider_id": 7,
    "game_code": "fruits",
    "round_id": "r-7",
    "amount_min_minor": 1,
    "amount_max_minor": 999,
    "limit": 51,
    "skipped": 150_000,
    "bound": 10_001,
    "agents": "[1, 2]",
    "providers": "[7]",
    "text": "r-7",
    "word": "0123456789",
    "guid": "mn-" + "0" * 40,
    "above": 0,
    "below": 2**63 - 1,
    "floor": 1,
    "rows_max": 10_000,
    "command": "bet",
    "outcome": "unknown",
    "http_status": 200,
    "account": "alice",
    "trans_id": 7,
}
TRANSACTION_ID = "transactions_agent_id_provider_id_transaction_id_key"
LISTS = {"turnovers_of_sessions": -1, "last_round_bets": 0, "last_attempts": 0}
"""Where a JSON list stands among the values of a statement."""


def values_of(name: str, *, bare: bool) -> Values:
    """Give every parameter a value; a bare question asks for as little as it may."""
    text = POSTGRESQL[name].text
    places: list[Any] = [1] * text.count("%s")
    if name in LISTS:
        places[LISTS[name]] = "[1, 2]"
    if name == "rounds_named":
        places[-1] = "r-7"
    if places:
        return tuple(places)
    left_out = {"kind", "states", "provider_id", "game_code", "round_id", "command", "outcome"}
    left_out |= {"amount_min_minor", "amount_max_minor", "http_status", "account", "trans_id"}
    return {name: None if bare and name in left_out else given for name, given in VALUES.items()}


@pytest.fixture(scope="module")
def readers(url: DatabaseUrl, empty: DatabaseUrl) -> Iterator[tuple[Reader, Reader]]:
    opened = (PostgresSource(url).open(), PostgresSource(empty).open())
    yield opened
    for reader in opened:
        reader.connection.close()


def plan_of(reader: Reader, name: str, *, bare: bool) -> list[dict[str, Any]]:
    """Give all steps of a statement's plan."""
    return steps_of(reader, POSTGRESQL[name].text, values_of(name, bare=bare))


def steps_of(reader: Reader, text: str, values: Values) -> list[dict[str, Any]]:
    rows = reader.connection.execute("EXPLAIN (FORMAT JSON) " + text, values).fetchall()
    waiting = [rows[0][0][0]["Plan"]]
    steps = []
    while waiting:
        steps.append(waiting.pop())
        waiting += steps[-1].get("Plans", [])
    return steps


def scanned(steps: list[dict[str, Any]]) -> set[str]:
    """Name the tables that a plan reads from end to end, be it in the order of a key."""
    return {
        step.get("Relation Name") or step["Index Name"]
        for step in steps
        if (step.get("Relation Name") in TABLES[DatabaseKind.POSTGRESQL] or "Index Name" in step)
        and not step.get("Index Cond")
        and step.get("Index Name") not in OF_FEW
        and step["Node Type"] != "Bitmap Heap Scan"  # what it reads stands in the step below
    }


@pytest.mark.parametrize("bare", [True, False])
@pytest.mark.parametrize("name", sorted(POSTGRESQL))
def test_statement_finds_its_rows_by_an_index(
    name: str, readers: tuple[Reader, Reader], *, bare: bool
) -> None:
    """In a table that has statistics, and in one that was made a moment ago."""
    for reader in readers:
        steps = plan_of(reader, name, bare=bare)
        assert scanned(steps) <= SMALL | FROM_THE_END.get(name, set()), steps


@pytest.mark.parametrize(
    ("name", "index", "condition"),
    [
        ("with_guid", "transactions_of_guid", "substr(guid, 4, 10) ="),
        ("rounds_with_id", "rounds_of_id", "round_id ="),
        ("with_trans_id", "transactions_pkey", "trans_id ="),
        ("attempts_with_id", "attempts_pkey", "attempt_id ="),
        ("with_transaction_id", TRANSACTION_ID, "transaction_id ="),
        ("search_by_time", "transactions_pkey", "trans_id >="),
        ("count_by_time", "transactions_pkey", "trans_id >="),
        ("search_by_user", "transactions_of_round", "user_code ="),
        ("count_by_user", "transactions_of_round", "user_code ="),
        ("rows_of_user", "transactions_of_round", "user_code ="),
        ("rows_of_agent", "transactions_of_round", "agent_id ="),
        ("own_entry_before", "transactions_pkey", "trans_id >="),
        ("entry_before", "transactions_pkey", "trans_id >="),
        ("attempts_floor", "attempts_of_agent", "agent_id ="),
        ("attempts_page", "attempts_of_agent", "agent_id ="),
        ("failed_attempts_floor", "attempts_not_accepted", "agent_id ="),
        ("failed_attempts_page", "attempts_not_accepted", "agent_id ="),
        ("failed_attempts_grouped", "attempts_not_accepted", "agent_id ="),
        ("last_attempts", "attempts_of_transaction", "trans_id ="),
        ("parked_of", "transactions_parked", "trans_id >"),
        ("owed_of", "transactions_due", "agent_id ="),
        ("listed_after", "listings_placed", "position"),
        ("listed_range", "listings_placed", "position"),
        ("turnovers_of_games", "listings_placed", "position"),
        ("position_at", "listings_placed", "position"),
        ("rounds_named", "rounds_of_id|rounds_pkey", "round_id ="),
        ("events_of", "events_pkey", "trans_id ="),
    ],
)
def test_each_look_goes_by_a_key(
    name: str, index: str, condition: str, readers: tuple[Reader, Reader]
) -> None:
    steps = plan_of(readers[0], name, bare="attempts" in name)
    used: dict[str, str] = {}
    for step in steps:
        key = step.get("Index Name", "")
        used[key] = used.get(key, "") + step.get("Index Cond", "")
    assert any(condition in used.get(key, "") for key in index.split("|")), used


def test_checker_of_plans_would_see_a_scan(readers: tuple[Reader, Reader]) -> None:
    for text in ("SELECT * FROM events AS e WHERE cause = 'x'", "SELECT count(*) FROM attempts"):
        assert len(scanned(steps_of(readers[0], text, ()))) == 1


def test_a_connection_that_reads_cannot_write(readers: tuple[Reader, Reader]) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        readers[0].connection.execute("UPDATE rounds SET closed = 1", ())
    assert not readers[0].all("list_skips")


def _hang_up_on(url: DatabaseUrl) -> int:
    """End the connections that read, as a server does that restarts; return how many there were."""
    with psycopg.connect(dsn_of(url), autocommit=True) as connection:
        ended = connection.execute(
            """SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity
               WHERE application_name = 'meganodes reads' AND datname = current_database()"""
        ).fetchall()
    return len(ended)


async def test_a_lost_connection_is_made_anew_without_a_failed_read() -> None:
    with postgres_database() as url:
        reads = postgres_reads(url, threads=1)
        reads.start()
        try:
            for _ in range(2):
                assert await reads.unplaced() == 0
                assert _hang_up_on(url) == 1
            window = Window(start_ms=0, end_ms=1)
            assert await reads.turnover_by_game(1, window) == ()
        finally:
            reads.close()


async def test_a_server_that_is_gone_is_said_and_read_again_when_it_is_back() -> None:
    server = PostgresServer()
    try:
        server.start()
        url = parse_database_url(server.create("away"))
        schema.upgrade(url)
        reads = postgres_reads(url, threads=1)
        reads.start()
        server.stop()
        for _ in range(2):
            with pytest.raises(StoreUnavailable) as said:
                await reads.unplaced()
            assert "cannot be read" in str(said.value)
            assert server.password not in str(said.value)
        server.start()
        assert await reads.unplaced() == 0
        reads.close()
    finally:
        server.remove()


def test_reads_do_not_start_without_a_server() -> None:
    url = parse_database_url("postgresql://nobody:secret@127.0.0.1:1/none")
    with pytest.raises(
        StoreUnavailable, match=r"postgresql.*127\.0\.0\.1:1/none cannot be read"
    ) as said:
        postgres_reads(url).start()
    assert "secret" not in str(said.value)


async def test_a_read_that_takes_too_long_is_ended_and_the_next_one_works(
    url: DatabaseUrl,
) -> None:
    source = PostgresSource(url, statement_timeout_ms=50)
    reads = DatabaseReads(source, threads=1)
    reads.start()
    with psycopg.connect(dsn_of(url)) as other:
        other.execute("LOCK TABLE list_skips IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(StoreUnavailable, match="took too long"):
            await reads.list_skips()
    assert await reads.list_skips() == ()
    reads.close()


def test_options_in_the_address_are_kept(empty: DatabaseUrl) -> None:
    options = {"options": "-c work_mem=5MB", "application_name": "mine"}
    url = replace(empty, url=empty.url.update_query_dict(options))
    connection = PostgresSource(url).open().connection
    for name, value in (("work_mem", "5MB"), ("application_name", "mine"), ("jit", "off")):
        assert connection.execute(f"SHOW {name}", ()).fetchall() == [(value,)]
    connection.close()


async def test_what_a_report_reads_is_of_one_state(empty: DatabaseUrl) -> None:
    reader = PostgresSource(empty).open()
    with psycopg.connect(dsn_of(empty), autocommit=True) as other:
        with reader.one_state():
            assert reader.all("list_skips") == []
            other.execute("INSERT INTO list_skips VALUES (1, 0, 5)")
            assert reader.all("list_skips") == []
        assert reader.all("list_skips") == [(1, 0, 5)]
        other.execute("DELETE FROM list_skips")
    reader.connection.close()


async def test_a_text_that_no_row_can_hold_is_found_nowhere(url: DatabaseUrl) -> None:
    reads = postgres_reads(url, threads=1)
    reads.start()
    sought = Sought(agent_id=1, first=0, past=2**53)
    try:
        assert (await reads.named("\0", {1}, {7})) == Named()
        for odd in (replace(sought, round_id="a\0"), replace(sought, game_code="\0")):
            assert (await reads.search(odd, 5)) == Found(rows=(), reached=0)
            _, counted = await reads.search_and_count(odd, 5, 5)
            assert counted == Counted(count=0, is_all=True)
        for wanted in (AttemptFilter(account="a\0"), AttemptFilter(command="\0")):
            page = await reads.attempts_page(1, wanted, limit=5, rows_max=5)
            assert page == AttemptPage(attempts=(), older_below=None)
            assert (await reads.failed_attempts(1, wanted, rows_max=5)).groups == ()
    finally:
        reads.close()


async def test_a_journal_gives_a_connection_that_reads_for_long_work(url: DatabaseUrl) -> None:
    store = PostgresJournal(url, clock=SystemClock(), owner="node-1")
    reader = store.open_reader()
    assert reader.all("highest_trans_id")
    reader.connection.close()
