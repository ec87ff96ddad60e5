"""What a reply means, judged a second time by a grammar that shares no code with the hub's reader.

Written from RFC 9112, RFC 8259 and contract 3.3 and 3.4, plainly and slowly, for one use: whatever
the hub takes for a definite answer must be one here too, and the same one (reliability 3.4 c).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Final, NamedTuple

from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.replies import HttpReply, Question

BODY_MAX: Final = 65_536
HEAD_MAX: Final = 8_192
INTERIM_MAX: Final = 8
DEPTH_MAX: Final = 8


class NoAnswer(Exception):
    """These bytes say nothing that anybody may rely on."""


def demand(condition: object) -> None:
    """Go on only when this holds."""
    if not condition:
        raise NoAnswer


# --- HTTP ----------------------------------------------------------------------------------------

_STATUS_LINE: Final = re.compile(rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [^\r\n]*)?\r\n")
_HEADER: Final = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([^\r\n\0]*)\r\n")
_CHUNK: Final = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n\0]*)?\r\n")
_LENGTH: Final = re.compile(rb"[0-9]{1,19}")

Headers = tuple[tuple[bytes, bytes], ...]


def whole_reply(raw: bytes, *, ended: bool) -> HttpReply:
    """Read one reply and nothing besides; ``ended``: the backend has closed the connection."""
    heads = 0
    status, headers, at = _head(raw, 0)
    while status < 200:
        heads += 1
        demand(status != 101 and heads <= INTERIM_MAX)
        status, headers, at = _head(raw, at)
    demand(at <= HEAD_MAX)
    body, end = _body(raw, at, status, headers, ended=ended)
    demand(end == len(raw) and len(body) <= BODY_MAX)
    return HttpReply(status=status, headers=headers, body=body)


def _head(raw: bytes, at: int) -> tuple[int, Headers, int]:
    line = _STATUS_LINE.match(raw, at)
    if line is None:
        raise NoAnswer
    headers, end = _headers(raw, line.end())
    return int(line[1]), headers, end


def _headers(raw: bytes, at: int) -> tuple[Headers, int]:
    found: list[tuple[bytes, bytes]] = []
    while raw[at : at + 2] != b"\r\n":
        header = _HEADER.match(raw, at)
        if header is None:
            raise NoAnswer
        found.append((header[1], header[2].rstrip(b" \t")))
        at = header.end()
    return tuple(found), at + 2


def _body(raw: bytes, at: int, status: int, headers: Headers, *, ended: bool) -> tuple[bytes, int]:
    lengths = [value for name, value in headers if name.lower() == b"content-length"]
    codings = [value for name, value in headers if name.lower() == b"transfer-encoding"]
    demand(len(lengths) + len(codings) <= 1)
    demand(all(_LENGTH.fullmatch(length) for length in lengths))
    demand(all(coding.lower() == b"chunked" for coding in codings))
    if status in {204, 304}:
        return b"", at
    if codings:
        return _chunks(raw, at)
    if lengths:
        end = at + int(lengths[0])
        demand(end <= len(raw))
        return raw[at:end], end
    demand(ended)
    return raw[at:], len(raw)


def _chunks(raw: bytes, at: int) -> tuple[bytes, int]:
    body = b""
    while True:
        size = _CHUNK.match(raw, at)
        if size is None:
            raise NoAnswer
        start, length = size.end(), int(size[1], 16)
        if length == 0:
            return body, _headers(raw, start)[1]
        body += raw[start : start + length]
        at = start + length + 2
        demand(raw[at - 2 : at] == b"\r\n")


# --- JSON ----------------------------------------------------------------------------------------


class Digits(NamedTuple):
    """A JSON number as it was written."""

    text: str


_BLANKS: Final = re.compile("[ \t\r\n]*")
_NUMBER: Final = re.compile(r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_TEXT: Final = re.compile(r'"((?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9A-Fa-f]{4})*)"')
_ESCAPE: Final = re.compile(r"(?:\\u[0-9A-Fa-f]{4})+|\\.")
_ESCAPED: Final = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_WORDS: Final = {"true": True, "false": False, "null": None}


def strict_json(body: bytes) -> object:
    """Read one JSON value: UTF-8, no key twice, no half of a pair, at most eight levels."""
    try:
        text = body.decode().removeprefix("\ufeff")
    except UnicodeDecodeError:
        raise NoAnswer from None
    demand("\0" not in text)
    value, end = _value(text, _skip(text, 0), 0)
    demand(_skip(text, end) == len(text))
    return value


def _skip(text: str, at: int) -> int:
    blanks = _BLANKS.match(text, at)
    assert blanks is not None
    return blanks.end()


def _value(text: str, at: int, depth: int) -> tuple[object, int]:
    if text[at : at + 1] in {"{", "["}:
        demand(depth < DEPTH_MAX)
        return _members(text, at, depth) if text[at] == "{" else _items(text, at, depth)
    if text[at : at + 1] == '"':
        return _string(text, at)
    for word, meaning in _WORDS.items():
        if text.startswith(word, at):
            return meaning, at + len(word)
    number = _NUMBER.match(text, at)
    if number is None:
        raise NoAnswer
    return Digits(number[0]), number.end()


def _string(text: str, at: int) -> tuple[str, int]:
    found = _TEXT.match(text, at)
    if found is None:
        raise NoAnswer
    plain = _ESCAPE.sub(_unescaped, found[1])
    demand(not any("\ud800" <= letter <= "\udfff" for letter in plain))
    return plain, found.end()


def _unescaped(escape: re.Match[str]) -> str:
    if escape[0][1] != "u":
        return _ESCAPED.get(escape[0][1], escape[0][1])
    units = b"".join(int(unit, 16).to_bytes(2, "big") for unit in escape[0].split("\\u")[1:])
    return units.decode("utf-16-be", "surrogatepass")


def _members(text: str, at: int, depth: int) -> tuple[dict[str, object], int]:
    members: dict[str, object] = {}
    at = _skip(text, at + 1)
    while text[at : at + 1] != "}":
        if members:
            demand(text[at : at + 1] == ",")
            at = _skip(text, at + 1)
        demand(text[at : at + 1] == '"')
        key, at = _string(text, at)
        demand(key not in members)
        at = _skip(text, at)
        demand(text[at : at + 1] == ":")
        members[key], at = _value(text, _skip(text, at + 1), depth + 1)
        at = _skip(text, at)
    return members, at + 1


def _items(text: str, at: int, depth: int) -> tuple[list[object], int]:
    items: list[object] = []
    at = _skip(text, at + 1)
    while text[at : at + 1] != "]":
        if items:
            demand(text[at : at + 1] == ",")
            at = _skip(text, at + 1)
        item, at = _value(text, at, depth + 1)
        items.append(item)
        at = _skip(text, at)
    return items, at + 1


# --- the meaning ---------------------------------------------------------------------------------

_MEANS: Final = {
    Command.AUTHENTICATE: {0: "accepted", 21: "refused", 22: "refused", 100: "refused"},
    Command.BALANCE: {0: "accepted", 21: "refused", 22: "refused", 100: "refused"},
    Command.BET: {0: "accepted", 21: "refused", 22: "refused", 31: "refused", 100: "refused"},
    Command.WIN: {0: "accepted", 21: "refused", 22: "refused", 41: "duplicate", 100: "refused"},
    Command.CANCEL: {0: "accepted", 21: "refused", 22: "refused", 41: "duplicate", 100: "refused"},
    Command.STATUS: {0: "accepted", 21: "refused", 42: "notseen", 100: "refused"},
}
_ORIGINAL_NOT_SEEN: Final = {Revision.GUID: 43, Revision.ID: 42}
_IDENTITY: Final = (b"", b"identity")
_BALANCE_MAX: Final = 2**53 - 1


@dataclass(frozen=True, slots=True)
class Meaning:
    """The class of an answer and the balance it tells, if that can be used."""

    kind: str
    balance_minor: int | None = None


def meaning(asked: Question, reply: HttpReply) -> Meaning | None:
    """Say what a reply means; None when it is no definite answer."""
    try:
        return _judged(asked, reply)
    except NoAnswer:
        return None


def _judged(asked: Question, reply: HttpReply) -> Meaning:
    demand(reply.status == 200)
    for name, value in reply.headers:
        demand(name.lower() != b"content-encoding" or value.strip().lower() in _IDENTITY)
    demand(len(reply.body) <= BODY_MAX)
    body = strict_json(reply.body)
    if not isinstance(body, dict):
        raise NoAnswer
    result = _whole(body.get("result"))
    table = dict(_MEANS[asked.command])
    if asked.command is Command.CANCEL:
        table[_ORIGINAL_NOT_SEEN[asked.revision]] = "notseen"
    demand(result in table)
    _contradicts_nothing(result, body.get("status"))
    data = body.get("data")
    try:
        balance_minor = _data(asked, result, data if isinstance(data, dict) else {})
    except NoAnswer:
        if result == 0 and asked.command not in {Command.WIN, Command.CANCEL}:
            raise
        balance_minor = None
    return Meaning(table[result], balance_minor)


def _whole(value: object) -> int:
    """Give a whole number: JSON digits, or ASCII digits as text, but no -0."""
    text = value.text if isinstance(value, Digits) else value
    demand(isinstance(text, str) and re.fullmatch("[0-9]{1,40}", text))
    assert isinstance(text, str)
    return int(text)


def _contradicts_nothing(result: int, status: object) -> None:
    if isinstance(status, str) and status.isascii():
        demand(status.lower() != ("ok" if result else "error"))


def _data(asked: Question, result: int, data: dict[str, object]) -> int | None:
    demand(data.get("account", asked.account) == asked.account)
    if asked.command is Command.STATUS and result == 0:
        demand(data.get("trans_status") in ("OK", "CANCELED"))
        return None
    if asked.command is Command.AUTHENTICATE and result == 0:
        demand("account" in data)
        _permissions(data.get("permissions", {}), asked.exponent)
    minor = _minor(data.get("balance"), asked.exponent)
    demand(abs(minor) <= _BALANCE_MAX and (minor >= 0 or asked.overdraft_allowed))
    return minor


def _minor(balance: object, exponent: int) -> int:
    if isinstance(balance, Digits):
        text = balance.text
    else:
        demand(isinstance(balance, str) and re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", balance))
        text = str(balance)
    exact = Decimal(text)
    demand(abs(exact.adjusted()) < 100)
    return int(Fraction(exact) * 10**exponent)


def _permissions(permissions: object, exponent: int) -> None:
    if not isinstance(permissions, dict):
        raise NoAnswer
    demand(isinstance(permissions.get("play", True), bool))
    numbers = ("max_bet", "session_minutes", "reality_check_minutes")
    limit, *minutes = (permissions.get(key, Digits("0")) for key in numbers)
    demand(isinstance(limit, Digits) and _minor(limit, exponent) >= 0)
    for each in minutes:
        demand(isinstance(each, Digits) and _whole(each) >= 0)
