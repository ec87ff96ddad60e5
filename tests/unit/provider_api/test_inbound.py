"""The thin handler: order of checks, request ids, limits, defects."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from meganodes.domain.asked import Answer, AskedBalance, AskedBet, FieldFault
from meganodes.kit.logging import LogSettings, configure_logging
from meganodes.protocol.codes import ApiCode
from meganodes.provider_api.inbound import DoorSettings, ProviderDoor
from meganodes.provider_api.messages import DoorRequest, DoorResponse
from tests.support.provider_door import (
    BET,
    CANCEL,
    GUID,
    TOKEN,
    WIN,
    FakeCore,
    a_door,
    a_request,
    authorization,
    envelope,
    header,
)

ELSEWHERE = ("198.51.100.0/24",)


@pytest.fixture(autouse=True)
def log_lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    stream = io.StringIO()
    configure_logging(LogSettings(), stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    configure_logging(LogSettings())


@pytest.mark.rule("4-envelope")
async def test_a_good_request_reaches_the_core_with_its_moment_of_arrival() -> None:
    core = FakeCore()
    response = await a_door(core).handle(a_request())
    assert core.asked == [(7, AskedBalance(session="s"), 1000.0)]
    assert response.status == 200
    assert header(response, b"content-type") == b"application/json"
    assert envelope(response) == {"code": 0, "message": "OK", "data": {"balance": "12.50"}}


# What is wrong with a request, in the order in which the contract wants it noticed (2.1).
WRONGS: list[tuple[str, dict[str, Any], int, ApiCode]] = [
    ("path", {"path": "/provider/v1/bets"}, 404, ApiCode.RESOURCE_NOT_FOUND),
    ("method", {"method": "GET"}, 405, ApiCode.RESOURCE_NOT_FOUND),
    ("token", {"headers": [authorization("mnp_wrong")]}, 401, ApiCode.TOKEN_INVALID),
    ("address", {"peer_ip": "203.0.113.9"}, 403, ApiCode.IP_NOT_ALLOWED),
    ("draining", {}, 503, ApiCode.INTERNAL_SERVER_ERROR),
    ("crowded", {}, 429, ApiCode.SERVER_IS_BUSY),
    ("size", {"too_large": True}, 413, ApiCode.VALIDATION_ERROR),
    ("fields", {"body": b"{}"}, 200, ApiCode.VALIDATION_ERROR),
]


@pytest.mark.rule("4-path-and-bearer")
@pytest.mark.parametrize("first", range(len(WRONGS)), ids=[wrong[0] for wrong in WRONGS])
async def test_of_several_faults_the_first_in_the_order_is_told(first: int) -> None:
    names = {name for name, *_ in WRONGS[first:]}
    core = FakeCore()
    allow_list = ("192.0.2.0/24",) if "address" in names else ()
    crowded = DoorSettings(in_flight_max=0, in_flight_reserve=0)
    door = a_door(core, crowded if "crowded" in names else None, allow_list=allow_list)
    if "draining" in names:
        door.drain()
    values: dict[str, Any] = {}
    for _, changes, _, _ in WRONGS[first:]:
        values |= changes
    response = await door.handle(a_request(**values))
    _, _, status, code = WRONGS[first]
    assert (response.status, envelope(response)["code"]) == (status, code)
    assert envelope(response)["message"] == code.name
    assert core.asked == []


@pytest.mark.parametrize(
    ("values", "status", "name", "value"),
    [
        ({"method": "PUT"}, 405, b"allow", b"POST"),
        ({"headers": []}, 401, b"www-authenticate", b"Bearer"),
    ],
)
async def test_refusals_carry_the_headers_http_asks_for(
    values: dict[str, Any], status: int, name: bytes, value: bytes
) -> None:
    response = await a_door().handle(a_request(**values))
    assert response.status == status
    assert header(response, name) == value
    assert "data" not in envelope(response)


@pytest.mark.rule("4-path-and-bearer")
@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ([], 1007),
        ([(b"authorization", b"Basic abc")], 1007),
        ([(b"authorization", b"Bearer ")], 1007),
        ([authorization(TOKEN), authorization(TOKEN)], 1007),
        ([authorization("mnp_wrong")], 1009),
        ([authorization("\xff")], 1009),
    ],
)
async def test_a_missing_token_and_a_wrong_one_are_told_apart(
    headers: list[tuple[bytes, bytes]], code: int
) -> None:
    response = await a_door().handle(a_request(headers=headers))
    assert (response.status, envelope(response)["code"]) == (401, code)


@pytest.mark.rule("4-provider-allow-list")
async def test_the_allow_list_lets_the_listed_in() -> None:
    door = a_door(allow_list=ELSEWHERE)
    inside = await door.handle(a_request(peer_ip="198.51.100.4"))
    outside = await door.handle(a_request(peer_ip="192.0.2.1"))
    assert (inside.status, outside.status) == (200, 403)


async def test_forms_and_compressed_bodies_are_refused_with_a_sentence() -> None:
    form = (b"content-type", b"application/x-www-form-urlencoded")
    coded = (b"content-encoding", b"gzip")
    door = a_door()
    refused = await door.handle(a_request(headers=[authorization(TOKEN), form]))
    assert refused.status == 415
    assert envelope(refused)["data"] == [
        {"field": "", "message": "The body must be JSON, not a form."}
    ]
    refused = await door.handle(a_request(headers=[authorization(TOKEN), coded]))
    assert (refused.status, envelope(refused)["code"]) == (200, 1002)


async def test_a_body_above_the_limit_is_413_whoever_counted() -> None:
    door = a_door(settings=DoorSettings(body_bytes_max=10))
    for large in (a_request(), a_request(body=b"", too_large=True)):
        response = await door.handle(large)
        assert response.status == 413
        assert envelope(response)["data"][0]["message"] == "The body must not be above 10 bytes."


async def test_faults_found_by_the_core_are_rendered_like_those_of_the_door() -> None:
    fault = FieldFault(field="amount", message="amount has too many decimals.")
    core = FakeCore(answer=Answer(code=ApiCode.VALIDATION_ERROR, faults=(fault,)))
    response = await a_door(core).handle(a_request("bet", BET))
    assert response.status == 200
    assert envelope(response)["data"] == [
        {"field": "amount", "message": "amount has too many decimals."}
    ]


@pytest.mark.parametrize("given", [b"x", b"a b", b"~" * 64, b"req-1"])
async def test_a_callers_request_id_is_kept(given: bytes) -> None:
    headers = [authorization(TOKEN), (b"x-request-id", given)]
    response = await a_door().handle(a_request(headers=headers))
    assert header(response, b"x-request-id") == given


@pytest.mark.parametrize("given", [b"", b"x" * 65, b"a\tb", "é".encode(), None])
async def test_every_answer_has_a_request_id_of_its_own_otherwise(given: bytes | None) -> None:
    headers = [authorization(TOKEN)] + ([(b"x-request-id", given)] if given is not None else [])
    door = a_door()
    ids = [
        header(await door.handle(request), b"x-request-id")
        for request in (a_request(headers=headers), a_request(path="/provider/v1", headers=headers))
    ]
    assert all(each is not None and len(each) == 24 and each.isalnum() for each in ids)
    assert ids[0] != ids[1]


async def test_a_defect_is_a_500_without_a_trace_and_is_logged_with_the_request_id(
    log_lines: Callable[[], list[dict[str, Any]]],
) -> None:
    door = a_door(FakeCore(defect="row 17 is odd"))
    headers = [authorization(TOKEN), (b"x-request-id", b"req-1")]
    response = await door.handle(a_request(headers=headers))
    assert response.status == 500
    assert response.body == b'{"code":1001,"message":"INTERNAL_SERVER_ERROR"}'
    assert header(response, b"x-request-id") == b"req-1"
    [line] = [line for line in log_lines() if line["event"] == "provider_call_failed"]
    assert line["request_id"] == "req-1"
    assert line["level"] == "error"
    assert "row 17 is odd" in line["exception"]


async def test_a_wrong_token_is_logged_without_the_token(
    log_lines: Callable[[], list[dict[str, Any]]],
) -> None:
    await a_door().handle(a_request(headers=[authorization("mnp_wrong")]))
    [line] = log_lines()
    assert (line["event"], line["code"], line["peer_ip"]) == (
        "provider_call_refused",
        1009,
        "192.0.2.1",
    )
    assert "mnp_wrong" not in json.dumps(line)


class _Gate:
    """Holds the core's answers back until it is opened."""

    def __init__(self) -> None:
        self.opened = asyncio.Event()

    async def __call__(self) -> None:
        await self.opened.wait()


async def _begin(
    door: ProviderDoor, requests: list[DoorRequest]
) -> list[asyncio.Task[DoorResponse]]:
    tasks = [asyncio.create_task(door.handle(request)) for request in requests]
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    return tasks


async def test_a_crowded_door_refuses_at_once_and_keeps_room_for_what_is_owed() -> None:
    gate = _Gate()
    core = FakeCore(answer=Answer(code=ApiCode.TRY_AGAIN), before=gate)
    door = a_door(core, DoorSettings(in_flight_max=2, in_flight_reserve=1))
    under_way = await _begin(door, [a_request("bet", BET), a_request("bet", BET)])
    crowded = await door.handle(a_request("bet", BET))
    assert (crowded.status, envelope(crowded)["code"]) == (429, 1018)
    assert header(crowded, b"retry-after") == b"1"
    under_way += await _begin(door, [a_request("win", WIN)])
    assert door.in_flight == 3
    assert (await door.handle(a_request("cancel", CANCEL))).status == 429
    gate.opened.set()
    assert [response.status for response in await asyncio.gather(*under_way)] == [200, 200, 200]
    assert door.in_flight == 0
    assert (await door.handle(a_request("bet", BET))).status == 200


async def test_room_is_given_back_after_a_defect_a_thousand_times() -> None:
    door = a_door(FakeCore(defect="odd"), DoorSettings(in_flight_max=1))
    statuses = {(await door.handle(a_request())).status for _ in range(1000)}
    assert statuses == {500}
    assert door.in_flight == 0


async def test_a_draining_door_finishes_what_it_began() -> None:
    gate = _Gate()
    core = FakeCore(answer=Answer(code=ApiCode.OK, guid=GUID, balance_minor=1), before=gate)
    door = a_door(core)
    [begun] = await _begin(door, [a_request("bet", BET)])
    door.drain()
    refused = await door.handle(a_request("bet", BET))
    assert (refused.status, envelope(refused)["code"]) == (503, 1001)
    gate.opened.set()
    assert envelope(await begun)["code"] == 0
    assert [type(asked) for _, asked, _ in core.asked] == [AskedBet]
