"""The journal's first tables: transactions, rounds, events, attempts, listings."""

from __future__ import annotations

from pathlib import Path

from meganodes.journal.migrations.script import run_script

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make the tables, statement by statement."""
    run_script(Path(__file__).with_suffix(".sql"))
