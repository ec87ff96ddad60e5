"""The tables: stable names, wide numbers, and no plain secrets."""

from sqlalchemy import JSON, BigInteger, LargeBinary, Text

from meganodes.directory.schema import SCHEMA
from tests.support.directory import all_tables

TABLES = all_tables()


def test_tables_and_their_constraints_have_stable_names() -> None:
    assert SCHEMA.tables == set(TABLES.tables)
    for table in TABLES.sorted_tables:
        assert all(constraint.name for constraint in table.constraints)
        assert all(index.name for index in table.indexes)


def test_instants_and_numbers_have_64_bits() -> None:
    for table in TABLES.sorted_tables:
        for column in table.columns:
            if column.name.endswith(("_ms", "_id", "_code")) and not isinstance(column.type, Text):
                assert isinstance(column.type, BigInteger), f"{table.name}.{column.name}"


def test_token_columns_hold_hashes_or_ciphertext() -> None:
    """A column that is about secrets is binary; the exceptions open nothing."""
    opens_nothing = {"credentials.lookup", "credentials.fingerprint", "staff.password_hash"}
    for table in TABLES.sorted_tables:
        for column in table.columns:
            name = f"{table.name}.{column.name}"
            if name in opens_nothing or isinstance(column.type, LargeBinary | JSON):
                continue
            assert not any(word in column.name for word in ("token", "secret", "sealed", "hash"))
