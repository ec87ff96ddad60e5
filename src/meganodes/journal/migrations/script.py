"""Running a revision's .sql file inside the migration that Alembic is in."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from alembic import op


def run_script(path: Path) -> None:
    """Run a file of SQL, statement by statement."""
    for statement in _statements(path.read_text("utf-8")):
        op.get_bind().exec_driver_sql(statement)


def _statements(source: str) -> Iterator[str]:
    """Split at the semicolons that end a statement; those inside a trigger do not."""
    begun = ""
    for line in source.splitlines(keepends=True):
        begun += line
        if begun.rstrip().endswith(";") and sqlite3.complete_statement(begun):
            yield begun
            begun = ""
