"""Turnovers by quarter of an hour, so that reports do not read every transaction."""

from __future__ import annotations

from pathlib import Path

from meganodes.journal.migrations.script import run_script

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table; the worker fills it from the lists, the oldest entries first."""
    run_script(Path(__file__).with_suffix(".sql"))
