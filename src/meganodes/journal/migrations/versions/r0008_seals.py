"""Seals over the journal: a chain of digests for each agent, and how far they have come."""

from __future__ import annotations

from pathlib import Path

from meganodes.journal.migrations.script import run_postgresql_script, run_script

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the tables; a running hub seals what the journal holds already, the oldest first."""
    here = Path(__file__)
    run_script(here.with_suffix(".sql"))
    run_postgresql_script(here.with_suffix(".postgresql.sql"))
