"""Keys for people who look for a transaction by its guid or for a round by its id."""

from __future__ import annotations

from pathlib import Path

from meganodes.journal.migrations.script import run_script

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make the keys; on a large journal this takes some seconds for each million rows."""
    run_script(Path(__file__).with_suffix(".sql"))
