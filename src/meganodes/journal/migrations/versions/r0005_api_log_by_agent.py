"""Indexes for the pages of the API log: an agent's attempts, and those that were not accepted."""

from __future__ import annotations

from pathlib import Path

from meganodes.journal.migrations.script import run_script

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the indexes; on a large log this takes a second for each million entries."""
    run_script(Path(__file__).with_suffix(".sql"))
