"""What a provider takes for an answer, and what for none."""

from __future__ import annotations

import pytest

from meganodes.demo.provider_door import ANSWER_SECONDS, ProviderDoor
from meganodes.demo.studio_rules import Answer
from tests.unit.demo.answering import answering


def http(status: str, body: bytes) -> bytes:
    return b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status.encode(), len(body), body)


async def ask(reply: bytes) -> tuple[Answer | None, list[bytes]]:
    async with answering(reply) as (url, asked):
        return await ProviderDoor(url, "mnp_token").ask("bet", '{"amount": "1.00"}'), asked


async def test_a_request_goes_to_its_command_with_the_token() -> None:
    answer, asked = await ask(
        http("200 OK", b'{"code":0,"message":"OK","data":{"balance":"1.00"}}')
    )
    assert answer == Answer(status=200, code=0, data={"balance": "1.00"})
    head, body = asked[0].split(b"\r\n\r\n")
    assert head.startswith(b"POST /provider/v1/bet HTTP/1.1\r\n")
    assert b"Authorization: Bearer mnp_token" in head
    assert body == b'{"amount": "1.00"}'


async def test_an_error_keeps_its_code_and_status() -> None:
    answer, _ = await ask(http("500 Oops", b'{"code":1001,"message":"x"}'))
    assert answer == Answer(status=500, code=1001)


@pytest.mark.parametrize(
    "body",
    [b"", b"<p>", b"[]", b"null", b"{}", b'{"code":"0"}', b'{"code":false}', b'{"code":0.0}'],
)
async def test_what_has_no_code_is_no_answer(body: bytes) -> None:
    answer, _ = await ask(http("200 OK", body))
    assert answer is None


@pytest.mark.parametrize("cut_at", [0, -1])
async def test_a_broken_answer_is_no_answer(cut_at: int) -> None:
    answer, _ = await ask(http("200 OK", b'{"code":0}')[:cut_at])
    assert answer is None


def test_a_provider_waits_at_least_five_seconds() -> None:
    """Contract 4, what an answer means."""
    assert ANSWER_SECONDS >= 5


async def test_with_several_nodes_each_request_goes_to_the_next_one() -> None:
    reply = http("200 OK", b'{"code":0,"message":"OK","data":{}}')
    async with answering(reply) as (first, at_first), answering(reply) as (second, at_second):
        door = ProviderDoor(first, "mnp_token", [second])
        for number in range(4):
            answer = await door.ask("bet", str(number))
            assert answer is not None
            assert answer.code == 0
    assert [asked[-1:] for asked in at_first] == [b"0", b"2"]
    assert [asked[-1:] for asked in at_second] == [b"1", b"3"]


async def test_what_a_node_that_is_gone_was_asked_is_repeated_at_another() -> None:
    reply = http("200 OK", b'{"code":0,"message":"OK","data":{}}')
    async with answering(reply) as (gone, _):
        pass
    async with answering(reply) as (url, asked):
        door = ProviderDoor(gone, "mnp_token", [url])
        assert await door.ask("bet", "{}") is None
        assert await door.ask("bet", "{}") == Answer(status=200, code=0)
    assert len(asked) == 1
