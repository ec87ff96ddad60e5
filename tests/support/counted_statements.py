"""Counts what is asked of SQLite, over every connection that is opened while it looks.

The interpreter itself tells of new connections (an audit event), so that nothing is patched and no
connection is forgotten: the directory's, the journal's, in whatever thread.
"""

from __future__ import annotations

import sqlite3
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Statements:
    """What was asked since `clear`. A trigger's own statements count as part of theirs."""

    texts: list[str] = field(default_factory=list)
    opened: list[sqlite3.Connection] = field(default_factory=list)

    def clear(self) -> None:
        """Begin to count, over all connections that are open by now."""
        while self.opened:
            with suppress(sqlite3.ProgrammingError):  # it was closed again
                self.opened.pop().set_trace_callback(self._note)
        self.texts.clear()

    def _note(self, text: str) -> None:
        if not text.startswith("--"):
            self.texts.append(text)


class _Watch:
    """The hook; it stays for the life of the process and looks only while somebody listens."""

    def __init__(self) -> None:
        self.listening: Statements | None = None
        sys.addaudithook(self._heard)

    def _heard(self, event: str, arguments: tuple[object, ...]) -> None:
        if event == "sqlite3.connect/handle" and self.listening is not None:
            (connection,) = arguments
            assert isinstance(connection, sqlite3.Connection)
            self.listening.opened.append(connection)


_watches: list[_Watch] = []


@contextmanager
def counted_statements() -> Iterator[Statements]:
    """Count from here on, on connections that are opened inside the block."""
    if not _watches:
        _watches.append(_Watch())
    (watch,) = _watches
    watch.listening = Statements()
    try:
        yield watch.listening
    finally:
        watch.listening = None
