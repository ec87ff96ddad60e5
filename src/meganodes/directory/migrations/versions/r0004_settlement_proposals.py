"""Settlements by hand that one person proposed and another is to confirm; none is ever deleted."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_NEVER_DELETED = {
    "sqlite": (
        """CREATE TRIGGER settlement_proposals_no_delete BEFORE DELETE ON settlement_proposals
BEGIN SELECT RAISE(ABORT, 'proposals are never deleted'); END""",
    ),
    "postgresql": (
        """CREATE OR REPLACE FUNCTION settlement_proposals_stay() RETURNS trigger
LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'proposals are never deleted'; END $$""",
        """CREATE TRIGGER settlement_proposals_stay
BEFORE DELETE OR TRUNCATE ON settlement_proposals
EXECUTE FUNCTION settlement_proposals_stay()""",
    ),
}


def upgrade() -> None:
    """Make the table; of one transaction there is one open proposal at most."""
    op.create_table(
        "settlement_proposals",
        sa.Column("proposal_id", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("agent_id", sa.BigInteger(), nullable=False),
        sa.Column("trans_id", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.BigInteger(), nullable=False),
        sa.Column("proposer", sa.Text(), nullable=False),
        sa.Column("proposed_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("decided_by", sa.BigInteger()),
        sa.Column("decider", sa.Text()),
        sa.Column("decided_at_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("proposal_id", name="pk_settlement_proposals"),
        sa.ForeignKeyConstraint(
            ["agent_id"], ["agents.agent_id"], name="fk_settlement_proposals_agent_id"
        ),
        sa.ForeignKeyConstraint(
            ["proposed_by"], ["staff.staff_id"], name="fk_settlement_proposals_proposed_by"
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"], ["staff.staff_id"], name="fk_settlement_proposals_decided_by"
        ),
    )
    op.create_index(
        "ix_settlement_proposals_agent_id_trans_id",
        "settlement_proposals",
        ["agent_id", "trans_id"],
    )
    undecided = sa.text("state IN ('open', 'confirmed')")
    op.create_index(
        "one_proposal_of_a_transaction",
        "settlement_proposals",
        ["agent_id", "trans_id"],
        unique=True,
        sqlite_where=undecided,
        postgresql_where=undecided,
    )
    for statement in _NEVER_DELETED[op.get_context().dialect.name]:
        op.execute(statement)
