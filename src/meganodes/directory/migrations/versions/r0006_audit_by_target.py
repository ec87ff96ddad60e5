"""A key by which the audit log's rows about one thing are found among millions of others."""

from __future__ import annotations

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the key; of one target it goes by version, which is the order of looks."""
    op.create_index("ix_directory_audit_target_version", "directory_audit", ["target", "version"])
