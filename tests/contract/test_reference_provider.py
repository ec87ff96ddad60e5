"""The Provider API in the reference against the adapter that reads and renders."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

import pytest

from meganodes.domain.answers import RoundState
from meganodes.domain.asked import Answer, FieldFault, ItemAnswer, RoundItem, ShownUser
from meganodes.domain.transaction import Kind
from meganodes.main_api.reference.documents import document_json
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.replies import Permissions
from meganodes.providers.adapters.house import HouseAdapter
from meganodes.providers.adapters.house.described import CODES, DATA, RECORDED_CODES
from meganodes.providers.port import BadRequest
from tests.support.openapi import answer_schema, misfits, operations, request_schema

DOCUMENT = json.loads(document_json("provider"))
ADAPTER: Final = HouseAdapter()
GUID = "mn-0123456789abcdef0123456789abcdef01234567"
EVERY_COMMAND = pytest.mark.parametrize("command", sorted(DATA))


def done(**changes: Any) -> Answer:  # noqa: ANN401 - fields of Answer
    return Answer(code=ApiCode.OK, exponent=2, **changes)


def user(permissions: Permissions | None, language: str | None) -> ShownUser:
    return ShownUser(
        account="400000123",
        game_code="lucky_7",
        currency="EUR",
        language=language,
        country=language,
        permissions=permissions,
    )


LIMITS = Permissions(play=False, max_bet_minor=5_000, session_minutes=120, reality_check_minutes=30)
SUCCESSES: Final[dict[str, list[Answer]]] = {
    "authenticate": [
        done(balance_minor=0, user=user(None, None)),
        done(balance_minor=-150, user=user(LIMITS, "en")),
    ],
    "balance": [done(balance_minor=12_050)],
    "bet": [done(guid=GUID, balance_minor=12_050), done(guid=GUID, replay=True)],
    "win": [done(guid=GUID, delivered=False), done(guid=GUID, balance_minor=1, delivered=True)],
    "cancel": [done(guid=GUID, delivered=True, replay=True), done(guid=GUID, delivered=False)],
    "betwin": [
        done(
            bet=ItemAnswer(guid=GUID, balance_minor=None),
            wins=(ItemAnswer(guid=GUID, delivered=False),) * 8,
        ),
        done(
            bet=ItemAnswer(guid=GUID, balance_minor=1),
            wins=(ItemAnswer(guid=GUID, delivered=True),),
            balance_minor=5,
            replay=True,
        ),
    ],
    "round": [
        done(closed=False),
        done(
            closed=True,
            transactions=tuple(
                RoundItem(
                    transaction_id="b 1",
                    kind=kind,
                    amount_minor=150,
                    guid=GUID,
                    state=state,
                    delivered=True,
                )
                for kind in (Kind.BET, Kind.WIN)
                for state in RoundState
            ),
        ),
    ],
}


def refusals(command: str) -> Iterator[Answer]:
    """Every refusal of a command, and again as a replay where it is recorded."""
    for code in CODES[command]:
        answer = Answer(code=code, exponent=2)
        if code is ApiCode.VALIDATION_ERROR:
            answer = replace(answer, faults=(FieldFault(field="amount", message="amount is bad."),))
        yield answer
        if code in RECORDED_CODES:
            yield replace(answer, replay=True)
        if code is ApiCode.BALANCE_NOT_ENOUGH:
            yield replace(answer, balance_minor=100)


@EVERY_COMMAND
def test_every_answer_that_is_rendered_fits(command: str) -> None:
    schema = answer_schema(DOCUMENT, f"/provider/v1/{command}", 200)
    for answer in (*SUCCESSES[command], *refusals(command)):
        rendered = json.loads(ADAPTER.render(command, answer))
        assert misfits(DOCUMENT, schema, rendered) == [], rendered


def test_commands_are_those_of_the_adapter() -> None:
    assert set(DATA) == set(CODES) == set(ADAPTER.commands)
    assert {each.name for each in operations(DOCUMENT)} == {
        ADAPTER.path_prefix + command for command in ADAPTER.commands
    }


def content(command: str) -> Any:  # noqa: ANN401 - JSON
    (found,) = [each for each in operations(DOCUMENT) if each.name == f"/provider/v1/{command}"]
    return found


def variants(schema: Any, sent: Any) -> Iterator[tuple[Any, bool]]:  # noqa: ANN401 - JSON
    """The request with one field changed at a time, and whether the schema lets that pass."""
    for name, field in schema["properties"].items():
        kinds = field["type"] if isinstance(field["type"], list) else [field["type"]]
        without = {key: value for key, value in sent.items() if key != name}
        yield without, name not in schema["required"]
        yield {**sent, name: None}, "null" in kinds
        yield {**sent, name: 1.5}, False
        yield {**sent, name: {}}, False
        yield {**sent, name: []}, False
        if "string" in kinds:
            yield {**sent, name: ""}, False
            yield {**sent, name: "x" * 65}, False
        if "pattern" in field and "0-9" not in field["pattern"]:
            yield {**sent, name: "\u00e4"}, False
        if "0-9" in field.get("pattern", ""):
            for bad in ("-1", "1e3", " 1", "1.", ".5", "1,5"):
                yield {**sent, name: bad}, False
    yield {**sent, "unknown": 1}, True


@EVERY_COMMAND
def test_requests_are_described_as_they_are_read(command: str) -> None:
    operation = content(command)
    name = request_schema(operation)["$ref"].rpartition("/")[2]
    schema = DOCUMENT["components"]["schemas"][name]
    example = operation.content["requestBody"]["content"]["application/json"]["examples"]["usual"]
    cases = [(example["value"], True), *variants(schema, example["value"])]
    if command == "betwin":
        cases += [
            ({**example["value"], "bet": each}, fits)
            for each, fits in variants(schema["properties"]["bet"], example["value"]["bet"])
        ]
        cases += [
            ({**example["value"], "wins": [each]}, fits)
            for each, fits in variants(
                schema["properties"]["wins"]["items"], example["value"]["wins"][0]
            )
        ]
    for sent, fits in cases:
        assert (misfits(DOCUMENT, schema, sent) == []) is fits, sent
        taken = not isinstance(ADAPTER.parse(command, json.dumps(sent).encode()), BadRequest)
        assert taken is fits, sent
