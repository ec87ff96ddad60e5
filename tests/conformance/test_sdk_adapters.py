"""One suite over every way into the SDK: the bare dispatcher, ASGI and WSGI, plain and async."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Mapping, MutableMapping
from typing import Any
from wsgiref.util import setup_testing_defaults

import pytest

from meganodes.protocol.commands import Command, Revision, checks
from meganodes.protocol.replies import HttpReply, Question, read_reply
from meganodes.sdk import Dispatcher, HttpAnswer, SignatureCheck
from meganodes.sdk.asgi import asgi_app
from meganodes.sdk.wsgi import wsgi_app
from tests.support.fake_backend import (
    NOW_SECONDS,
    SECRET,
    TOKEN,
    AsyncFakeWallet,
    FakeWallet,
    Play,
    callback,
    callback_headers,
)

Send = Callable[[Dispatcher, Mapping[str, str], bytes, str], HttpAnswer]
TOKEN_BEFORE = "mnc_the-token-before"


def through_dispatcher(
    dispatcher: Dispatcher, headers: Mapping[str, str], body: bytes, method: str
) -> HttpAnswer:
    if method != "POST":
        return dispatcher.wrong_method()
    return asyncio.run(dispatcher.handle(headers, body))


def through_asgi(
    dispatcher: Dispatcher, headers: Mapping[str, str], body: bytes, method: str
) -> HttpAnswer:
    sent: list[MutableMapping[str, Any]] = []
    pieces = [body[:10], body[10:]]

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    raw = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {"type": "http", "method": method, "headers": raw}
    asyncio.run(_awaited(asgi_app(dispatcher)(scope, receive, send)))
    start, rest = sent
    answered = {name.decode().title(): value.decode() for name, value in start["headers"]}
    return HttpAnswer(start["status"], answered, rest["body"])


async def _awaited(awaitable: Any) -> None:  # noqa: ANN401 - whatever an ASGI app returns
    await awaitable


def through_wsgi(
    dispatcher: Dispatcher, headers: Mapping[str, str], body: bytes, method: str
) -> HttpAnswer:
    environ: dict[str, Any] = {}
    setup_testing_defaults(environ)
    environ |= {"REQUEST_METHOD": method, "CONTENT_LENGTH": str(len(body))}
    environ["wsgi.input"] = io.BytesIO(body)
    environ |= {f"HTTP_{name.upper().replace('-', '_')}": text for name, text in headers.items()}
    begun: list[tuple[str, list[tuple[str, str]]]] = []
    chunks = wsgi_app(dispatcher)(environ, lambda status, given: begun.append((status, given)))
    status, given = begun[0]
    return HttpAnswer(int(status.split()[0]), dict(given), b"".join(chunks))


@pytest.fixture(params=[through_dispatcher, through_asgi, through_wsgi])
def send(request: pytest.FixtureRequest) -> Send:
    way: Send = request.param
    return way


@pytest.fixture
def wallet() -> FakeWallet:
    return FakeWallet()


@pytest.fixture(params=["plain", "async"])
def backend(request: pytest.FixtureRequest, wallet: FakeWallet) -> FakeWallet | AsyncFakeWallet:
    return wallet if request.param == "plain" else AsyncFakeWallet(wallet)


@pytest.fixture(params=list(Revision))
def revision(request: pytest.FixtureRequest) -> Revision:
    chosen: Revision = request.param
    return chosen


@pytest.fixture
def dispatcher(backend: FakeWallet | AsyncFakeWallet, revision: Revision) -> Dispatcher:
    return Dispatcher(
        backend,
        callback_tokens=[TOKEN, TOKEN_BEFORE],
        revision=revision,
        signatures=SignatureCheck(secrets=[SECRET], now_seconds=lambda: NOW_SECONDS),
    )


@pytest.fixture
def ask(send: Send, dispatcher: Dispatcher, revision: Revision) -> Callable[..., Any]:
    def asked(command: Command, play: Play | None = None, **changes: str) -> Any:  # noqa: ANN401
        body = callback(command, play, revision)
        answer = send(dispatcher, callback_headers(body, **changes), body, "POST")
        assert answer.status == 200
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.headers["Content-Length"] == str(len(answer.body))
        return json.loads(answer.body, parse_float=str)

    return asked


def ok(**data: object) -> dict[str, object]:
    return {"result": 0, "status": "OK", "data": data}


def test_a_round_is_played(ask: Callable[..., Any], wallet: FakeWallet) -> None:
    assert ask(Command.AUTHENTICATE) == ok(account="ada", balance="100.00")
    assert ask(Command.BALANCE) == ok(balance="100.00")
    assert ask(Command.BET, Play(number=1, amount_minor=150)) == ok(balance="98.50")
    assert ask(Command.WIN, Play(number=2, amount_minor=400)) == ok(balance="102.50")
    assert ask(Command.WIN, Play(number=3, amount_minor=0)) == ok(balance="102.50")
    assert wallet.balance_minor == 10_250


def test_a_bet_is_cancelled_and_status_tells(ask: Callable[..., Any], revision: Revision) -> None:
    ask(Command.BET)
    before = ask(Command.STATUS)["data"]
    assert ask(Command.CANCEL) == ok(balance="100.00")
    after = ask(Command.STATUS)["data"]
    named = (
        {"account": "ada", "trans_guid": Play().guid}
        if revision is Revision.GUID
        else {"trans_id": 1}
    )
    assert before == {**named, "trans_status": "OK"}
    assert after == {**named, "trans_status": "CANCELED"}


@pytest.mark.parametrize(
    ("command", "play", "result"),
    [
        (Command.AUTHENTICATE, Play(account="nobody"), 21),
        (Command.BET, Play(account="nobody"), 21),
        (Command.BET, Play(amount_minor=10_001), 31),
        (Command.STATUS, Play(number=9), 42),
    ],
)
def test_a_refusal_says_which_check_failed(
    ask: Callable[..., Any], command: Command, play: Play, result: int
) -> None:
    answer = ask(command, play)
    assert (answer["result"], answer["status"]) == (result, "ERROR")
    assert answer["data"] == {"balance": "0.00" if result == 21 else "100.00"}


def test_a_cancel_of_an_unknown_bet_is_refused_by_the_revisions_own_check(
    ask: Callable[..., Any], revision: Revision
) -> None:
    assert ask(Command.CANCEL)["result"] == (43 if revision is Revision.GUID else 42)


def test_a_duplicate_is_told_and_moves_nothing(ask: Callable[..., Any]) -> None:
    ask(Command.BET)
    assert ask(Command.BET) == {"result": 41, "status": "ERROR", "data": {"balance": "98.50"}}


def test_the_token_before_an_exchange_is_taken_too(ask: Callable[..., Any]) -> None:
    assert ask(Command.BALANCE, token=TOKEN_BEFORE)["result"] == 0


@pytest.mark.parametrize("token", ["", "wrong", TOKEN[:-1], TOKEN + "x", "tok\u00e9n"])
def test_a_wrong_token_is_answered_100_and_nothing_happens(
    ask: Callable[..., Any], wallet: FakeWallet, token: str
) -> None:
    assert ask(Command.BET, token=token) == {"result": 100, "status": "ERROR", "data": {}}
    assert wallet.seen == []


def test_a_wrong_signature_is_answered_100_and_nothing_happens(
    ask: Callable[..., Any], wallet: FakeWallet
) -> None:
    assert ask(Command.BET, secret=SECRET[:-4] + "AAAA")["result"] == 100
    assert wallet.seen == []


@pytest.mark.parametrize("body", [b"", b"{", b"\xff" * 99, b"[]", b"{}", b"{" * 70_000])
def test_an_unreadable_body_is_answered_99(
    send: Send, dispatcher: Dispatcher, wallet: FakeWallet, body: bytes
) -> None:
    answer = send(dispatcher, callback_headers(body), body, "POST")
    assert answer.status == 200
    assert json.loads(answer.body) == {"result": 99, "status": "ERROR", "data": {}}
    assert wallet.seen == []


def test_a_browser_gets_a_short_answer_instead_of_a_page(
    send: Send, dispatcher: Dispatcher
) -> None:
    answer = send(dispatcher, {}, b"", "GET")
    assert answer.status == 405
    assert answer.headers["Allow"] == "POST"
    assert json.loads(answer.body)["result"] == 99


@pytest.mark.parametrize("command", list(Command))
@pytest.mark.parametrize("refused", [False, True])
def test_the_hub_reads_every_reply_without_a_word_to_say(
    send: Send, dispatcher: Dispatcher, revision: Revision, command: Command, *, refused: bool
) -> None:
    if command in {Command.STATUS, Command.CANCEL} and not refused:
        bet = callback(Command.BET, None, revision)
        send(dispatcher, callback_headers(bet), bet, "POST")
    account = "nobody" if refused else "ada"
    body = callback(command, Play(account=account), revision)
    answer = send(dispatcher, callback_headers(body), body, "POST")
    headers = tuple((name.encode(), value.encode()) for name, value in answer.headers.items())
    reply = read_reply(
        Question(command=command, revision=revision, account=account, exponent=2),
        HttpReply(status=answer.status, headers=headers, body=answer.body),
    )
    assert reply.malformed is None
    assert reply.faults == ()
    assert reply.notes == ()
    assert reply.result == (checks(command, revision)[0] if refused else 0)
