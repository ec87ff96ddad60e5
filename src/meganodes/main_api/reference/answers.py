"""Answers in the reference: the envelope around each code, by HTTP status."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from meganodes.main_api.reference.notes import ENVELOPE_NOTES, note_of
from meganodes.main_api.reference.types import REF, Schema
from meganodes.main_api.v4.errors import FAULTS, Fault
from meganodes.protocol.codes import ApiCode

RESPONSE_REF: Final = "#/components/responses/"
HEADER_REF: Final = "#/components/headers/"

_STATUS_NAMES: Final = {
    401: "NoToken",
    403: "AddressNotAllowed",
    404: "NoSuchPath",
    405: "NoSuchMethod",
    413: "BodyTooLarge",
    415: "FormBody",
    429: "TooManyAtOnce",
    500: "Defect",
    503: "Draining",
}
_STATUS_SENTENCES: Final = {
    401: "The token is missing (code 1007) or wrong (1009).",
    403: "The caller's address is not on the allow list (code 1020).",
    404: "There is no such path (code 1005).",
    405: "The path takes POST only (code 1005).",
    413: "The body is above 256 KiB (code 1002).",
    415: "The body is a form (code 1002): send JSON.",
    429: "Too many requests at once, or too often (code 1018): nothing was queued.",
    500: "A defect of the hub (code 1001): what was done is not known.",
    503: "The hub is shutting down (code 1001): call again.",
}
BUSINESS_ANSWER: Final = "Every business answer: `code` says which."

_HEADERS_OF_STATUS: Final = {
    401: ("WWW-Authenticate",),
    405: ("Allow",),
    429: ("Retry-After",),
    503: ("Retry-After",),
}


def _text_header(sentence: str, example: str) -> Schema:
    return {"description": sentence, "schema": {"type": "string"}, "example": example}


HEADERS: Final[Mapping[str, Schema]] = {
    "X-Request-Id": {
        "description": "The request's id: the caller's own, or one that the hub made.",
        "required": True,
        "schema": {"type": "string", "minLength": 1, "maxLength": 64, "pattern": "^[ -~]+$"},
        "example": "9f86d081884c7d659a2feaa0c55ad015",
    },
    "WWW-Authenticate": _text_header("How to authenticate.", "Bearer"),
    "Allow": _text_header("The methods that the path takes.", "POST"),
    "Retry-After": {
        "description": "Seconds to wait before calling again.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
        "example": "1",
    },
}

FIELD_FAULT: Final[Schema] = {
    "type": "object",
    "description": "One bad field.",
    "properties": {
        name: {"type": "string", "description": note_of(ENVELOPE_NOTES, "FieldFault", name).means}
        for name in ("field", "message")
    },
    "required": ["field", "message"],
    "additionalProperties": False,
}
FIELD_FAULTS: Final[Schema] = {
    "type": "array",
    "items": {"$ref": f"{REF}FieldFault"},
    "minItems": 1,
    "description": "All bad fields at once.",
}
FIELD_FAULTS_EXAMPLE: Final = [
    {name: note_of(ENVELOPE_NOTES, "FieldFault", name).example for name in ("field", "message")}
]


def envelope(code: ApiCode, data: Schema | None = None, *, needs_data: bool = True) -> Schema:
    """Describe the answer of one code; ``data`` None: there is none."""
    properties: Schema = {
        "code": {"type": "integer", "const": code.value},
        "message": {"type": "string", "const": code.name},
    }
    if data is not None:
        properties["data"] = data
    required = [name for name in properties if name != "data" or needs_data]
    return {
        "type": "object",
        "description": code.sentence,
        "properties": properties,
        "required": required,
        "additionalProperties": False,
    }


def said(code: ApiCode, data: object = None) -> dict[str, object]:
    """Write an example of an answer."""
    example: dict[str, object] = {"code": code.value, "message": code.name}
    return example if data is None else {**example, "data": data}


def example_of(code: ApiCode, data: object = None) -> Schema:
    """Give the named example of an answer."""
    return {"summary": f"{code.value}: {code.sentence}", "value": said(code, data)}


def error_name(code: ApiCode) -> str:
    """Name a code's component: USER_NOT_FOUND is UserNotFound."""
    return "".join(word.capitalize() for word in code.name.split("_"))


def json_response(
    description: str,
    choices: Sequence[Schema],
    examples: Mapping[str, Schema],
    headers: Iterable[str] = (),
) -> Schema:
    """Put a response together; of several choices exactly one fits every answer."""
    schema = choices[0] if len(choices) == 1 else {"oneOf": list(choices)}
    return {
        "description": description,
        "headers": {name: {"$ref": HEADER_REF + name} for name in ("X-Request-Id", *headers)},
        "content": {"application/json": {"schema": schema, "examples": dict(examples)}},
    }


def code_list(codes: Iterable[ApiCode]) -> str:
    """List codes with what they mean, in Markdown."""
    return "\n".join(f"* **{code.value}** `{code.name}` {code.sentence}" for code in codes)


def status_responses() -> dict[str, Schema]:
    """Describe the answers with an HTTP status of their own, as components by name."""
    by_status: dict[int, list[Fault]] = {}
    for fault in FAULTS:
        by_status.setdefault(fault.status, []).append(fault)
    return {
        _STATUS_NAMES[status]: json_response(
            _STATUS_SENTENCES[status],
            [{"$ref": REF + error_name(fault.code)} for fault in faults],
            {fault.code.name: _fault_example(fault.code) for fault in faults},
            _HEADERS_OF_STATUS.get(status, ()),
        )
        for status, faults in by_status.items()
    }


def status_references() -> dict[str, Schema]:
    """Refer to them from an operation, by status."""
    statuses = dict.fromkeys(fault.status for fault in FAULTS)
    return {
        str(status): {"$ref": RESPONSE_REF + _STATUS_NAMES[status]} for status in sorted(statuses)
    }


def _fault_example(code: ApiCode) -> Schema:
    faults = FIELD_FAULTS_EXAMPLE if code is ApiCode.VALIDATION_ERROR else None
    return example_of(code, faults)


def error_components(
    codes: Iterable[ApiCode], data: Mapping[ApiCode, tuple[Schema, bool]]
) -> dict[str, Any]:
    """Describe each code's answer once; ``data`` tells what comes with it, and if it always does.

    Codes without an entry answer without data.
    """
    components: dict[str, Any] = {"FieldFault": FIELD_FAULT}
    for code in sorted({*codes, *(fault.code for fault in FAULTS)}):
        schema, needed = data.get(code, (None, False))
        components[error_name(code)] = envelope(code, schema, needs_data=needed)
    return components
