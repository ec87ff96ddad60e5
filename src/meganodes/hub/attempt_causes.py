"""Why an attempt at a callback was not accepted: one of a few causes, each with one mend.

An attempt in the API log has its outcome and a sentence that says what was wrong (contract 3.3,
3.5). The sentence names the one thing at hand, such as a key; a cause is what all of them share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Command
from meganodes.protocol.replies import MAIN_API_SHAPE


class Cause(StrEnum):
    """What went wrong. The value is the name of its page below /help."""

    NAME_NOT_RESOLVED = "name-not-resolved"
    CONNECTION_REFUSED = "connection-refused"
    CONNECTION_TIMED_OUT = "connection-timed-out"
    CONNECTION_FAILED = "connection-failed"
    TLS = "tls"
    ADDRESS_NOT_ALLOWED = "address-not-allowed"
    HELD_BACK = "held-back"
    CIRCUIT_OPEN = "circuit-open"
    NO_REPLY_IN_TIME = "no-reply-in-time"
    CONNECTION_BROKE = "connection-broke"
    NOT_HTTP = "not-http"
    REDIRECT = "redirect"
    HTTP_STATUS = "http-status"
    TOO_LARGE = "too-large"
    COMPRESSED = "compressed"
    NOT_JSON = "not-json"
    DUPLICATE_KEYS = "duplicate-keys"
    MAIN_API_SHAPE = "main-api-shape"
    RESULT_WRONG = "result-wrong"
    RESULT_UNKNOWN = "result-unknown"
    STATUS_CONTRADICTS = "status-contradicts"
    BALANCE_WRONG = "balance-wrong"
    ACCOUNT_WRONG = "account-wrong"
    FIELD_WRONG = "field-wrong"
    TOKEN_REFUSED = "token-refused"
    ACCOUNT_UNKNOWN = "account-unknown"
    ACCOUNT_LOCKED = "account-locked"
    INTERNAL_FAILURE = "internal-failure"
    ALREADY_BOOKED = "already-booked"
    NOT_SEEN = "not-seen"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFacts:
    """What the cause depends on; the fields are those of an attempt in the API log.

    ``reason`` is the first of its faults, "" for none: entries of before reasons were kept.
    """

    command: str
    number: int
    outcome: str
    phase: str
    result: int | None
    http_status: int | None
    reason: str


_Test = Callable[[str], bool]


def _starts(*beginnings: str) -> _Test:
    return lambda reason: reason.startswith(beginnings)


def _has(*parts: str) -> _Test:
    return lambda reason: any(part in reason for part in parts)


_NOT_SENT: Final[tuple[tuple[Cause, _Test], ...]] = (
    (Cause.CIRCUIT_OPEN, _starts("the circuit is open")),
    (Cause.NAME_NOT_RESOLVED, _starts("the name ")),
    (Cause.TLS, _starts("TLS with ")),
    (Cause.CONNECTION_REFUSED, _has("refused")),
    (Cause.CONNECTION_TIMED_OUT, _has(" in time", "timed out")),
    (Cause.CONNECTION_FAILED, _starts("no connection to ", "the backend closed the connection")),
    (Cause.ADDRESS_NOT_ALLOWED, _starts("the callback URL", "the port of", "the brackets in")),
    (Cause.ADDRESS_NOT_ALLOWED, _has("callbacks may not go to", "leads to another address")),
)
"""Which sentences stand for which cause, of attempts that sent nothing; the first that fits."""

_SENT: Final[tuple[tuple[Cause, _Test], ...]] = (
    (Cause.NO_REPLY_IN_TIME, _starts("nothing complete at the deadline")),
    (Cause.TOO_LARGE, _has(" is above ", "; send at most 65536", "; send at most 8192")),
    (Cause.TOO_LARGE, _has("bytes of headers")),
    (Cause.REDIRECT, _has(" is a redirect")),
    (Cause.HTTP_STATUS, _starts("HTTP status is ")),
    (Cause.COMPRESSED, _starts("Content-Encoding ")),
    (Cause.NOT_HTTP, _has("not HTTP/1.1", "switch the protocol", "interim replies")),
    (Cause.NOT_HTTP, _has("Transfer-Encoding", "before it had read the request")),
    (Cause.NOT_HTTP, _has("after the end of the reply")),
    (Cause.CONNECTION_BROKE, _has("the connection broke", "closed the connection")),
    (Cause.DUPLICATE_KEYS, _starts("the key ")),
    (Cause.MAIN_API_SHAPE, _starts(MAIN_API_SHAPE)),
    (Cause.RESULT_UNKNOWN, _has(" has not; answer one of ")),
    (Cause.RESULT_WRONG, _starts("result is ")),
    (Cause.STATUS_CONTRADICTS, _has(" contradicts result ")),
    (Cause.BALANCE_WRONG, _starts("data.balance ", "result 0 came without a usable balance")),
    (Cause.ACCOUNT_WRONG, _starts("data.account ")),
    (Cause.FIELD_WRONG, _starts("data.", "data is ", "result 0 came without")),
    (
        Cause.NOT_JSON,
        _starts("the body is ", "the JSON ", "there is data after", "a text ", "NaN", "Infinity"),
    ),
    (Cause.NOT_JSON, _starts("-Infinity")),
)
"""The same of attempts whose request was sent, or may have been."""

_BY_RESULT: Final = {
    int(ResultCode.TOKEN_WRONG): Cause.TOKEN_REFUSED,
    int(ResultCode.ACCOUNT_UNKNOWN): Cause.ACCOUNT_UNKNOWN,
    int(ResultCode.PLAYER_INACTIVE): Cause.ACCOUNT_LOCKED,
    int(ResultCode.INTERNAL_FAILURE): Cause.INTERNAL_FAILURE,
    int(ResultCode.DUPLICATE): Cause.ALREADY_BOOKED,
    int(ResultCode.TRANSACTION_UNKNOWN): Cause.NOT_SEEN,
    int(ResultCode.ORIGINAL_UNKNOWN): Cause.NOT_SEEN,
}


def cause_of(facts: AttemptFacts) -> Cause | None:
    """Say why an attempt was not accepted; None when nothing is wrong with what was answered.

    Too low a balance is an answer, not an error; so are a 42 to `status` and a 41 to a repeat of
    a win or a cancel (contract 3.4).
    """
    if _is_an_answer(facts):
        return None
    if facts.outcome == "notsent":
        return _first(_NOT_SENT, facts.reason) or Cause.HELD_BACK
    if facts.outcome in {"refused", "duplicate", "notseen"}:
        return _BY_RESULT.get(facts.result or 0, Cause.OTHER)
    by_sentence = _first(_SENT, facts.reason)
    if by_sentence is not None:
        return by_sentence
    return _BY_RESULT.get(facts.result or 0) or _without_a_sentence(facts)


def _is_an_answer(facts: AttemptFacts) -> bool:
    match facts.outcome:
        case "accepted":
            return True
        case "refused":
            return facts.result == ResultCode.BALANCE_TOO_LOW
        case "notseen":
            return facts.command == Command.STATUS
        case "duplicate":
            return facts.number > 1
        case _:
            return False


def _first(table: tuple[tuple[Cause, _Test], ...], reason: str) -> Cause | None:
    return next((cause for cause, fits in table if reason and fits(reason)), None)


def _without_a_sentence(facts: AttemptFacts) -> Cause:
    if facts.http_status is not None and facts.http_status != 200:  # noqa: PLR2004 - HTTP's own
        return Cause.HTTP_STATUS
    if facts.phase == "sent":
        return Cause.NO_REPLY_IN_TIME
    return Cause.OTHER
