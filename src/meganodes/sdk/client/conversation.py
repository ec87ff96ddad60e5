"""One call from its first attempt to its result, without I/O: what to send, how long to wait.

The clients only do what it says. So the rules of repeating are written once and tested as a table.
"""

from __future__ import annotations

import zlib
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn, TypeAlias, TypeVar

from meganodes.protocol.codes import ApiCode
from meganodes.protocol.wire import JsonError, dump_json, load_json
from meganodes.sdk.client.calls import Call
from meganodes.sdk.client.errors import (
    AnswerUnreadable,
    ClientError,
    HubUnreachable,
    Refusal,
    error_for,
)

T = TypeVar("T")
ANSWER_BYTES_MAX: Final = 64 * 1024 * 1024
_WAITS_SECONDS: Final = (0.25, 0.5, 1.0, 2.0)
_RETRY_AFTER_SECONDS_MAX: Final = 10
_GZIP: Final = 16 + zlib.MAX_WBITS
_BUSY: Final = 429
_FAILED: Final = 500
_UNAVAILABLE: Final = 503
_NAME_LENGTH_MAX: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Send this as a POST. ``fresh``: over a new connection, so that it is sent once at most."""

    path: str
    headers: Mapping[str, str]
    body: bytes
    fresh: bool


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait so long before the next attempt."""

    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """A complete HTTP response; names of headers are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingCame:
    """No complete response. ``sent`` False: certainly no byte of the request left."""

    reason: str
    sent: bool


Step: TypeAlias = Send | Wait
Happened: TypeAlias = Came | NothingCame | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How a client calls. ``currency_exponent``: decimals of the agent's currency."""

    api_token: str
    currency_exponent: int
    attempts_max: int

    def __post_init__(self) -> None:
        """Refuse what cannot work, before the first call."""
        if not self.api_token or not (self.api_token.isascii() and self.api_token.isprintable()):
            raise ValueError("the API token is printable ASCII text")
        if self.attempts_max < 1:
            raise ValueError("a call is attempted once at least")


def conversation(call: Call[T], terms: Terms) -> Generator[Step, Happened, T]:
    """Yield what to do; take what happened; return the result or raise a ClientError."""
    sending = _request(call, terms)
    for attempt in range(1, terms.attempts_max + 1):
        happened = yield sending
        assert happened is not None, "something always comes of sending"
        try:
            return call.read(_data(call.path, happened), terms.currency_exponent)
        except ClientError:
            wait_seconds = wait_before_again(call, happened, attempt)
            if wait_seconds is None or attempt == terms.attempts_max:
                raise
        yield Wait(wait_seconds)
    raise AssertionError("the last attempt returns or raises")


def wait_before_again(call: Call[T], happened: Came | NothingCame, attempt: int) -> float | None:
    """Say how long to wait before sending the same again; None where that is unsafe or useless."""
    usual = _WAITS_SECONDS[min(attempt, len(_WAITS_SECONDS)) - 1]
    if isinstance(happened, NothingCame):
        return usual if call.repeatable or not happened.sent else None
    if happened.status == _BUSY:
        # Refused at once and nothing done, whatever the call; the hub says when it has a place.
        told = _retry_after(happened)
        return None if told is not None and told > _RETRY_AFTER_SECONDS_MAX else told or usual
    if happened.status == _UNAVAILABLE:
        # A hub that closes down turns calls away unread.
        return usual
    return usual if happened.status >= _FAILED and call.repeatable else None


def _request(call: Call[T], terms: Terms) -> Send:
    return Send(
        path=f"/v4/{call.path}",
        headers={
            "Authorization": f"Bearer {terms.api_token}",
            "Content-Type": "application/json",
            "Accept": "application/json",
            "Accept-Encoding": "gzip",
        },
        body=dump_json(call.fields),
        fresh=not call.repeatable,
    )


def _data(path: str, happened: Came | NothingCame) -> object:
    if isinstance(happened, NothingCame):
        raise HubUnreachable(f"{path}: {happened.reason}")
    try:
        envelope = load_json(_unpacked(happened), max_bytes=ANSWER_BYTES_MAX)
    except JsonError as error:
        raise AnswerUnreadable(f"{path}: HTTP {happened.status}, {error}") from error
    code = envelope.get("code") if isinstance(envelope, dict) else None
    if not isinstance(envelope, dict) or not isinstance(code, int) or isinstance(code, bool):
        raise AnswerUnreadable(f"{path}: HTTP {happened.status}, and no answer of a Main API")
    if code != ApiCode.OK:
        _refuse(path, happened, envelope, code)
    return envelope.get("data")


def _refuse(path: str, came: Came, envelope: Mapping[str, object], code: int) -> NoReturn:
    raise error_for(
        Refusal(
            path=path,
            code=code,
            message=str(envelope.get("message", ""))[:_NAME_LENGTH_MAX],
            data=envelope.get("data"),
            http_status=came.status,
            request_id=came.headers.get("x-request-id", ""),
            retry_after_seconds=_retry_after(came),
        )
    )


def _unpacked(came: Came) -> bytes:
    if came.headers.get("content-encoding", "identity") != "gzip":
        return came.body
    unpacker = zlib.decompressobj(_GZIP)
    try:
        body = unpacker.decompress(came.body, ANSWER_BYTES_MAX)
    except zlib.error as error:
        raise AnswerUnreadable(f"the answer is no gzip: {error}") from error
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise AnswerUnreadable("the answer is cut off, or too large")
    return body


def _retry_after(came: Came) -> int | None:
    told = came.headers.get("retry-after", "")
    return int(told) if told.isascii() and told.isdecimal() else None
