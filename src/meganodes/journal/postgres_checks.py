"""What a PostgreSQL server must be like before anything about money is written to it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from meganodes.journal.schema import VERSION_TABLE, schema_of
from meganodes.kit import migrations
from meganodes.kit.database import DatabaseKind

OLDEST_VERSION = 140_000
CLOCK_OFFSET_MAX_MS = 1_000
"""Clocks of a node and its database that differ by more are worth a line in the log."""

_TOO_WEAK_FOR_A_STANDBY = frozenset({"local", "remote_write"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerFacts:
    """What a server says of itself, in its own words."""

    version: int
    encoding: str
    is_standby: bool
    read_only: str
    fsync: str
    full_page_writes: str
    synchronous_commit: str
    standby_names: str
    connections_left: int
    now_ms: int


def server_fault(facts: ServerFacts) -> str | None:
    """Say in a sentence why a decision could be lost on such a server, None when it could not.

    The sentence names the setting and what to do about it.
    """
    if facts.version < OLDEST_VERSION:
        major = facts.version // 10_000
        return f"the server is PostgreSQL {major}: the oldest that is supported is 14, upgrade it"
    if facts.is_standby:
        return (
            "the server is a standby (pg_is_in_recovery): let the database address name the "
            "primary, or all servers of the cluster (host=one:5432&host=two:5432)"
        )
    if facts.read_only == "on":
        return (
            "the server takes no writes (transaction_read_only = on): set "
            "default_transaction_read_only = off for this role and database"
        )
    if facts.encoding != "UTF8":
        return (
            f"the database's encoding is {facts.encoding} (server_encoding): make one with "
            "CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0"
        )
    return _durability_fault(facts)


def _durability_fault(facts: ServerFacts) -> str | None:
    if facts.fsync != "on":
        return "fsync = off loses commits when the machine stops: set fsync = on"
    if facts.full_page_writes != "on":
        return "full_page_writes = off can break pages in a crash: set full_page_writes = on"
    level = facts.synchronous_commit
    if level == "off":
        return "synchronous_commit = off loses commits in a crash: set synchronous_commit = on"
    if facts.standby_names and level in _TOO_WEAK_FOR_A_STANDBY:
        return (
            f"synchronous_commit = {level} does not wait until the standby of "
            "synchronous_standby_names has it on its disk: set synchronous_commit = on"
        )
    return None


def tables_fault(names: Collection[str], version: str) -> str | None:
    """Say in a sentence what is wrong with the journal's tables, None when all is well."""
    if VERSION_TABLE not in names:
        return "the journal's tables are missing: run `meganodes migrate`"
    return migrations.version_fault(schema_of(DatabaseKind.POSTGRESQL), version, names)
