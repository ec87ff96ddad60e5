"""`meganodes parked`: what people do at the command line needs two names, and is written down."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from meganodes.domain.transaction import State, Step
from tests.support.command_line import CommandLine, Ended, an_installation
from tests.support.journal_file import put_rows
from tests.support.transactions import START_MS, win

BY_TWO = ("--by", "ann", "--confirmed-by", "bob", "--reason", "paid by wire")


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    """Give an installation with one parked win."""
    made = an_installation(tmp_path)
    callback = ("--callback-url", "http://127.0.0.1:9/callback")
    assert made.run_here("agent", "add", "acme", "--currency", "EUR", *callback).status == 0
    row = win(
        guid="mn-win",
        state=State.PARKED,
        step=Step.NONE,
        due_at_ms=None,
        owed_since_ms=START_MS,
    )
    put_rows(tmp_path / "hub.db", [row])
    return made


def do(shell: CommandLine, *words: str) -> Ended:
    return shell.run_here("parked", *words)


def audit(shell: CommandLine) -> list[tuple[str, str | None]]:
    with closing(sqlite3.connect(shell.folder / "hub.db")) as connection:
        found = connection.execute("SELECT tag, reason FROM directory_audit ORDER BY version")
        return found.fetchall()


def test_what_is_parked_is_listed_and_shown(shell: CommandLine) -> None:
    (row,) = json.loads(do(shell, "list", "--json").stdout)
    assert (row["trans_guid"], row["agent"], row["amount"]) == ("mn-win", "acme", "1.50")
    assert json.loads(do(shell, "show", "mn-win", "--json").stdout)["state"] == "parked"
    assert do(shell, "show", "mn-other").status == 1


def test_a_parked_row_is_found_however_many_older_ones_wait(shell: CommandLine) -> None:
    """There were ten thousand of one agent once, and the newest could not be resumed by its id."""
    put_rows(
        shell.folder / "hub.db",
        (
            win(
                trans_id=number,
                transaction_id=f"old-{number}",
                guid=f"mn-old-{number}",
                state=State.PARKED,
                step=Step.NONE,
                due_at_ms=None,
                owed_since_ms=START_MS,
            )
            for number in range(1, 10_002)
        ),
    )
    assert json.loads(do(shell, "show", "mn-win", "--json").stdout)["trans_guid"] == "mn-win"
    assert do(shell, "resume", "mn-win").status == 0


def test_resuming_is_written_down_before_it_is_done(shell: CommandLine) -> None:
    done = do(shell, "resume", "mn-win")
    assert (done.status, done.stdout) == (0, "mn-win is owed.\n")
    assert audit(shell)[-1][0] == "cli:agent:resume-parked"
    assert do(shell, "resume", "mn-win").status == 1


def test_settling_is_written_down_with_both_people(shell: CommandLine) -> None:
    done = do(shell, "settle", "mn-win", *BY_TWO)
    assert (done.status, done.stdout) == (0, "mn-win is settled_by_hand.\n")
    assert audit(shell)[-1] == ("cli:agent:settle-by-hand", "paid by wire")


def test_one_person_settles_nothing_and_leaves_no_row(shell: CommandLine) -> None:
    before = audit(shell)
    alone = do(shell, "settle", "mn-win", *BY_TWO, "--confirmed-by", "ANN")
    assert alone.status == 1
    assert "needs a second person" in alone.stderr
    assert audit(shell) == before
