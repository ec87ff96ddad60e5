"""Rows put straight into a SQLite journal, for tests that need many or certain ones."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from meganodes.domain.transaction import Transaction
from meganodes.journal import rows
from meganodes.journal.sqlite_connection import open_writer
from meganodes.journal.statements import SQLITE


def put_rows(path: Path, transactions: Iterable[Transaction]) -> None:
    """Insert transactions as they are, without events."""
    values = ((*rows.all_values(row), None, None) for row in transactions)
    with closing(open_writer(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(SQLITE["insert_transaction"].text, values)
        connection.execute("COMMIT")
