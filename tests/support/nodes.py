"""Nodes on one PostgreSQL, and looking at it from outside."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import LiteralString

import psycopg

from meganodes.journal.postgres import PostgresJournal
from meganodes.journal.postgres_link import PostgresSettings
from meganodes.kit.clock import SystemClock
from meganodes.kit.database import DatabaseUrl
from tests.support.postgres import dsn_of

PATIENT = PostgresSettings(patience_seconds=60.0, commit_seconds=30.0, statement_seconds=60.0)
"""For a machine that is busy: nothing is given up that would have come."""


@asynccontextmanager
async def node_at(
    url: DatabaseUrl, settings: PostgresSettings = PATIENT, *, owner: str = "node-1"
) -> AsyncIterator[PostgresJournal]:
    """Open a node's journal."""
    store = PostgresJournal(url, clock=SystemClock(), owner=owner, settings=settings)
    await store.start()
    try:
        yield store
    finally:
        await store.close()


def ask(url: DatabaseUrl, statement: LiteralString) -> list[tuple[object, ...]]:
    """Run a statement, whatever it is."""
    with psycopg.connect(dsn_of(url), autocommit=True) as connection:
        found = connection.execute(statement)
        return found.fetchall() if found.description else []


async def until(url: DatabaseUrl, statement: LiteralString) -> None:
    """Wait until a question is answered with a row."""
    async with asyncio.timeout(60):
        while not await asyncio.to_thread(ask, url, statement):
            pass
