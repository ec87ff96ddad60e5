"""The bytes of a callback as frameworks write them anew, and back to how the hub wrote them.

A signature is made over bytes. Whoever parses a body and writes it again has other bytes, and the
signature no longer fits: blanks, decimals, escapes and the order of keys are the writer's own.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Final

from meganodes.protocol.money import EXPONENT_MAX, cut_amount
from meganodes.protocol.wire import Exact, JsonError, Number, dump_json, load_json

_ENVELOPE: Final = ("command", "data", "timestamp", "check")
_DATA: Final = (
    ("gplay_id", "account", "trans_guid", "time_stamp", "round_id", "provider_id", "game_code"),
    ("account", "trans_id", "call_id", "round_id", "provider_id", "provider_name", "game_code"),
)
_BEHIND: Final = ("game_name", "game_type", "amount", "type", "cancel_trans_guid")
_COMPACT: Final = (",", ":")


def written_anew(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Give the body as the usual libraries would write it, each with the words for it."""
    try:
        # The libraries that are imitated read amounts as binary floats; nothing is computed here.
        value = json.loads(body)
    except ValueError:
        return
    yield "written anew by json.dumps of Python", json.dumps(value).encode()
    compact = json.dumps(value, separators=_COMPACT)
    yield "written anew without blanks", compact.encode()
    yield "written anew with its keys sorted", _sorted(value, None)
    yield "written anew without blanks and with its keys sorted", _sorted(value, _COMPACT)
    yield "written anew by JSON.stringify of JavaScript", _by_javascript(value)
    yield "written anew by json_encode of PHP", compact.replace("/", "\\/").encode()
    for spaces in (2, 4):
        yield "written anew with line breaks", json.dumps(value, indent=spaces).encode()
    if isinstance(value, dict) and "data" in value:
        yield "only its data, not the whole body", json.dumps(value["data"]).encode()
        data = json.dumps(value["data"], separators=_COMPACT)
        yield "only its data, not the whole body", data.encode()


def _sorted(value: object, separators: tuple[str, str] | None) -> bytes:
    return json.dumps(value, sort_keys=True, separators=separators).encode()


def _by_javascript(value: object) -> bytes:
    text = json.dumps(_without_zeros(value), separators=_COMPACT, ensure_ascii=False)
    return text.encode("utf-8", "replace")


def _without_zeros(value: object) -> object:
    """JavaScript has one kind of number and prints 12.0 as 12."""
    if isinstance(value, dict):
        return {key: _without_zeros(member) for key, member in value.items()}
    if isinstance(value, list):
        return [_without_zeros(member) for member in value]
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value


def restored(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Give the bytes that the hub may have sent, when `body` was written anew on the way."""
    for words, stripped in (
        ("a line break was added behind it", body.rstrip(b"\r\n")),
        ("blanks were cut off or added around it", body.strip()),
        ("a byte order mark was put before it", body.removeprefix(b"\xef\xbb\xbf")),
    ):
        if stripped != body:
            yield words, stripped
    try:
        envelope = load_json(body)
    except JsonError:
        return
    if not isinstance(envelope, dict):
        return
    for exponent in range(EXPONENT_MAX + 1):
        for order in _DATA:
            yield (
                "it was parsed and written anew",
                dump_json(_as_sent(envelope, (*order, *_BEHIND), exponent)),
            )


def _as_sent(envelope: dict[str, object], order: tuple[str, ...], exponent: int) -> object:
    members = dict(envelope)
    data = members.get("data")
    if isinstance(data, dict):
        members["data"] = _ordered(
            {key: _number(key, member, exponent) for key, member in data.items()}, order
        )
    return _ordered({key: _number("", member, 0) for key, member in members.items()}, _ENVELOPE)


def _number(key: str, value: object, exponent: int) -> object:
    """Give the amount its decimals back; other numbers of a callback are integers."""
    text = value.text if isinstance(value, Number) else str(value) if type(value) is int else ""
    if key == "amount" and (cut := cut_amount(text, exponent)) is not None:
        return Exact(cut.amount_minor, exponent)
    return text if isinstance(value, Number) else value


def _ordered(members: dict[str, object], order: tuple[str, ...]) -> dict[str, object]:
    known = {key: members[key] for key in order if key in members}
    return known | members
