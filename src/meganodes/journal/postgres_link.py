"""Connections to PostgreSQL that come back by themselves, and what became of a COMMIT on them.

The driver's own time limits are not used: when they run out it asks the server to cancel, and a
COMMIT whose wait for the standby is cancelled becomes visible without being safe. A connection that
takes too long is dropped instead, which cancels nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields
from importlib.resources import files
from typing import Final, TypeVar
from zlib import crc32

import asyncpg

from meganodes.journal.guards import RowRefused
from meganodes.journal.postgres_checks import ServerFacts, server_fault, tables_fault
from meganodes.journal.postgres_faults import (
    DRIVER_FAULTS,
    Fault,
    LinkLost,
    fault_of,
    sentence_of,
)
from meganodes.journal.rows import Row
from meganodes.journal.schema import VERSION_TABLE
from meganodes.journal.statements import Statement, read_statements
from meganodes.journal.store import CommitUnknown, StoreUnavailable
from meganodes.kit.clock import Clock
from meganodes.kit.database import DatabaseUrl
from meganodes.kit.logging import get_logger
from meganodes.kit.metrics import CommitMeters, measured

_T = TypeVar("_T")

DECISIONS: Final[Mapping[str, Statement]] = read_statements(
    files(__package__).joinpath("sql", "postgresql_decisions.sql").read_text("utf-8")
)
"""The statements that decide about money."""

_FIRST_PAUSE_SECONDS = 0.02
_LONGEST_PAUSE_SECONDS = 0.5
_ATTEMPT_SECONDS = 1.0
"""At least so long the servers are given to answer, even by whoever has no patience left."""
_SESSION: Final = {
    "timezone": "UTC",
    # Plans are made once, and for large tables: everything here is found by a key.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "jit": "off",
    # What a node holds that is stopped in the middle is free again before its leases end.
    "idle_in_transaction_session_timeout": "3s",
    "lock_timeout": "1s",
}

_log = get_logger("journal.postgres")


@dataclass(frozen=True, slots=True, kw_only=True)
class PostgresSettings:
    """How the journal uses its server. ``writers`` 2: one commits while the other fills.

    ``batch_max`` changes share a transaction, ``waiting_max`` bounds the memory. After
    ``commit_seconds`` without an answer a commit counts as unknown, after ``statement_seconds``
    what comes before it as lost. ``patience_seconds`` is how long a lost server is looked for
    before those who wait are told.
    """

    writers: int = 2
    readers: int = 2
    batch_max: int = 128
    waiting_max: int = 20_000
    commit_seconds: float = 2.0
    statement_seconds: float = 4.0
    patience_seconds: float = 2.0

    @property
    def connections(self) -> int:
        """How many connections a node has open: writers, readers, and one for claims and lists."""
        return self.writers + self.readers + 1


class Session:
    """One open connection, with its statements prepared as they are needed."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        """Take a connection and listen to its warnings."""
        self.connection = connection
        self.warnings: list[str] = []
        self._prepared: dict[str, asyncpg.prepared_stmt.PreparedStatement] = {}
        connection.add_log_listener(self._heard)

    async def rows(self, name: str, *values: object) -> list[Row]:
        """Run one of the named statements."""
        prepared = self._prepared.get(name)
        if prepared is None:
            prepared = await self.connection.prepare(DECISIONS[name].text)
            self._prepared[name] = prepared
        found: list[Row] = await prepared.fetch(*values)
        return found

    async def run(self, command: str) -> str:
        """Run BEGIN, COMMIT or ROLLBACK; return what the server says it has done."""
        done: str = await self.connection.execute(command)
        return done

    @contextmanager
    def deadline(self, seconds: float) -> Iterator[None]:
        """Drop the connection when what is done inside takes longer; it raises then."""
        alarm = asyncio.get_running_loop().call_later(seconds, self.drop)
        try:
            yield
        finally:
            alarm.cancel()

    @property
    def is_lost(self) -> bool:
        """Whether the connection is known to be gone."""
        return bool(self.connection.is_closed())

    def drop(self) -> None:
        """Hang up at once, without a word to the server."""
        self.connection.terminate()

    def _heard(self, _connection: object, message: asyncpg.PostgresLogMessage) -> None:
        fault = message.as_dict()
        if fault.get("severity_en") == "WARNING" or str(fault.get("sqlstate")).startswith("01"):
            self.warnings.append(str(fault.get("message")))


class Link:
    """One connection at a time, opened again when it is lost. One caller uses it at a time.

    ``name`` is what the server shows of it (application_name).
    """

    def __init__(
        self,
        url: DatabaseUrl,
        settings: PostgresSettings,
        *,
        name: str,
        clock: Clock,
        meters: CommitMeters,
    ) -> None:
        """Prepare; nothing is opened yet."""
        self._places = _places(url)
        self._settings = settings
        self._name = name
        self._clock = clock
        self._meters = meters
        self._session: Session | None = None
        self._was_open = False
        self._is_unconfirmed = False

    async def session(self) -> Session:
        """Give the open connection, or open one; raise StoreUnavailable after a while."""
        if self._session is not None and not self._session.is_lost:
            return self._session
        self._session = None
        give_up = self._clock.monotonic() + self._settings.patience_seconds
        pause = _FIRST_PAUSE_SECONDS
        while True:
            try:
                self._session = await self._open_one(give_up)
            except StoreUnavailable:
                if self._clock.monotonic() + pause > give_up:
                    raise
            else:
                return self._session
            await self._clock.sleep(pause * self._share())
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)

    async def facts(self) -> ServerFacts:
        """Read what the server says of itself."""
        return await _facts(await self.session())

    def drop(self) -> None:
        """Hang up; the next caller gets a new connection."""
        session, self._session = self._session, None
        if session is not None:
            session.drop()

    async def close(self) -> None:
        """Take leave of the server in order, if it still listens."""
        session, self._session = self._session, None
        if session is not None and not session.is_lost:
            try:
                with session.deadline(self._settings.commit_seconds):
                    await session.connection.close()
            except DRIVER_FAULTS:
                session.drop()

    async def read(self, name: str, *values: object) -> list[Row]:
        """Run one statement that reads; what cannot stand in a table is not found.

        A connection that turns out to be lost is replaced once.
        """
        for is_last in (False, True):
            session = await self.session()
            try:
                with session.deadline(self._settings.statement_seconds):
                    return await session.rows(name, *values)
            except DRIVER_FAULTS as error:
                fault = fault_of(error)
                if fault is Fault.ROW:
                    return []
                if fault is Fault.LOST:
                    self.drop()
                if is_last or fault is Fault.SERVER:
                    raise StoreUnavailable(sentence_of(error)) from error
        raise AssertionError

    async def transaction(self, body: Callable[[Session], Awaitable[_T]]) -> _T:
        """Run statements in one transaction and commit it.

        What the statements raise comes out after everything is undone; LinkLost when the connection
        was lost before the COMMIT was sent; CommitUnknown when nobody can tell what became of it.
        """
        session = await self.session()
        undone = False
        try:
            with session.deadline(self._settings.statement_seconds):
                await session.run("BEGIN")
                result = await body(session)
            undone = True
        except DRIVER_FAULTS as error:
            undone = await self._undo(session, error)
            raise
        except Undo:
            undone = await self._undo(session, None)
            raise
        finally:
            if not undone:
                self.drop()
        await self._commit(session)
        return result

    async def look(self, body: Callable[[Session], Awaitable[_T]]) -> _T:
        """Run statements that read, all in one state of the database."""
        session = await self.session()
        is_over = False
        try:
            with session.deadline(self._settings.statement_seconds):
                await session.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
                try:
                    return await body(session)
                finally:
                    await session.run("ROLLBACK")
                    is_over = True
        except RowRefused:
            raise
        except DRIVER_FAULTS as error:
            raise StoreUnavailable(sentence_of(error)) from error
        finally:
            if not is_over:
                self.drop()

    # --- what happens inside ----------------------------------------------------------------------

    async def _undo(self, session: Session, error: Exception | None) -> bool:
        """Roll back; False when the connection is better dropped. Raises LinkLost when it is."""
        if error is not None and (session.is_lost or fault_of(error) is Fault.LOST):
            self.drop()
            raise LinkLost(sentence_of(error)) from error
        try:
            with session.deadline(self._settings.commit_seconds):
                await session.run("ROLLBACK")
        except DRIVER_FAULTS:
            return False
        return True

    async def _commit(self, session: Session) -> None:
        session.warnings.clear()
        try:
            with session.deadline(self._settings.commit_seconds), measured(self._meters.seconds):
                done = await session.run("COMMIT")
        except BaseException as error:
            self._unknown(sentence_of(error))
            if isinstance(error, Exception):
                raise CommitUnknown(sentence_of(error)) from error
            raise
        if session.warnings:
            self._unknown(session.warnings[0])
            raise CommitUnknown(session.warnings[0])
        if done != "COMMIT":
            self.drop()
            self._meters.failed["refused"] += 1
            raise StoreUnavailable(f"the server answered COMMIT with {done}: nothing is written")

    def _unknown(self, why: str) -> None:
        self.drop()
        self._is_unconfirmed = True
        self._meters.failed["unknown"] += 1
        _log.warning("commit_unknown", link=self._name, fault=why)

    async def _open_one(self, give_up: float) -> Session:
        """Try each of the servers once, beginning with the one that was good last."""
        for index, place in enumerate(self._places):
            left = give_up - self._clock.monotonic()
            try:
                session = await self._open(place, max(left, _ATTEMPT_SECONDS) / len(self._places))
            except (*DRIVER_FAULTS, asyncpg.PostgresError) as error:
                fault = StoreUnavailable(f"the database cannot be reached: {sentence_of(error)}")
                fault.__cause__ = error
            except (StoreUnavailable, LinkLost) as error:
                fault = StoreUnavailable(str(error))
            else:
                self._places = self._places[index:] + self._places[:index]
                return session
        raise fault

    async def _open(self, place: str, seconds: float) -> Session:
        """Open a connection; raise StoreUnavailable when that server is not safe to use."""
        connection = await asyncpg.connect(
            place, timeout=seconds, server_settings={**_SESSION, "application_name": self._name}
        )
        session = Session(connection)
        is_whole = False
        try:
            with session.deadline(self._settings.statement_seconds):
                await self._require_safe(session)
            is_whole = True
        finally:
            if not is_whole:
                session.drop()
        if self._was_open:
            self._meters.reconnects += 1
            _log.info("database_reconnected", link=self._name)
        self._was_open = True
        return session

    async def _require_safe(self, session: Session) -> None:
        if fault := server_fault(await _facts(session)) or await _tables_fault(session):
            raise StoreUnavailable(fault)
        if self._is_unconfirmed:
            ((count,),) = await session.rows("unconfirmed", self._name)
            if count:
                raise LinkLost("a commit still waits for the standby to confirm it")
            self._is_unconfirmed = False

    def _share(self) -> float:
        """Spread the pauses of nodes and links over half to one and a half times, each its own."""
        seed = f"{self._name} {self._clock.monotonic()}"
        return 0.5 + crc32(seed.encode()) % 1_000 / 1_000


class Undo(Exception):
    """Raised by the statements of a transaction when it is to be undone; the link stays in use."""


async def _facts(session: Session) -> ServerFacts:
    (row,) = await session.rows("server_facts")
    return ServerFacts(**dict(zip((each.name for each in fields(ServerFacts)), row, strict=True)))


async def _tables_fault(session: Session) -> str | None:
    names = {name for (name,) in await session.rows("table_names")}
    if VERSION_TABLE not in names:
        return tables_fault(names, "")
    versions = await session.rows("journal_revision")
    return tables_fault(names, versions[0][0] if versions else "")


def _places(url: DatabaseUrl) -> tuple[str, ...]:
    """Write the address of each server as the driver reads it, with what it says of encryption."""
    kept = {
        name: value
        for name, value in url.url.query.items()
        if name.startswith("ssl") or name == "passfile"
    }
    return tuple(_address(url, place, kept) for place in url.places)


def _address(url: DatabaseUrl, place: str, kept: Mapping[str, object]) -> str:
    if place.startswith("/"):  # the folder of a socket is no host name
        return url.address([""], {**kept, "host": place})
    return url.address([place], kept)
