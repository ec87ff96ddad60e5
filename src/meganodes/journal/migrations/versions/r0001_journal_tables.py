"""The journal's first tables: transactions, rounds, events, attempts, listings."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables, statement by statement."""
    source = Path(__file__).with_suffix(".sql").read_text("utf-8")
    for statement in _statements(source):
        op.get_bind().exec_driver_sql(statement)


def _statements(source: str) -> Iterator[str]:
    """Split at the semicolons that end a statement; those inside a trigger do not."""
    begun = ""
    for line in source.splitlines(keepends=True):
        begun += line
        if begun.rstrip().endswith(";") and sqlite3.complete_statement(begun):
            yield begun
            begun = ""
