"""Reading bodies: bounds, JSON and what counts as no body at all."""

from __future__ import annotations

import pytest
from starlette.requests import Request
from starlette.types import Message

from meganodes.main_api.v4.body import read_body
from meganodes.main_api.v4.errors import BadRequest

BYTES_MAX = 100
_HTTP_OK = 200


def request_of(*parts: bytes, headers: dict[str, str] | None = None, cut: bool = False) -> Request:
    messages: list[Message] = [
        {"type": "http.request", "body": part, "more_body": cut or index + 1 < len(parts)}
        for index, part in enumerate(parts or (b"",))
    ]
    if cut:
        messages.append({"type": "http.disconnect"})

    async def receive() -> Message:
        return messages.pop(0)

    lines = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    return Request({"type": "http", "method": "POST", "headers": lines}, receive)


async def fault_of(request: Request) -> tuple[int, str, str]:
    with pytest.raises(BadRequest) as caught:
        await read_body(request, BYTES_MAX)
    (fault,) = caught.value.faults
    assert caught.value.fault.code == 1002
    return caught.value.fault.status, fault.field, fault.message


@pytest.mark.rule("2.1-empty-body")
@pytest.mark.parametrize("body", [b"", b"  \n", b"null", b"{}", b" null ", b"\xef\xbb\xbf{}"])
async def test_nothing_null_and_an_empty_object_are_the_same(body: bytes) -> None:
    """Contract 2.1: empty without Content-Type, `{}`, or JSON null."""
    assert await read_body(request_of(body), BYTES_MAX) == {}


async def test_empty_list_is_the_empty_object_of_php() -> None:
    assert await read_body(request_of(b"[]"), BYTES_MAX) == {}


async def test_body_may_come_in_pieces() -> None:
    assert await read_body(request_of(b'{"a"', b":", b"1}"), BYTES_MAX) == {"a": 1}


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "", "nonsense"])
async def test_content_type_does_not_matter(content_type: str) -> None:
    request = request_of(b'{"a":1}', headers={"content-type": content_type})
    assert await read_body(request, BYTES_MAX) == {"a": 1}


@pytest.mark.rule("2.1-unparsable-json")
@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{'a':1}",
        b"a=1",
        b'{"a":1,"a":2}',
        b'{"a":NaN}',
        b"{} {}",
        b"\xff",
        b'{"a":1,}',
        b"[" * 50 + b"]" * 50,
    ],
)
async def test_unparsable_json_is_1002_with_an_empty_field(body: bytes) -> None:
    """Contract 2.1."""
    status, field, message = await fault_of(request_of(body))
    assert (status, field) == (_HTTP_OK, "")
    assert message.startswith("The body cannot be read as JSON: ")


@pytest.mark.parametrize("body", [b"[0]", b'"text"', b"1", b"true", b"1.5"])
async def test_json_that_is_no_object_is_refused(body: bytes) -> None:
    status, field, message = await fault_of(request_of(body))
    assert (status, field) == (_HTTP_OK, "")
    assert message.startswith("The body must be a JSON object")


@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "Application/X-WWW-Form-Urlencoded; charset=utf-8",
    ],
)
async def test_form_is_415(content_type: str) -> None:
    """Contract 2.1: 415 for form bodies only."""
    headers = {"content-type": content_type}
    assert (await fault_of(request_of(b"name=alice", headers=headers)))[:2] == (415, "")
    assert await read_body(request_of(b"", headers=headers), BYTES_MAX) == {}


async def test_declared_length_above_the_limit_is_413_unread() -> None:
    """Contract 2.1: 413 over 256 KiB."""
    request = request_of(b"{}", headers={"content-length": "101"})
    assert (await fault_of(request))[:2] == (413, "")


async def test_length_above_the_limit_is_413_however_it_comes() -> None:
    request = request_of(b" " * 60, b" " * 41)
    assert (await fault_of(request))[:2] == (413, "")


@pytest.mark.rule("2.1-status-413")
async def test_body_at_the_limit_is_read() -> None:
    assert await read_body(request_of(b"{}" + b" " * 98), BYTES_MAX) == {}


async def test_body_that_ends_early_is_refused() -> None:
    assert (await fault_of(request_of(b'{"a":1}', cut=True)))[:2] == (200, "")
