"""What the listener refuses by itself: smuggled requests and everything too large (S23)."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.listener import Running, a_listener, eventually
from tests.support.loops import on_each_loop
from tests.support.raw_http import Answered, Caller, a_caller, chunked, post

DOOR = "/provider/v1/bet"
HOST = "POST {path} HTTP/1.1\r\nHost: hub\r\n"
SECOND = "POST /provider/v1/bet HTTP/1.1\r\nHost: hub\r\nContent-Length: 8\r\n\r\nsmuggled"


def of_chunks(coded: str) -> str:
    """A chunked request whose body is written as given."""
    return f"{HOST}Transfer-Encoding: chunked\r\n\r\n{coded}"


# Each could be read as two different requests by two different programs (RFC 9112 11.2).
SMUGGLED = {
    "length and chunks": f"{HOST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "chunks and length": f"{HOST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
    "two equal lengths": f"{HOST}Content-Length: 2\r\nContent-Length: 2\r\n\r\nok",
    "two lengths": f"{HOST}Content-Length: 2\r\nContent-Length: 50\r\n\r\nok",
    "a list of lengths": f"{HOST}Content-Length: 2, 2\r\n\r\nok",
    "a length with a sign": f"{HOST}Content-Length: +2\r\n\r\nok",
    "a negative length": f"{HOST}Content-Length: -2\r\n\r\nok",
    "a length in hex": f"{HOST}Content-Length: 0x2\r\n\r\nok",
    "an empty length": f"{HOST}Content-Length:\r\n\r\nok",
    "a huge length": f"{HOST}Content-Length: 99999999999999999999\r\n\r\nok",
    "a blank before the colon": f"{HOST}Content-Length : 2\r\n\r\nok",
    "a folded header": f"{HOST}X: a\r\n Content-Length: 2\r\n\r\nok",
    "a folded coding": f"{HOST}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n",
    "identity coding": f"{HOST}Transfer-Encoding: identity\r\n\r\n",
    "another coding": f"{HOST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
    "two codings": f"{HOST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "chunked twice": f"{HOST}Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
    "chunked in two headers": (
        f"{HOST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "chunked first": f"{HOST}Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
    "a hidden coding": f"{HOST}Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n",
    "chunks in HTTP/1.0": "POST {path} HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "a chunk size that is none": of_chunks("zz\r\nok\r\n0\r\n\r\n"),
    "a chunk size with a prefix": of_chunks("0x2\r\nok\r\n0\r\n\r\n"),
    "a chunk size with a sign": of_chunks("+2\r\nok\r\n0\r\n\r\n"),
    "a negative chunk size": of_chunks("-2\r\nok\r\n0\r\n\r\n"),
    "a chunk size with a blank": of_chunks("2 \r\nok\r\n0\r\n\r\n"),
    "a huge chunk size": of_chunks("fffffffffffffffff\r\nok"),
    "a chunk size before a bare line feed": of_chunks("2\nok\r\n0\r\n\r\n"),
    "a chunk longer than it says": of_chunks("2\r\nokay\r\n0\r\n\r\n"),
    "a bare line feed in an extension": of_chunks("2;a\nb\r\nok\r\n0\r\n\r\n"),
    "bare line feeds": "POST {path} HTTP/1.1\nHost: hub\nContent-Length: 2\n\nok",
    "a bare carriage return": f"{HOST}X: a\rContent-Length: 2\r\n\r\nok",
    "a zero byte": f"{HOST}X: a\0b\r\n\r\n",
    "a blank before the first header": "POST {path} HTTP/1.1\r\n Host: hub\r\n\r\n",
    "no host": "POST {path} HTTP/1.1\r\n\r\n",
    "two hosts": f"{HOST}Host: other\r\n\r\n",
    "HTTP/0.9": "GET {path}\r\n\r\n",
    "HTTP/2.0": "POST {path} HTTP/2.0\r\nHost: hub\r\n\r\n",
    "HTTP/1.2": "POST {path} HTTP/1.2\r\nHost: hub\r\n\r\n",
    "the preface of HTTP/2": "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a tunnel": "CONNECT hub:80 HTTP/1.1\r\nHost: hub\r\n\r\n",
    "no path": "OPTIONS * HTTP/1.1\r\nHost: hub\r\n\r\n",
    "no target": "POST http:// HTTP/1.1\r\nHost: hub\r\n\r\n",
    "an upgrade with chunks": (
        f"{HOST}Connection: Upgrade\r\nUpgrade: h2c\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    ),
    "nonsense": "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "no method": " {path} HTTP/1.1\r\nHost: hub\r\n\r\n",
}


@pytest.mark.parametrize("path", [DOOR, "/v4/x"])
@pytest.mark.parametrize("raw", SMUGGLED.values(), ids=SMUGGLED.keys())
@on_each_loop
@pytest.mark.security("S23")
async def test_what_could_be_read_in_two_ways_ends_the_connection(raw: str, path: str) -> None:
    async with a_listener() as running, a_caller(running.port) as caller:
        await caller.send((raw.replace("{path}", path) + SECOND).encode("latin-1"))
        await _check_refused(caller, 400)
        assert running.door.asked == []


async def _check_refused(caller: Caller, status: int) -> Answered:
    answer = await caller.answer()
    assert (answer.status, answer.closes) == (status, True)
    assert answer.headers["content-type"] == "application/json"
    assert (answer.json()["code"], answer.json()["message"]) == (1002, "VALIDATION_ERROR")
    [fault] = answer.json()["data"]
    assert fault["field"] == ""
    assert fault["message"].endswith(".")
    assert await caller.is_closed()
    return answer


@on_each_loop
async def test_good_requests_before_a_bad_one_are_answered_first() -> None:
    async with a_listener() as running, a_caller(running.port) as caller:
        gate = running.door.gates[b"first"] = asyncio.Event()
        await caller.send(post(DOOR, b"first") + post("/v4/x", b"") + b"\0" + post(DOOR, b"lost"))
        await eventually(lambda: running.door.asked)
        gate.set()
        assert (await caller.answer()).body == b"first"
        assert (await caller.answer()).json()["path"] == "/v4/x"
        await _check_refused(caller, 400)


@on_each_loop
async def test_a_bad_chunk_behind_an_unanswered_request_takes_only_its_own_request() -> None:
    async with a_listener() as running, a_caller(running.port) as caller:
        gate = running.door.gates[b"first"] = asyncio.Event()
        bad = of_chunks("2\r\nok\r\nzz").replace("{path}", "/v4/x").encode()
        await caller.send(post(DOOR, b"first") + bad)
        await eventually(lambda: running.door.asked)
        gate.set()
        assert (await caller.answer()).body == b"first"
        await _check_refused(caller, 400)
        assert running.app.asked == []


@on_each_loop
async def test_a_bad_chunk_ends_a_request_the_application_is_reading() -> None:
    async with a_listener() as running, a_caller(running.port) as caller:
        await caller.send(of_chunks("2\r\nok\r\n").replace("{path}", "/v4/x").encode())
        await eventually(lambda: running.app.asked)
        await caller.send(b"zz")
        await _check_refused(caller, 400)
        await eventually(lambda: running.app.left == ["/v4/x"])


@on_each_loop
async def test_a_bad_chunk_after_the_answer_just_ends_the_connection() -> None:
    async with a_listener() as running, a_caller(running.port) as caller:
        early = of_chunks("2\r\nok\r\n").replace("{path}", "/early").encode()
        assert (await caller.ask(early)).body == b"early"
        await caller.send(b"zz")
        assert await caller.is_closed()


def _large(coding: str, path: str, size: int) -> bytes:
    if coding == "length":
        return post(path, b"x" * size)
    return chunked(path, *[b"x" * 1000] * (size // 1000))


@pytest.mark.parametrize("coding", ["length", "chunks"])
@on_each_loop
async def test_a_body_above_the_limit_is_refused_by_the_door_while_it_is_read(coding: str) -> None:
    async with a_listener(body_bytes_max=5_000) as running, a_caller(running.port) as caller:
        assert (await caller.ask(_large(coding, DOOR, 5_000))).body == b"x" * 5_000
        await caller.send(_large(coding, DOOR, 1_000_000) + post(DOOR, b"never read"))
        answer = await caller.answer()
        assert (answer.status, answer.closes) == (413, True)
        assert await caller.is_closed()
        assert [(request.too_large, len(request.body)) for request in running.door.asked] == [
            (False, 5_000),
            (True, 0),
        ]


@pytest.mark.parametrize("coding", ["length", "chunks"])
@on_each_loop
async def test_the_application_has_a_larger_limit(coding: str) -> None:
    async with a_listener(app_body_bytes_max=9_000) as running, a_caller(running.port) as caller:
        assert len((await caller.ask(_large(coding, "/v4/x", 9_000))).json()["body"]) == 9_000
        await caller.send(_large(coding, "/v4/x", 1_000_000))
        await _check_refused(caller, 413)


@on_each_loop
async def test_a_caller_that_waits_to_be_asked_for_a_large_body_is_refused_instead() -> None:
    async with a_listener(body_bytes_max=10) as running, a_caller(running.port) as caller:
        head = post(DOOR, b"x" * 11, "Expect: 100-continue")[:-11]
        answer = await caller.ask(head)
        assert (answer.status, answer.closes) == (413, True)


@pytest.mark.parametrize(
    "head",
    [
        f"{HOST}X: {'x' * 40_000}\r\n\r\n",
        HOST + "X: y\r\n" * 2_000 + "\r\n",
        f"POST /provider/v1/{'x' * 40_000} HTTP/1.1\r\nHost: hub\r\n\r\n",
        f"{HOST}{'X' * 40_000}: y\r\n\r\n",
    ],
)
@on_each_loop
async def test_a_head_above_the_limit_is_refused(head: str) -> None:
    async with a_listener() as running, a_caller(running.port) as caller:
        await caller.send(head.replace("{path}", DOOR).encode() + SECOND.encode())
        await _check_refused(caller, 431)
        assert running.door.asked == []


@on_each_loop
async def test_a_head_that_never_ends_is_refused_at_the_limit() -> None:
    async with a_listener(head_bytes_max=2_000) as running, a_caller(running.port) as caller:
        await caller.send(HOST.replace("{path}", DOOR).encode() + b"X-Endless: ")
        for _ in range(30):
            await caller.send(b"x" * 100)
            await asyncio.sleep(0.001)
        await _check_refused(caller, 431)


@on_each_loop
async def test_a_large_body_behind_a_split_head_is_no_large_head() -> None:
    async with a_listener(head_bytes_max=2_000) as running, a_caller(running.port) as caller:
        request = post(DOOR, b"x" * 100_000)
        await caller.send(request[:40])
        await asyncio.sleep(0.01)
        assert len((await caller.ask(request[40:])).body) == 100_000
        _check_memory(running)


def _check_memory(running: Running) -> None:
    """Between requests a connection holds nothing of the last one's body."""
    [connection] = running.listening._shared.connections
    assert connection._body == b""
    assert not connection.turns
