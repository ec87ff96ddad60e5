"""Connections that read the journal on PostgreSQL: to the primary, never for long, by keys.

What a page or a report asks must not hold the server, and must not wait for a server that is gone.
"""

from __future__ import annotations

from typing import Final

import psycopg
from psycopg.conninfo import make_conninfo

from meganodes.journal.reader import Reader
from meganodes.journal.reads import DatabaseReads
from meganodes.journal.statements import POSTGRESQL
from meganodes.journal.store import StoreUnavailable
from meganodes.kit.database import DatabaseUrl, libpq_arguments

STATEMENT_TIMEOUT_MS: Final = 30_000
"""The longest that one statement may take; then the server ends it."""

# A lost server is noticed within half a minute, whether it answers "no" or nothing at all. Nothing
# is read but from the primary: what was acknowledged must be seen by whoever asks next.
_CONNECTING: Final = {
    "connect_timeout": "5",
    "keepalives_idle": "10",
    "keepalives_interval": "5",
    "keepalives_count": "3",
    "tcp_user_timeout": "20000",
    "target_session_attrs": "primary",
    "application_name": "meganodes reads",
}

# The statements go from key to key; joins that read a whole table first are never meant, whatever
# the statistics of a young table say. A statement is planned with its values: a question that is
# left out costs nothing. Compiling costs more than any of them.
_SETTINGS: Final = {
    "default_transaction_read_only": "on",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
    "enable_seqscan": "off",
    "idle_in_transaction_session_timeout": "60000",
    "jit": "off",
    "plan_cache_mode": "force_custom_plan",
}


class PostgresSource:
    """A database to read from."""

    errors: tuple[type[Exception], ...] = (psycopg.Error,)

    def __init__(
        self, url: DatabaseUrl, *, statement_timeout_ms: int = STATEMENT_TIMEOUT_MS
    ) -> None:
        """Name the database; nothing is opened yet."""
        self._name = url.url.set(drivername="postgresql", query={}).render_as_string()
        given = libpq_arguments(url)
        settings = {**_SETTINGS, "statement_timeout": str(statement_timeout_ms)}
        options = [given.pop("options", ""), *(f"-c {key}={settings[key]}" for key in settings)]
        self._conninfo = make_conninfo("", **{**_CONNECTING, **given, "options": " ".join(options)})

    def open(self) -> Reader:
        """Open a connection that cannot write. Raises StoreUnavailable."""
        try:
            # Without prepared statements: each is planned for its own values anyway.
            connection = psycopg.connect(self._conninfo, autocommit=True, prepare_threshold=None)
        except psycopg.Error as fault:
            raise StoreUnavailable(self.sentence(fault)) from fault
        return Reader(
            connection, POSTGRESQL, begin="BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY"
        )

    def is_lost(self, reader: Reader) -> bool:
        """Say whether the server has hung up, or the line is broken."""
        connection = reader.connection
        return isinstance(connection, psycopg.Connection) and connection.closed

    def sentence(self, fault: Exception) -> str:
        """Say why a read failed: the first line of what the driver says, which has no values."""
        if isinstance(fault, psycopg.errors.QueryCanceled):
            return f"a read of {self._name} took too long and was ended"
        lines = str(fault).strip().splitlines() or [type(fault).__name__]
        return f"{self._name} cannot be read: {lines[0]}"


def postgres_reads(url: DatabaseUrl, *, threads: int = 2) -> DatabaseReads:
    """Read the journal of this database with so many connections."""
    return DatabaseReads(PostgresSource(url), threads=threads)
