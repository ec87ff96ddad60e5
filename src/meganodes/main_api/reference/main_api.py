"""The OpenAPI document of the Main API and of the callbacks, made from the endpoints themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from meganodes.main_api.reference.answers import (
    BUSINESS_ANSWER,
    FIELD_FAULTS,
    FIELD_FAULTS_EXAMPLE,
    HEADER_REF,
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
from meganodes.main_api.reference.callbacks import callback_items
from meganodes.main_api.reference.notes import ENVELOPE_NOTES, MAIN_API_NOTES, MAIN_API_ROWS
from meganodes.main_api.reference.texts import texts
from meganodes.main_api.reference.types import REF, Schema, Types, answer_types, body_types
from meganodes.main_api.v4.endpoint import Endpoint
from meganodes.main_api.v4.schemas import Body
from meganodes.protocol.codes import ApiCode

_PREFIX: Final = "/v4/"
_PROVIDER_CODES_FROM: Final = 3000
_ERROR_ID: Final = ENVELOPE_NOTES["error_id"]
_REASON: Final = ENVELOPE_NOTES["reason"]
_REASON_FIELD: Final[Schema] = {"type": "string", "description": _REASON.means}

_DATA_OF: Final = {
    ApiCode.VALIDATION_ERROR: (FIELD_FAULTS, True),
    ApiCode.PERMISSION_ERROR: (
        {
            "type": "object",
            "description": "Where the reason can be told.",
            "properties": {"reason": _REASON_FIELD},
            "required": ["reason"],
            "additionalProperties": False,
        },
        False,
    ),
    ApiCode.CALLBACK_ERROR: (
        {
            "type": "object",
            "properties": {
                "error_id": {"type": "integer", "description": _ERROR_ID.means},
                "reason": _REASON_FIELD,
            },
            "required": ["error_id", "reason"],
            "additionalProperties": False,
        },
        True,
    ),
}
_DATA_EXAMPLES: Final = {
    ApiCode.VALIDATION_ERROR: FIELD_FAULTS_EXAMPLE,
    ApiCode.CALLBACK_ERROR: {"error_id": _ERROR_ID.example, "reason": _REASON.example},
}
"""What comes with a code on this API (contract 2.1, 2.2)."""

_NOTHING: Final[tuple[Schema, ...]] = ({"type": "null"}, {"type": "array", "maxItems": 0})
"""What a body without fields may be besides an object; the list is how PHP writes one."""

REQUEST_ID: Final[Schema] = {
    "name": "X-Request-Id",
    "in": "header",
    "required": False,
    "description": "An id of your own for this call: 1 to 64 printable characters.",
    "schema": {"type": "string"},
}
_IF_NONE_MATCH: Final[Schema] = {
    "name": "If-None-Match",
    "in": "header",
    "required": False,
    "description": "Tags you have: while one of them still holds the answer is 304.",
    "schema": {"type": "string"},
}
_ETAG_HEADERS: Final[dict[str, Schema]] = {
    "ETag": {
        "description": "The tag of exactly these bytes, with a success.",
        "schema": {"type": "string", "pattern": '^"[^"]+"$'},
        "example": '"5b6c4a1e0f2d3a4b5c6d7e8f90a1b2c3-br"',
    },
    "Vary": {
        "description": "What the choice of the coding depends on.",
        "schema": {"type": "string"},
        "example": "Accept-Encoding",
    },
}


def main_api_document(endpoints: Sequence[Endpoint[Any]]) -> dict[str, Any]:
    """Describe these endpoints and the callbacks (OpenAPI 3.1)."""
    prose = texts("main_api")
    answers = answer_types(
        {each.path: each.data for each in endpoints if each.data is not None},
        MAIN_API_NOTES,
        MAIN_API_ROWS,
    )
    bodies = body_types({each.path: each.body for each in endpoints}, MAIN_API_NOTES)
    callbacks, callback_schemas = callback_items()
    codes = [each for each in ApiCode if each < _PROVIDER_CODES_FROM]
    tags = dict.fromkeys(_tag(each) for each in endpoints)
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "MegaNodes Main API",
            "version": "4",
            "summary": "For the servers of casinos.",
            "description": f"{prose['intro']}\n\n{code_list(codes)}",
        },
        "servers": [{"url": "/", "description": "This hub"}],
        "security": [{"apiToken": []}],
        "tags": [
            {"name": name, "description": prose[f"tag {name}"]} for name in (*tags, "callbacks")
        ],
        "paths": {each.path: {"post": _operation(each, answers, bodies)} for each in endpoints},
        "webhooks": callbacks,
        "components": {
            "schemas": {
                **error_components(_codes_used(endpoints), _DATA_OF),
                **answers.named,
                **bodies.named,
                **callback_schemas,
            },
            "responses": status_responses(),
            "headers": {**HEADERS, **_ETAG_HEADERS},
            "parameters": {"RequestId": REQUEST_ID},
            "securitySchemes": {
                "apiToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The agent's API token, `mna_...`.",
                },
                "callbackToken": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "Callback-Token",
                    "description": "The agent's callback token: refuse any other with result 100.",
                },
            },
        },
    }


def _tag(endpoint: Endpoint[Any]) -> str:
    return endpoint.path.removeprefix(_PREFIX).partition("/")[0]


def _operation(endpoint: Endpoint[Any], answers: Types, bodies: Types) -> Schema:
    name = endpoint.path.removeprefix(_PREFIX)
    head, *tail = name.replace("/", "-").split("-")
    parameters: list[Schema] = [{"$ref": "#/components/parameters/RequestId"}]
    if endpoint.has_etag:
        parameters.append(_IF_NONE_MATCH)
    return {
        "tags": [_tag(endpoint)],
        "operationId": head + "".join(word.capitalize() for word in tail),
        "summary": name,
        "description": _description(endpoint),
        "parameters": parameters,
        "requestBody": _request_body(endpoint, bodies),
        "responses": {
            "200": _business_answers(endpoint, answers),
            **({"304": _not_modified()} if endpoint.has_etag else {}),
            **status_references(),
        },
    }


def _description(endpoint: Endpoint[Any]) -> str:
    prose = texts("main_api")[endpoint.path] or endpoint.summary
    done = [] if endpoint.data is None else [ApiCode.OK]
    return f"{prose}\n\n{code_list([*done, *_business_codes(endpoint)])}"


def _request_body(endpoint: Endpoint[Any], bodies: Types) -> Schema:
    body: type[Body] = endpoint.body
    schema = bodies.schemas[endpoint.path]
    is_needed = any(field.is_required() for field in body.model_fields.values())
    example = bodies.example(endpoint.path)
    return {
        "description": "Unknown fields are ignored."
        if is_needed
        else "May be empty, `{}`, `null` or `[]`. Unknown fields are ignored.",
        "required": is_needed,
        "content": {
            "application/json": {
                "schema": schema if is_needed else {"anyOf": [schema, *_NOTHING]},
                "examples": {"usual": {"summary": "A usual call", "value": example}},
            }
        },
    }


def _business_codes(endpoint: Endpoint[Any]) -> list[ApiCode]:
    """Give what is answered with status 200 besides success; the door refuses some by itself."""
    of_door = {ApiCode.VALIDATION_ERROR}
    if not endpoint.when_suspended:
        of_door.add(ApiCode.PERMISSION_ERROR)
    return sorted({*endpoint.codes, *of_door})


def _codes_used(endpoints: Sequence[Endpoint[Any]]) -> set[ApiCode]:
    return {code for each in endpoints for code in _business_codes(each)}


def _business_answers(endpoint: Endpoint[Any], answers: Types) -> Schema:
    choices: list[Schema] = []
    examples: dict[str, Schema] = {}
    if endpoint.data is not None:
        choices.append(envelope(ApiCode.OK, answers.schemas[endpoint.path]))
        examples[ApiCode.OK.name] = example_of(ApiCode.OK, answers.example(endpoint.path))
    for code in _business_codes(endpoint):
        choices.append({"$ref": REF + error_name(code)})
        examples[code.name] = example_of(code, _DATA_EXAMPLES.get(code))
    headers = tuple(_ETAG_HEADERS) if endpoint.has_etag else ()
    return json_response(
        BUSINESS_ANSWER,
        choices,
        examples,
        headers if endpoint.data is not None else (),
    )


def _not_modified() -> Schema:
    return {
        "description": "What you have still holds. There is no body.",
        "headers": {name: {"$ref": HEADER_REF + name} for name in ("X-Request-Id", *_ETAG_HEADERS)},
    }
