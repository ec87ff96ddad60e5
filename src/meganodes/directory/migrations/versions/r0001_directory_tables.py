"""The directory's first tables, as the first release made them without a revision."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.sql.schema import SchemaItem
from sqlalchemy.types import TypeEngine

revision = "0001"
down_revision = None

_USER_CODE_FIRST = 400_000_001

_APPEND_ONLY = {
    "sqlite": (
        """CREATE TRIGGER directory_audit_no_update BEFORE UPDATE ON directory_audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
        """CREATE TRIGGER directory_audit_no_delete BEFORE DELETE ON directory_audit
BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END""",
    ),
    "postgresql": (
        """CREATE OR REPLACE FUNCTION directory_audit_append_only() RETURNS trigger
LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'the audit log is append-only'; END $$""",
        """CREATE TRIGGER directory_audit_append_only
BEFORE UPDATE OR DELETE OR TRUNCATE ON directory_audit
EXECUTE FUNCTION directory_audit_append_only()""",
    ),
}


def upgrade() -> None:
    """Make the tables and put the first rows in."""
    _make_counters()
    _make_agents()
    _make_providers()
    _make_games()
    _make_credentials()
    _make_users()
    _make_launches()
    _make_sessions()
    _make_audit()


def _make_counters() -> None:
    sequences = op.create_table(
        "directory_sequences",
        _column("name", sa.Text()),
        _column("last_number", sa.BigInteger()),
        sa.PrimaryKeyConstraint("name", name="pk_directory_sequences"),
    )
    version = op.create_table(
        "directory_version",
        sa.Column(
            "only_row",
            sa.Integer(),
            sa.CheckConstraint("only_row = 1", name="ck_directory_version_one_row"),
            nullable=False,
            autoincrement=False,
        ),
        _column("version", sa.BigInteger()),
        sa.PrimaryKeyConstraint("only_row", name="pk_directory_version"),
    )
    op.create_table(
        "directory_changes",
        _column("version", sa.BigInteger()),
        _column("subject", sa.Text()),
        _column("subject_id", sa.BigInteger()),
        _column("at_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("version", name="pk_directory_changes"),
    )
    op.bulk_insert(version, [{"only_row": 1, "version": 0}])
    op.bulk_insert(
        sequences,
        [
            {"name": "agent_id", "last_number": 0},
            {"name": "user_code", "last_number": _USER_CODE_FIRST - 1},
            {"name": "gplay_id", "last_number": 0},
        ],
    )


def _make_agents() -> None:
    op.create_table(
        "agents",
        _column("agent_id", sa.BigInteger()),
        _column("name", sa.Text()),
        _column("name_folded", sa.Text()),
        _optional("parent_id", sa.BigInteger()),
        _column("state", sa.Text()),
        _column("currency", sa.Text()),
        _column("time_zone", sa.Text()),
        _column("revision", sa.Text()),
        _column("callback_url", sa.Text()),
        _column("allow_list", sa.JSON()),
        _column("overdraft_allowed", sa.Boolean()),
        _column("tombstones_shown", sa.Boolean()),
        _optional("in_flight_max", sa.Integer()),
        _column("retry", sa.JSON()),
        _column("version", sa.BigInteger()),
        _column("created_at_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("agent_id", name="pk_agents"),
        sa.UniqueConstraint("name_folded", name="uq_agents_name_folded"),
        _to("agents", "agent_id", holder="agents", by="parent_id"),
    )


def _make_providers() -> None:
    op.create_table(
        "providers",
        _column("provider_id", sa.BigInteger()),
        _column("name", sa.Text()),
        _column("name_folded", sa.Text()),
        _column("names", sa.JSON()),
        _column("status", sa.Integer()),
        _column("currencies", sa.JSON()),
        _column("launch_url", sa.Text()),
        _optional("replay_url", sa.Text()),
        _column("wins_without_bet", sa.Boolean()),
        _column("cancel_after_win", sa.Boolean()),
        _column("allow_list", sa.JSON()),
        _column("version", sa.BigInteger()),
        _column("created_at_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("provider_id", name="pk_providers"),
        sa.UniqueConstraint("name_folded", name="uq_providers_name_folded"),
    )
    op.create_table(
        "agent_providers",
        _column("agent_id", sa.BigInteger()),
        _column("provider_id", sa.BigInteger()),
        sa.PrimaryKeyConstraint("agent_id", "provider_id", name="pk_agent_providers"),
        _to("agents", "agent_id", holder="agent_providers"),
        _to("providers", "provider_id", holder="agent_providers"),
    )


def _make_games() -> None:
    op.create_table(
        "games",
        _column("provider_id", sa.BigInteger()),
        _column("game_code", sa.Text()),
        _column("name", sa.Text()),
        _column("names", sa.JSON()),
        _column("category", sa.Text()),
        _column("sub_category", sa.Text()),
        _column("image", sa.Text()),
        _column("image_narrow", sa.Text()),
        _column("launch_enable", sa.Boolean()),
        _column("status", sa.Integer()),
        _column("reg_date", sa.Text()),
        sa.PrimaryKeyConstraint("provider_id", "game_code", name="pk_games"),
        _to("providers", "provider_id", holder="games"),
    )


def _make_credentials() -> None:
    op.create_table(
        "credentials",
        _column("owner", sa.Text()),
        _column("owner_id", sa.BigInteger()),
        _column("kind", sa.Text()),
        _column("serial", sa.Integer()),
        _optional("lookup", sa.Text()),
        _optional("secret_hash", sa.LargeBinary()),
        _optional("sealed", sa.LargeBinary()),
        _column("fingerprint", sa.Text()),
        _column("starts_at_ms", sa.BigInteger()),
        _optional("ends_at_ms", sa.BigInteger()),
        _column("created_at_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("owner", "owner_id", "kind", "serial", name="pk_credentials"),
    )


def _make_users() -> None:
    op.create_table(
        "users",
        _column("user_code", sa.BigInteger()),
        _column("agent_id", sa.BigInteger()),
        _column("name", sa.Text()),
        _column("name_folded", sa.Text()),
        _column("blocked", sa.Boolean()),
        _column("first_seen_ms", sa.BigInteger()),
        _column("last_seen_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("user_code", name="pk_users"),
        sa.UniqueConstraint("agent_id", "name_folded", name="uq_users_agent_id_name_folded"),
        _to("agents", "agent_id", holder="users"),
    )


def _make_launches() -> None:
    op.create_table(
        "launches",
        _column("token_hash", sa.LargeBinary()),
        _column("agent_id", sa.BigInteger()),
        _column("user_code", sa.BigInteger()),
        _column("account", sa.Text()),
        _column("provider_id", sa.BigInteger()),
        _column("game_code", sa.Text()),
        _column("lang", sa.Integer()),
        _column("return_url", sa.Text()),
        _optional("permissions", sa.JSON()),
        _column("created_at_ms", sa.BigInteger()),
        _optional("opened_at_ms", sa.BigInteger()),
        sa.PrimaryKeyConstraint("token_hash", name="pk_launches"),
    )
    op.create_index("ix_launches_created_at_ms", "launches", ["created_at_ms"])


def _make_sessions() -> None:
    op.create_table(
        "sessions",
        _column("gplay_id", sa.BigInteger()),
        _column("token_hash", sa.LargeBinary()),
        _column("agent_id", sa.BigInteger()),
        _column("user_code", sa.BigInteger()),
        _column("account", sa.Text()),
        _column("provider_id", sa.BigInteger()),
        _column("game_code", sa.Text()),
        _optional("permissions", sa.JSON()),
        _column("opened_at_ms", sa.BigInteger()),
        _column("last_call_at_ms", sa.BigInteger()),
        _optional("ended_at_ms", sa.BigInteger()),
        _column("return_url", sa.Text()),
        _column("lang", sa.Integer()),
        sa.PrimaryKeyConstraint("gplay_id", name="pk_sessions"),
        sa.UniqueConstraint("token_hash", name="uq_sessions_token_hash"),
    )
    columns = ["agent_id", "last_call_at_ms"]
    op.create_index("ix_sessions_agent_id_last_call_at_ms", "sessions", columns)


def _make_audit() -> None:
    op.create_table(
        "directory_audit",
        _column("version", sa.BigInteger()),
        _column("at_ms", sa.BigInteger()),
        _column("actor", sa.Text()),
        _column("tag", sa.Text()),
        _column("target", sa.Text()),
        _column("old", sa.Text()),
        _column("new", sa.Text()),
        _optional("reason", sa.Text()),
        _column("seal", sa.LargeBinary()),
        sa.PrimaryKeyConstraint("version", name="pk_directory_audit"),
    )
    # The database itself refuses to change or delete audit rows (reliability 3.10, S27).
    for statement in _APPEND_ONLY[op.get_context().dialect.name]:
        op.execute(statement)


def _column(name: str, kind: TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, autoincrement=False)


def _optional(name: str, kind: TypeEngine[Any]) -> sa.Column[Any]:
    return sa.Column(name, kind)


def _to(table: str, key: str, *, holder: str, by: str | None = None) -> SchemaItem:
    column = by or key
    return sa.ForeignKeyConstraint([column], [f"{table}.{key}"], name=f"fk_{holder}_{column}")
