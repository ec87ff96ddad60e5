"""Numbers of the agents' lists that are passed over, so that a restored hub repeats none."""

from __future__ import annotations

from pathlib import Path

from meganodes.journal.migrations.script import run_script

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the table; only `meganodes restore` writes there."""
    run_script(Path(__file__).with_suffix(".sql"))
