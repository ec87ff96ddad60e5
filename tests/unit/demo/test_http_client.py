"""The demo's client: a complete reply or nothing."""

from __future__ import annotations

import pytest

from meganodes.demo.http_client import HttpRequest, NoAnswer, get_json, post_json, send
from tests.unit.demo.answering import answering


async def test_a_request_carries_token_and_body_and_a_reply_comes_back() -> None:
    reply = b'HTTP/1.1 200 OK\r\nX-Kind: toy\r\nContent-Length: 15\r\n\r\n{"amount": 1.5}'
    async with answering(reply) as (url, asked):
        assert await post_json(f"{url}/a?b=c", {"x": 1}, token="secret") == {"amount": "1.5"}
    head, body = asked[0].split(b"\r\n\r\n")
    assert head.startswith(b"POST /a?b=c HTTP/1.1\r\n")
    assert b"Authorization: Bearer secret" in head
    assert body == b'{"x": 1}'


async def test_a_reply_in_chunks_is_put_together() -> None:
    head = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    async with answering(head + b"2\r\n[1\r\n2\r\n,2\r\n1\r\n]\r\n0\r\n\r\n") as (url, _):
        assert await get_json(url) == [1, 2]


async def test_a_redirect_is_shown_and_not_followed() -> None:
    reply = b"HTTP/1.1 302 Found\r\nLocation: http://elsewhere/\r\nContent-Length: 0\r\n\r\n"
    async with answering(reply) as (url, asked):
        result = await send(HttpRequest(method="GET", url=url), 5)
    assert (result.status, result.headers["location"]) == (302, "http://elsewhere/")
    assert len(asked) == 1


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n",
        b"no http at all\r\n\r\n",
    ],
)
async def test_an_incomplete_reply_is_no_answer(reply: bytes) -> None:
    async with answering(reply) as (url, _):
        with pytest.raises(NoAnswer):
            await send(HttpRequest(method="GET", url=url), 5)


async def test_a_body_that_is_no_json_is_no_answer() -> None:
    async with answering(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n<p>") as (url, _):
        with pytest.raises(NoAnswer, match="no JSON"):
            await get_json(url)


async def test_the_deadline_covers_everything() -> None:
    async with answering(b"HTTP/1.1 200 OK\r\n", wait=True) as (url, _):
        with pytest.raises(NoAnswer, match=r"within 0\.05 s"):
            await send(HttpRequest(method="GET", url=url), 0.05)


async def test_nobody_there_is_no_answer() -> None:
    async with answering(b"") as (url, _):
        pass
    with pytest.raises(NoAnswer):
        await send(HttpRequest(method="GET", url=url), 5)
