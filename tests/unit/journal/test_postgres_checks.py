"""A server that may lose a decision is refused: the sentence names the setting and the cure."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meganodes.journal.postgres_checks import ServerFacts, server_fault, tables_fault
from meganodes.journal.schema import REVISION, TABLES, VERSION_TABLE
from meganodes.kit.database import DatabaseKind

SAFE = ServerFacts(
    version=140_000,
    encoding="UTF8",
    is_standby=False,
    read_only="off",
    fsync="on",
    full_page_writes="on",
    synchronous_commit="on",
    standby_names="",
    connections_left=50,
    now_ms=0,
)


@pytest.mark.parametrize("level", ["on", "remote_apply"])
@pytest.mark.parametrize("names", ["", "ANY 1 (a, b)"])
def test_safe_server_is_taken(level: str, names: str) -> None:
    assert server_fault(replace(SAFE, synchronous_commit=level, standby_names=names)) is None


@pytest.mark.parametrize("level", ["local", "remote_write"])
def test_weak_commits_are_taken_where_there_is_no_standby(level: str) -> None:
    """Alone, both wait for the server's own disk."""
    assert server_fault(replace(SAFE, synchronous_commit=level)) is None


@pytest.mark.parametrize(
    ("change", "named", "cure"),
    [
        ({"version": 130_012}, "PostgreSQL 13", "upgrade"),
        ({"encoding": "SQL_ASCII"}, "server_encoding", "ENCODING 'UTF8'"),
        ({"is_standby": True, "read_only": "on"}, "pg_is_in_recovery", "the primary"),
        ({"read_only": "on"}, "transaction_read_only", "default_transaction_read_only = off"),
        ({"fsync": "off"}, "fsync = off", "set fsync = on"),
        ({"full_page_writes": "off"}, "full_page_writes = off", "set full_page_writes = on"),
        ({"synchronous_commit": "off"}, "synchronous_commit = off", "set synchronous_commit = on"),
        (
            {"synchronous_commit": "local", "standby_names": "one"},
            "synchronous_commit = local",
            "set synchronous_commit = on",
        ),
        (
            {"synchronous_commit": "remote_write", "standby_names": "one"},
            "synchronous_commit = remote_write",
            "set synchronous_commit = on",
        ),
    ],
)
def test_unsafe_server_is_refused(change: dict[str, object], named: str, cure: str) -> None:
    fault = server_fault(replace(SAFE, **change))  # type: ignore[arg-type]
    assert fault is not None
    assert named in fault
    assert cure in fault


def test_tables_of_another_revision_are_refused() -> None:
    names = {*TABLES[DatabaseKind.POSTGRESQL], VERSION_TABLE}
    assert tables_fault(names, REVISION) is None
    assert "run `meganodes migrate`" in str(tables_fault(names, "0006"))
    assert "newer version" in str(tables_fault(names, "9999"))
    assert "missing (listings)" in str(tables_fault(names - {"listings"}, REVISION))
    assert "run `meganodes migrate`" in str(tables_fault({"users"}, ""))
