"""Revisions of any family of tables: run in one transaction, also where a table is made anew."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from meganodes.kit.database import Database, DatabaseSettings, DatabaseUrl, parse_database_url
from meganodes.kit.migrations import MigrationFault, Schema, schema_fault, upgrade

FIRST = """
from alembic import op
revision, down_revision = "0001", None
def upgrade():
    op.execute("CREATE TABLE studios (number INTEGER PRIMARY KEY, title TEXT)")
    op.execute("CREATE TABLE works (number INTEGER REFERENCES studios (number))")
"""
ANEW = """
import sqlalchemy as sa
from alembic import op
revision, down_revision = "0002", "0001"
def upgrade():
    with op.batch_alter_table("studios") as studios:
        studios.alter_column("title", existing_type=sa.Text(), nullable=False)
        studios.add_column(sa.Column("city", sa.Text(), server_default="Graz"))
"""
LOOSE = """
from alembic import op
revision, down_revision = "0002", "0001"
def upgrade():
    op.execute("CREATE TABLE cities (number INTEGER)")
    op.execute("DELETE FROM studios")
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a file.db"


@pytest.fixture
def url(path: Path) -> DatabaseUrl:
    return parse_database_url(f"sqlite:///{path}")


def a_schema(folder: Path, *revisions: str) -> Schema:
    """Write the revisions into a folder whose name needs care."""
    versions = folder / "100% of the revisions"
    versions.mkdir(exist_ok=True)
    for number, source in enumerate(revisions, 1):
        (versions / f"r{number}.py").write_text(source)
    return Schema(
        title="the library",
        versions=versions,
        version_table="library_schema",
        revision=f"{len(revisions):04}",
        tables=frozenset({"studios", "works"}),
    )


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    with closing(sqlite3.connect(path)) as connection:
        return connection.execute(query).fetchall()


def fault(url: DatabaseUrl, schema: Schema) -> str | None:
    database = Database(url, DatabaseSettings())
    try:
        return database.read_now(schema_fault, schema)
    finally:
        database.close()


def filled(url: DatabaseUrl, path: Path, folder: Path) -> None:
    upgrade(url, a_schema(folder, FIRST))
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("INSERT INTO studios VALUES (1, 'Pixel')")
        connection.execute("INSERT INTO works VALUES (1)")


def test_a_table_that_others_point_to_is_made_anew(
    url: DatabaseUrl, path: Path, tmp_path: Path
) -> None:
    filled(url, path, tmp_path)
    schema = a_schema(tmp_path, FIRST, ANEW)
    assert "of revision 0001: run `meganodes migrate`" in str(fault(url, schema))
    upgrade(url, schema)
    assert fault(url, schema) is None
    assert rows(path, "SELECT * FROM studios") == [(1, "Pixel", "Graz")]
    assert rows(path, "SELECT * FROM works") == [(1,)]
    ((made,),) = rows(path, "SELECT sql FROM sqlite_schema WHERE name = 'works'")
    assert "REFERENCES studios" in str(made)


def test_a_revision_that_leaves_a_row_pointing_nowhere_is_undone(
    url: DatabaseUrl, path: Path, tmp_path: Path
) -> None:
    filled(url, path, tmp_path)
    with pytest.raises(MigrationFault, match="table works points to a row of studios"):
        upgrade(url, a_schema(tmp_path, FIRST, LOOSE))
    assert rows(path, "SELECT * FROM studios") == [(1, "Pixel")]
    assert rows(path, "SELECT name FROM sqlite_schema WHERE name = 'cities'") == []
    assert rows(path, "SELECT version_num FROM library_schema") == [("0001",)]


def test_tables_without_a_revision_are_adopted_when_somebody_knows_theirs(
    url: DatabaseUrl, path: Path, tmp_path: Path
) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE studios (number INTEGER PRIMARY KEY, title TEXT)")
        connection.execute("CREATE TABLE works (number INTEGER REFERENCES studios (number))")
    upgrade(url, a_schema(tmp_path, FIRST, ANEW), lambda _connection: "0001")
    assert rows(path, "SELECT version_num FROM library_schema") == [("0002",)]


def test_a_newer_program_s_tables_are_refused(url: DatabaseUrl, path: Path, tmp_path: Path) -> None:
    schema = a_schema(tmp_path, FIRST)
    upgrade(url, schema)
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("UPDATE library_schema SET version_num = '0009'")
    assert "start the newer version" in str(fault(url, schema))
    with pytest.raises(MigrationFault, match="this program knows 0001"):
        upgrade(url, schema)


def test_missing_tables_are_named(url: DatabaseUrl, path: Path, tmp_path: Path) -> None:
    schema = a_schema(tmp_path, FIRST)
    upgrade(url, schema)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TABLE works")
    assert fault(url, schema) == "tables of the library are missing (works): restore a backup"
