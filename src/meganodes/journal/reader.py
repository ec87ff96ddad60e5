"""Connections that only read, and the statements of their database: SQLite and PostgreSQL alike.

Functions that read are the same for both; each database has a file of statements with the same
names and the same parameters.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from meganodes.journal.statements import Statement

Values = tuple[Any, ...] | dict[str, Any]
"""The parameters of a statement, by place or by name."""


class Cursor(Protocol):
    """What a statement found."""

    def fetchall(self) -> list[Any]:
        """Give all its rows."""


class Connection(Protocol):
    """What both drivers have in common. Nothing is in a transaction unless it says BEGIN."""

    def execute(self, text: str, values: Values, /) -> Cursor:
        """Run a statement."""

    def close(self) -> None:
        """Hang up."""


class Reader:
    """A connection with the statements of its database.

    ``begin`` starts a transaction whose statements all see one state of the tables.
    """

    __slots__ = ("_begin", "_statements", "connection")

    def __init__(
        self, connection: Connection, statements: Mapping[str, Statement], begin: str = "BEGIN"
    ) -> None:
        self.connection = connection
        self._statements = statements
        self._begin = begin

    def all(self, name: str, values: Values = ()) -> list[Any]:
        """Give all rows that a statement finds. Raises the driver's own errors."""
        return self.connection.execute(self._statements[name].text, values).fetchall()

    @contextmanager
    def one_state(self) -> Iterator[None]:
        """Let all statements see what the first of them sees."""
        self.connection.execute(self._begin, ())
        try:
            yield
        finally:
            self.connection.execute("ROLLBACK", ())


class Source(Protocol):
    """A database to read from: how a connection is opened, and what its errors mean."""

    errors: tuple[type[Exception], ...]
    """What the driver raises when a read fails."""

    def open(self) -> Reader:
        """Open a connection that cannot write. Raises StoreUnavailable."""

    def is_lost(self, reader: Reader) -> bool:
        """Say whether a connection is good for nothing any more."""

    def sentence(self, fault: Exception) -> str:
        """Say in a sentence why a read failed."""
