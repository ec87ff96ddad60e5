"""Retention: bytes of attempts may be packed, and go; on PostgreSQL they lie in parts by day."""

from __future__ import annotations

from pathlib import Path

from meganodes.journal.migrations.script import run_postgresql_script, run_script

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the tables; the bytes that are there stay where they are, as the first part."""
    here = Path(__file__)
    run_script(here.with_suffix(".sql"))
    run_postgresql_script(here.with_suffix(".postgresql.sql"))
