"""The tables of the address book, as queries see them; the revisions in `migrations` make them.

Their names and columns are stable: a change is a revision, and a test holds the two together.
Instants are milliseconds since 1970 (UTC), booleans are stored as such, lists and mappings as JSON.
Nothing in these tables opens a door by itself: tokens are keyed hashes, secrets are sealed.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

directory_metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# The last number given out, per sequence. It is raised in the transaction that uses the number.
sequences = Table(
    "directory_sequences",
    directory_metadata,
    Column("name", Text, primary_key=True),
    Column("last_number", BigInteger, nullable=False),
)

# One row. Raising it is the first thing every change does, so changes follow one another.
directory_version = Table(
    "directory_version",
    directory_metadata,
    Column("only_row", Integer, CheckConstraint("only_row = 1", "one_row"), primary_key=True),
    Column("version", BigInteger, nullable=False),
)

# What changed at which version; every node reads on from the last version it has seen.
changes = Table(
    "directory_changes",
    directory_metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("subject", Text, nullable=False),
    Column("subject_id", BigInteger, nullable=False),
    Column("at_ms", BigInteger, nullable=False),
)

agents = Table(
    "agents",
    directory_metadata,
    Column("agent_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("name_folded", Text, nullable=False, unique=True),
    Column("parent_id", BigInteger, ForeignKey("agents.agent_id")),
    Column("state", Text, nullable=False),
    Column("currency", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("revision", Text, nullable=False),
    Column("callback_url", Text, nullable=False),
    Column("allow_list", JSON, nullable=False),
    Column("overdraft_allowed", Boolean, nullable=False),
    Column("tombstones_shown", Boolean, nullable=False),
    Column("in_flight_max", Integer),
    Column("retry", JSON, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
)

providers = Table(
    "providers",
    directory_metadata,
    Column("provider_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("name_folded", Text, nullable=False, unique=True),
    Column("names", JSON, nullable=False),
    Column("status", Integer, nullable=False),
    Column("currencies", JSON, nullable=False),
    Column("launch_url", Text, nullable=False),
    Column("replay_url", Text),
    Column("wins_without_bet", Boolean, nullable=False),
    Column("cancel_after_win", Boolean, nullable=False),
    Column("allow_list", JSON, nullable=False),
    Column("version", BigInteger, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
)

games = Table(
    "games",
    directory_metadata,
    Column("provider_id", BigInteger, ForeignKey("providers.provider_id"), primary_key=True),
    Column("game_code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("names", JSON, nullable=False),
    Column("category", Text, nullable=False),
    Column("sub_category", Text, nullable=False),
    Column("image", Text, nullable=False),
    Column("image_narrow", Text, nullable=False),
    Column("launch_enable", Boolean, nullable=False),
    Column("status", Integer, nullable=False),
    Column("reg_date", Text, nullable=False),
)

# Times [from_ms, to_ms) in which a provider, or one game of it, is in maintenance.
maintenance_windows = Table(
    "maintenance_windows",
    directory_metadata,
    Column("window_id", BigInteger, primary_key=True, autoincrement=False),
    Column(
        "provider_id", BigInteger, ForeignKey("providers.provider_id"), nullable=False, index=True
    ),
    Column("game_code", Text),
    Column("from_ms", BigInteger, nullable=False),
    Column("to_ms", BigInteger),
    Column("reason", Text),
    Column("created_at_ms", BigInteger, nullable=False),
    ForeignKeyConstraint(
        ["provider_id", "game_code"],
        ["games.provider_id", "games.game_code"],
        name="fk_maintenance_windows_game",
    ),
    CheckConstraint("to_ms > from_ms", "lasts"),
)

assignments = Table(
    "agent_providers",
    directory_metadata,
    Column("agent_id", BigInteger, ForeignKey("agents.agent_id"), primary_key=True),
    Column("provider_id", BigInteger, ForeignKey("providers.provider_id"), primary_key=True),
)

# Tokens presented to us have lookup and secret_hash; secrets that we present have sealed. A row is
# in force from starts_at_ms until ends_at_ms (None: until further notice).
credentials = Table(
    "credentials",
    directory_metadata,
    Column("owner", Text, primary_key=True),
    Column("owner_id", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, primary_key=True),
    Column("serial", Integer, primary_key=True, autoincrement=False),
    Column("lookup", Text),
    Column("secret_hash", LargeBinary),
    Column("sealed", LargeBinary),
    Column("fingerprint", Text, nullable=False),
    Column("starts_at_ms", BigInteger, nullable=False),
    Column("ends_at_ms", BigInteger),
    Column("created_at_ms", BigInteger, nullable=False),
)

users = Table(
    "users",
    directory_metadata,
    Column("user_code", BigInteger, primary_key=True, autoincrement=False),
    Column("agent_id", BigInteger, ForeignKey("agents.agent_id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("name_folded", Text, nullable=False),
    Column("blocked", Boolean, nullable=False),
    Column("first_seen_ms", BigInteger, nullable=False),
    Column("last_seen_ms", BigInteger, nullable=False),
    UniqueConstraint("agent_id", "name_folded"),
)

# Language and country of a launch or session are never stored (contract 3.2).
launches = Table(
    "launches",
    directory_metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("agent_id", BigInteger, nullable=False),
    Column("user_code", BigInteger, nullable=False),
    Column("account", Text, nullable=False),
    Column("provider_id", BigInteger, nullable=False),
    Column("game_code", Text, nullable=False),
    Column("lang", Integer, nullable=False),
    Column("return_url", Text, nullable=False),
    Column("permissions", JSON(none_as_null=True)),
    Column("created_at_ms", BigInteger, nullable=False, index=True),
    Column("opened_at_ms", BigInteger),
)

sessions = Table(
    "sessions",
    directory_metadata,
    Column("gplay_id", BigInteger, primary_key=True, autoincrement=False),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("agent_id", BigInteger, nullable=False),
    Column("user_code", BigInteger, nullable=False),
    Column("account", Text, nullable=False),
    Column("provider_id", BigInteger, nullable=False),
    Column("game_code", Text, nullable=False),
    Column("permissions", JSON(none_as_null=True)),
    Column("opened_at_ms", BigInteger, nullable=False),
    Column("last_call_at_ms", BigInteger, nullable=False),
    Column("ended_at_ms", BigInteger),
    Column("return_url", Text, nullable=False),
    Column("lang", Integer, nullable=False),
    Index(None, "agent_id", "last_call_at_ms"),
)

# One row per action, numbered by the directory version it made; `seal` chains it to the row before.
# The database itself refuses to change or delete these rows.
audit = Table(
    "directory_audit",
    directory_metadata,
    Column("version", BigInteger, primary_key=True, autoincrement=False),
    Column("at_ms", BigInteger, nullable=False),
    Column("actor", Text, nullable=False),
    Column("tag", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("old", Text, nullable=False),
    Column("new", Text, nullable=False),
    Column("reason", Text),
    Column("seal", LargeBinary, nullable=False),
    Index(None, "target", "version"),
)
