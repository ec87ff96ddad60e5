"""Connections to PostgreSQL that tests hand on to each other: making eight costs more than a test.

What a journal does is its own; only what it opens and hangs up is kept open for the next one.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from meganodes.journal.postgres import PostgresJournal
from meganodes.journal.postgres_link import Link, Session
from meganodes.journal.postgres_reading import PostgresSource
from meganodes.journal.reader import Connection, Cursor, Reader, Values
from meganodes.journal.reads import DatabaseReads
from meganodes.kit.clock import Clock, SystemClock
from meganodes.kit.database import DatabaseUrl
from meganodes.kit.metrics import CommitMeters
from tests.support.nodes import PATIENT
from tests.support.postgres import shared_database


@dataclass
class KeptConnections:
    """What nobody uses at the moment. The sessions belong to one event loop.

    The server is started when somebody asks for its address.
    """

    sessions: list[Session] = field(default_factory=list)
    readers: list[Reader] = field(default_factory=list)

    @property
    def url(self) -> DatabaseUrl:
        """Give the address of the database."""
        return shared_database()

    def journal(self, lease_clock: Clock) -> PostgresJournal:
        """Make a journal that takes its connections from here, and gives them back."""
        return _Journal(self, lease_clock)

    async def close(self) -> None:
        """Hang up."""
        await asyncio.gather(*(each.connection.close() for each in self.sessions))
        for reader in self.readers:
            assert isinstance(reader.connection, _Connection)
            reader.connection.opened.close()


class _Journal(PostgresJournal):
    def __init__(self, kept: KeptConnections, lease_clock: Clock) -> None:
        super().__init__(
            kept.url, clock=SystemClock(), owner="node-0", settings=PATIENT, lease_clock=lease_clock
        )
        self._kept = kept
        source = _Source(kept)
        self.reads = DatabaseReads(source)
        self._questions = DatabaseReads(source, threads=1)

    def _link(self, purpose: str) -> Link:
        return _Link(self._kept, purpose, self.meters)


class _Link(Link):
    def __init__(self, kept: KeptConnections, purpose: str, meters: CommitMeters) -> None:
        clock = SystemClock()
        super().__init__(kept.url, PATIENT, name=f"kept {purpose}", clock=clock, meters=meters)
        self._kept = kept

    async def _open_one(self, give_up: float) -> Session:
        while self._kept.sessions:
            session = self._kept.sessions.pop()
            if not session.is_lost:
                return session
        return await super()._open_one(give_up)

    async def close(self) -> None:
        session, self._session = self._session, None
        if session is not None and not session.is_lost:
            self._kept.sessions.append(session)


class _Source(PostgresSource):
    def __init__(self, kept: KeptConnections) -> None:
        super().__init__(kept.url)
        self._kept = kept

    def open(self) -> Reader:
        if self._kept.readers:
            return self._kept.readers.pop()
        reader = super().open()
        reader.connection = _Connection(reader.connection, reader, self)
        return reader

    def is_lost(self, reader: Reader) -> bool:
        assert isinstance(reader.connection, _Connection)
        plain = Reader(reader.connection.opened, {})
        return super().is_lost(plain)

    def give_back(self, reader: Reader) -> None:
        """Keep a connection that is still good."""
        if not self.is_lost(reader):
            self._kept.readers.append(reader)


@dataclass
class _Connection:
    """A connection that is given back where others would hang up."""

    opened: Connection
    reader: Reader
    source: _Source

    def execute(self, text: str, values: Values, /) -> Cursor:
        return self.opened.execute(text, values)

    def close(self) -> None:
        self.source.give_back(self.reader)
