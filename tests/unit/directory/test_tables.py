"""The tables: safe to create twice, the same on both databases, and without plain secrets."""

from pathlib import Path

from sqlalchemy import JSON, BigInteger, LargeBinary, Text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from meganodes.directory.changes import next_number
from meganodes.directory.tables import create_tables, directory_metadata
from tests.support.directory import open_database


def test_creating_twice_keeps_what_is_there(tmp_path: Path) -> None:
    database = open_database(tmp_path / "hub.db")
    assert database.write_now(next_number, "user_code") == 400_000_001
    database.write_now(lambda connection: connection.define(create_tables))
    assert database.write_now(next_number, "user_code") == 400_000_002
    database.close()


def test_every_table_is_sound_on_both_databases() -> None:
    for table in directory_metadata.sorted_tables:
        for dialect in (sqlite.dialect(), postgresql.dialect()):
            assert f"CREATE TABLE {table.name}" in str(CreateTable(table).compile(dialect=dialect))
            for index in table.indexes:
                assert "CREATE INDEX" in str(CreateIndex(index).compile(dialect=dialect))


def test_tables_and_their_constraints_have_stable_names() -> None:
    assert sorted(directory_metadata.tables) == [
        "agent_providers",
        "agents",
        "credentials",
        "directory_audit",
        "directory_changes",
        "directory_sequences",
        "directory_version",
        "games",
        "launches",
        "providers",
        "sessions",
        "users",
    ]
    for table in directory_metadata.sorted_tables:
        assert all(constraint.name for constraint in table.constraints)
        assert all(index.name for index in table.indexes)


def test_instants_and_numbers_have_64_bits() -> None:
    for table in directory_metadata.sorted_tables:
        for column in table.columns:
            if column.name.endswith(("_ms", "_id", "_code")) and not isinstance(column.type, Text):
                assert isinstance(column.type, BigInteger), f"{table.name}.{column.name}"


def test_token_columns_hold_hashes_or_ciphertext() -> None:
    """A column that is about secrets is binary; the exceptions open nothing."""
    opens_nothing = {"credentials.lookup", "credentials.fingerprint"}
    for table in directory_metadata.sorted_tables:
        for column in table.columns:
            name = f"{table.name}.{column.name}"
            if name in opens_nothing or isinstance(column.type, LargeBinary | JSON):
                continue
            assert not any(word in column.name for word in ("token", "secret", "sealed", "hash"))
