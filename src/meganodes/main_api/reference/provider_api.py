"""The OpenAPI document of the Provider API, made from the house protocol itself."""

from __future__ import annotations

from typing import Any, Final

from meganodes.main_api.reference.answers import (
    BUSINESS_ANSWER,
    FIELD_FAULTS,
    FIELD_FAULTS_EXAMPLE,
    HEADERS,
    code_list,
    envelope,
    error_components,
    error_name,
    example_of,
    json_response,
    status_references,
    status_responses,
)
from meganodes.main_api.reference.main_api import REQUEST_ID
from meganodes.main_api.reference.notes import note_of
from meganodes.main_api.reference.provider_notes import (
    ANSWER_NOTES,
    ANSWER_ROWS,
    REQUEST_NOTES,
)
from meganodes.main_api.reference.texts import texts
from meganodes.main_api.reference.types import REF, Schema, Types, answer_types
from meganodes.protocol.codes import ApiCode
from meganodes.providers.adapters.house import HouseAdapter
from meganodes.providers.adapters.house.described import (
    CODES,
    DATA,
    RECORDED_CODES,
    request_schema,
)

_TAGS: Final = {
    "authenticate": "session",
    "balance": "session",
    "bet": "money",
    "win": "money",
    "betwin": "money",
    "cancel": "money",
    "round": "round",
}
_REPLAY: Final[Schema] = {
    "replay": {"const": True, "description": ANSWER_NOTES["replay"].means},
}
_BALANCE: Final[Schema] = {
    "balance": {"type": ["string", "null"], "description": ANSWER_NOTES["balance"].means},
}
_AFTER_REFUSAL: Final[Schema] = {
    "type": "object",
    "description": "Comes with an answer that is given again.",
    "properties": _REPLAY,
    "required": ["replay"],
    "additionalProperties": False,
}
_DATA_OF: Final = {
    **dict.fromkeys(RECORDED_CODES, (_AFTER_REFUSAL, False)),
    ApiCode.VALIDATION_ERROR: (FIELD_FAULTS, True),
    ApiCode.BALANCE_NOT_ENOUGH: (
        {
            "type": "object",
            "properties": {**_BALANCE, **_REPLAY},
            "required": ["balance"],
            "additionalProperties": False,
        },
        True,
    ),
}
_DATA_EXAMPLES: Final = {
    ApiCode.VALIDATION_ERROR: FIELD_FAULTS_EXAMPLE,
    ApiCode.BALANCE_NOT_ENOUGH: {"balance": "1.00"},
}


def provider_api_document() -> dict[str, Any]:
    """Describe the commands of the house protocol (OpenAPI 3.1)."""
    prose = texts("provider_api")
    answers = answer_types(DATA, ANSWER_NOTES, ANSWER_ROWS)
    codes = {ApiCode.OK, *(code for each in CODES.values() for code in each)}
    prefix = HouseAdapter().path_prefix
    requests = {_request_name(command): _request(command) for command in DATA}
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "MegaNodes Provider API",
            "version": "1",
            "summary": "For the servers of game providers.",
            "description": f"{prose['intro']}\n\n{code_list(sorted(codes))}",
        },
        "servers": [{"url": "/", "description": "This hub"}],
        "security": [{"token": []}],
        "tags": [
            {"name": name, "description": prose[f"tag {name}"]}
            for name in dict.fromkeys(_TAGS.values())
        ],
        "paths": {prefix + command: {"post": _operation(command, answers)} for command in DATA},
        "components": {
            "schemas": {
                **error_components(codes - {ApiCode.OK}, _DATA_OF),
                **answers.named,
                **requests,
            },
            "responses": status_responses(),
            "headers": dict(HEADERS),
            "parameters": {"RequestId": REQUEST_ID},
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The provider's token, `mnp_...`.",
                },
            },
        },
    }


def _operation(command: str, answers: Types) -> Schema:
    prose = texts("provider_api")[command]
    return {
        "tags": [_TAGS[command]],
        "operationId": command,
        "summary": command,
        "description": f"{prose}\n\n{code_list([ApiCode.OK, *CODES[command]])}",
        "parameters": [{"$ref": "#/components/parameters/RequestId"}],
        "requestBody": {
            "description": "Unknown fields are ignored.",
            "required": True,
            "content": {
                "application/json": {
                    "schema": {"$ref": REF + _request_name(command)},
                    "examples": {
                        "usual": {"summary": "A usual call", "value": _request_example(command)}
                    },
                }
            },
        },
        "responses": {"200": _business_answers(command, answers), **status_references()},
    }


def _business_answers(command: str, answers: Types) -> Schema:
    codes = CODES[command]
    examples = {ApiCode.OK.name: example_of(ApiCode.OK, answers.example(command))}
    examples |= {code.name: example_of(code, _DATA_EXAMPLES.get(code)) for code in codes}
    choices = [
        envelope(ApiCode.OK, answers.schemas[command]),
        *({"$ref": REF + error_name(code)} for code in codes),
    ]
    return json_response(
        BUSINESS_ANSWER,
        choices,
        examples,
    )


def _request_name(command: str) -> str:
    return f"{command.capitalize()}Request"


def _request(command: str) -> Schema:
    return _explained(command, request_schema(command))


def _explained(of_type: str, schema: Schema) -> Schema:
    """Add what each field means, in objects inside as well."""
    for name, field in schema["properties"].items():
        field["description"] = note_of(REQUEST_NOTES, of_type, name).means
        inner = field.get("items", field)
        if "properties" in inner:
            _explained(f"{of_type}.{name}", inner)
    return schema


def _request_example(command: str) -> object:
    return _example(command, request_schema(command))


def _example(of_type: str, schema: Schema) -> dict[str, object]:
    example: dict[str, object] = {}
    for name, field in schema["properties"].items():
        inner = (
            _example(f"{of_type}.{name}", field.get("items", field))
            if _is_compound(field)
            else None
        )
        value = inner if inner is not None else note_of(REQUEST_NOTES, of_type, name).example
        example[name] = [value] if field["type"] == "array" else value
    return example


def _is_compound(field: Schema) -> bool:
    return "properties" in field.get("items", field)
