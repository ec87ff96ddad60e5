"""Turnovers by day and game, so that reports over weeks do not read every quarter of an hour."""

from __future__ import annotations

from pathlib import Path

from meganodes.journal.migrations.script import run_postgresql_script, run_script

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the table and fill it from the turnovers there are."""
    here = Path(__file__)
    run_script(here.with_suffix(".sql"))
    run_postgresql_script(here.with_suffix(".postgresql.sql"))
