"""Running a revision's .sql file inside the migration that Alembic is in."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

from alembic import op

from meganodes.kit.database import DatabaseKind


def run_script(path: Path) -> None:
    """Run a file of SQL for SQLite, statement by statement; PostgreSQL has files of its own."""
    if op.get_bind().dialect.name != DatabaseKind.SQLITE:
        return
    for statement in _statements(path.read_text("utf-8")):
        op.get_bind().exec_driver_sql(statement)


def run_postgresql_script(path: Path) -> None:
    """Run a file of SQL for PostgreSQL."""
    if op.get_bind().dialect.name == DatabaseKind.POSTGRESQL:
        # Without values the driver sends the file as it is, and the server takes it apart.
        plain = op.get_bind().execution_options(no_parameters=True)
        plain.exec_driver_sql(path.read_text("utf-8"))


def _statements(source: str) -> Iterator[str]:
    """Split at the semicolons that end a statement; those inside a trigger do not."""
    begun = ""
    for line in source.splitlines(keepends=True):
        begun += line
        if begun.rstrip().endswith(";") and sqlite3.complete_statement(begun):
            yield begun
            begun = ""
