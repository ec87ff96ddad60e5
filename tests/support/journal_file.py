"""Rows put straight into a SQLite journal, for tests that need many or certain ones."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from meganodes.domain.transaction import Transaction
from meganodes.journal import rows, sealing
from meganodes.journal.sequencer import Sequencer
from meganodes.journal.sqlite_connection import SqliteSource, open_writer
from meganodes.journal.statements import SQLITE
from tests.support.transactions import START_MS

SEALED_TO_MS = START_MS + 3_600_000


def put_rows(path: Path, transactions: Iterable[Transaction]) -> None:
    """Insert transactions as they are, without events."""
    values = ((*rows.all_values(row), None, None) for row in transactions)
    with closing(open_writer(path)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany(SQLITE["insert_transaction"].text, values)
        connection.execute("COMMIT")


def seal_file(path: Path, transactions: Iterable[Transaction]) -> None:
    """Note how each transaction came to where it stands, in one step, and seal it all."""
    reader = SqliteSource(path).open()
    with closing(open_writer(path)) as connection, closing(reader.connection):
        for row in transactions:
            event = (row.agent_id, row.trans_id, row.epoch, row.created_at_ms)
            connection.execute(
                SQLITE["insert_event"].text, (*event, None, row.state.value, "made by a test")
            )
        sequencer = Sequencer(connection)
        while step := sealing.next_step(reader, SEALED_TO_MS):
            connection.execute("BEGIN IMMEDIATE")
            sequencer.add_seals(step)
            connection.execute("COMMIT")
