"""What a link makes of a connection that misbehaves; what servers do: test_postgres_link.py."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import cast

import asyncpg
import pytest
from structlog.testing import capture_logs

from meganodes.journal.guards import RowRefused
from meganodes.journal.postgres_link import Link, PostgresSettings, Session
from meganodes.journal.rows import Row
from meganodes.journal.store import CommitUnknown, StoreUnavailable
from meganodes.kit.clock import SystemClock
from meganodes.kit.database import parse_database_url
from meganodes.kit.metrics import CommitMeters

Answer = str | BaseException | Callable[[], Awaitable[str]]


class FakeConnection:
    """Stands where the driver's connection stands; answers commands as a test says."""

    def __init__(self, **answers: Answer) -> None:
        self.answers = answers
        self.commands: list[str] = []
        self.is_gone = False
        self.hear: Callable[[object, object], None] = lambda *_: None

    def add_log_listener(self, hear: Callable[[object, object], None]) -> None:
        self.hear = hear

    def is_closed(self) -> bool:
        return self.is_gone

    def terminate(self) -> None:
        self.is_gone = True

    async def close(self) -> None:
        await self.execute("CLOSE")
        self.is_gone = True

    async def execute(self, command: str) -> str:
        word = command.split(maxsplit=1)[0]
        self.commands.append(word)
        answer = self.answers.get(word, word)
        if isinstance(answer, BaseException):
            raise answer
        return answer if isinstance(answer, str) else await answer()


class Said:
    """What a server says beside an answer."""

    def __init__(self, **fields: str) -> None:
        self.fields = fields

    def as_dict(self) -> dict[str, str]:
        return self.fields


class OpenLink(Link):
    """A link whose next connection is the fresh one."""

    fresh: Session

    async def _open_one(self, give_up: float) -> Session:  # noqa: ARG002 - the link's
        return self.fresh


def a_link(connection: FakeConnection) -> OpenLink:
    """A link that is open over this connection."""
    link = OpenLink(
        parse_database_url("postgresql://localhost/journal"),
        PostgresSettings(),
        name="node-1",
        clock=SystemClock(),
        meters=CommitMeters(),
    )
    link._session = Session(cast("asyncpg.Connection", connection))
    return link


async def nothing(_session: Session) -> None:
    """Run no statement."""


async def test_only_warnings_of_the_server_are_kept() -> None:
    connection = FakeConnection()
    session = await a_link(connection).session()
    connection.hear(connection, Said(severity_en="NOTICE", sqlstate="00000", message="hello"))
    connection.hear(connection, Said(severity_en="WARNING", sqlstate="00000", message="beware"))
    connection.hear(connection, Said(severity_en="NOTICE", sqlstate="01000", message="class 01"))
    assert session.warnings == ["beware", "class 01"]


async def test_a_server_that_does_not_let_go_is_left() -> None:
    connection = FakeConnection(CLOSE=ConnectionResetError("gone"))
    await a_link(connection).close()
    assert connection.is_gone


@pytest.mark.parametrize("answer", ["ROLLBACK", "WHATEVER"])
async def test_a_commit_that_the_server_calls_otherwise_has_written_nothing(answer: str) -> None:
    connection = FakeConnection(COMMIT=answer)
    link = a_link(connection)
    with pytest.raises(StoreUnavailable, match=f"answered COMMIT with {answer}"):
        await link.transaction(nothing)
    assert link._meters.failed["refused"] == 1
    assert connection.is_gone


async def test_a_commit_whose_caller_goes_away_is_unknown_and_its_connection_dropped() -> None:
    committing = asyncio.Event()

    async def never() -> str:
        committing.set()
        await asyncio.Event().wait()
        raise AssertionError

    connection = FakeConnection(COMMIT=never)
    link = a_link(connection)
    with capture_logs() as lines:
        asking = asyncio.create_task(link.transaction(nothing))
        await committing.wait()
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking
    assert [line["event"] for line in lines] == ["commit_unknown"]
    assert link._meters.failed["unknown"] == 1
    assert connection.is_gone


@pytest.mark.reliability("2.6-database-commit-warning")
async def test_a_commit_with_a_warning_is_unknown() -> None:
    async def warn() -> str:
        connection.hear(connection, Said(severity_en="WARNING", sqlstate="01000", message="lost"))
        return "COMMIT"

    connection = FakeConnection(COMMIT=warn)
    with pytest.raises(CommitUnknown, match=r"^lost$"):
        await a_link(connection).transaction(nothing)


async def test_a_transaction_that_cannot_even_be_undone_costs_its_connection() -> None:
    connection = FakeConnection(ROLLBACK=TimeoutError("no answer"))

    async def deadlock(_session: Session) -> None:
        raise asyncpg.DeadlockDetectedError("deadlock")

    with pytest.raises(asyncpg.DeadlockDetectedError):
        await a_link(connection).transaction(deadlock)
    assert connection.commands == ["BEGIN", "ROLLBACK"]
    assert connection.is_gone


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (asyncpg.UndefinedTableError("no table"), StoreUnavailable),
        (RowRefused("never"), RowRefused),
    ],
)
async def test_a_look_that_fails_is_over_and_its_connection_stays(
    fault: Exception, seen: type[Exception]
) -> None:
    connection = FakeConnection()

    async def fail(_session: Session) -> None:
        raise fault

    with pytest.raises(seen):
        await a_link(connection).look(fail)
    assert connection.commands == ["BEGIN", "ROLLBACK"]
    assert not connection.is_gone


async def test_a_look_whose_connection_breaks_drops_it() -> None:
    connection = FakeConnection(ROLLBACK=ConnectionResetError("gone"))
    with pytest.raises(StoreUnavailable, match="gone"):
        await a_link(connection).look(nothing)
    assert connection.is_gone


class Failing(Session):
    """A session whose reading fails so often."""

    def __init__(self, connection: FakeConnection, *faults: Exception) -> None:
        super().__init__(cast("asyncpg.Connection", connection))
        self.faults = list(faults)

    async def rows(self, name: str, *values: object) -> list[Row]:
        if self.faults:
            raise self.faults.pop(0)
        return [(name, *values)]


async def test_a_read_of_what_no_table_can_hold_finds_nothing() -> None:
    link = a_link(FakeConnection())
    link._session = Failing(FakeConnection(), ValueError("no such text"))
    assert await link.read("find", "x") == []


async def test_a_read_is_repeated_once_and_then_refused() -> None:
    link = a_link(FakeConnection())
    again = asyncpg.QueryCanceledError("too slow")
    link._session = Failing(FakeConnection(), again)
    assert await link.read("find", "x") == [("find", "x")]
    link._session = Failing(FakeConnection(), again, again)
    with pytest.raises(StoreUnavailable, match="too slow"):
        await link.read("find", "x")


async def test_a_read_that_the_server_cannot_do_is_refused_at_once() -> None:
    link = a_link(FakeConnection())
    failing = Failing(FakeConnection(), asyncpg.UndefinedTableError("no table"))
    link._session = failing
    with pytest.raises(StoreUnavailable, match="no table"):
        await link.read("find", "x")
    assert failing.faults == []


async def test_a_read_over_a_lost_connection_is_made_over_a_new_one() -> None:
    lost = FakeConnection()
    link = a_link(lost)
    link.fresh = Failing(FakeConnection())
    link._session = Failing(lost, ConnectionResetError("gone"))
    assert await link.read("find", "x") == [("find", "x")]
    assert lost.is_gone


def test_a_socket_is_named_by_its_folder() -> None:
    link = Link(
        parse_database_url("postgresql:///journal?host=/run/postgresql"),
        PostgresSettings(),
        name="node-1",
        clock=SystemClock(),
        meters=CommitMeters(),
    )
    (place,) = link._places
    assert "host=%2Frun%2Fpostgresql" in place or "host=/run/postgresql" in place
