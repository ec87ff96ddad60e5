"""Connections to the operator's database, opened by the operator's own driver and used again.

A connection on which the database or the driver failed is closed, and all idle ones with it: after
a restart of the database none of them is good, and one that is a reply off would tell a stranger's.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from meganodes.sdk.errors import DatabaseBusy, SdkError
from meganodes.sdk.ledger.books import Cursor


class Connection(Protocol):
    """What is used of a DB-API connection (PEP 249). It must not commit by itself."""

    def cursor(self) -> Cursor: ...

    def commit(self) -> Any: ...  # noqa: ANN401 - nothing

    def rollback(self) -> Any: ...  # noqa: ANN401 - nothing

    def close(self) -> Any: ...  # noqa: ANN401 - nothing


class Connections:
    """At most ``connections_max`` connections for any number of threads.

    Who finds all of them in use waits ``wait_seconds`` for one, and then gets DatabaseBusy.
    """

    def __init__(
        self, connect: Callable[[], Connection], connections_max: int, wait_seconds: float
    ) -> None:
        if connections_max < 1:
            raise ValueError("give at least one connection")
        self._connect = connect
        self._wait_seconds = wait_seconds
        self._free = threading.BoundedSemaphore(connections_max)
        self._lock = threading.Lock()
        self._process = os.getpid()
        self._idle: list[Connection] = []
        self._inherited: list[Connection] = []

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Lend a connection for one transaction: committed when the block ends, else undone."""
        if not self._free.acquire(timeout=self._wait_seconds):
            raise DatabaseBusy("all connections of the ledger are in use")
        try:
            connection = self._take()
            try:
                with _undone_when_refused(connection):
                    yield connection
                connection.commit()
            except SdkError:
                self._keep(connection)
                raise
            except BaseException:
                self._give_up(connection)
                raise
            self._keep(connection)
        finally:
            self._free.release()

    def close(self) -> None:
        """Close what is idle; what is lent is closed by nobody, so stop serving first."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _take(self) -> Connection:
        with self._lock:
            if self._process != os.getpid():
                # A fork shares sockets: to use or to close them here would spoil them there.
                self._inherited += self._idle
                self._idle, self._process = [], os.getpid()
            if self._idle:
                return self._idle.pop()
        connection = self._connect()
        if getattr(connection, "autocommit", False):
            connection.close()
            raise ValueError("the ledger needs connections that do not commit by themselves")
        return connection

    def _keep(self, connection: Connection) -> None:
        with self._lock:
            self._idle.append(connection)

    def _give_up(self, connection: Connection) -> None:
        # Closing undoes what was not committed, on a line that may be dead as well.
        with self._lock:
            given_up, self._idle = [connection, *self._idle], []
        for each in given_up:
            with suppress(Exception):
                each.close()


@contextmanager
def _undone_when_refused(connection: Connection) -> Iterator[None]:
    """Undo what was written before the ledger itself said no: the line is as good as it was."""
    try:
        yield
    except SdkError:
        connection.rollback()
        raise
