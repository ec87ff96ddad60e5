"""The body of a call: what counts as none, as JSON, as a form, as too much (contract 2.1)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest

from meganodes.main_api.v4.routes import ENDPOINTS
from tests.support.door import World, opened_world
from tests.support.main_api import GOOD_BODIES, PATHS, bad_fields, fields_of, required_of, seen

INFO = "/v4/agent/info"
CREATE = "/v4/user/create"
LIMIT_BYTES = 262_144
ALICE = b'{"name":"alice"}'


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    async with opened_world(tmp_path) as made:
        await made.user()
        yield made


async def sent(
    world: World, path: str, body: bytes, content_type: str | None = None
) -> httpx2.Response:
    headers = {} if content_type is None else {"content-type": content_type}
    async with world.client() as client:
        return await client.post(path, content=body, headers=headers)


@pytest.mark.rule("2.1-post-json", "2.1-status-200")
async def test_every_endpoint_is_a_post_with_json_in_and_out(world: World) -> None:
    async with world.client() as client:
        for path in PATHS:
            assert path.startswith("/v4/")
            status, code = seen(await client.post(path, json=dict(GOOD_BODIES[path])))
            assert status == 200, path
            assert code in {0, 1010, 2013}, path


@pytest.mark.rule("2.1-empty-body")
@pytest.mark.parametrize(
    "body", [b"", b"{}", b"null", b"[]", b" \r\n\t", b" null\n", b"\xef\xbb\xbf{}"]
)
@pytest.mark.parametrize("content_type", [None, "application/json", "text/plain", ""])
async def test_endpoints_without_required_fields_take_nothing_at_all(
    world: World, body: bytes, content_type: str | None
) -> None:
    for endpoint in ENDPOINTS:
        if not required_of(endpoint):
            status, code = seen(await sent(world, endpoint.path, body, content_type))
            assert (status, code) in {(200, 0), (200, 1010)}, endpoint.path


@pytest.mark.rule("2.1-all-bad-fields", "2.1-empty-body")
@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"[]"])
async def test_other_endpoints_name_every_field_they_need(world: World, body: bytes) -> None:
    for endpoint in ENDPOINTS:
        if required_of(endpoint):
            answer = await sent(world, endpoint.path, body)
            assert bad_fields(answer) == required_of(endpoint)


async def test_a_form_without_a_body_is_no_form(world: World) -> None:
    """Libraries of old clients name a form type whether they have a body or not."""
    answer = await sent(world, INFO, b"", "application/x-www-form-urlencoded")
    assert seen(answer) == (200, 0)


@pytest.mark.rule("2.1-status-415")
@pytest.mark.parametrize(
    "content_type",
    [
        None,
        "",
        "application/json",
        "application/json;charset=utf-8",
        "APPLICATION/JSON; Charset=UTF-8",
        "application/vnd.api+json",
        "text/json",
        "text/plain;charset=UTF-8",
        "application/octet-stream",
        "*/*",
        "nonsense",
        ";;;",
        "application/x-www-form-urlencoded2",
    ],
)
async def test_any_type_but_a_form_is_read_as_json(world: World, content_type: str | None) -> None:
    assert seen(await sent(world, CREATE, ALICE, content_type)) == (200, 0)


@pytest.mark.rule("2.1-status-415")
@pytest.mark.parametrize(
    "content_type",
    [
        "application/x-www-form-urlencoded",
        "application/x-www-form-urlencoded; charset=UTF-8",
        "Application/X-WWW-Form-Urlencoded ;charset=UTF-8",
        "multipart/form-data; boundary=x",
        "multipart/form-data",
    ],
)
async def test_a_form_is_415_at_every_endpoint(world: World, content_type: str) -> None:
    for path in PATHS:
        answer = await sent(world, path, b"name=alice&user_code=1", content_type)
        assert seen(answer) == (415, 1002)
        assert bad_fields(answer) == [""]


UNREADABLE = [
    b"{",
    b"}",
    b"name=alice",
    b'{"name":"alice"',
    b'{"name":"alice",}',
    b'{"name":"alice"} x',
    b'{"name":"alice"}{"name":"bob"}',
    b'{"name":"alice","name":"bob"}',
    b'{"name":"alice","x":{"a":1,"a":2}}',
    b"{'name':'alice'}",
    b'{name:"alice"}',
    b'{"name":"alice" /* no */}',
    b'{"name":"alice","x":NaN}',
    b'{"name":"alice","x":Infinity}',
    b'{"name":"alice","x":-Infinity}',
    b'{"name":"alice","x":01}',
    b'{"name":"alice","x":"\\ud800"}',
    b'{"name":"alice","\\udfff":1}',
    b'{"name":"alice","x":"\xff"}',
    b'{"name":"al\x00ice"}',
    b'{"name":"alice","x":"\xed\xa0\x80"}',
    b'{"name":"ali\nce"}',
    '{"name":"alice"}'.encode("utf-16"),
    '{"name":"alice"}'.encode("utf-32-le"),
    b"\xef\xbb\xbf\xef\xbb\xbf" + ALICE,
    b'{"name":"alice","x":' + b"[" * 100_000,
    b'{"name":"alice","x":' + b"[" * 60_000 + b"]" * 60_000 + b"}",
    b'{"a":' * 40_000 + b"1" + b"}" * 40_000,
    b"[" * 9 + b"]" * 9,
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00",
]
NO_OBJECT = [
    b"[[]]",
    b"[null]",
    b'[{"name":"alice"}]',
    b'"alice"',
    b"1",
    b"0.5",
    b"true",
    b"false",
    b'""',
]


@pytest.mark.rule("2.1-unparsable-json")
@pytest.mark.parametrize("body", [*UNREADABLE, *NO_OBJECT])
async def test_what_is_no_json_object_is_1002_without_a_field(world: World, body: bytes) -> None:
    for path in (CREATE, INFO):
        answer = await sent(world, path, body)
        assert seen(answer) == (200, 1002)
        assert bad_fields(answer) == [""]
    assert world.backend.asked == []


@pytest.mark.rule("2.1-unknown-fields")
@pytest.mark.parametrize(
    "extra",
    [
        b"9" * 100_000,
        b"-" + b"9" * 5_000,
        b"1e999999999",
        b"1E-999999999",
        b"0." + b"1" * 50_000,
        b"-0",
        b'"' + b"x" * 200_000 + b'"',
        b'"\\ud83d\\ude00"',
        b'"\xf0\x9f\x98\x80"',
        b"[[[[[[[]]]]]]]",
        b"[" + b"0," * 60_000 + b"0]",
        b'{"\\u0000":"\\u0000"}',
    ],
)
async def test_strange_values_of_unknown_fields_do_no_harm(world: World, extra: bytes) -> None:
    body = b'{"x":' + extra + b',"name":"alice"}'
    assert seen(await sent(world, CREATE, body)) == (200, 0)


STRANGE = [
    b"9" * 100_000,
    b"-1",
    b"1e3",
    b"1.0",
    b"-0",
    b"9223372036854775808",
    b"true",
    b"[]",
    b"{}",
    b'""',
    b'" 1"',
    b'"1 "',
    b'"+1"',
    b'"0x10"',
    b'"1_000"',
    b'"\\u0661"',
    b'"' + b"9" * 10_000 + b'"',
    b'"\\u0000"',
]


@pytest.mark.parametrize("value", STRANGE)
async def test_strange_values_of_known_fields_are_bad_fields(world: World, value: bytes) -> None:
    answer = await sent(world, "/v4/user/info", b'{"user_code":' + value + b"}")
    assert bad_fields(answer) == ["user_code"]
    assert len(answer.content) < 1_000


@pytest.mark.rule("2.1-all-bad-fields", "2.1-validation-data")
@pytest.mark.parametrize("value", [b"[]", b"{}", b"1e999", b"1.5", b"true", b"[null]"])
async def test_every_field_may_be_bad_at_once(world: World, value: bytes) -> None:
    for endpoint in ENDPOINTS:
        names = fields_of(endpoint)
        members = b",".join(b'"%b":%b' % (name.encode(), value) for name in names)
        if names:
            answer = await sent(world, endpoint.path, b"{" + members + b"}")
            assert bad_fields(answer) == names


@pytest.mark.rule("2.1-status-413")
@pytest.mark.parametrize("chunked", [False, True])
async def test_256_kib_are_read_and_one_byte_more_is_not(world: World, chunked: bool) -> None:
    async def pieces(body: bytes) -> AsyncIterator[bytes]:
        for start in range(0, len(body), 50_000):
            yield body[start : start + 50_000]

    fits = b'{"name":"alice","x":"' + b"a" * (LIMIT_BYTES - 23) + b'"}'
    assert len(fits) == LIMIT_BYTES
    async with world.client() as client:
        for body, expected in ((fits, (200, 0)), (fits + b" ", (413, 1002))):
            content = pieces(body) if chunked else body
            answer = await client.post(CREATE, content=content)
            assert seen(answer) == expected
    assert bad_fields(answer) == [""]


async def test_a_query_is_no_body(world: World) -> None:
    async with world.client() as client:
        assert bad_fields(await client.post(f"{CREATE}?name=alice")) == ["name"]
        assert seen(await client.post(f"{CREATE}?name=!", content=ALICE)) == (200, 0)
