"""JSON as it goes over the wire: written from integers, read strictly and without surprises."""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from json.encoder import encode_basestring_ascii as _quoted
from typing import Final, NoReturn

from meganodes.protocol.commands import Command
from meganodes.protocol.money import format_amount

BODY_BYTES_MAX: Final = 65_536
"""Largest body of a callback reply that is read (contract 3.3)."""

DEPTH_MAX: Final = 8
"""Deepest nesting of a JSON value that is read."""

CALLBACK_TOKEN_HEADER: Final = "Callback-Token"
WEBHOOK_ID_HEADER: Final = "webhook-id"
WEBHOOK_TIMESTAMP_HEADER: Final = "webhook-timestamp"
WEBHOOK_SIGNATURE_HEADER: Final = "webhook-signature"
ATTEMPT_HEADER: Final = "MegaNodes-Attempt"
DEADLINE_HEADER: Final = "MegaNodes-Deadline"

CALLBACK_HEADERS: Final = (
    CALLBACK_TOKEN_HEADER,
    "Accept",
    "Content-Type",
    "Accept-Encoding",
    WEBHOOK_ID_HEADER,
    WEBHOOK_TIMESTAMP_HEADER,
    WEBHOOK_SIGNATURE_HEADER,
    ATTEMPT_HEADER,
    DEADLINE_HEADER,
    "traceparent",
)
"""Names of a callback's headers in the exact casing of the wire (contract 3.1)."""


@dataclass(frozen=True, slots=True)
class Exact:
    """An amount to be written as a JSON number with exactly the currency's decimals."""

    amount_minor: int
    exponent: int


@dataclass(frozen=True, slots=True)
class Number:
    """A JSON number that is no plain integer, kept as it was written."""

    text: str


class JsonError(ValueError):
    """The bytes are not the one JSON value we read; the text is a sentence without a full stop."""


def render_callback(command: Command, data: bytes, check: str, timestamp_seconds: int) -> bytes:
    """Render the envelope of a callback around `data`, which stays byte for byte (contract 3.1)."""
    return b'{"command":"%b","data":%b,"timestamp":"%d","check":"%b"}' % (
        command.value.encode(),
        data,
        timestamp_seconds,
        check.encode(),
    )


def dump_json(value: object) -> bytes:
    """Write a value as compact JSON in ASCII; amounts come as `Exact`, a float is a `TypeError`."""
    return _written(value).encode()


def _written(value: object) -> str:
    match value:
        case str():
            return _quoted(value)
        case bool():
            return "true" if value else "false"
        case int():
            return int.__repr__(value)
        case None:
            return "null"
        case Exact():
            return format_amount(value.amount_minor, value.exponent)
        case _:
            return _written_compound(value)


def _written_compound(value: object) -> str:
    match value:
        case list() | tuple():
            return "[" + ",".join(map(_written, value)) + "]"
        case Mapping():
            return "{" + ",".join(map(_written_member, value.items())) + "}"
        case _:
            raise TypeError(f"{type(value).__name__} has no exact form in JSON")


def _written_member(member: tuple[object, object]) -> str:
    key, value = member
    assert isinstance(key, str), "keys of a JSON object are text"
    return f"{_quoted(key)}:{_written(value)}"


def load_json(
    body: bytes, *, max_depth: int = DEPTH_MAX, max_bytes: int = BODY_BYTES_MAX
) -> object:
    """Read one JSON value strictly; raises `JsonError` and nothing else, whatever the bytes are.

    UTF-8 (one byte order mark is skipped), no duplicate keys, no NaN or Infinity, no trailing
    data, no unpaired surrogates, at most `max_depth` levels. Integers come as `int`; numbers with
    a fraction or an exponent, `-0`, and integers above 40 digits come as `Number`.
    """
    if len(body) > max_bytes:
        raise JsonError(f"the body is above {max_bytes} bytes")
    if body.count(b"{") + body.count(b"[") > max_depth and _is_too_deep(body, max_depth):
        raise JsonError(f"the JSON is nested deeper than {max_depth} levels")
    text = _decoded(body)
    try:
        value, end = _read(text)
    except json.JSONDecodeError as error:
        raise JsonError(f"the body is not JSON: {_where(error)}") from None
    if end != len(text):
        raise JsonError("there is data after the JSON value")
    if "\\ud" in text or "\\uD" in text:
        _refuse_unpaired_surrogates(value)
    return value


def _decoded(body: bytes) -> str:
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise JsonError("the body is not UTF-8 text") from None
    text = text.removeprefix("\ufeff").strip(" \t\r\n")
    if not text:
        raise JsonError("the body is empty")
    if "\0" in text:
        raise JsonError("the body is not UTF-8 text")
    return text


_BRACKETS_AND_TEXTS: Final = re.compile(rb'"[^"\\]*(?:\\(?:.|\Z)[^"\\]*)*"?|[\[\]{}]', re.DOTALL)
_OPENING: Final = (b"{", b"[")
_CLOSING: Final = (b"}", b"]")


def _is_too_deep(body: bytes, max_depth: int) -> bool:
    """Count brackets outside of texts; stops at the first one that is too deep."""
    depth = 0
    for found in _BRACKETS_AND_TEXTS.finditer(body):
        token = found[0]
        if token in _OPENING:
            depth += 1
            if depth > max_depth:
                return True
        elif token in _CLOSING:
            depth -= 1
    return False


def _where(error: json.JSONDecodeError) -> str:
    return f"{error.msg[:1].lower()}{error.msg[1:]} at line {error.lineno} column {error.colno}"


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    members = dict(pairs)
    if len(members) != len(pairs):
        times = Counter(key for key, _ in pairs)
        twice = next(key for key in times if times[key] > 1)
        raise JsonError(f"the key {_quoted(twice[:40])} comes twice in one object")
    return members


_DIGITS_MAX: Final = 40


def _integer(text: str) -> int | Number:
    if len(text) > _DIGITS_MAX or text == "-0":
        return Number(text)
    return int(text)


def _refuse_constant(name: str) -> NoReturn:
    raise JsonError(f"{name} is not a JSON number")


_read: Final[Callable[[str], tuple[object, int]]] = json.JSONDecoder(
    object_pairs_hook=_without_duplicates,
    parse_float=Number,
    parse_int=_integer,
    parse_constant=_refuse_constant,
).raw_decode


def _refuse_unpaired_surrogates(value: object) -> None:
    """Such text can be read, from an escape without its second half, but never written again."""
    if isinstance(value, dict):
        for key, member in value.items():
            _refuse_unpaired_surrogates(key)
            _refuse_unpaired_surrogates(member)
    elif isinstance(value, list):
        for member in value:
            _refuse_unpaired_surrogates(member)
    elif isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            raise JsonError("a text has half of a surrogate pair") from None
