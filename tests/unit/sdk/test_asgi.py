"""The ASGI application beyond the common suite: lifespan, callers who leave, bodies without end."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import MutableMapping
from typing import Any

import pytest

from meganodes.protocol.commands import Command
from meganodes.sdk import Accepted, Balance, Dispatcher, Refused
from meganodes.sdk.asgi import asgi_app
from tests.support.fake_backend import TOKEN, FakeWallet, callback, callback_headers

Message = MutableMapping[str, Any]


class Line:
    """Both ends of an ASGI call: what the server gives and what the application sends."""

    def __init__(self, *messages: Message) -> None:
        self.messages = list(messages)
        self.taken = 0
        self.sent: list[Message] = []

    async def receive(self) -> Message:
        self.taken += 1
        return self.messages.pop(0)

    async def send(self, message: Message) -> None:
        self.sent.append(message)

    async def run(self, dispatcher: Dispatcher, scope: Message) -> None:
        await asgi_app(dispatcher)(scope, self.receive, self.send)


def posted(headers: dict[str, str]) -> Message:
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "method": "POST", "headers": raw}


@pytest.fixture
def wallet() -> FakeWallet:
    return FakeWallet()


@pytest.fixture
def dispatcher(wallet: FakeWallet) -> Dispatcher:
    return Dispatcher(wallet, callback_tokens=[TOKEN])


async def test_the_body_is_not_read_before_the_token_is_known(dispatcher: Dispatcher) -> None:
    line = Line()
    await line.run(dispatcher, posted({"Callback-Token": "wrong"}))
    assert line.taken == 0
    assert json.loads(line.sent[1]["body"])["result"] == 100


async def test_two_token_headers_are_no_token(dispatcher: Dispatcher) -> None:
    scope = posted({"Callback-Token": TOKEN})
    scope["headers"] *= 2
    line = Line()
    await line.run(dispatcher, scope)
    assert json.loads(line.sent[1]["body"])["result"] == 100


async def test_a_caller_who_leaves_in_the_middle_books_nothing(
    dispatcher: Dispatcher, wallet: FakeWallet
) -> None:
    body = callback(Command.BET)
    half = {"type": "http.request", "body": body[:50], "more_body": True}
    line = Line(half, {"type": "http.disconnect"})
    await line.run(dispatcher, posted(callback_headers(body)))
    assert line.sent == []
    assert wallet.seen == []


async def test_reading_stops_at_the_limit(dispatcher: Dispatcher) -> None:
    piece = {"type": "http.request", "body": b"x" * 40_000, "more_body": True}
    line = Line(*[piece] * 9)
    await line.run(dispatcher, posted(callback_headers()))
    assert line.taken == 2
    assert json.loads(line.sent[1]["body"])["result"] == 99


async def test_lifespan_is_answered(dispatcher: Dispatcher) -> None:
    line = Line({"type": "lifespan.startup"}, {"type": "lifespan.shutdown"})
    await line.run(dispatcher, {"type": "lifespan"})
    answered = [message["type"] for message in line.sent]
    assert answered == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


async def test_a_websocket_is_left_alone(dispatcher: Dispatcher) -> None:
    line = Line()
    await line.run(dispatcher, {"type": "websocket"})
    assert line.sent == []


async def test_plain_methods_do_not_hold_up_the_event_loop() -> None:
    release = threading.Event()

    class SlowWallet(FakeWallet):
        def balance(self, request: Balance) -> Accepted | Refused:
            assert release.wait(timeout=5)
            return super().balance(request)

    slow = Dispatcher(SlowWallet(), callback_tokens=[TOKEN])
    body = callback(Command.BALANCE)
    lines = [Line({"type": "http.request", "body": body}) for _ in range(2)]
    calls = [
        asyncio.ensure_future(line.run(slow, posted(callback_headers(body)))) for line in lines
    ]
    await asyncio.sleep(0)
    release.set()
    await asyncio.gather(*calls)
    assert [json.loads(line.sent[1]["body"])["result"] for line in lines] == [0, 0]
