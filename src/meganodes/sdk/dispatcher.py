"""From the bytes of a callback to the bytes of its reply, without knowing any web framework.

The token is judged before the body is read, in constant time; then the signature, when asked for;
then the body. Whatever goes wrong behind the token becomes result 99, never an error page.
"""

from __future__ import annotations

import hmac
import inspect
import logging
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from typing import Any, NamedTuple

from meganodes.protocol.codes import ResultCode
from meganodes.protocol.commands import Command, Revision
from meganodes.protocol.signature import TOLERANCE_SECONDS, parse_secret, signature_fault
from meganodes.protocol.wire import (
    BODY_BYTES_MAX,
    CALLBACK_TOKEN_HEADER,
    WEBHOOK_ID_HEADER,
    WEBHOOK_SIGNATURE_HEADER,
    WEBHOOK_TIMESTAMP_HEADER,
)
from meganodes.sdk.backend import Request, WalletBackend
from meganodes.sdk.errors import BackendFault, BadCallback
from meganodes.sdk.reading import read_request
from meganodes.sdk.rendering import render, render_failure

_log = logging.getLogger("meganodes.sdk")
_OK = 200
_METHOD_NOT_ALLOWED = 405


class HttpAnswer(NamedTuple):
    """What to send back: HTTP status, headers, body."""

    status: int
    headers: dict[str, str]
    body: bytes


class SignatureCheck:
    """Demand a Standard Webhooks signature (contract 3.1).

    ``secrets`` are texts that begin with "whsec_": two while a rotation overlaps. ``now_seconds``
    is a clock, usually `time.time`.
    """

    def __init__(
        self,
        *,
        secrets: Sequence[str],
        now_seconds: Callable[[], float],
        tolerance_seconds: int = TOLERANCE_SECONDS,
    ) -> None:
        if not secrets:
            raise ValueError("give at least one signing secret")
        self._secrets = tuple(map(parse_secret, secrets))
        self._now_seconds = now_seconds
        self._tolerance_seconds = tolerance_seconds

    def fault(self, headers: Mapping[str, str], body: bytes) -> str | None:
        """Say why the request is not believed; None when a signature fits the body and is fresh."""
        return signature_fault(
            self._secrets,
            headers.get(WEBHOOK_ID_HEADER, ""),
            headers.get(WEBHOOK_TIMESTAMP_HEADER, ""),
            body,
            headers.get(WEBHOOK_SIGNATURE_HEADER, ""),
            now_seconds=self._now_seconds(),
            tolerance_seconds=self._tolerance_seconds,
        )


class Dispatcher:
    """Answers callbacks with a wallet backend. Safe for any number of requests at once.

    ``callback_tokens``: the token from the Back Office, two of them while it is being exchanged.
    ``currency_exponent``: how many decimals the agent's currency has.
    """

    def __init__(
        self,
        backend: WalletBackend,
        *,
        callback_tokens: Sequence[str],
        revision: Revision = Revision.GUID,
        currency_exponent: int = 2,
        signatures: SignatureCheck | None = None,
    ) -> None:
        if not callback_tokens or not all(callback_tokens):
            raise ValueError("give at least one callback token, and no empty one")
        self._backend = backend
        self._tokens = tuple(token.encode() for token in callback_tokens)
        self._revision = revision
        self._exponent = currency_exponent
        self._signatures = signatures
        self.is_async = any(
            inspect.iscoroutinefunction(getattr(backend, command.value)) for command in Command
        )

    async def handle(self, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """Answer one callback whose body is at hand."""
        return self.turned_away(headers) or await self.answer(headers, body)

    def turned_away(self, headers: Mapping[str, str]) -> HttpAnswer | None:
        """Judge the headers alone, before anybody reads the body: result 100, or None to go on."""
        given = _lower(headers).get(CALLBACK_TOKEN_HEADER.lower(), "").encode("utf-8", "replace")
        # Every token is compared, so that the time taken says nothing about which one was near.
        fits = [hmac.compare_digest(given, token) for token in self._tokens]
        if any(fits):
            return None
        _log.warning("callback refused: the Callback-Token header is missing or wrong")
        return _json(render_failure(ResultCode.TOKEN_WRONG))

    async def answer(self, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        """Answer a callback whose token was right; a body cut off above 64 KiB is told as such."""
        if len(body) > BODY_BYTES_MAX:
            _log.error("callback not readable: its body is above %d bytes", BODY_BYTES_MAX)
            return _json(render_failure(ResultCode.INTERNAL_FAILURE))
        fault = self._signatures and self._signatures.fault(_lower(headers), body)
        if fault:
            # 100 and not 99: nothing was booked and nothing will be, so the hub may conclude it.
            _log.warning("callback refused: %s", fault)
            return _json(render_failure(ResultCode.TOKEN_WRONG))
        try:
            command, request = read_request(body, self._revision, self._exponent)
            return _json(await self._reply(command, request))
        except BadCallback as unreadable:
            _log.error("callback not readable: %s", unreadable)
        except Exception:  # noqa: BLE001 - a door: the operator's code may raise anything
            _log.exception("the backend failed; the hub is told 99 and will ask again or cancel")
        return _json(render_failure(ResultCode.INTERNAL_FAILURE))

    async def _reply(self, command: Command, request: Request) -> bytes:
        method: Callable[[Request], object] = getattr(self._backend, command.value)
        result = method(request)
        if isinstance(result, Awaitable):
            result = await result
        if result is None:
            raise BackendFault(f"{command.value} returned nothing")
        return render(command, request, result, self._revision, self._exponent)

    @staticmethod
    def wrong_method() -> HttpAnswer:
        """Answer anything but POST: a person with a browser, or a probe."""
        answer = _json(render_failure(ResultCode.INTERNAL_FAILURE))
        return answer._replace(
            status=_METHOD_NOT_ALLOWED, headers={**answer.headers, "Allow": "POST"}
        )


def run_plain(coroutine: Coroutine[Any, Any, HttpAnswer]) -> HttpAnswer:
    """Finish a coroutine that never waits, as `answer` does over a backend of plain methods."""
    try:
        coroutine.send(None)
    except StopIteration as finished:
        answer: HttpAnswer = finished.value
        return answer
    coroutine.close()
    raise RuntimeError("a plain method returned something to wait for: make it an `async def`")


def _json(body: bytes) -> HttpAnswer:
    headers = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    return HttpAnswer(_OK, headers, body)


def _lower(headers: Mapping[str, str]) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
