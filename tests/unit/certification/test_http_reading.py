"""One HTTP response from a stream: where it ends, and what is no response."""

from __future__ import annotations

import asyncio

import pytest

from meganodes.certification.http_reading import BadHttp, Response, read_response

HEAD = b"HTTP/1.1 200 OK\r\n"


async def read(sent: bytes, *, ended: bool = True) -> Response:
    reader = asyncio.StreamReader()
    reader.feed_data(sent)
    if ended:
        reader.feed_eof()
    return await read_response(reader)


@pytest.mark.parametrize(
    ("sent", "body", "keeps"),
    [
        (HEAD + b"Content-Length: 2\r\n\r\n{}", b"{}", True),
        (HEAD + b"content-length: 0\r\n\r\n", b"", True),
        (
            HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1;x=y\r\n}\r\n0\r\n\r\n",
            b"{}",
            True,
        ),
        (HEAD + b"Content-Length: 2\r\nConnection: close\r\n\r\n{}", b"{}", False),
        (HEAD + b"\r\n{}", b"{}", False),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\n{}", b"{}", False),
        (b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\n{}", b"{}", True),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + HEAD + b"Content-Length: 2\r\n\r\n{}", b"{}", True),
    ],
)
async def test_a_response_ends_where_it_says(sent: bytes, body: bytes, *, keeps: bool) -> None:
    response = await read(sent)
    assert (response.status, response.body, response.keeps_alive) == (200, body, keeps)


async def test_a_response_without_content_needs_no_end() -> None:
    response = await read(b"HTTP/1.1 204 No Content\r\n\r\n", ended=False)
    assert (response.status, response.body, response.keeps_alive) == (204, b"", True)


async def test_headers_come_as_they_were_sent() -> None:
    response = await read(HEAD + b"X-One:  a b \r\nContent-Length: 0\r\n\r\n")
    assert response.headers == ((b"X-One", b"a b"), (b"Content-Length", b"0"))


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"", "without a byte"),
        (b"HTTP/1.1 20", "after 11 bytes of a line"),
        (b"SSH-2.0-x\r\n\r\n", "not HTTP/1.1"),
        (HEAD + b"nonsense\r\n\r\n", "nonsense"),
        (HEAD + b"Content-Length: 5\r\n\r\n{}", "2 of 5 bytes"),
        (HEAD + b"Content-Length: many\r\n\r\n{}", "is no length"),
        (HEAD + b"Content-Length: 99999999\r\n\r\n{}", "announces a body"),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n", "longer than it says"),
        (HEAD + b"\r\n" + b"x" * 1_100_000, "above"),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 20, "interim"),
    ],
)
async def test_what_is_no_complete_response_is_told(sent: bytes, why: str) -> None:
    with pytest.raises(BadHttp, match=why):
        await read(sent)
