"""HTTP as clients in the field speak it to the Main API: framing, connections, casing, patience."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.listener import eventually
from tests.support.raw_http import Answered, a_caller, chunked
from tests.support.served_town import ServedTown, a_served_town

INFO = "/v4/agent/info"
CREATE = "/v4/user/create"
ALICE = b'{"name":"alice"}'
LIMIT_BYTES = 262_144


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[ServedTown]:
    async with a_served_town(tmp_path) as made:
        yield made


def authorization(served: ServedTown) -> str:
    return f"Authorization: Bearer {served.town.acme.api_token}"


def request(path: str, body: bytes, *headers: str, version: str = "1.1") -> bytes:
    """Write a request with exactly these headers."""
    return "\r\n".join([f"POST {path} HTTP/{version}", *headers, "", ""]).encode("latin-1") + body


def code_of(answer: Answered) -> tuple[int, int]:
    """Give status and code of an answer, which must be an envelope with a request id."""
    envelope = answer.json()
    assert set(envelope) <= {"code", "message", "data"}
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-request-id"]
    return answer.status, envelope["code"]


async def test_a_call_without_fields_needs_no_word_about_its_body(served: ServedTown) -> None:
    own = authorization(served)
    async with a_caller(served.port) as caller:
        for more in ([], ["Content-Length: 0"], ["Content-Type:"], ["Content-Type: text/html"]):
            answer = await caller.ask(request(INFO, b"", "Host: hub", own, *more))
            assert code_of(answer) == (200, 0)


async def test_a_hundred_calls_share_a_connection(served: ServedTown) -> None:
    own = authorization(served)
    async with a_caller(served.port) as caller:
        for _ in range(100):
            answer = await caller.ask(request(INFO, b"", "Host: hub", own))
            assert code_of(answer) == (200, 0)
            assert not answer.closes


async def test_calls_may_be_sent_before_the_answers_came(served: ServedTown) -> None:
    one = request(CREATE, ALICE, "Host: hub", authorization(served), "Content-Length: 16")
    async with a_caller(served.port) as caller:
        await caller.send(one * 30)
        assert [code_of(await caller.answer()) for _ in range(30)] == [(200, 0)] * 30


@pytest.mark.parametrize("connection", ["close", "Close", "keep-alive, close"])
async def test_the_last_call_may_say_so(served: ServedTown, connection: str) -> None:
    more = ("Host: hub", authorization(served), f"Connection: {connection}")
    async with a_caller(served.port) as caller:
        answer = await caller.ask(request(INFO, b"", *more))
        assert code_of(answer) == (200, 0)
        assert answer.closes
        assert await caller.is_closed()


@pytest.mark.parametrize("headers", [[], ["Host: hub"], ["Connection: keep-alive"]])
async def test_http_1_0_is_answered_and_closed(served: ServedTown, headers: list[str]) -> None:
    more = [*headers, authorization(served), "Content-Length: 16"]
    async with a_caller(served.port) as caller:
        answer = await caller.ask(request(CREATE, ALICE, *more, version="1.0"))
        assert code_of(answer) == (200, 0)
        assert "transfer-encoding" not in answer.headers
        assert await caller.is_closed()


@pytest.mark.parametrize("pieces", [1, 2, 16])
async def test_a_body_may_come_in_chunks(served: ServedTown, pieces: int) -> None:
    size = len(ALICE) // pieces
    parts = [ALICE[start : start + size] for start in range(0, len(ALICE), size)]
    sent = chunked(CREATE, *parts, trailers="X-Sum: 1\r\n")
    own = f"\r\n{authorization(served)}\r\n\r\n".encode()
    async with a_caller(served.port) as caller:
        answer = await caller.ask(sent.replace(b"\r\n\r\n", own, 1))
        assert code_of(answer) == (200, 0)
        assert answer.json()["data"]["user_code"] == served.town.acme.user.user_code


async def test_chunks_may_have_extensions(served: ServedTown) -> None:
    head = request(CREATE, b"", "Host: hub", authorization(served), "Transfer-Encoding: chunked")
    async with a_caller(served.port) as caller:
        answer = await caller.ask(head + b"10;a=b;c=d\r\n" + ALICE + b"\r\n0;x\r\n\r\n")
        assert code_of(answer) == (200, 0)


async def test_who_waits_to_be_asked_for_the_body_is_asked(served: ServedTown) -> None:
    more = ("Host: hub", authorization(served), "Content-Length: 16", "Expect: 100-continue")
    async with a_caller(served.port) as caller:
        await caller.send(request(CREATE, b"", *more))
        assert (await caller.answer()).status == 100
        assert code_of(await caller.ask(ALICE)) == (200, 0)


async def test_who_expects_to_be_asked_and_does_not_wait_is_answered(served: ServedTown) -> None:
    more = ("Host: hub", authorization(served), "Content-Length: 16", "expect: 100-Continue")
    async with a_caller(served.port) as caller:
        first = await caller.ask(request(CREATE, ALICE, *more))
        answer = await caller.answer() if first.status == 100 else first
        assert code_of(answer) == (200, 0)


async def test_nobody_is_asked_for_the_body_of_a_refused_call(served: ServedTown) -> None:
    more = ("Host: hub", "Authorization: Bearer x", "Content-Length: 16", "Expect: 100-continue")
    async with a_caller(served.port) as caller:
        assert code_of(await caller.ask(request(CREATE, b"", *more))) == (401, 1009)


@pytest.mark.parametrize(
    "names",
    [
        ("host", "authorization", "content-length", "content-type"),
        ("HOST", "AUTHORIZATION", "CONTENT-LENGTH", "CONTENT-TYPE"),
        ("hOsT", "aUTHORIZATION", "cONTENT-lENGTH", "Content-type"),
    ],
)
async def test_letter_case_of_header_names_does_not_matter(
    served: ServedTown, names: tuple[str, ...]
) -> None:
    values = ("hub", f"Bearer {served.town.acme.api_token}", "16", "application/json")
    headers = [f"{name}: {value}" for name, value in zip(names, values, strict=True)]
    async with a_caller(served.port) as caller:
        assert code_of(await caller.ask(request(CREATE, ALICE, *headers))) == (200, 0)


@pytest.mark.parametrize("blanks", ["Bearer  {}", "bearer {} ", "  BEARER {}\t"])
async def test_blanks_around_the_token_do_not_matter(served: ServedTown, blanks: str) -> None:
    header = f"Authorization: {blanks.format(served.town.acme.api_token)}"
    async with a_caller(served.port) as caller:
        assert code_of(await caller.ask(request(INFO, b"", "Host: hub", header))) == (200, 0)


@pytest.mark.rule("2.1-status-404")
@pytest.mark.parametrize(
    "path", [f"{INFO}/", f"/{INFO}", "/v4/Agent/Info", "/v4/agent/info.php", "/api/v4/agent/info"]
)
async def test_another_spelling_of_a_path_is_another_path(served: ServedTown, path: str) -> None:
    async with a_caller(served.port) as caller:
        answer = await caller.ask(request(path, b"", "Host: hub", authorization(served)))
        assert code_of(answer) == (404, 1005)


@pytest.mark.parametrize("target", [f"{INFO}?x=1", f"{INFO}?", f"http://hub.example.com{INFO}"])
async def test_a_query_and_an_absolute_target_do_no_harm(served: ServedTown, target: str) -> None:
    async with a_caller(served.port) as caller:
        answer = await caller.ask(request(target, b"", "Host: hub", authorization(served)))
        assert code_of(answer) == (200, 0)


@pytest.mark.rule("2.1-request-id", "2.1-request-id-kept")
async def test_request_ids_go_with_each_call_of_a_connection(served: ServedTown) -> None:
    own = authorization(served)
    async with a_caller(served.port) as caller:
        for number in range(3):
            more = ("Host: hub", own, f"X-REQUEST-ID: call-{number}")
            answer = await caller.ask(request(INFO, b"", *more))
            assert answer.headers["x-request-id"] == f"call-{number}"
        made = await caller.ask(request(INFO, b"", "Host: hub", own))
        assert len(made.headers["x-request-id"]) == 32


@pytest.mark.rule("2.1-request-id", "2.1-envelope")
@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (b"nonsense\r\n\r\n", 400),
        (b"POST /v4/agent/info HTTP/1.1\r\n\r\n", 400),
        (b"POST /v4/agent/info HTTP/3.0\r\nHost: hub\r\n\r\n", 400),
        (b"POST /v4/x HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 40_000 + b"\r\n\r\n", 431),
        (b"POST /v4/x HTTP/1.1\r\nHost: a\r\nContent-Length: 9999999\r\n\r\n", 413),
    ],
)
async def test_what_is_no_request_gets_an_envelope_too(
    served: ServedTown, sent: bytes, status: int
) -> None:
    async with a_caller(served.port) as caller:
        answer = await caller.ask(sent)
        assert code_of(answer)[0] == status
        assert answer.closes


@pytest.mark.rule("2.1-status-413")
async def test_256_kib_pass_and_one_byte_more_does_not(served: ServedTown) -> None:
    fits = b'{"name":"alice","x":"' + b"a" * (LIMIT_BYTES - 23) + b'"}'
    own = ("Host: hub", authorization(served))
    for body, expected in ((fits, (200, 0)), (fits + b" ", (413, 1002))):
        async with a_caller(served.port) as caller:
            length = f"Content-Length: {len(body)}"
            assert code_of(await caller.ask(request(CREATE, body, *own, length))) == expected
        async with a_caller(served.port) as caller:
            await caller.send(request(CREATE, b"", *own, "Transfer-Encoding: chunked"))
            await caller.send(b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body))
            assert code_of(await caller.answer()) == expected


@pytest.mark.rule("2.1-status-413")
async def test_a_body_that_never_ends_is_refused_at_the_limit(served: ServedTown) -> None:
    more = ("Host: hub", authorization(served), "Transfer-Encoding: chunked")
    async with a_caller(served.port) as caller:
        await caller.send(request(CREATE, b"", *more))
        for _ in range(5):
            await caller.send(b"10000\r\n%b\r\n" % (b" " * 65_536))
        assert code_of(await caller.answer()) == (413, 1002)


async def test_a_body_that_drips_is_given_up(tmp_path: Path) -> None:
    """Its place among the fifty is given back, and no call of another waits for it."""
    async with a_served_town(tmp_path, request_seconds=1.0, sweep_seconds=0.05) as served:
        own = ("Host: hub", authorization(served), "Content-Length: 16")
        async with a_caller(served.port) as slow, a_caller(served.port) as other:
            await slow.send(request(CREATE, b'{"n', *own))
            assert code_of(await other.ask(request(CREATE, ALICE, *own))) == (200, 0)
            assert (await slow.answer()).status == 408
            assert code_of(await other.ask(request(CREATE, ALICE, *own))) == (200, 0)


async def test_callers_that_vanish_leave_no_place_taken(served: ServedTown) -> None:
    """Three hundred of them, in every phase of a call; then fifty at once still fit."""
    own = ("Host: hub", authorization(served))
    whole = request(CREATE, ALICE, *own, "Content-Length: 16")
    cuts = (4, len(whole) - 20, len(whole) - 5, len(whole))
    for number in range(300):
        async with a_caller(served.port) as caller:
            await caller.send(whole[: cuts[number % len(cuts)]])
            caller.abort()
    await eventually(lambda: served.town.hub.meters.main_api_in_flight == 0, seconds=30)
    answers = await asyncio.gather(*(one_call(served, number) for number in range(50)))
    assert answers == [(200, 0)] * 50


async def one_call(served: ServedTown, number: int) -> tuple[int, int]:
    body = json.dumps({"name": f"user_{number}"}).encode()
    more = ("Host: hub", authorization(served), f"Content-Length: {len(body)}")
    async with a_caller(served.port) as caller:
        return code_of(await caller.ask(request(CREATE, body, *more)))
