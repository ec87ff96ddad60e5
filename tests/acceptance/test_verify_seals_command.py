"""`meganodes verify-seals` on a hub that has run: whole, or exit 1 with the row's name."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from meganodes.journal.sqlite import SqliteJournal
from meganodes.kit.clock import SystemClock
from meganodes.kit.identity import first_trans_id
from tests.support.command_line import CommandLine, an_installation
from tests.support.transactions import START_MS, accepted, bet, committed, moving, record

NUMBER = first_trans_id(START_MS)


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    """Give an installation with an accepted bet that is sealed."""
    made = an_installation(tmp_path)
    callback = ("--callback-url", "http://127.0.0.1:9/callback")
    assert made.run_here("agent", "add", "acme", "--currency", "EUR", *callback).status == 0
    asyncio.run(_write(tmp_path / "hub.db"))
    return made


async def _write(path: Path) -> None:
    store = SqliteJournal(path, clock=SystemClock(), owner="node-0")
    await store.start()
    row = await record(store, replace(bet(), trans_id=NUMBER))
    await committed(store, moving(accepted(row), at_ms=START_MS + 50))
    while await store.seal(now_ms=START_MS + 3_600_000):
        pass
    await store.close()


def test_a_journal_as_it_was_sealed_ends_with_status_0(shell: CommandLine) -> None:
    done = shell.run_here("verify-seals", "--json")
    assert done.status == 0, done.stderr
    report = json.loads(done.stdout)
    assert (report["rows"], report["minutes"], report["seals"]) == (3, 1, 1)
    assert report["findings"] == []
    (root,) = report["daily_roots"]
    assert (root["agent"], root["day"], root["seal"], len(root["digest"])) == (
        *("acme", "2026-09-21", 1),
        64,
    )
    assert "Everything is as sealed." in shell.run_here("verify-seals").stdout


def test_one_changed_amount_ends_with_status_1_and_its_name(shell: CommandLine) -> None:
    with closing(sqlite3.connect(shell.folder / "hub.db")) as connection:
        connection.execute("DROP TRIGGER transactions_keep_what_was_asked")
        connection.execute("UPDATE transactions SET amount_minor = amount_minor + 1")
        connection.commit()
    done = shell.run_here("verify-seals", "--agent", "acme", "--json")
    assert done.status == 1
    assert json.loads(done.stdout)["findings"] == [
        {
            "agent": "acme",
            "minute": "2026-09-21T14:13:00Z",
            "finding": f"transaction {NUMBER} was changed after it was sealed",
        }
    ]
    later = shell.run_here("verify-seals", "--from", "2026-09-22T00:00:00Z")
    assert later.status == 0, "that minute was not asked for"


def test_wrong_use_is_named(shell: CommandLine) -> None:
    done = shell.run_here("verify-seals", "--agent", "nobody")
    assert (done.status, "there is no agent nobody" in done.stderr) == (2, True)
