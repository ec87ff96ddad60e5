"""Tables under revisions: made, adopted from the first release, checked, as queries see them."""

from __future__ import annotations

import importlib
import io
import re
import sqlite3
from contextlib import closing
from pathlib import Path
from types import ModuleType

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.operations import Operations
from sqlalchemy import create_engine

from meganodes.directory.records import AgentState, Status
from meganodes.directory.schema import SCHEMA, check, upgrade
from meganodes.kit.database import DatabaseUrl, parse_database_url
from meganodes.kit.migrations import MigrationFault
from tests.support.directory import all_tables, started_directory

FIRST_RELEASE = Path(__file__).parents[2] / "support/directory_of_the_first_release.sql"
API_TOKEN = "mna_Ud3OgMjVQkO1rO32WlAbOYtKyM2Vqc5NirnlGX9QMElR5XyeaZuvhB124"
PROVIDER_TOKEN = "mnp_XYrRz8Oy9XSTrpjstU0RflfHiBsvCDNX2Du1iufRllWqKdpXUkXNFJBS1"
SESSION_TOKEN = "mns_cr1GBQzD1x5sZtJ8hyl0S39uHdoDQBNIo67jZ3tDilYNbsSJxc0iRjso1"
REVISIONS = tuple(sorted(path.stem for path in SCHEMA.versions.glob("r*.py")))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "hub.db"


@pytest.fixture
def url(path: Path) -> DatabaseUrl:
    return parse_database_url(f"sqlite:///{path}")


@pytest.fixture
def old(path: Path) -> Path:
    """A database of the first release, with an agent's whole life in it."""
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(FIRST_RELEASE.read_text("utf-8"))
    return path


def layout(path: Path) -> dict[str, list[str]]:
    """What stands in the database's schema, its lines in one form and order."""
    query = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL"
    with closing(sqlite3.connect(path)) as connection:
        return {name: _lines(sql) for name, sql in connection.execute(query)}


def _lines(sql: str) -> list[str]:
    return sorted(line for each in sql.splitlines() if (line := each.strip().rstrip(", ")))


def run(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        for statement in statements:
            connection.execute(statement)


def test_a_new_database_gets_tables_that_pass_the_check(url: DatabaseUrl) -> None:
    assert "no database" in str(check(url))
    upgrade(url)
    assert check(url) is None


def test_queries_see_the_tables_that_the_revisions_make(url: DatabaseUrl) -> None:
    upgrade(url)
    engine = create_engine(url.url)
    with engine.connect() as connection:
        options = {"version_table": SCHEMA.version_table, "compare_type": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, all_tables()) == []
    engine.dispose()


def test_upgrading_twice_keeps_what_is_there(url: DatabaseUrl, path: Path) -> None:
    upgrade(url)
    run(path, "UPDATE directory_sequences SET last_number = 400000007 WHERE name = 'user_code'")
    before = layout(path)
    upgrade(url)
    assert layout(path) == before
    with closing(sqlite3.connect(path)) as connection:
        numbers = dict(connection.execute("SELECT name, last_number FROM directory_sequences"))
    assert numbers["user_code"] == 400_000_007
    assert {numbers[name] for name in ("agent_id", "gplay_id", "window_id")} == {0}


def test_the_first_revision_is_the_layout_of_the_first_release(tmp_path: Path, old: Path) -> None:
    made = tmp_path / "made.db"
    engine = create_engine(f"sqlite:///{made}")
    with engine.begin() as connection:
        context = MigrationContext.configure(connection)
        with Operations.context(context):
            _revision(REVISIONS[0]).upgrade()
    engine.dispose()
    assert layout(made) == layout(old)


async def test_a_database_of_the_first_release_is_adopted_with_all_it_holds(
    url: DatabaseUrl, old: Path
) -> None:
    assert "run `meganodes migrate`" in str(check(url))
    upgrade(url)
    assert check(url) is None
    async with started_directory(old) as directory:
        agent = directory.agent_by_api_token(API_TOKEN)
        assert agent is not None
        assert (agent.name, agent.state) == ("acme", AgentState.APPROVED)
        provider = directory.provider_by_token(PROVIDER_TOKEN)
        assert provider is not None
        assert directory.game(provider.provider_id, "fruits") is not None
        dice = directory.game(9, "dice")
        assert dice is not None
        assert (dice.names, dice.status, dice.windows) == ({"ko": "주사위"}, Status.MAINTENANCE, ())
        session = await directory.session(SESSION_TOKEN, provider.provider_id)
        assert session is not None
        assert session.account == "Bob"
        assert await directory.first_broken_audit_row() is None
        user, is_new = await directory.create_user(agent.agent_id, "Anna")
        assert (user.user_code, is_new) == (400_000_002, True)
    fresh = parse_database_url(f"sqlite:///{old.with_name('fresh.db')}")
    upgrade(fresh)
    assert layout(old) == layout(old.with_name("fresh.db"))


def test_adopting_refuses_half_a_directory_and_changes_nothing(url: DatabaseUrl, old: Path) -> None:
    run(old, "DROP TABLE launches")
    before = layout(old)
    with pytest.raises(MigrationFault, match=r"missing \(launches\): restore a backup"):
        upgrade(url)
    assert layout(old) == before


def test_a_revision_that_fails_leaves_the_old_layout(url: DatabaseUrl, old: Path) -> None:
    run(old, "CREATE TABLE maintenance_windows (in_the_way INTEGER)")
    before = layout(old)
    with pytest.raises(Exception, match="maintenance_windows"):
        upgrade(url)
    assert layout(old) == before


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        ("DROP TABLE directory_schema", "the first release: run `meganodes migrate`"),
        ("DELETE FROM directory_schema", "of revision none: run `meganodes migrate`"),
        ("UPDATE directory_schema SET version_num = '0001'", "of revision 0001: run"),
        ("UPDATE directory_schema SET version_num = '9999'", "start the newer version"),
        ("DROP TABLE games", "missing (games): restore a backup"),
    ],
)
def test_check_says_what_is_wrong(url: DatabaseUrl, path: Path, spoil: str, sentence: str) -> None:
    upgrade(url)
    run(path, spoil)
    assert sentence in str(check(url))


def test_tables_of_a_newer_program_are_left_alone(url: DatabaseUrl, path: Path) -> None:
    upgrade(url)
    run(path, "UPDATE directory_schema SET version_num = '9999'")
    with pytest.raises(MigrationFault, match="start the newer version"):
        upgrade(url)


@pytest.mark.parametrize("statement", ["UPDATE directory_audit SET actor = 'x'", "DELETE FROM {0}"])
def test_the_database_refuses_to_change_the_audit_log(
    url: DatabaseUrl, old: Path, statement: str
) -> None:
    upgrade(url)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        run(old, statement.format("directory_audit"))


@pytest.mark.parametrize(
    "values", ["1, 99, NULL, 5, 9", "1, 7, 'none', 5, 9", "1, 7, NULL, 5, 5", "1, 7, NULL, 9, 5"]
)
def test_a_window_needs_a_provider_its_game_and_some_time(
    url: DatabaseUrl, old: Path, values: str
) -> None:
    upgrade(url)
    add = f"INSERT INTO maintenance_windows VALUES ({values}, NULL, 0)"  # noqa: S608 - no input
    with pytest.raises(sqlite3.IntegrityError):
        run(old, "PRAGMA foreign_keys=ON", add)


def test_postgresql_gets_every_table_and_the_protection() -> None:
    made = io.StringIO()
    options = {"as_sql": True, "output_buffer": made}
    context = MigrationContext.configure(dialect_name="postgresql", opts=options)
    with Operations.context(context):
        for name in REVISIONS:
            _revision(name).upgrade()
    assert set(re.findall(r"CREATE TABLE (\w+)", made.getvalue())) == SCHEMA.tables
    assert "BEFORE UPDATE OR DELETE OR TRUNCATE ON directory_audit" in made.getvalue()


def test_revisions_stand_in_one_line_up_to_the_one_the_code_wants() -> None:
    revisions = [_revision(name) for name in REVISIONS]
    numbers = [module.revision for module in revisions]
    assert [module.down_revision for module in revisions] == [None, *numbers[:-1]]
    assert numbers[-1] == SCHEMA.revision


def _revision(name: str) -> ModuleType:
    return importlib.import_module(f"meganodes.directory.migrations.versions.{name}")
