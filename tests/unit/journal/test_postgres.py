"""The journal on PostgreSQL starts on a server that is safe, and on no other."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import LiteralString

import pytest

from meganodes.domain.transaction import TransactionKey
from meganodes.journal import schema
from meganodes.journal.postgres import PostgresJournal
from meganodes.journal.postgres_link import PostgresSettings
from meganodes.journal.store import StoreUnavailable
from meganodes.kit.clock import ManualClock, SystemClock
from meganodes.kit.database import DatabaseUrl, parse_database_url
from meganodes.kit.postgres_server import PostgresServer
from tests.support.nodes import PATIENT, ask, node_at
from tests.support.postgres import postgres_database, postgres_server
from tests.support.transactions import bet, record

AT_ONCE = PostgresSettings(patience_seconds=0.0, statement_seconds=30.0)


async def refusal(url: DatabaseUrl) -> str:
    """Start where that must not be possible; return what is said."""
    store = PostgresJournal(url, clock=SystemClock(), owner="node-1", settings=AT_ONCE)
    with pytest.raises(StoreUnavailable) as refused:
        await store.start()
    await store.close()
    return str(refused.value)


@asynccontextmanager
async def _database_with(statement: LiteralString) -> AsyncIterator[DatabaseUrl]:
    with postgres_database() as url:
        ask(url, statement)
        yield url


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("synchronous_commit = off", "set synchronous_commit = on"),
        ("default_transaction_read_only = on", "set default_transaction_read_only = off"),
    ],
)
async def test_unsafe_setting_of_a_database_is_refused(setting: str, said: str) -> None:
    with postgres_database() as url:
        name = url.url.database
        ask(url, f"ALTER DATABASE {name} SET {setting}")
        assert said in await refusal(url)


async def test_database_in_another_encoding_is_refused() -> None:
    server = postgres_server()
    server.drop("latin")
    url = parse_database_url(server.url("postgres"))
    ask(url, "CREATE DATABASE latin ENCODING 'SQL_ASCII' LOCALE 'C' TEMPLATE template0")
    assert "ENCODING 'UTF8'" in await refusal(parse_database_url(server.url("latin")))
    server.drop("latin")


async def test_tables_of_another_revision_are_refused() -> None:
    async with _database_with("UPDATE journal_version SET version_num = '9999'") as url:
        assert "newer version" in await refusal(url)
    assert "run `meganodes migrate`" in await refusal(
        parse_database_url(postgres_server().url("postgres"))
    )


async def test_how_far_a_nodes_clock_is_from_the_databases_is_known() -> None:
    """Due times of several nodes are the database's: `bootstrap.wiring` asks for it."""
    now_ms = SystemClock().now_ms()
    with postgres_database() as url:
        slow = ManualClock(now_ms=now_ms - 86_400_000)
        store = PostgresJournal(url, clock=slow, owner="node-1", settings=AT_ONCE)
        await store.start()
        await store.close()
    assert 86_400_000 <= store.clock_ahead_ms < 86_400_000 + 600_000


async def test_server_that_is_not_there_is_said_to_be_out_of_reach() -> None:
    url = parse_database_url("postgresql://meganodes:secret@127.0.0.1:1/journal")
    said = await refusal(url)
    assert said.startswith("the database cannot be reached: ")
    assert "secret" not in said


@contextmanager
def _server_with(server: PostgresServer, options: dict[str, str]) -> Iterator[None]:
    before = server.options
    server.stop()
    server.options = {**before, **options}
    server.start()
    try:
        yield
    finally:
        server.stop(signal.SIGQUIT)
        server.options = before


async def test_unsafe_settings_of_a_server_and_a_standby_are_refused() -> None:
    """Reliability 3.3; one server, because each costs seconds."""
    server = PostgresServer()
    server.start()
    try:
        url = parse_database_url(server.create("journal"))
        schema.upgrade(url)
        with _server_with(server, {"fsync": "off"}):
            assert "set fsync = on" in await refusal(url)
        with _server_with(server, {"full_page_writes": "off"}):
            assert "set full_page_writes = on" in await refusal(url)
        weak = {"synchronous_commit": "remote_write", "synchronous_standby_names": "one"}
        with _server_with(server, weak):
            assert "synchronous_commit = remote_write" in await refusal(url)
        (server.data / "standby.signal").touch()
        with _server_with(server, {}):
            assert "pg_is_in_recovery" in await refusal(url)
    finally:
        server.remove()


async def test_of_several_servers_the_primary_is_found() -> None:
    """Whoever is down, or not a primary, is passed over."""
    with postgres_database() as url:
        text = url.address([], {"host": "127.0.0.1:1"}) + f"&host=127.0.0.1:{url.url.port}"
        async with node_at(parse_database_url(text), PATIENT) as store:
            row = await record(store, bet())
            assert await store.fetch(1, row.trans_id) == row


async def test_id_that_cannot_stand_in_a_table_is_not_found() -> None:
    with postgres_database() as url:
        async with node_at(url) as store:
            row = await record(store, bet())
            key = TransactionKey(agent_id=1, provider_id=7, transaction_id="nul \x00")
            assert await store.find(key) is None
            assert await store.fetch(2**63, 1) is None
            assert (await store.round(replace(row.round_key, round_id="\ud800"))).seq == 0
