"""Callbacks in the reference: requests as they are rendered, replies as they are read.

What the hub sends is not described a second time: one request of each command is rendered and its
fields are taken from the bytes, in both revisions.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from meganodes.main_api.reference.callback_notes import (
    CHECK_QUESTIONS,
    HEADER_NOTES,
    REPLY_NOTES,
    REQUEST_NOTES,
)
from meganodes.main_api.reference.notes import Notes, eur, note_of
from meganodes.main_api.reference.texts import texts
from meganodes.main_api.reference.types import REF, Schema
from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import (
    DEADLINE_SECONDS,
    Category,
    Command,
    Movement,
    Revision,
    authenticate_data,
    balance_data,
    bet_data,
    cancel_data,
    check_text,
    checks,
    game_type,
    status_data,
    win_data,
)
from meganodes.protocol.ids import cancel_guid
from meganodes.protocol.replies import results
from meganodes.protocol.reply_data import NEEDS_BALANCE, success_keys
from meganodes.protocol.wire import CALLBACK_HEADERS, CALLBACK_TOKEN_HEADER, Number, load_json

_ACCOUNT: Final = "anna"
_GUID: Final = "mn-0123456789abcdef0123456789abcdef01234567"
_TRANS_ID: Final = 4_503_599_627_370
_MOVEMENT: Final = Movement(
    account=_ACCOUNT,
    gplay_id=7_001,
    trans_guid=_GUID,
    trans_id=_TRANS_ID,
    time_stamp_ms=1_790_000_000_123,
    round_id="r-9f31",
    provider_id=200,
    provider_name="Pixel Works",
    game_code="lucky_7",
    game_name="Lucky 7",
    category=Category.SLOTS,
    sub_category="video",
    amount_minor=150,
    exponent=2,
)
_CANCEL: Final = {"trans_guid": cancel_guid(_GUID)}
_REFINING: Final = ("", "table", "crash")
_OPTIONAL_MEMBERS: Final = frozenset({"permissions", "language", "country"})
_NOT_PARAMETERS: Final = frozenset({CALLBACK_TOKEN_HEADER, "Accept", "Content-Type"})
"""Headers that OpenAPI tells in other places: the security scheme and the kinds of content."""


def callback_items() -> tuple[dict[str, Schema], dict[str, Schema]]:
    """Give the callbacks by name, and the schemas they refer to.

    A command that is the same in both revisions stands there once.
    """
    items: dict[str, Schema] = {}
    schemas: dict[str, Schema] = {}
    for command in Command:
        by_revision = {each: (_request(command, each), _reply(command, each)) for each in Revision}
        if by_revision[Revision.GUID] == by_revision[Revision.ID]:
            del by_revision[Revision.ID]
        for revision, (request, reply) in by_revision.items():
            mark = "" if len(by_revision) == 1 else f"-{revision.value}"
            name = command.value.capitalize() + mark.removeprefix("-").capitalize()
            schemas |= {f"{name}Callback": request, f"{name}Reply": reply}
            items[f"{command.value}{mark}"] = {"post": _operation(command, revision, mark, name)}
    return items, schemas


def _operation(command: Command, revision: Revision, mark: str, name: str) -> Schema:
    told = f" (revision `{revision.value}`)" if mark else ""
    return {
        "tags": ["callbacks"],
        "operationId": f"callback-{command.value}{mark}",
        "summary": f"{command.value}{told.replace('`', '')}",
        "description": _description(command, revision),
        "security": [{"callbackToken": []}],
        "parameters": [
            _parameter(each) for each in CALLBACK_HEADERS if each not in _NOT_PARAMETERS
        ],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": f"{REF}{name}Callback"},
                    "example": {
                        "command": command.value,
                        "data": _data_example(command, revision),
                        "timestamp": "1790000000",
                        "check": check_text(command, revision),
                    },
                }
            },
        },
        "responses": {
            "200": {
                "description": "Your reply. With any other status the outcome is unknown.",
                "content": {
                    "application/json": {
                        "schema": {"$ref": f"{REF}{name}Reply"},
                        "examples": _reply_examples(command, revision),
                    }
                },
            }
        },
    }


def _description(command: Command, revision: Revision) -> str:
    seconds = f"{DEADLINE_SECONDS[command]:g}"
    listed = "\n".join(
        f"{number}. **{check}** {CHECK_QUESTIONS[ResultCode(check)]}"
        for number, check in enumerate(checks(command, revision), 1)
    )
    return (
        f"{texts('callbacks')[command.value]}\n\n"
        f"Reply within **{seconds} seconds**, connection included. Check in this order, and answer "
        f"with the number of the first check that fails:\n\n{listed}\n\n"
        f"The results you may answer:\n\n{_result_list(command, revision)}"
    )


def _result_list(command: Command, revision: Revision) -> str:
    return "\n".join(
        f"* **{result}** {ResultCode(result).sentence}" for result in results(command, revision)
    )


def _parameter(header: str) -> Schema:
    note = HEADER_NOTES[header]
    return {
        "name": header,
        "in": "header",
        "required": True,
        "description": note.means,
        "schema": {"type": "string", **note.limits},
        "example": note.example,
    }


# --- requests ------------------------------------------------------------------------------------


def _rendered(command: Command, revision: Revision) -> bytes:
    match command:
        case Command.AUTHENTICATE:
            return authenticate_data(_ACCOUNT)
        case Command.BALANCE:
            return balance_data(_ACCOUNT)
        case Command.BET:
            return bet_data(revision, _MOVEMENT)
        case Command.WIN:
            return win_data(revision, _MOVEMENT)
        case Command.CANCEL:
            return cancel_data(revision, _MOVEMENT, _GUID, _TRANS_ID)
        case Command.STATUS:
            return status_data(revision, _ACCOUNT, _GUID, _TRANS_ID)


def _data(command: Command, revision: Revision) -> dict[str, Any]:
    data = load_json(_rendered(command, revision))
    assert isinstance(data, dict)
    return data


def _data_example(command: Command, revision: Revision) -> dict[str, object]:
    data = _data(command, revision)
    if "amount" in data:
        data["amount"] = eur(_MOVEMENT.amount_minor)
    if "cancel_trans_guid" in data:
        data |= _CANCEL
    return data


def _request(command: Command, revision: Revision) -> Schema:
    data = _data(command, revision)
    properties = {
        name: {"type": _type_of(value), **_explained(REQUEST_NOTES, command.value, name)}
        for name, value in data.items()
    }
    if "type" in properties:
        properties["type"] |= {"const": data["type"]}
    if "game_type" in properties:
        kinds = (game_type(revision, category, sub) for category in Category for sub in _REFINING)
        properties["game_type"] |= {"enum": list(dict.fromkeys(kinds))}
    envelope: Schema = {
        "command": {"const": command.value},
        "data": _object(properties),
        "timestamp": {"pattern": "^[0-9]+$"},
        "check": {"const": check_text(command, revision)},
    }
    for name, schema in envelope.items():
        note = note_of(REQUEST_NOTES, "envelope", name)
        envelope[name] = {"type": "string", "description": note.means, **schema}
    return _object(envelope)


def _type_of(value: object) -> str:
    match value:
        case bool():
            return "boolean"
        case int():
            return "integer"
        case Number():
            return "number"
        case _:
            assert isinstance(value, str)
            return "string"


def _explained(notes: Notes, of_type: str, name: str) -> Schema:
    note = note_of(notes, of_type, name)
    return {"description": note.means, **note.limits}


def _object(properties: Schema, optional: Iterable[str] = (), *, is_open: bool = False) -> Schema:
    schema: Schema = {
        "type": "object",
        "properties": properties,
        "required": [name for name in properties if name not in optional],
    }
    return schema if is_open else {**schema, "additionalProperties": False}


# --- replies -------------------------------------------------------------------------------------


def _reply(command: Command, revision: Revision) -> Schema:
    """Describe a good reply; what is tolerated besides stands in docs/protocol/callbacks.md."""
    members = sorted(success_keys(command, revision))
    properties = {name: _explained(REPLY_NOTES, command.value, name) for name in members}
    success = _object(properties, _OPTIONAL_MEMBERS, is_open=True)
    refusals = [each for each in results(command, revision) if each]
    with_balance = [each for each in refusals if each in NEEDS_BALANCE]
    plain = [each for each in refusals if each not in NEEDS_BALANCE]
    balance = {"balance": _explained(REPLY_NOTES, "refusal", "balance")}
    choices = [
        _reply_envelope([ResultCode.OK], "OK", success),
        _reply_envelope(plain, "ERROR", _object(balance, balance, is_open=True), {"data"}),
    ]
    if with_balance:
        choices.append(_reply_envelope(with_balance, "ERROR", _object(balance, is_open=True)))
    return {"oneOf": choices}


def _reply_envelope(
    allowed: list[int] | list[ResultCode], status: str, data: Schema, optional: Iterable[str] = ()
) -> Schema:
    numbers = [int(each) for each in allowed]
    result = {"const": numbers[0]} if len(numbers) == 1 else {"enum": numbers}
    properties: Schema = {
        "result": {"type": "integer", **result},
        "status": {"type": "string", "const": status},
        "data": data,
    }
    return _object(properties, optional, is_open=True)


def _reply_examples(command: Command, revision: Revision) -> Schema:
    members = [
        each for each in sorted(success_keys(command, revision)) if each not in _OPTIONAL_MEMBERS
    ]
    data = {name: note_of(REPLY_NOTES, command.value, name).example for name in members}
    examples: Schema = {
        "OK": {
            "summary": ResultCode.OK.sentence,
            "value": {"result": 0, "status": "OK", "data": data},
        }
    }
    for result in results(command, revision)[1:]:
        refused: dict[str, object] = {"result": result, "status": "ERROR"}
        if result in NEEDS_BALANCE:
            refused["data"] = {"balance": note_of(REPLY_NOTES, "refusal", "balance").example}
        code = ResultCode(result)
        examples[code.name] = {"summary": code.sentence, "value": refused}
    return examples
