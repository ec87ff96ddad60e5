"""A copy from SQLite to PostgreSQL: every row of every table, compared, or nothing at all."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from itertools import pairwise
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from meganodes.bootstrap import copying
from meganodes.bootstrap.copying import CHUNK_ROWS, TABLES, Contents, CopyDone, copy
from meganodes.bootstrap.wiring import StartFault, restore_marker
from meganodes.kit.database import Database, DatabaseSettings, DatabaseUrl, parse_database_url
from meganodes.kit.process_lock import ProcessLock
from tests.support.copied import A_ROW_OF_EACH, ODD_BYTES, ODD_TEXT, fill_with_sql
from tests.support.postgres import dsn_of, postgres_database
from tests.support.stored import fill, stored_settings

SELECT = SQL("SELECT * FROM {}")


def silent(_title: str, _done: int, _total: int) -> None:
    """Nobody looks."""


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an installation with rows in every table, odd ones among them."""
    folder = tmp_path_factory.mktemp("installation")
    settings = stored_settings(folder)
    asyncio.run(fill(settings))
    change(parse_database_url(settings.database_url), *A_ROW_OF_EACH)
    return folder / "hub.db"


@pytest.fixture
def source(installation: Path, tmp_path: Path) -> DatabaseUrl:
    return parse_database_url(f"sqlite:///{shutil.copy(installation, tmp_path / 'hub.db')}")


@pytest.fixture
def target() -> Iterator[DatabaseUrl]:
    with postgres_database() as url:
        yield url


def change(source: DatabaseUrl, *statements: tuple[str, tuple[Any, ...]]) -> None:
    assert source.path is not None
    with closing(sqlite3.connect(source.path)) as connection, connection:
        for text, values in statements:
            connection.execute(text, values)


def rows_of(source: DatabaseUrl, name: str) -> list[str]:
    """Give the rows of a table of SQLite, written out, in some order that is always the same."""
    assert source.path is not None
    with closing(sqlite3.connect(source.path)) as connection:
        connection.row_factory = sqlite3.Row
        found = connection.execute(f"SELECT * FROM {name}").fetchall()  # noqa: S608 - a table of ours
    return sorted(repr(sorted(dict(row).items())) for row in found)


def copied_rows_of(target: DatabaseUrl, name: str) -> list[str]:
    """The same of PostgreSQL; what it knows as truth and as JSON is written as SQLite has it."""
    with psycopg.connect(dsn_of(target)) as connection:
        connection.adapters.register_loader("json", psycopg.types.string.TextLoader)
        cursor = connection.execute(SELECT.format(Identifier(name)))
        names = [each.name for each in cursor.description or ()]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    for row in found:
        row.update({key: int(value) for key, value in row.items() if isinstance(value, bool)})
    return sorted(repr(sorted(row.items())) for row in found)


def counts(target: DatabaseUrl) -> dict[str, int]:
    """Count the rows of all tables but the two that are never empty."""
    names = TABLES - {"directory_sequences", "directory_version"}
    return {name: len(copied_rows_of(target, name)) for name in sorted(names)}


def refused(source: DatabaseUrl, target: DatabaseUrl) -> str:
    """Expect that nothing is copied; return the reason."""
    with pytest.raises(StartFault) as fault:
        copy(source, target, silent)
    return str(fault.value)


def test_every_row_of_every_table_arrives_as_it_was(
    source: DatabaseUrl, target: DatabaseUrl
) -> None:
    done = copy(source, target, silent)
    assert done.tables.keys() == TABLES
    for name in sorted(TABLES):
        rows = rows_of(source, name)
        assert rows, f"{name} has no row to copy"
        assert copied_rows_of(target, name) == rows
        assert done.tables[name].rows == len(rows)
    assert done.rows == sum(each.rows for each in done.tables.values())


def test_odd_texts_and_bytes_arrive(source: DatabaseUrl, target: DatabaseUrl) -> None:
    copy(source, target, silent)
    with psycopg.connect(dsn_of(target)) as connection:
        bodies = connection.execute("SELECT request FROM attempt_bodies").fetchall()
        notes = connection.execute("SELECT notes FROM attempts").fetchall()
        names = connection.execute("SELECT names FROM games WHERE game_code = 'odd'").fetchall()
        flags = connection.execute("SELECT launch_enable FROM games").fetchall()
    assert bodies == [(ODD_BYTES,)]
    assert notes == [(ODD_TEXT,)]
    assert names == [({"0": ODD_TEXT},)]
    assert {flag for (flag,) in flags} == {True, False}


def test_the_databases_own_numbers_go_on_above_what_was_copied(
    source: DatabaseUrl, target: DatabaseUrl
) -> None:
    change(source, ("UPDATE listings SET listing_id = 5000 WHERE listing_id = 3", ()))
    copy(source, target, silent)
    with psycopg.connect(dsn_of(target)) as connection:
        added = connection.execute(
            "INSERT INTO listings (agent_id, trans_id, trans_type, balance_open) "
            "VALUES (1, 1, 16, 0) RETURNING listing_id"
        ).fetchone()
    assert added == (5001,)


def test_progress_is_told_by_table(source: DatabaseUrl, target: DatabaseUrl) -> None:
    told: list[tuple[str, int, int]] = []
    copy(source, target, lambda *step: told.append(step))
    assert ("Copying transactions", 3, 3) in told
    assert ("Comparing transactions", 3, 3) in told
    assert {title.split()[1] for title, _, _ in told} == TABLES


def test_a_target_with_rows_is_refused(source: DatabaseUrl, target: DatabaseUrl) -> None:
    copy(source, target, silent)
    before = counts(target)
    assert "the target is not empty" in refused(source, target)
    assert counts(target) == before


def test_a_target_whose_directory_was_changed_is_refused(
    source: DatabaseUrl, target: DatabaseUrl
) -> None:
    with psycopg.connect(dsn_of(target)) as connection:
        connection.execute("UPDATE directory_version SET version = 1")
    assert "directory has been changed" in refused(source, target)


@pytest.mark.parametrize("version_table", ["journal_version", "directory_schema"])
def test_another_revision_is_refused_on_either_side(
    source: DatabaseUrl, target: DatabaseUrl, version_table: str
) -> None:
    text = f"UPDATE {version_table} SET version_num = '0001'"  # noqa: S608 - a table of ours
    with psycopg.connect(dsn_of(target)) as connection:
        connection.execute(text.encode())
    assert "cannot be copied into: " in refused(source, target)
    change(source, (text, ()))
    assert "hub.db cannot be copied: " in refused(source, target)


def test_a_source_that_a_hub_serves_is_refused(source: DatabaseUrl, target: DatabaseUrl) -> None:
    assert source.path is not None
    lock = ProcessLock(source.path)
    lock.acquire()
    assert "another server" in refused(source, target)
    lock.release()
    assert copy(source, target, silent).rows > 0


def test_a_target_that_somebody_uses_is_refused(
    source: DatabaseUrl, target: DatabaseUrl, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(copying, "_HANG_UP_SECONDS", 0.3)
    with psycopg.connect(dsn_of(target)):
        assert "1 other connections" in refused(source, target)


def test_addresses_of_the_wrong_kind_are_refused(source: DatabaseUrl, target: DatabaseUrl) -> None:
    assert "--from names a SQLite database" in refused(target, target)
    assert "--to names a PostgreSQL database" in refused(source, source)
    assert source.path is not None
    nowhere = parse_database_url(f"sqlite:///{source.path}.gone")
    assert "there is no database" in refused(nowhere, target)
    assert not Path(f"{source.path}.gone").exists()
    restore_marker(source.path).touch()
    assert "did not end" in refused(source, target)


def test_a_server_that_is_away_is_said_without_its_password(source: DatabaseUrl) -> None:
    away = parse_database_url("postgresql://meganodes:open-sesame@127.0.0.1:1/none")
    reason = refused(source, away)
    assert "the copy failed: " in reason
    assert "open-sesame" not in reason


def test_a_text_with_a_nul_is_named_and_nothing_is_copied(
    source: DatabaseUrl, target: DatabaseUrl
) -> None:
    with_nul = (
        "INSERT INTO attempts (attempt_id, agent_id, account, command, number, started_at_ms, "
        "duration_ms, outcome, phase, notes) VALUES (78, 1, '', 'bet', 1, 1, 1, '', '', ?)"
    )
    change(source, (with_nul, ("a\0",)))
    reason = refused(source, target)
    assert (
        "the row of attempts with attempt_id 78, agent_id 1 has a NUL character in notes" in reason
    )
    assert set(counts(target).values()) == {0}


def test_a_row_that_arrives_changed_undoes_everything(
    source: DatabaseUrl, target: DatabaseUrl
) -> None:
    with psycopg.connect(dsn_of(target)) as connection:
        connection.execute(
            """CREATE FUNCTION spoil() RETURNS trigger LANGUAGE plpgsql AS
               'BEGIN new.wins := new.wins + 1; RETURN new; END'"""
        )
        connection.execute(
            "CREATE TRIGGER spoil BEFORE INSERT ON rounds FOR EACH ROW EXECUTE FUNCTION spoil()"
        )
    assert "rounds is not what was sent: " in refused(source, target)
    assert set(counts(target).values()) == {0}


def test_a_row_that_does_not_arrive_undoes_everything(
    source: DatabaseUrl, target: DatabaseUrl
) -> None:
    with psycopg.connect(dsn_of(target)) as connection:
        connection.execute(
            "CREATE FUNCTION lose() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
        )
        connection.execute(
            "CREATE TRIGGER lose BEFORE INSERT ON events FOR EACH ROW EXECUTE FUNCTION lose()"
        )
    assert "there are 0 with" in refused(source, target)
    assert set(counts(target).values()) == {0}


@pytest.mark.parametrize("title", ["Copying transactions", "Comparing users"])
def test_a_copy_that_is_interrupted_leaves_nothing_and_can_be_made_again(
    source: DatabaseUrl, target: DatabaseUrl, title: str
) -> None:
    def interrupt(told: str, _done: int, _total: int) -> None:
        if told == title:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        copy(source, target, interrupt)
    assert set(counts(target).values()) == {0}
    assert copy(source, target, silent).rows == sum(len(rows_of(source, name)) for name in TABLES)


def test_a_source_with_a_broken_audit_trail_is_refused(
    source: DatabaseUrl, target: DatabaseUrl
) -> None:
    change(source, ("DROP TRIGGER directory_audit_no_update", ()))
    change(source, ("UPDATE directory_audit SET reason = 'other' WHERE version = 2", ()))
    assert "audit trail is broken at version 2" in refused(source, target)
    assert set(counts(target).values()) == {0}


def test_sums_that_differ_are_refused(source: DatabaseUrl, target: DatabaseUrl) -> None:
    """The checksums would see it first; the databases' own sums are a second opinion."""
    assert source.path is not None
    database = Database(target, DatabaseSettings())
    with closing(sqlite3.connect(source.path)) as reader, pytest.raises(StartFault, match="sums"):
        database.write_now(
            lambda opened: opened.define(lambda each: copying._compare_money(reader, each))
        )
    database.close()


def test_contents_are_the_same_in_any_order_and_for_the_same_rows_alone() -> None:
    def contents(*rows: tuple[object, ...]) -> Contents:
        made = Contents()
        for row in rows:
            made.add(repr(row))
        return made

    assert contents((1, "a"), (2, "b")) == contents((2, "b"), (1, "a"))
    others = [contents((1, "a")), contents((1, "b"), (2, "a")), contents((1, "a"), (1, "a"))]
    others += [contents((1, "a"), ("2", "b")), contents((1, "a"), (2, b"b"))]
    assert contents((1, "a"), (2, "b")) not in others
    assert len(contents((1,)).checksum) == 32


@pytest.mark.slow
def test_a_grown_installation_is_copied_in_portions(
    source: DatabaseUrl, target: DatabaseUrl
) -> None:
    """A hundred thousand rows; what it took is printed."""
    count = 20_000
    assert source.path is not None
    fill_with_sql(source.path, count)
    told: list[int] = []
    done: CopyDone = copy(
        source,
        target,
        lambda title, rows, _: told.append(rows) if title == "Copying transactions" else None,
    )
    print(json.dumps({"rows": done.rows, "seconds": round(done.seconds, 1)}))  # noqa: T201 - a figure
    assert done.tables["transactions"].rows == count + 3
    assert done.rows > 5 * count
    assert max(after - before for before, after in pairwise(told)) == CHUNK_ROWS
    assert done.seconds < 300
