"""`meganodes reconcile` as the night shift uses it: files, numbered reports, exit statuses."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from meganodes.domain.transaction import State, Step
from meganodes.kit.identity import first_trans_id
from tests.support.command_line import CommandLine, Ended, an_installation
from tests.support.journal_file import put_rows
from tests.support.transactions import START_MS, bet, win

HEADER = "trans_guid,kind,amount,state\n"
DAY = ("--from", "2026-09-21T00:00:00Z", "--to", "2026-09-22T00:00:00Z")
BY_TWO = ("--repair", "--by", "ann", "--confirmed-by", "bob", "--reason", "night shift")
NUMBER = first_trans_id(START_MS)


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    """Give an installation whose agent has an accepted bet, a credited win and a void bet."""
    made = an_installation(tmp_path)
    callback = ("--callback-url", "http://127.0.0.1:9/callback")
    added = made.run_here("agent", "add", "acme", "--currency", "EUR", *callback)
    assert added.status == 0, added.stderr
    rows = (
        bet(trans_id=NUMBER + 1, guid="mn-bet", state=State.ACCEPTED),
        win(
            trans_id=NUMBER + 2, guid="mn-win", state=State.CREDITED, step=Step.NONE, due_at_ms=None
        ),
        bet(trans_id=NUMBER + 3, guid="mn-void", state=State.VOID, outcome_unknown=True),
    )
    put_rows(tmp_path / "hub.db", rows)
    return made


def do(shell: CommandLine, *words: str) -> Ended:
    return shell.run_here("reconcile", "--agent", "acme", *DAY, "--no-status", *words)


def a_file(tmp_path: Path, *lines: str) -> str:
    path = tmp_path / "theirs.csv"
    path.write_text(HEADER + "".join(f"{line}\n" for line in lines))
    return str(path)


HONEST = ("mn-bet,bet,1.50,OK", "mn-win,win,1.50,OK")
LATE = (*HONEST, "mn-void,bet,1.50,OK")


def test_equal_sides_end_with_status_0(shell: CommandLine, tmp_path: Path) -> None:
    done = do(shell, "--operator-file", a_file(tmp_path, *HONEST))
    assert (done.status, done.stderr) == (0, "")
    assert "No difference." in done.stdout


def test_a_difference_ends_with_status_1_and_is_told_whole(
    shell: CommandLine, tmp_path: Path
) -> None:
    theirs = a_file(tmp_path, *LATE, "@SUM(A1),win,9.99,OK")
    out = tmp_path / "found.csv"
    done = do(shell, "--operator-file", theirs, "--csv", str(out), "--json")
    assert done.status == 1
    report = json.loads(done.stdout)
    assert (report["agent"], report["currency"], report["differences"]) == ("acme", "EUR", 2)
    assert report["files"]["operator"]["lines"] == 4
    found = {each["id"]: each for each in report["findings"]}
    assert found["mn-void"]["verdict"] == "state differs"
    assert found["mn-void"]["what_to_do"].startswith("--repair: ask for its status")
    assert found["@SUM(A1)"]["verdict"] == "missing at hub"
    equal = next(each for each in report["sums"] if each["verdict"] == "equal")
    assert (equal["bets_hub"], equal["wins_hub"], equal["net_hub"]) == ("1.50", "1.50", "0.00")
    assert (equal["bets_there"], equal["wins_there"]) == ("1.50", "1.50")
    with out.open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["id"] for line in lines] == ["'@SUM(A1)", "mn-void"], "no cell is a formula"
    assert list(lines[0]) == list(report["findings"][0])


def test_reports_are_numbered_and_say_the_same_again(shell: CommandLine, tmp_path: Path) -> None:
    theirs = ("--operator-file", a_file(tmp_path, *LATE), "--json")
    first, second = (json.loads(do(shell, *theirs).stdout) for _ in range(2))
    assert second["report"] > first["report"]
    assert second["digest"] == first["digest"]
    assert second["findings"] == first["findings"]


def test_bad_lines_are_all_named_and_nothing_is_compared(
    shell: CommandLine, tmp_path: Path
) -> None:
    theirs = a_file(tmp_path, "mn-bet,bet,1.505,OK", *HONEST, "mn-x,stake,1,OK")
    done = do(shell, "--operator-file", theirs, "--provider-file", str(tmp_path / "missing.csv"))
    assert done.status == 2
    lines = done.stderr.splitlines()
    assert [line.partition(": line ")[2][:1] for line in lines[:2]] == ["2", "5"]
    assert lines[2].endswith("missing.csv: No such file or directory")
    assert lines[3] == "meganodes: nothing was compared"
    assert done.stdout == ""


def test_a_repair_needs_two_people_and_a_reason(shell: CommandLine, tmp_path: Path) -> None:
    theirs = a_file(tmp_path, *LATE)
    for words, sentence in (
        (("--repair",), "a repair needs a reason"),
        (("--repair", "--reason", "r", "--by", "ann"), "a repair needs two people's names"),
        ((*BY_TWO, "--confirmed-by", "Ann"), "a repair needs a second person"),
    ):
        done = do(shell, "--operator-file", theirs, *words)
        assert done.status == 2
        assert sentence in done.stderr


def test_a_repair_makes_the_late_bet_due(shell: CommandLine, tmp_path: Path) -> None:
    done = do(shell, "--operator-file", a_file(tmp_path, *LATE), *BY_TWO, "--json")
    assert done.status == 1, "the difference is there until the worker has mended it"
    report = json.loads(done.stdout)
    assert report["repairs"] == [{"id": "mn-void", "done": "the worker does it now"}]
    again = json.loads(do(shell, "--operator-file", a_file(tmp_path, *LATE), "--json").stdout)
    (point,) = again["open"]
    assert (point["trans_guid"], point["state"]) == ("mn-void", "void")
    assert point["next_try"] is not None


def test_wrong_use_is_named(shell: CommandLine) -> None:
    backwards = shell.run_here("reconcile", "--agent", "acme", "--from", DAY[3], "--to", DAY[1])
    assert (backwards.status, "--from must be before --to" in backwards.stderr) == (2, True)
    unknown = shell.run_here("reconcile", "--agent", "nobody")
    assert (unknown.status, "there is no agent nobody" in unknown.stderr) == (2, True)
