"""`meganodes copy` as a process: an installation moves, a killed copy leaves nothing behind."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from meganodes.kit.database import DatabaseUrl
from tests.support.command_line import CommandLine
from tests.support.copied import fill_with_sql
from tests.support.postgres import dsn_of, postgres_database
from tests.support.stored import fill, stored_settings

WAIT_SECONDS = 120.0


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    asyncio.run(fill(stored_settings(tmp_path)))
    return CommandLine(tmp_path)


@pytest.fixture
def target() -> Iterator[DatabaseUrl]:
    with postgres_database() as url:
        yield url


def words(line: CommandLine, target: DatabaseUrl) -> tuple[str, ...]:
    return ("copy", "--from", f"sqlite:///{line.folder / 'hub.db'}", "--to", dsn_of(target))


def copied(target: DatabaseUrl) -> int:
    with psycopg.connect(dsn_of(target)) as connection:
        row = connection.execute("SELECT count(*) FROM transactions").fetchone()
    assert row
    return int(row[0])


def await_rows_on_their_way(target: DatabaseUrl) -> None:
    """Look from another database of the server: the target belongs to the copy alone."""
    beside = replace(target, url=target.url.set(database="postgres"))
    ends = time.monotonic() + WAIT_SECONDS
    with psycopg.connect(dsn_of(beside), autocommit=True) as connection:
        text = "SELECT tuples_processed FROM pg_stat_progress_copy WHERE datname = %s"
        while time.monotonic() < ends:
            found = connection.execute(text, (target.url.database,)).fetchall()
            if found and found[0][0] > 100:
                return
            time.sleep(0.005)
    raise AssertionError("no row was on its way")


def test_copy_says_what_it_copied_and_refuses_to_do_it_again(
    line: CommandLine, target: DatabaseUrl
) -> None:
    done = line.run(*words(line, target), "--json")
    assert (done.status, done.stderr) == (0, "")
    said = json.loads(done.stdout)
    tables = {each["table"]: each for each in said["tables"]}
    assert tables["transactions"]["rows"] == copied(target) == 3
    assert said["rows"] == sum(each["rows"] for each in tables.values())
    again = line.run(*words(line, target))
    assert again.status == 1
    assert "the target is not empty" in again.stderr


def test_people_are_told_to_put_the_old_file_away(line: CommandLine, target: DatabaseUrl) -> None:
    done = line.run(*words(line, target))
    assert done.status == 0, done.stderr
    assert "read back the same" in done.stdout
    assert "put the old file away" in done.stdout


def test_an_address_that_is_none_is_wrong_usage(line: CommandLine) -> None:
    done = line.run("copy", "--from", "hub.db", "--to", "postgresql://a@b/c")
    assert done.status == 2
    assert "must start with sqlite:///" in done.stderr


def test_a_copy_that_is_killed_leaves_an_empty_target_and_can_be_made_again(
    line: CommandLine, target: DatabaseUrl
) -> None:
    fill_with_sql(line.folder / "hub.db", 20_000)
    copying = subprocess.Popen(
        line.arguments(*words(line, target)),
        cwd=line.folder,
        env=line.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    await_rows_on_their_way(target)
    copying.send_signal(signal.SIGKILL)
    copying.communicate(timeout=WAIT_SECONDS)
    assert copied(target) == 0
    assert line.run(*words(line, target)).status == 0
    assert copied(target) == 20_003
