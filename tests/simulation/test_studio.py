"""A studio asks until it knows, believes what it is told, and takes back what it cannot know."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Sequence

import pytest

from tests.simulation.history import Answered, Asked, History
from tests.simulation.studio import Company, Habits, Seat, Studio, code_of

SEAT = Seat(agent_id=1, gplay_id=5, session="s", exponent=2)
Reply = tuple[int, bytes] | None


class Script:
    """Doors that answer each command from a script, its last line for ever; one seat."""

    def __init__(self, **codes: list[int | None]) -> None:
        self.codes = codes
        self.asked: list[tuple[str, dict[str, object]]] = []
        self.renewed = 0

    async def call(self, node: int | None, path: str, body: bytes, token: str) -> Reply:
        assert node in {0, None}
        assert token == "mnp_t"
        command = path.rpartition("/")[2]
        self.asked.append((command, json.loads(body)))
        await asyncio.sleep(0)
        codes = self.codes.get(command, [0])
        code = codes.pop(0) if len(codes) > 1 else codes[0]
        return None if code is None else (200, json.dumps({"code": code, "data": {}}).encode())

    def seats(self, provider_id: int) -> Sequence[Seat]:
        assert provider_id == 7
        return [SEAT]

    async def renew(self, seat: Seat) -> Seat:
        self.renewed += 1
        return seat

    def commands(self) -> list[str]:
        return [command for command, _ in self.asked]


async def played(script: Script, rounds: int = 1, seed: int = 1, **habits: float) -> Studio:
    history = History(lambda: 1.0)
    usual = {"cancels": 0.0, "cancels_first": 0.0, "cancels_paid": 0.0, "breaks_off": 0.0}
    quick = Habits(
        lanes=1,
        thinking_seconds=(0.0, 0.0),
        pause_seconds=(0.0, 0.0),
        patience=5,
        **{**usual, **habits},  # type: ignore[arg-type]
    )
    company = Company(provider_id=7, token="mnp_t", habits=quick)
    studio = Studio(company, random.Random(seed), script, script, history)  # noqa: S311 - replay
    await studio.play(rounds)
    asked, heard = list(history.of(Asked)), list(history.of(Answered))
    assert len(asked) == len(script.asked)
    assert [each.call for each in heard] == [each.call for each in asked]
    return studio


async def test_rounds_of_every_kind_are_played_and_each_has_a_word() -> None:
    script = Script()
    studio = await played(script, rounds=200, cancels=0.2, cancels_first=0.1, breaks_off=0.2)

    assert set(script.commands()) == {"bet", "win", "betwin", "cancel"}
    assert script.renewed
    assert {word.last for word in studio.words} == {"ok", "cancelled"}
    ids = [(word.agent_id, word.transaction_id) for word in studio.words]
    assert len(set(ids)) == len(ids)


@pytest.mark.parametrize("unclear", [None, 3009, 1018])
async def test_a_question_is_repeated_word_for_word_until_it_is_answered(
    unclear: int | None,
) -> None:
    script = Script(bet=[unclear, unclear, 2006], betwin=[unclear, unclear, 2006])
    studio = await played(script)

    command, first = script.asked[0]
    named = first.get("transaction_id")
    copies = [
        body
        for asked, body in script.asked
        if asked == command and body.get("transaction_id") == named
    ]
    assert copies == [first] * 3
    assert {word.said[0] for word in studio.words if word.kind == "bet"} == {2006}


async def test_a_bet_that_stays_unclear_is_taken_back() -> None:
    script = Script(bet=[None], betwin=[None])
    studio = await played(script, rounds=20)

    assert "cancel" in script.commands()
    assert {word.last for word in studio.words if word.kind == "bet"} == {"cancelled", "unsure"}


async def test_a_cancel_that_is_refused_leaves_the_bet_as_it_was() -> None:
    studio = await played(Script(cancel=[3010]), rounds=30, cancels_paid=1.0)

    assert {word.last for word in studio.words if word.kind == "cancel"} == {"refused"}
    assert {word.last for word in studio.words if word.kind == "bet"} == {"ok"}


async def test_a_bet_whose_cancel_was_never_answered_is_unsure() -> None:
    studio = await played(Script(cancel=[None]), rounds=30, cancels=1.0)

    assert {word.last for word in studio.words} == {"unsure"}


async def test_ok_for_a_bet_after_its_cancel_is_believed() -> None:
    studio = await played(Script(), cancels_first=1.0)

    assert {word.kind: word.last for word in studio.words} == {"cancel": "ok", "bet": "ok"}


async def test_copies_of_a_question_go_out_at_once_and_ids_are_used_again() -> None:
    script = Script()
    await played(script, rounds=30, parallel=1.0, conflicts=1.0)
    bodies = [json.dumps(body) for command, body in script.asked if command == "bet"]

    assert max(bodies.count(body) for body in bodies) in {2, 3}
    contents: dict[object, set[object]] = {}
    for command, body in script.asked:
        if command == "bet":
            contents.setdefault(body["transaction_id"], set()).add(body["amount"])
    assert {len(amounts) for amounts in contents.values()} == {1, 2}


async def test_the_same_seed_plays_the_same() -> None:
    first, second, other = Script(), Script(), Script()
    await played(first, rounds=20, seed=4, cancels=0.3)
    await played(second, rounds=20, seed=4, cancels=0.3)
    await played(other, rounds=20, seed=5, cancels=0.3)

    assert first.asked == second.asked != other.asked


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (200, b'{"code":0}', 0),
        (200, b'{"code":3009}', None),
        (200, b'{"code":1001}', None),
        (503, b'{"code":0}', None),
        (200, b"<html>", None),
        (200, b"[]", None),
        (None, None, None),
    ],
)
def test_nothing_is_concluded_from_an_answer_that_says_nothing(
    status: int | None, body: bytes | None, code: int | None
) -> None:
    assert code_of(status, body) == code
