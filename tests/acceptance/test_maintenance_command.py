"""`meganodes provider maintenance` as an operator uses it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine, Ended, an_installation


@pytest.fixture
def shell(tmp_path: Path) -> CommandLine:
    made = an_installation(tmp_path)
    launch_url = "https://play.example.com/{session}/{game_code}"
    made.run_here("provider", "add", "Pixel Works", "--id", "7", "--launch-url", launch_url)
    made.run_here("provider", "add", "Other", "--launch-url", launch_url)
    games = tmp_path / "games.csv"
    games.write_text("provider_id,game_code,name,category\n7,dice,Dice,mini\n7,fruits,F,Slots\n")
    assert made.run_here("catalog", "import", str(games)).status == 0
    return made


def do(shell: CommandLine, *words: str) -> Ended:
    return shell.run_here("provider", "maintenance", *words)


def listed(shell: CommandLine, *words: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = json.loads(do(shell, *words, "--json").stdout)
    return rows


def statuses(shell: CommandLine) -> dict[str, str]:
    rows = json.loads(shell.run_here("provider", "list", "--json").stdout)
    return {row["name"]: row["status"] for row in rows}


def test_now_and_end(shell: CommandLine) -> None:
    began = do(shell, "pixel works", "--now", "--reason", "down")
    assert began.stdout.startswith("Pixel Works is in maintenance since 20")
    assert began.stdout.endswith("until it is ended (window 1).\n")
    assert statuses(shell) == {"Pixel Works": "maintenance", "Other": "normal"}
    (row,) = listed(shell, "7")
    assert (row["provider"], row["game"], row["running"], row["to"], row["reason"]) == (
        "Pixel Works",
        None,
        True,
        None,
        "down",
    )
    assert do(shell, "7", "--end").stdout == "Pixel Works is no longer in maintenance.\n"
    assert do(shell, "7", "--end").stdout == "Pixel Works is not in maintenance.\n"
    assert statuses(shell)["Pixel Works"] == "normal"


@pytest.mark.parametrize(
    ("begin", "end", "from_utc", "to_utc"),
    [
        ("2090-12-24T18:00:00Z", "2090-12-24T20:30:00Z", "T18:00:00Z", "T20:30:00Z"),
        ("2090-12-24T18:00:00+01:00", "2090-12-24 20:30:00-05:30", "T17:00:00Z", "T02:00:00Z"),
        ("2090-12-24T18:00+09:00", "20901224T103000Z", "T09:00:00Z", "T10:30:00Z"),
    ],
)
def test_a_window_is_planned_in_any_zone_and_shown_in_utc(
    shell: CommandLine, begin: str, end: str, from_utc: str, to_utc: str
) -> None:
    planned = do(shell, "7", "--game", "dice", "--from", begin, "--to", end)
    assert planned.stdout.startswith("dice of Pixel Works will be in maintenance from 2090-12-24T")
    (row,) = listed(shell)
    assert (row["game"], row["running"]) == ("dice", False)
    assert str(row["from"]).endswith(from_utc)
    assert str(row["to"]).endswith(to_utc)
    assert (
        do(shell, "7", "--withdraw", "1").stdout
        == "Window 1 of dice of Pixel Works is withdrawn.\n"
    )
    assert do(shell).stdout == "No maintenance is planned or going on.\n"


def test_a_game_stays_away_while_all_of_its_provider_does(shell: CommandLine) -> None:
    do(shell, "7", "--now")
    do(shell, "7", "--game", "dice", "--now")
    ended = do(shell, "7", "--game", "dice", "--end")
    assert ended.stdout == (
        "dice of Pixel Works is no longer in maintenance, but all of Pixel Works still is.\n"
    )


def test_a_status_that_a_file_has_set_is_listed_and_ended_too(
    shell: CommandLine, tmp_path: Path
) -> None:
    games = tmp_path / "games.csv"
    games.write_text("provider_id,provider_status,game_code,name,category\n7,2,dice,Dice,mini\n")
    shell.run_here("catalog", "import", str(games))
    (row,) = listed(shell)
    assert (row["window"], row["running"], row["reason"]) == (None, True, "status")
    do(shell, "7", "--end")
    assert listed(shell) == []


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("nobody", "--now"), "there is no provider called nobody"),
        (("7", "--game", "none", "--now"), "provider 7 has no game none"),
        (("7", "--withdraw", "9"), "Pixel Works has no window 9"),
        (("7", "--now", "--to", "2020-01-01T00:00:00Z"), "the window ends before it begins"),
    ],
)
def test_what_cannot_be_done_is_a_sentence_and_exit_1(
    shell: CommandLine, words: tuple[str, ...], sentence: str
) -> None:
    refused = do(shell, *words)
    assert refused.status == 1
    assert sentence in refused.stderr


@pytest.mark.parametrize(
    "words",
    [
        ("--now",),
        ("--game", "dice"),
        ("7", "--now", "--end"),
        ("7", "--from", "2090-12-24T18:00:00Z", "--withdraw", "1"),
        ("7", "--to", "2090-12-24T18:00:00Z"),
        ("7", "--from", "2090-12-24T18:00:00"),
        ("7", "--from", "tomorrow"),
        ("7", "--from", "2090-13-24T18:00:00Z"),
    ],
)
def test_wrong_usage_is_exit_2(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert do(CommandLine(tmp_path), *words).status == 2
