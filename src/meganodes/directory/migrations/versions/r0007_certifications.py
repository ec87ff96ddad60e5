"""Reports of certifications: what was found about an agent's backend, and when."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the table; an agent's newest report is found by its number."""
    op.create_table(
        "certifications",
        sa.Column("certification_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("started_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("kept_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("run_by", sa.Text(), nullable=False),
        sa.Column("callback_url", sa.Text(), nullable=False),
        sa.Column("revision", sa.Text(), nullable=False),
        sa.Column("edition", sa.Integer(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.Column("money_faults", sa.JSON(), nullable=False),
        sa.Column("capabilities", sa.JSON(), nullable=False),
        sa.Column("report", sa.LargeBinary(), nullable=False),
        sa.Column("requested_by", sa.Text()),
        sa.Column("requested_at_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("certification_id", name="pk_certifications"),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.agent_id"], name="fk_certifications_agent_id"
        ),
    )
    op.create_index(
        "ix_certifications_agent_id_certification_id",
        "certifications",
        ["agent_id", "certification_id"],
    )
