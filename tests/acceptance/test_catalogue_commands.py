"""`meganodes catalog` as a process: what it prints, what it refuses, and what it leaves alone."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from tests.support.command_line import CommandLine, Ended, an_installation

HEADER = "provider_id,provider_name,game_code,name,category"
GOOD = "7,Pixel,fruits,Fruits,Slots"


@pytest.fixture(scope="module")
def shell(tmp_path_factory: pytest.TempPathFactory) -> CommandLine:
    """An installation with a provider for each test that imports; files lie in other folders."""
    made = an_installation(tmp_path_factory.mktemp("installation"))
    launch_url = "https://play.example.com/{session}/{game_code}"
    for name, number in (("Pixel", "7"), ("Other", "8")):
        added = made.run_here("provider", "add", name, "--id", number, "--launch-url", launch_url)
        assert added.status == 0, added.stderr
    return made


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "games.csv"


def write(file: Path, *lines: str) -> Path:
    file.write_text("\n".join([HEADER, *lines]), encoding="utf-8")
    return file


def exported(shell: CommandLine, folder: Path) -> dict[str, Any]:
    target = folder / "exported.json"
    done = shell.run_here("catalog", "export", str(target), "--provider", "7", "--json")
    assert done.status == 0, done.stderr
    read: dict[str, Any] = json.loads(target.read_text("utf-8"))
    return read


def told(done: Ended) -> list[str]:
    return [line.removeprefix("meganodes: ") for line in done.stderr.splitlines()]


@pytest.mark.rule("4-catalogue-all-or-nothing")
def test_every_bad_line_is_listed_and_nothing_is_imported(
    shell: CommandLine, file: Path, tmp_path: Path
) -> None:
    before = exported(shell, tmp_path)
    write(file, "7,Pixel,new,New,Slots", "7,Pixel,dice,,mini", "9,Nobody,a,A,Cards")
    refused = shell.run("catalog", "import", str(file))
    assert (refused.status, refused.stdout) == (1, "")
    lines = told(refused)
    assert lines[0] == "line 3: name: a text is needed"
    assert lines[1] == "line 4: category: 'Cards' is none of Slots, Live, mini"
    assert lines[2].startswith("line 4: provider_id: there is no provider 9; a catalogue adds")
    assert lines[3] == f"{file}: nothing was imported"
    for_machines = shell.run("catalog", "import", str(file), "--json")
    assert (for_machines.status, for_machines.stderr) == (1, "")
    document = json.loads(for_machines.stdout)
    assert document["imported"] is False
    assert [fault["line"] for fault in document["faults"]] == [3, 4, 4]
    assert exported(shell, tmp_path) == before


@pytest.mark.rule("4-catalogue-upsert", "4-catalogue-csv")
def test_an_import_says_what_it_did_and_a_dry_run_what_it_would(
    shell: CommandLine, file: Path, tmp_path: Path
) -> None:
    write(file, GOOD, "7,Pixel,dice,Dice,mini")
    dry = json.loads(shell.run("catalog", "import", str(file), "--dry-run", "--json").stdout)
    assert (dry["imported"], dry["dry_run"], dry["added"]) == (False, True, 2)
    assert exported(shell, tmp_path)["providers"][0]["games"] == []
    done = shell.run("catalog", "import", str(file))
    assert done.status == 0
    assert done.stderr == ""
    assert "added              2" in done.stdout
    pruned = shell.run("catalog", "import", str(write(file, GOOD)), "--prune", "--json")
    assert json.loads(pruned.stdout) == {
        "imported": True,
        "dry_run": False,
        "providers": 1,
        "providers_changed": 0,
        "added": 0,
        "changed": 0,
        "unchanged": 1,
        "disabled": 1,
        "ignored": [],
    }
    listed = json.loads(shell.run_here("catalog", "list", "--provider", "7", "--json").stdout)
    assert {game["game_code"]: game["launch_enable"] for game in listed} == {
        "dice": False,
        "fruits": True,
    }


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.json", b"{", "line 1: it is not JSON"),
        ("a.json", "{}".encode("utf-16"), "the file: it is UTF-16 text: save it as UTF-8"),
        ("a.csv", b"provider_id\n\xff", "line 2: it is not UTF-8: there is a byte 0xff"),
        ("a.csv", b"provider_id\0", "line 1: it holds a NUL character"),
        ("a.json", b"[" * 5_000_000, "the file: it has more than 4000000 values"),
        ("a.csv", b"x" * (64 * 1024 * 1024 + 1), "the file: it has more than 67108864 bytes"),
    ],
    ids=["broken", "encoding", "bytes", "nul", "values", "huge"],
)
def test_hostile_files_are_a_sentence_and_exit_1(
    shell: CommandLine, tmp_path: Path, name: str, content: bytes, sentence: str
) -> None:
    (tmp_path / name).write_bytes(content)
    refused = shell.run_here("catalog", "import", str(tmp_path / name))
    assert refused.status == 1
    assert told(refused)[0].startswith(sentence)
    assert len(told(refused)) == 2
    assert "Traceback" not in refused.stderr


def test_a_file_that_cannot_be_read_or_written_is_a_sentence(
    shell: CommandLine, tmp_path: Path
) -> None:
    folder = tmp_path / "folder.json"
    folder.mkdir()
    loop = tmp_path / "loop.json"
    loop.symlink_to(loop)
    nothing = tmp_path / "none" / "a.csv"
    for path, command, words in (
        (folder, "import", "cannot be read: Is a directory"),
        (loop, "import", "cannot be read: Too many levels of symbolic links"),
        (nothing, "import", "cannot be read: No such file or directory"),
        (nothing, "export", "cannot be written: No such file or directory"),
        (folder, "export", "cannot be written: Is a directory"),
    ):
        refused = shell.run_here("catalog", command, str(path))
        assert refused.status == 1
        assert told(refused) == [f"{path} {words}"]
    assert sorted(tmp_path.iterdir()) == [folder, loop]


@pytest.mark.parametrize(
    "words",
    [
        ("import",),
        ("import", "games.txt"),
        ("import", "games"),
        ("export", "games.xlsx"),
        ("generate", "--out", "games.xml"),
        ("generate", "--out", "g.json", "--providers", "3", "--games", "2"),
        ("list", "--category", "Cards"),
    ],
)
def test_wrong_usage_is_exit_2(shell: CommandLine, words: Sequence[str]) -> None:
    assert shell.run_here("catalog", *words).status == 2


@pytest.mark.rule("4-catalogue-json", "4-catalogue-csv")
def test_a_generated_catalogue_goes_round_and_comes_back_the_same(tmp_path: Path) -> None:
    shell = an_installation(tmp_path)
    made = shell.run(
        *("catalog", "generate", "--out", "made.json", "--providers", "3", "--games", "120"),
        *("--register", "--json"),
    )
    registered = json.loads(made.stdout)["registered"]
    assert [each["provider_id"] for each in registered] == [101, 102, 103]
    assert all(each["provider_token"].startswith("mnp_") for each in registered)
    shell.run("catalog", "generate", "--out", "made.csv", "--providers", "3", "--games", "120")
    for form in ("json", "csv"):
        imported = shell.run("catalog", "import", f"made.{form}", "--json")
        assert json.loads(imported.stdout)["added"] == (120 if form == "json" else 0)
        assert shell.run("catalog", "export", f"back.{form}").status == 0
        assert (tmp_path / f"back.{form}").read_bytes() == (tmp_path / f"made.{form}").read_bytes()
    again = shell.run("catalog", "generate", "--out", "made.json", "--register", "--seed", "2")
    assert again.status == 1
    assert "choose another --first-id" in again.stderr
    pages = [shell.run_here("catalog", "list", "--page", page).stdout for page in ("1", "3", "4")]
    assert "Games 1 to 50 of 120. More: --page 2" in pages[0]
    assert "Games 101 to 120 of 120." in pages[1]
    assert pages[2] == "Page 4 is behind the last one.\n"


def _on_a_terminal(shell: CommandLine, *words: str) -> tuple[int, str, bytes]:
    """Run a command whose standard error is a terminal; give status, output and what it showed."""
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        shell.arguments(*words),
        cwd=shell.folder,
        env={**shell.environment, "TERM": "xterm"},
        stdout=subprocess.PIPE,
        stderr=theirs,
        encoding="utf-8",
    )
    os.close(theirs)
    shown = b""
    try:
        while piece := _read(ours):
            shown += piece
        output, _ = process.communicate(timeout=60)
    finally:
        os.close(ours)
        process.kill()
        process.wait()
    return process.returncode, output, shown


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65_536)
    except OSError:  # the other side has ended
        return b""


def test_a_bar_shows_the_progress_on_a_terminal_and_nothing_elsewhere(
    shell: CommandLine, file: Path
) -> None:
    write(file, *(f"8,Other,game-{number},Game,Slots" for number in range(300)))
    status, output, shown = _on_a_terminal(shell, "catalog", "import", str(file), "--json")
    assert (status, json.loads(output)["imported"]) == (0, True)
    assert b"Reading" in shown
    assert b"300/300" in shown
    assert b"Writing" in shown
    assert shell.run("catalog", "import", str(file), "--json").stderr == ""
