"""Operators do what their personality says, and their books tell it."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest

from meganodes.protocol.commands import (
    Command,
    Revision,
    check_text,
)
from meganodes.protocol.wire import render_callback
from tests.simulation.casino import Casino, Operator
from tests.simulation.history import Executed, Fault, History
from tests.simulation.personality import PERSONALITIES, Personality
from tests.support.fake_backend import Play, data_of

TOKEN = b"mnc_token"
FIRST = Play()


class Asker:
    """A casino and who asks it."""

    def __init__(self, revision: Revision = Revision.GUID, **ways: Any) -> None:  # noqa: ANN401 - fields of Personality
        self.revision = revision
        self.history = History(lambda: 1.0)
        operator = Operator(
            agent_id=3,
            personality=Personality(**ways),
            exponent=2,
            accounts=("ada", "bob"),
            revision=revision.value,
        )
        self.casino = Casino(operator, self.history, random.Random(1))  # noqa: S311 - replay
        self.casino.tokens.add(TOKEN)

    def ask(self, command: Command, play: Play = FIRST, token: bytes = TOKEN) -> Any:  # noqa: ANN401 - a reply of any command
        data = data_of(command, play, self.revision)
        body = render_callback(command, data, check_text(command, self.revision), 1)
        replied = self.casino.execute({b"Callback-Token": token}, body)
        assert replied.status == 200
        return json.loads(replied.body, parse_float=str)

    def result(self, command: Command, play: Play = FIRST) -> int:
        result: int = self.ask(command, play)["result"]
        return result

    @property
    def moved(self) -> list[int]:
        return [entry.moved_minor for entry in self.casino.ledger]


def test_a_good_operator_books_once_whatever_is_repeated() -> None:
    asker = Asker()
    results = [asker.result(command) for command in (Command.BET, Command.CANCEL) for _ in "ab"]

    assert results == [0, 0, 0, 0]
    assert asker.moved == [-150, 150]
    assert asker.ask(Command.BALANCE)["data"]["balance"] == "1000000.00"


@pytest.mark.parametrize("result", [0, 41, 99])
def test_a_duplicate_is_answered_in_the_operators_way_and_moves_nothing(result: int) -> None:
    asker = Asker(duplicates=result)

    assert [asker.result(Command.WIN) for _ in "ab"] == [0, result]
    assert asker.moved == [150]


def test_a_tombstone_keeps_a_late_bet_out_and_its_lack_does_not() -> None:
    good, careless = Asker(), Asker(tombstones=False)

    assert [good.result(Command.CANCEL), good.result(Command.BET)] == [43, 41]
    assert [careless.result(Command.CANCEL), careless.result(Command.BET)] == [43, 0]
    assert (good.moved, careless.moved) == ([], [-150])


@pytest.mark.parametrize(
    ("way", "result", "moved"), [("not seen", 43, []), ("ok", 0, []), ("credited", 0, [150])]
)
def test_an_unknown_cancel_brings_what_the_operators_way_is(
    way: str, result: int, moved: list[int]
) -> None:
    asker = Asker(unknown_cancel=way)

    assert (asker.result(Command.CANCEL), asker.moved) == (result, moved)


def test_by_number_an_unknown_cancel_is_42_and_a_cancel_names_its_bet() -> None:
    asker = Asker(Revision.ID)

    assert asker.result(Command.CANCEL, Play(number=9)) == 42
    assert [asker.result(Command.BET), asker.result(Command.CANCEL)] == [0, 0]
    assert [entry.original for entry in asker.casino.ledger] == [None, "1"]


@pytest.mark.parametrize(("remembers", "then"), [(True, 22), (False, 0)])
def test_a_refused_id_stays_refused_only_where_it_is_remembered(
    *, remembers: bool, then: int
) -> None:
    asker = Asker(remembers_refused=remembers)
    asker.casino.lock("ada")
    assert asker.result(Command.BET) == 22
    asker.casino.unlock("ada")

    assert asker.result(Command.BET) == then


@pytest.mark.parametrize(("pays", "result"), [(True, 0), (False, 22)])
def test_a_locked_player_gets_what_is_owed_where_the_operator_pays(
    *, pays: bool, result: int
) -> None:
    asker = Asker(pays_locked=pays)
    asker.casino.lock("ada")

    assert asker.result(Command.WIN) == result


def test_a_stake_above_the_balance_is_31_with_the_balance() -> None:
    asker = Asker(short_of_money=True)
    reply = asker.ask(Command.BET, Play(amount_minor=2_001))

    assert (reply["result"], reply["data"]["balance"]) == (31, "20.00")


@pytest.mark.parametrize(
    ("way", "words"),
    [
        ("truthful", ["42", "OK", "CANCELED"]),
        ("always unknown", ["42", "42", "42"]),
        ("always ok", ["OK", "OK", "OK"]),
    ],
)
def test_a_status_is_true_or_is_not(way: str, words: list[str]) -> None:
    asker = Asker(status=way)
    heard = []
    for command in (Command.BALANCE, Command.BET, Command.CANCEL):
        asker.ask(command)
        reply = asker.ask(Command.STATUS)
        heard.append(reply["data"].get("trans_status", str(reply["result"])))

    assert heard == words


@pytest.mark.parametrize(("survives", "moved"), [(True, [150]), (False, [150, 150])])
def test_a_restart_makes_only_a_forgetful_operator_pay_twice(
    *, survives: bool, moved: list[int]
) -> None:
    asker = Asker(survives_restarts=survives)
    asker.result(Command.WIN)
    asker.casino.restart()
    asker.result(Command.WIN)

    assert asker.moved == moved
    assert [fault.kind for fault in asker.history.of(Fault)] == ["operator-restarted"]


def test_a_wrong_token_is_100_and_an_unknown_account_21() -> None:
    asker = Asker()

    assert asker.ask(Command.BET, token=b"other")["result"] == 100
    assert asker.result(Command.BET, Play(account="eve")) == 21
    assert asker.moved == []


def test_a_failing_operator_tells_less_than_it_did() -> None:
    operator = Operator(
        agent_id=3, personality=Personality(failing=1.0), exponent=2, accounts=("ada",)
    )
    history = History(lambda: 1.0)
    casino = Casino(operator, history, random.Random(5))  # noqa: S311 - replay
    casino.tokens.add(TOKEN)
    for number in range(40):
        play = Play(number=number)
        data = data_of(Command.WIN, play, Revision.GUID)
        body = render_callback(Command.WIN, data, "21,22,41", 1)
        casino.execute({b"Callback-Token": TOKEN}, body)
    executed = list(history.of(Executed))

    assert {each.result for each in executed} == {99, None}
    assert {each.booked for each in executed} == {True, False}
    casino.heal()
    casino.execute({b"Callback-Token": TOKEN}, body)
    assert list(history.of(Executed))[-1].result == 0


def test_every_personality_is_another() -> None:
    everyone = {Personality.numbered(number, locking=0.0) for number in range(PERSONALITIES)}

    assert len(everyone) == PERSONALITIES
    assert Personality.numbered(PERSONALITIES) == Personality.numbered(0)
    assert Personality().flags == frozenset()
    assert all(each.flags for each in everyone - {Personality(), Personality(duplicates=41)})
