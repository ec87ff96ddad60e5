"""Words for people who look for a transaction by its guid or for a round by its id."""

from __future__ import annotations

from pathlib import Path

from meganodes.journal.migrations.script import run_script

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the tables; a running hub fills them with what the journal holds already."""
    run_script(Path(__file__).with_suffix(".sql"))
