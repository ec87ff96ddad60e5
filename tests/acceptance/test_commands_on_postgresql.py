"""Commands of the night shift on PostgreSQL, opened as the command line opens it, beside a node."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from meganodes.domain.transaction import State, Step
from meganodes.kit.identity import first_trans_id
from tests.support.command_line import CommandLine, Ended, an_installation
from tests.support.journal_file import put_rows, seal_file
from tests.support.postgres import dsn_of, postgres_database
from tests.support.status_wallet import a_status_wallet
from tests.support.transactions import START_MS, bet, win

HEADER = "trans_guid,kind,amount,state\n"
DAY = ("--from", "2026-09-21T00:00:00Z", "--to", "2026-09-22T00:00:00Z")
BY_TWO = ("--by", "ann", "--confirmed-by", "bob", "--reason", "paid by wire")
NUMBER = first_trans_id(START_MS)


@pytest.fixture
def backend() -> Iterator[str]:
    with a_status_wallet("mn-lost") as url:
        yield url


@pytest.fixture
def shell(tmp_path: Path, backend: str) -> Iterator[CommandLine]:
    """Give an installation with a bet, a lost bet and a parked win, sealed, on PostgreSQL."""
    made = an_installation(tmp_path)
    added = made.run_here("agent", "add", "acme", "--currency", "EUR", "--callback-url", backend)
    assert added.status == 0, added.stderr
    parked = {"state": State.PARKED, "step": Step.NONE, "due_at_ms": None}
    rows = (
        bet(trans_id=NUMBER + 1, guid="mn-bet", state=State.ACCEPTED),
        bet(trans_id=NUMBER + 2, guid="mn-lost", state=State.ACCEPTED),
        win(trans_id=NUMBER + 3, guid="mn-win", owed_since_ms=START_MS, **parked),
    )
    file = tmp_path / "hub.db"
    put_rows(file, rows)
    seal_file(file, rows)
    with postgres_database() as url:
        copied = made.run_here("copy", "--from", f"sqlite:///{file}", "--to", dsn_of(url))
        assert copied.status == 0, copied.stderr
        yield CommandLine(tmp_path, database_url=dsn_of(url))


def reconciled(shell: CommandLine, *words: str) -> Ended:
    return shell.run_here("reconcile", "--agent", "acme", *DAY, "--json", *words)


def query(shell: CommandLine, text: str) -> list[tuple[object, ...]]:
    assert shell.database_url is not None
    with psycopg.connect(shell.database_url) as connection:
        return connection.execute(text.encode()).fetchall()


def test_files_are_compared_numbered_and_written_down(shell: CommandLine, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs.csv"
    theirs.write_text(f"{HEADER}mn-bet,bet,1.51,OK\nmn-lost,bet,1.50,OK\nmn-x,bet,1,OK\n")
    done = reconciled(shell, "--operator-file", str(theirs), "--provider-file", str(theirs))
    assert done.status == 1, done.stderr
    report = json.loads(done.stdout)
    found = [(each["side"], each["id"], each["verdict"]) for each in report["findings"]]
    assert found == [
        ("operator", "mn-bet", "amount differs"),
        ("operator", "mn-win", "open"),
        ("operator", "mn-x", "missing at hub"),
        ("provider", "mn-bet", "amount differs"),
        ("provider", "mn-win", "missing at provider"),
        ("provider", "mn-x", "missing at hub"),
    ]
    ((number, tag),) = query(
        shell, "SELECT version, tag FROM directory_audit WHERE tag LIKE '%reconcile'"
    )
    assert (report["report"], tag) == (number, "cli:agent:reconcile")


def test_a_backend_is_asked_with_numbers_that_no_node_gives_out(shell: CommandLine) -> None:
    """A command borrows a node number for it, and has given it back when it ends."""
    done = reconciled(shell)
    assert done.status == 1, done.stderr
    report = json.loads(done.stdout)
    found = {each["id"]: each["verdict"] for each in report["findings"]}
    assert found == {"mn-lost": "missing at operator", "mn-win": "open"}
    assert report["unanswered"] == 0
    asked = query(shell, "SELECT command, outcome FROM attempts ORDER BY attempt_id")
    assert sorted(asked) == [("status", "accepted"), ("status", "accepted"), ("status", "notseen")]
    assert query(shell, "SELECT count(*) FROM node_numbers") == [(0,)]


def test_a_parked_win_is_found_settled_and_gone(shell: CommandLine) -> None:
    (row,) = json.loads(shell.run_here("parked", "list", "--json").stdout)
    assert (row["trans_guid"], row["agent"], row["amount"]) == ("mn-win", "acme", "1.50")
    shown = shell.run_here("parked", "show", "mn-win", "--json")
    assert json.loads(shown.stdout)["state"] == "parked", shown.stderr
    assert shell.run_here("parked", "show", "mn-bet").status == 1, "it is not parked"
    done = shell.run_here("parked", "settle", "mn-win", *BY_TWO)
    assert (done.status, done.stdout) == (0, "mn-win is settled_by_hand.\n"), done.stderr
    assert json.loads(shell.run_here("parked", "list", "--json").stdout) == []


def test_a_parked_win_is_resumed(shell: CommandLine) -> None:
    done = shell.run_here("parked", "resume", "mn-win")
    assert (done.status, done.stdout) == (0, "mn-win is owed.\n"), done.stderr


def test_seals_are_whole_until_an_amount_is_changed(shell: CommandLine) -> None:
    whole = shell.run_here("verify-seals", "--json")
    assert whole.status == 0, whole.stderr
    assert json.loads(whole.stdout)["rows"] == 6, "three transactions and their beginnings"
    assert shell.database_url is not None
    with psycopg.connect(shell.database_url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute(
            "UPDATE transactions SET amount_minor = amount_minor + 1 WHERE guid = 'mn-bet'"
        )
    done = shell.run_here("verify-seals", "--agent", "acme", "--json")
    assert done.status == 1, done.stderr
    (found,) = json.loads(done.stdout)["findings"]
    assert found["finding"] == f"transaction {NUMBER + 1} was changed after it was sealed"
