"""A round in words: every shape, the agent's time, the reader's language."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meganodes.hub.languages import LANGUAGES
from meganodes.player_pages.round_sheet import round_sheet
from meganodes.player_pages.round_texts import round_words
from tests.support.round_shapes import SHAPES
from tests.support.round_sheets import a_sheet, a_story


def lines(shape_name: str, language: str = "en") -> list[tuple[str, str, str, str]]:
    sheet = a_sheet(shape_name, language)
    return [(each.tone, each.title, each.text, each.amount) for each in sheet.lines]


def test_stake_of_nothing_is_still_a_bet() -> None:
    story = a_story("loss")
    free = replace(story, steps=(replace(story.steps[0], amount_minor=0),))
    (line,) = round_sheet(free, round_words("en")).lines
    assert (line.tone, line.amount) == ("bet", "0.00")


def test_lost_round() -> None:
    assert lines("loss") == [
        ("bet", "Bet", "Accepted", "\u22121.50"),
        ("no-win", "No win", "Nothing to pay out", "0.00"),
    ]
    sheet = a_sheet("loss")
    assert (sheet.result_title, sheet.result, sheet.is_gain) == ("Result", "\u22121.50", False)


def test_won_round() -> None:
    assert lines("win")[1] == ("win", "Win", "Paid out", "+18.75")
    sheet = a_sheet("win")
    assert (sheet.result, sheet.is_gain) == ("+17.25", True)
    assert [(each.title, each.amount) for each in sheet.sums] == [
        ("Staked", "1.50"),
        ("Won", "18.75"),
    ]


def test_cancelled_bet_and_its_money() -> None:
    assert lines("cancelled", "de")[:2] == [
        ("bet", "Einsatz", "Storniert", "\u221210,00"),
        ("return", "Einsatz zurück", "Geld zurückgezahlt", "+10,00"),
    ]
    assert ("Zurückgezahlt", "10,00") in [
        (each.title, each.amount) for each in a_sheet("cancelled", "de").sums
    ]


def test_win_on_its_way() -> None:
    assert lines("owed")[1] == ("waiting", "Win", "On its way: sent until it arrives", "+1,250.00")
    sheet = a_sheet("owed")
    assert sheet.result_title == "Result so far"
    assert sheet.sums[-1].title == "Still on its way"


def test_refused_bets_moved_nothing() -> None:
    assert lines("refused") == [
        ("still", "Bet", "Refused, the balance was too low: no money moved", "500.00"),
        ("still", "Bet", "Refused: no money moved", "5.00"),
    ]
    assert a_sheet("refused").result == "0.00"


def test_bet_that_is_not_decided_has_not_moved_money_yet() -> None:
    assert lines("open")[1] == ("waiting", "Bet", "Being checked", "3.00")
    sheet = a_sheet("open")
    assert (sheet.closed, sheet.result_title) == (False, "Result so far")


def test_decimals_are_the_currency_s() -> None:
    assert [each.amount for each in a_sheet("crypto", "tr").lines] == [
        "\u22120,00012500",
        "\u22120,00000001",
        "+90.071.992,54740991",
    ]
    assert a_sheet("yen").result == "+1,468,000"


def test_times_are_the_agent_s() -> None:
    sheet = a_sheet("win", time_zone="America/Argentina/Buenos_Aires")
    assert sheet.time_zone == "Times in America/Argentina/Buenos Aires"
    assert (sheet.begun.time, sheet.begun.day) == ("11:13:20", "21 September 2026")
    assert sheet.begun.iso == "2026-09-21T11:13:20-03:00"


def test_day_stands_where_it_changes() -> None:
    assert [each.day for each in a_sheet("two-days").lines] == [
        "21 September 2026",
        "",
        "22 September 2026",
    ]
    assert a_sheet("two-days", time_zone="Asia/Tokyo").lines[2].day == ""


def test_games_of_a_lobby_are_told_apart() -> None:
    sheet = a_sheet("two-days")
    assert sheet.game_name == "Fruits · Grand Roulette"
    assert [each.game_name for each in sheet.lines] == ["Fruits", "Grand Roulette", ""]
    assert {each.game_name for each in a_sheet("several").lines} == {""}


@pytest.mark.parametrize("language", LANGUAGES.values())
@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_can_be_told_in_every_language(name: str, language: str) -> None:
    sheet = a_sheet(name, language)
    assert all(each.text and each.title and each.amount for each in sheet.lines)
