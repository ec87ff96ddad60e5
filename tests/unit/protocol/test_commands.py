"""Checks, deadlines and game types of the six commands, and the page that tells them."""

from pathlib import Path

import pytest

from meganodes.protocol.commands import (
    DEADLINE_SECONDS,
    Category,
    Command,
    Revision,
    TransType,
    check_text,
    checks,
    game_type,
)

PAGE = Path(__file__).parents[3] / "docs" / "protocol" / "callbacks.md"


@pytest.mark.rule("3.1-check-text")
@pytest.mark.parametrize("command", Command)
@pytest.mark.parametrize("revision", Revision)
def test_the_check_text_joins_the_checks_in_their_order(
    command: Command, revision: Revision
) -> None:
    assert check_text(command, revision).split(",") == [str(n) for n in checks(command, revision)]


@pytest.mark.rule("3.1-check-text")
def test_a_bet_is_checked_for_its_id_before_its_balance() -> None:
    assert checks(Command.BET, Revision.GUID) == (21, 22, 41, 31)


@pytest.mark.rule("3-revision-guid-cancel", "3-revision-id-cancel")
def test_only_the_cancel_differs_between_the_revisions() -> None:
    differing = [
        command
        for command in Command
        if checks(command, Revision.GUID) != checks(command, Revision.ID)
    ]
    assert differing == [Command.CANCEL]


@pytest.mark.rule("3.3-deadline-total")
def test_bet_and_balance_have_two_seconds_and_all_others_four() -> None:
    assert {command.value: DEADLINE_SECONDS[command] for command in Command} == {
        "authenticate": 4.0,
        "balance": 2.0,
        "bet": 2.0,
        "win": 4.0,
        "cancel": 4.0,
        "status": 4.0,
    }


@pytest.mark.rule("3.1-game-type")
@pytest.mark.parametrize(
    ("category", "sub_category", "by_guid", "by_id"),
    [
        (Category.SLOTS, "", "slot", "Slots"),
        (Category.SLOTS, "video", "slot", "Slots"),
        (Category.LIVE, "baccarat", "live", "Live"),
        (Category.LIVE, "table", "live", "Live"),
        (Category.MINI, "", "mini", "mini"),
        (Category.MINI, "Crash", "crash", "mini"),
        (Category.SLOTS, "table", "table", "Slots"),
    ],
)
def test_the_game_type_has_the_words_of_the_revision(
    category: Category, sub_category: str, by_guid: str, by_id: str
) -> None:
    assert game_type(Revision.GUID, category, sub_category) == by_guid
    assert game_type(Revision.ID, category, sub_category) == by_id


def test_the_kinds_of_movement_have_their_numbers() -> None:
    assert [(kind.name, kind.value) for kind in TransType] == [
        ("BET", 1),
        ("WIN", 2),
        ("CANCEL", 16),
    ]


def test_the_page_has_every_command_with_its_checks_and_deadline() -> None:
    rows = [
        tuple(cell.strip().strip("`") for cell in line.split("|")[1:-1])
        for line in PAGE.read_text(encoding="utf-8").splitlines()
        if line.startswith("| `")
    ]
    commands = [row for row in rows if row[0] in set(Command)]
    assert commands == [
        (
            command.value,
            check_text(command, Revision.GUID),
            check_text(command, Revision.ID),
            f"{DEADLINE_SECONDS[command]:.0f} s",
        )
        for command in Command
    ]
