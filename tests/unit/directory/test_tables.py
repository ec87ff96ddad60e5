"""The tables: safe to create twice, the same on both databases, and without plain secrets."""

from pathlib import Path

import pytest
from sqlalchemy import JSON, BigInteger, LargeBinary, Text, create_mock_engine
from sqlalchemy.sql import ClauseElement

from meganodes.directory.changes import next_number
from meganodes.directory.tables import create_tables, directory_metadata
from tests.support.directory import open_database


def test_creating_twice_keeps_what_is_there(tmp_path: Path) -> None:
    database = open_database(tmp_path / "hub.db")
    assert database.write_now(next_number, "user_code") == 400_000_001
    database.write_now(lambda connection: connection.define(create_tables))
    assert database.write_now(next_number, "user_code") == 400_000_002
    database.close()


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_both_databases_get_every_table_and_the_protection(database: str) -> None:
    statements: list[str] = []

    def take(statement: ClauseElement, *_parameters: object) -> None:
        statements.append(str(statement.compile(dialect=engine.dialect)))

    engine = create_mock_engine(f"{database}://", take)
    directory_metadata.create_all(engine, checkfirst=False)
    made = "\n".join(statements)
    assert all(f"CREATE TABLE {name}" in made for name in directory_metadata.tables)
    assert "the audit log is append-only" in made


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
