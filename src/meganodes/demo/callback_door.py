"""A casino's callback URL: whatever answers behind it, logged, and spoilt as planned."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from meganodes.demo.callback_log import CallbackLog, Received, subject_of
from meganodes.demo.faults import Fault, FaultKind, FaultPlan
from meganodes.demo.serving import Message, Receive, Send, wire_of
from meganodes.kit.clock import Clock
from meganodes.protocol.wire import dump_json
from meganodes.sdk import Dispatcher, HttpAnswer
from meganodes.sdk.dispatcher import run_plain

_JSON = {"Content-Type": "application/json"}
_GARBAGE = HttpAnswer(200, _JSON, b'{"result":0,"status":"OK","data":{"bal')
_ERROR_PAGE = HttpAnswer(
    500, {"Content-Type": "text/html"}, b"<html><body><h1>Internal Server Error</h1></body></html>"
)


class ConnectionCut(Exception):
    """Raised where an application is called without a socket that could be cut."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallbackRequest:
    """One callback: headers and body, and both together as they came over the socket."""

    headers: Mapping[str, str]
    body: bytes
    received: bytes


Execute = Callable[[CallbackRequest], Awaitable[HttpAnswer | None]]
"""Acts on a callback and answers it; None when no complete answer came."""


def by_dispatcher(dispatcher: Dispatcher) -> Execute:
    """Answer by the SDK, over a backend of plain methods."""

    async def execute(request: CallbackRequest) -> HttpAnswer:
        handling = dispatcher.handle(request.headers, request.body)
        return await asyncio.to_thread(run_plain, handling)

    return execute


class CallbackDoor:
    """An ASGI application that answers callbacks, well or as badly as planned."""

    def __init__(
        self,
        execute: Execute,
        *,
        plan: FaultPlan,
        log: CallbackLog,
        clock: Clock,
        numeric_text: bool,
    ) -> None:
        self._execute_once = execute
        self._plan = plan
        self._log = log
        self._clock = clock
        self._numeric_text = numeric_text

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Answer one request."""
        headers = {
            name.decode("latin-1"): text.decode("latin-1") for name, text in scope["headers"]
        }
        body = await _body(receive)
        received = _as_received(scope, body)
        subject = subject_of(body)
        number = self._log.arrived(subject)
        fault = self._plan.take(subject.command, subject.account)
        at_ms, began = self._clock.now_ms(), self._clock.monotonic()
        request = CallbackRequest(headers=headers, body=body, received=received)
        answer = await self._answer(request, fault)
        self._log.keep(
            Received(
                number=number,
                at_ms=at_ms,
                duration_ms=round((self._clock.monotonic() - began) * 1000),
                subject=subject,
                request=received,
                status=answer.status if answer else None,
                reply=answer.body if answer else b"",
                fault=fault.kind.value if fault else None,
            )
        )
        if answer is None:
            await _cut(scope, receive)
        else:
            await _send(send, answer)

    async def _answer(self, request: CallbackRequest, fault: Fault | None) -> HttpAnswer | None:
        """Return the answer, after every wait that is planned; None when the line is to be cut."""
        kind = fault.kind if fault else None
        if fault and kind is FaultKind.DELAY_BEFORE:
            await self._clock.sleep(fault.seconds)
        if fault and kind is FaultKind.REFUSE:
            return HttpAnswer(200, _JSON, _refusal(fault))
        if kind is FaultKind.DROP_BEFORE:
            return None
        answer = await self._execute(request)
        if kind is FaultKind.REPEAT:
            answer = await self._execute(request)
        if fault and kind is FaultKind.DELAY:
            await self._clock.sleep(fault.seconds)
        return _spoilt(answer, kind)

    async def _execute(self, request: CallbackRequest) -> HttpAnswer | None:
        answer = await self._execute_once(request)
        if answer is None or not self._numeric_text:
            return answer
        return answer._replace(body=numbers_as_text(answer.body))


def numbers_as_text(body: bytes) -> bytes:
    """Write `result` and `data.balance` as text, as some backends do (contract 3.3)."""
    reply = json.loads(body, parse_float=_Verbatim, parse_int=_Verbatim)
    reply["result"] = str(reply["result"])
    if "balance" in reply["data"]:
        reply["data"]["balance"] = str(reply["data"]["balance"])
    return json.dumps(reply, default=int).encode()


class _Verbatim:
    """A JSON number as it was written."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text

    def __int__(self) -> int:
        return int(self._text)


def _spoilt(answer: HttpAnswer | None, kind: FaultKind | None) -> HttpAnswer | None:
    match kind:
        case FaultKind.DROP:
            return None
        case FaultKind.GARBAGE:
            return _GARBAGE
        case FaultKind.HTTP_500:
            return _ERROR_PAGE
        case _:
            return answer


def _refusal(fault: Fault) -> bytes:
    return dump_json({"result": int(fault.result), "status": "ERROR", "data": {}})


def _as_received(scope: Message, body: bytes) -> bytes:
    wire = wire_of(scope)
    if wire is not None:
        return bytes(wire.received)
    lines = [b"%b %b HTTP/1.1" % (scope["method"].encode(), scope["path"].encode())]
    lines += [name + b": " + value for name, value in scope["headers"]]
    return b"\r\n".join([*lines, b"", body])


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


async def _send(send: Send, answer: HttpAnswer) -> None:
    headers = {**answer.headers, "Content-Length": str(len(answer.body))}
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": answer.body})


async def _cut(scope: Message, receive: Receive) -> None:
    wire = wire_of(scope)
    if wire is None:
        raise ConnectionCut
    wire.hang_up()
    while (await receive())["type"] != "http.disconnect":
        pass
