"""The journal's tables on PostgreSQL, which begins here with all that 0001 to 0006 made."""

from __future__ import annotations

from pathlib import Path

from meganodes.journal.migrations.script import run_postgresql_script

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the tables on PostgreSQL; there is nothing to do on SQLite."""
    run_postgresql_script(Path(__file__).with_suffix(".postgresql.sql"))
