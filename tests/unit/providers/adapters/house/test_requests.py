"""What the house protocol reads: which fields belong to a command, and how they must fit."""

from __future__ import annotations

import json

import pytest

from meganodes.domain.asked import AskedBet, AskedBetWin, AskedCancel, AskedItem, AskedWin
from meganodes.providers.adapters.house.requests import COMMANDS, parse
from meganodes.providers.port import BadRequest

BETWIN = {
    "session": "s",
    "round_id": "r",
    "bet": {"transaction_id": "b", "amount": "1"},
    "wins": [{"transaction_id": "w1", "amount": "2"}, {"transaction_id": "w2", "amount": "0"}],
    "round_closed": True,
}
CURE = ": every movement needs an id of its own."
CANCEL = {"session": "s", "transaction_id": "c", "cancel_transaction_id": "b"}


def read(command: str, members: object) -> object:
    return parse(command, json.dumps(members).encode())


def bad_fields(command: str, members: object) -> list[str]:
    bad = read(command, members)
    assert isinstance(bad, BadRequest)
    return [each.field for each in bad.faults]


def test_the_commands_are_those_of_the_contract() -> None:
    assert {"authenticate", "balance", "bet", "win", "betwin", "cancel", "round"} == COMMANDS


@pytest.mark.parametrize(
    ("command", "required"),
    [
        ("authenticate", ["session"]),
        ("balance", ["session"]),
        ("bet", ["session", "transaction_id", "round_id", "amount"]),
        ("win", ["session", "transaction_id", "round_id", "amount", "round_closed"]),
        ("betwin", ["session", "round_id", "bet", "wins", "round_closed"]),
        ("cancel", ["session", "transaction_id", "cancel_transaction_id"]),
        ("round", ["session", "round_id"]),
    ],
)
def test_all_missing_fields_are_told_at_once(command: str, required: list[str]) -> None:
    assert bad_fields(command, {}) == required
    assert bad_fields(command, dict.fromkeys(required)) == required


def test_null_in_an_optional_field_equals_leaving_it_out() -> None:
    bet = {"session": "s", "transaction_id": "b", "round_id": "r", "amount": "1"}
    assert read("bet", bet | {"game_code": None}) == read("bet", bet)
    assert read("bet", bet) == AskedBet(
        session="s", transaction_id="b", round_id="r", amount="1", game_code=None
    )
    win = bet | {"round_closed": False}
    assert read("win", win | {"bet_transaction_id": None}) == AskedWin(
        session="s", transaction_id="b", round_id="r", amount="1", round_closed=False
    )


@pytest.mark.rule("1-integrity-keys-ignored")
def test_unknown_fields_are_ignored_at_every_depth() -> None:
    more = {"rtp": 99, "win_ratio": 5, "is_finish_jackpot": True, "x": [[1]]}
    item = BETWIN["bet"]
    assert isinstance(item, dict)
    assert read("betwin", BETWIN | more | {"bet": item | more}) == read("betwin", BETWIN)


@pytest.mark.rule("4-round-closed-field")
def test_round_closed_means_nothing_to_a_bet() -> None:
    bet = {"session": "s", "transaction_id": "b", "round_id": "r", "amount": "1"}
    assert read("bet", bet | {"round_closed": "no boolean"}) == read("bet", bet)


@pytest.mark.rule("4-betwin")
def test_a_betwin_has_one_bet_and_its_wins_in_order() -> None:
    assert read("betwin", BETWIN) == AskedBetWin(
        session="s",
        round_id="r",
        bet=AskedItem(transaction_id="b", amount="1"),
        wins=(
            AskedItem(transaction_id="w1", amount="2"),
            AskedItem(transaction_id="w2", amount="0"),
        ),
        round_closed=True,
    )


@pytest.mark.rule("4-betwin")
@pytest.mark.parametrize("count", [0, 9])
def test_a_betwin_has_1_to_8_wins(count: int) -> None:
    wins = [{"transaction_id": f"w{at}", "amount": "1"} for at in range(count)]
    assert bad_fields("betwin", BETWIN | {"wins": wins}) == ["wins"]


@pytest.mark.rule("4-betwin")
def test_eight_wins_are_taken() -> None:
    wins = [{"transaction_id": f"w{at}", "amount": "1"} for at in range(8)]
    asked = read("betwin", BETWIN | {"wins": wins})
    assert isinstance(asked, AskedBetWin)
    assert len(asked.wins) == 8


@pytest.mark.rule("4-betwin-key")
def test_every_movement_of_a_betwin_has_an_id_of_its_own() -> None:
    wins = [{"transaction_id": name, "amount": "1"} for name in ("b", "w", "w", "W")]
    bad = read("betwin", BETWIN | {"wins": wins})
    assert isinstance(bad, BadRequest)
    assert [(each.field, each.message) for each in bad.faults] == [
        ("wins[0].transaction_id", f"wins[0].transaction_id repeats bet.transaction_id{CURE}"),
        ("wins[2].transaction_id", f"wins[2].transaction_id repeats wins[1].transaction_id{CURE}"),
    ]


def test_missing_ids_of_a_betwin_do_not_count_as_repeated() -> None:
    wins = [{"amount": "1"}, {"amount": "1"}]
    assert bad_fields("betwin", BETWIN | {"bet": {"amount": "1"}, "wins": wins}) == [
        "bet.transaction_id",
        "wins[0].transaction_id",
        "wins[1].transaction_id",
    ]


def test_a_cancel_names_another_transaction() -> None:
    assert read("cancel", CANCEL) == AskedCancel(
        session="s", transaction_id="c", cancel_transaction_id="b"
    )
    assert bad_fields("cancel", CANCEL | {"cancel_transaction_id": "c"}) == [
        "cancel_transaction_id"
    ]
    assert bad_fields("cancel", {"session": "s", "transaction_id": "", "x": ""}) == [
        "transaction_id",
        "cancel_transaction_id",
    ]


def test_duplicate_keys_in_a_money_request_are_refused() -> None:
    body = b'{"session":"s","transaction_id":"b","round_id":"r","amount":"1","amount":"2"}'
    bad = parse("bet", body)
    assert isinstance(bad, BadRequest)
    assert bad.faults[0].message == (
        'The body cannot be read: the key "amount" comes twice in one object.'
    )
