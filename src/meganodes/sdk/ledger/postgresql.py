"""The ledger in a PostgreSQL database, through whatever DB-API driver the operator has.

psycopg, psycopg2 and pg8000 are known to do: none is imported here, the operator gives `connect`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from meganodes.protocol.codes import ResultCode
from meganodes.sdk.ledger.books import Books
from meganodes.sdk.ledger.connections import Connection, Connections
from meganodes.sdk.ledger.ledger import Ledger
from meganodes.sdk.ledger.schema import POSTGRESQL_TABLES

# For this transaction alone, so that it holds behind every pooler: an answer is given when the
# commit is durable; nobody waits for a row for ever; and a program that was stopped in the middle
# does not keep a player's row.
_TERMS: Final = (
    "SELECT set_config('lock_timeout', %s, true), "
    "set_config('idle_in_transaction_session_timeout', %s, true), "
    "CASE WHEN current_setting('synchronous_commit') = 'off' "
    "THEN set_config('synchronous_commit', 'on', true) END"
)
_STOPPED_WAITS: Final = 5
# Two programs that make the same table at once would meet in PostgreSQL's own catalogue.
_ONE_AT_A_TIME: Final = "SELECT pg_advisory_xact_lock(7032118004462158931)"


class PostgresqlLedger(Ledger):
    """A ledger in the database to which ``connect`` opens a connection.

    ``connect`` returns a new DB-API connection that does not commit by itself, for instance
    ``lambda: psycopg.connect(address)``. Nothing is opened before the first use. Call
    `create_tables` once, by a role that may. At most ``connections_max`` are open; a callback waits
    ``wait_seconds`` for one, and as long for a player's row, then it fails. By default that is as
    long as a bet may take in all. Five times that is what a stopped program may hold a row.
    """

    def __init__(
        self,
        connect: Callable[[], Connection],
        duplicates: ResultCode = ResultCode.DUPLICATE,
        *,
        connections_max: int = 8,
        wait_seconds: float = 2.0,
    ) -> None:
        super().__init__(duplicates)
        wait_ms = round(wait_seconds * 1000)
        self._terms = (f"{wait_ms}ms", f"{wait_ms * _STOPPED_WAITS}ms")
        self._connections = Connections(connect, connections_max, wait_seconds)

    def create_tables(self) -> None:
        """Make the ledger's tables in the current schema, unless they are there."""
        with self._connections.transaction() as connection:
            cursor = connection.cursor()
            for statement in (_ONE_AT_A_TIME, *POSTGRESQL_TABLES):
                cursor.execute(statement)
            cursor.close()

    def close(self) -> None:
        """Close the connections that nobody uses."""
        self._connections.close()

    @contextmanager
    def _books(self, *, writing: bool) -> Iterator[Books]:
        with self._connections.transaction() as connection:
            cursor = connection.cursor()
            cursor.execute(_TERMS, self._terms)
            yield Books(cursor, locking=writing)
            cursor.close()
