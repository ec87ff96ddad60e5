"""Tables of the people in the Back Office. Nothing in them opens a door by itself.

Passwords and recovery codes are argon2id hashes, session tokens and one-time codes keyed hashes,
seeds of authenticator apps are sealed (reliability 3.10, S4, S7, S9).
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    ForeignKey,
    Integer,
    LargeBinary,
    Table,
    Text,
)

from meganodes.directory.tables import directory_metadata

staff = Table(
    "staff",
    directory_metadata,
    Column("staff_id", BigInteger, primary_key=True, autoincrement=False),
    Column("email", Text, nullable=False),
    Column("email_folded", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("agent_id", BigInteger, ForeignKey("agents.agent_id")),
    Column("state", Text, nullable=False),
    Column("time_zone", Text, nullable=False),
    Column("password_hash", Text),
    Column("totp_sealed", LargeBinary),
    Column("totp_step", BigInteger, nullable=False),  # the last 30 s step that was used (S7)
    Column("recovery_hashes", JSON, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("last_sign_in_at_ms", BigInteger),
)

staff_sessions = Table(
    "staff_sessions",
    directory_metadata,
    Column("session_id", BigInteger, primary_key=True, autoincrement=False),
    Column("token_hash", LargeBinary, nullable=False, unique=True),
    Column("staff_id", BigInteger, ForeignKey("staff.staff_id"), nullable=False, index=True),
    Column("stage", Text, nullable=False),
    Column("created_at_ms", BigInteger, nullable=False),
    Column("last_seen_at_ms", BigInteger, nullable=False),
    Column("confirmed_at_ms", BigInteger, nullable=False),
    Column("code_tries", Integer, nullable=False),
    Column("address", Text, nullable=False),
    Column("browser", Text, nullable=False),
)

# Codes that work once: the first admin's, an invitation's, the demo's.
staff_codes = Table(
    "staff_codes",
    directory_metadata,
    Column("code_hash", LargeBinary, primary_key=True),
    Column("staff_id", BigInteger, ForeignKey("staff.staff_id"), nullable=False),
    Column("purpose", Text, nullable=False),
    Column("ends_at_ms", BigInteger, nullable=False),
)

# Failed tries to sign in, by a keyed hash of the e-mail address, known or not (S6).
sign_in_failures = Table(
    "sign_in_failures",
    directory_metadata,
    Column("who_hash", LargeBinary, primary_key=True),
    Column("failures", Integer, nullable=False),
    Column("last_at_ms", BigInteger, nullable=False),
    Column("locked_until_ms", BigInteger, nullable=False),
)
