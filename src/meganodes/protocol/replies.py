"""Reading a backend's reply: strict where money depends on it, tolerant where the field is sloppy.

`read_reply` is total: whatever the bytes are, it answers with a `Reply` and never raises
(contract 3.3). What a reply means for a transaction is not decided here.
"""

import re
from collections.abc import Mapping
from typing import Final

from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Command, Revision, checks
from meganodes.protocol.reply_data import read_data
from meganodes.protocol.reply_records import HttpReply, Permissions, Question, Reading, Reply
from meganodes.protocol.reply_words import note_extra_keys, shown
from meganodes.protocol.wire import BODY_BYTES_MAX, JsonError, load_json

__all__ = ["HttpReply", "Permissions", "Question", "Reply", "read_reply", "results"]

HEADER_BYTES_MAX: Final = 8_192
"""Most bytes of reply headers, names, values and separators (contract 3.3)."""

MAIN_API_SHAPE: Final = (
    "reply has the shape of a Main API answer; callbacks answer with result/status/data"
)
"""The sentence for backends that answer callbacks as the Main API answers them (contract 3.3)."""

_HTTP_OK: Final = 200
_HTTP_REDIRECTS: Final = range(300, 400)
_BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
_JSON_TYPE: Final = re.compile(rb"\s*application/(?:[\w.+-]+\+)?json\s*(?:;|\Z)", re.IGNORECASE)
_DIGITS: Final = re.compile(r"[0-9]{1,10}", re.ASCII)
_RESULT_SHOWN_MAX: Final = 2**31 - 1
_KEYS: Final = frozenset({"result", "status", "data"})


def results(command: Command, revision: Revision) -> tuple[int, ...]:
    """Give the results a backend may answer to a command (contract 3.2, 3.4).

    Its checks, and besides: 22 to authenticate, which contract 3.4 refuses though the request does
    not ask for it, and 41 to a repeated cancel of revision `id` (contract 3.4, 5).
    """
    return _RESULTS[command, revision]


def _all_results(command: Command, revision: Revision) -> tuple[int, ...]:
    besides: tuple[int, ...] = ()
    if command is Command.AUTHENTICATE:
        besides = (ResultCode.PLAYER_INACTIVE,)
    if command is Command.CANCEL and revision is Revision.ID:
        besides = (ResultCode.DUPLICATE,)
    named = {*checks(command, revision), *besides}
    return (ResultCode.OK, *sorted(named), ResultCode.INTERNAL_FAILURE, ResultCode.TOKEN_WRONG)


_RESULTS: Final = {
    (command, revision): tuple(map(int, _all_results(command, revision)))
    for command in Command
    for revision in Revision
}


def read_reply(question: Question, http_reply: HttpReply) -> Reply:
    """Read a complete HTTP reply to `question`; never raises (contract 3.3)."""
    reading = Reading(question)
    reading.malformed = _http_fault(http_reply, reading.notes)
    if reading.malformed is None:
        _read_body(reading, http_reply.body)
    return reading.finished()


def _http_fault(http_reply: HttpReply, notes: list[str]) -> str | None:
    status = http_reply.status
    if status in _HTTP_REDIRECTS:
        return (
            f"HTTP status {status} is a redirect, and callbacks follow none; "
            "give the final address as callback URL"
        )
    if status != _HTTP_OK:
        return f"HTTP status is {status}; answer every callback with 200 and say no by result"
    size = 0
    content_type = b""
    for name, value in http_reply.headers:
        size += len(name) + len(value) + 4
        lowered = name.lower()
        if lowered == b"content-encoding" and value.strip().lower() not in {b"", b"identity"}:
            return "Content-Encoding is not identity; send the body uncompressed"
        if lowered == b"content-type":
            content_type = value
    if size > HEADER_BYTES_MAX:
        return f"the headers have {size} bytes; send at most {HEADER_BYTES_MAX}"
    if _JSON_TYPE.match(content_type) is None:
        notes.append("Content-Type is not application/json")
    return None


def _read_body(reading: Reading, body: bytes) -> None:
    if len(body) > BODY_BYTES_MAX:
        reading.malformed = (
            f"the body has {len(body)} bytes; send at most {BODY_BYTES_MAX}, one JSON object"
        )
        return
    try:
        value = load_json(body)
    except JsonError as error:
        reading.malformed = f"{error}; answer with exactly one JSON object in UTF-8"
        return
    if body.startswith(_BYTE_ORDER_MARK):
        reading.notes.append("the body starts with a byte order mark")
    if not isinstance(value, dict):
        reading.malformed = f"the body is {shown(value)}; answer with one JSON object"
        return
    _read_envelope(reading, value)


def _read_envelope(reading: Reading, envelope: Mapping[str, object]) -> None:
    reading.malformed = _read_result(reading, envelope) or _read_status(reading, envelope)
    if reading.malformed is None:
        note_extra_keys(reading.notes, envelope, _KEYS, "the reply")
        read_data(reading, envelope)


def _read_result(reading: Reading, envelope: Mapping[str, object]) -> str | None:
    if "result" not in envelope:
        if "code" in envelope and "message" in envelope:
            return MAIN_API_SHAPE
        return "result is missing; send a JSON integer, 0 for success"
    given = envelope["result"]
    result = _result_number(given)
    if result is None:
        return f"result is {shown(given)}; send a JSON integer, 0 for success"
    if isinstance(given, str):
        reading.notes.append(f"result is {shown(given)}, not a number")
    if 0 <= result <= _RESULT_SHOWN_MAX:
        reading.result = result
    question = reading.question
    allowed = _RESULTS[question.command, question.revision]
    if result not in allowed:
        table = ", ".join(map(str, allowed))
        return f"result is {result}, which {question.command} has not; answer one of {table}"
    return None


def _result_number(given: object) -> int | None:
    """Take an integer, or its ASCII digits as text; `false`, 0.0, -0 and "+0" are neither."""
    if type(given) is int:
        return given
    if isinstance(given, str) and _DIGITS.fullmatch(given) is not None:
        return int(given)
    return None


def _read_status(reading: Reading, envelope: Mapping[str, object]) -> str | None:
    right, wrong = ("ERROR", "OK") if reading.result else ("OK", "ERROR")
    status = envelope.get("status")
    if status == right:
        return None
    if not isinstance(status, str):
        came = shown(status) if "status" in envelope else "missing"
        reading.notes.append(f"status is {came}, not {right}")
        return None
    compared = status.upper()
    if compared == wrong:
        return f"status {wrong} contradicts result {reading.result}; send {right} with it"
    if compared != right:
        reading.notes.append(f"status is {shown(status)}, not {right}")
    return None
