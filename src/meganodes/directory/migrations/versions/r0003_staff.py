"""The people of the Back Office, their sessions, one-time codes, and failed tries to sign in."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Make the four tables."""
    op.create_table(
        "staff",
        sa.Column("staff_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("email_folded", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("agent_id", sa.BigInteger()),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text()),
        sa.Column("totp_sealed", sa.LargeBinary()),
        sa.Column("totp_step", sa.BigInteger(), nullable=False),
        sa.Column("recovery_hashes", sa.JSON(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_sign_in_at_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("staff_id", name="pk_staff"),
        sa.ForeignKeyConstraint(["agent_id"], ["agents.agent_id"], name="fk_staff_agent_id"),
        sa.UniqueConstraint("email_folded", name="uq_staff_email_folded"),
    )
    op.create_table(
        "staff_sessions",
        sa.Column("session_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("stage", sa.Text(), nullable=False),
        sa.Column("created_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("confirmed_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("code_tries", sa.Integer(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("session_id", name="pk_staff_sessions"),
        sa.ForeignKeyConstraint(
            ["staff_id"], ["staff.staff_id"], name="fk_staff_sessions_staff_id"
        ),
        sa.UniqueConstraint("token_hash", name="uq_staff_sessions_token_hash"),
    )
    op.create_index("ix_staff_sessions_staff_id", "staff_sessions", ["staff_id"])
    op.create_table(
        "staff_codes",
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("staff_id", sa.BigInteger(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("ends_at_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("code_hash", name="pk_staff_codes"),
        sa.ForeignKeyConstraint(["staff_id"], ["staff.staff_id"], name="fk_staff_codes_staff_id"),
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("who_hash", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("locked_until_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("who_hash", name="pk_sign_in_failures"),
    )
