"""Times in which a provider or a game is in maintenance (contract 2.2, game/providers)."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the table of windows and the sequence of their numbers."""
    op.create_table(
        "maintenance_windows",
        sa.Column("window_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("provider_id", sa.BigInteger(), nullable=False),
        sa.Column("game_code", sa.Text()),
        sa.Column("from_ms", sa.BigInteger(), nullable=False),
        sa.Column("to_ms", sa.BigInteger()),
        sa.Column("reason", sa.Text()),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("window_id", name="pk_maintenance_windows"),
        sa.ForeignKeyConstraint(
            ["provider_id", "game_code"],
            ["games.provider_id", "games.game_code"],
            name="fk_maintenance_windows_game",
        ),
        sa.ForeignKeyConstraint(
            ["provider_id"], ["providers.provider_id"], name="fk_maintenance_windows_provider_id"
        ),
        sa.CheckConstraint("to_ms > from_ms", name="ck_maintenance_windows_lasts"),
    )
    op.create_index("ix_maintenance_windows_provider_id", "maintenance_windows", ["provider_id"])
    sequences = sa.table(
        "directory_sequences",
        sa.column("name", sa.Text()),
        sa.column("last_number", sa.BigInteger()),
    )
    op.bulk_insert(sequences, [{"name": "window_id", "last_number": 0}])
