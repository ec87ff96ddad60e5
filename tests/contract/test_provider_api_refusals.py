"""Golden refusals of the Provider API: transport and fields (contract 2.1 and 4)."""

from __future__ import annotations

import json

import pytest

from meganodes.provider_api.messages import DoorRequest
from tests.support.provider_door import (
    BET,
    CANCEL,
    TOKEN,
    WIN,
    FakeCore,
    a_door,
    a_request,
    authorization,
)

INVALID = '{"code":1002,"message":"VALIDATION_ERROR","data":[{"field":"",'
NO_SUCH_PATH = '{"code":1005,"message":"RESOURCE_NOT_FOUND"}'


@pytest.mark.rule("4-path-and-bearer")
@pytest.mark.parametrize(
    ("request_", "status", "body"),
    [
        (a_request(path="/provider/v1"), 404, NO_SUCH_PATH),
        (a_request(path="/provider/v1/"), 404, NO_SUCH_PATH),
        (a_request(path="/provider/v1/bet/"), 404, NO_SUCH_PATH),
        (a_request(path="/provider/v1/Bet"), 404, NO_SUCH_PATH),
        (a_request(path="/provider/v1/refund"), 404, NO_SUCH_PATH),
        (a_request(method="GET"), 405, NO_SUCH_PATH),
        (a_request(headers=[]), 401, '{"code":1007,"message":"TOKEN_NOT_FOUND"}'),
        (
            a_request(headers=[authorization("mna_other")]),
            401,
            '{"code":1009,"message":"TOKEN_INVALID"}',
        ),
        (
            a_request(body=b"", too_large=True),
            413,
            f'{INVALID}"message":"The body must not be above 262144 bytes."}}]}}',
        ),
        (
            a_request(headers=[authorization(TOKEN), (b"content-type", b"multipart/form-data")]),
            415,
            f'{INVALID}"message":"The body must be JSON, not a form."}}]}}',
        ),
    ],
)
async def test_transport_refusals(request_: DoorRequest, status: int, body: str) -> None:
    core = FakeCore()
    response = await a_door(core).handle(request_)
    assert (response.status, response.body.decode()) == (status, body)
    assert core.asked == []


@pytest.mark.rule("4-path-and-bearer", "4-not-recorded")
@pytest.mark.parametrize(
    ("command", "members", "bad"),
    [
        ("bet", {"amount": 5}, ["session", "transaction_id", "round_id", "amount"]),
        ("bet", BET | {"amount": 1.5, "session": ""}, ["session", "amount"]),
        (
            "bet",
            BET | {"transaction_id": "ä", "round_id": "r" * 65},
            ["transaction_id", "round_id"],
        ),
        ("bet", BET | {"game_code": 7}, ["game_code"]),
        ("win", WIN | {"round_closed": "true"}, ["round_closed"]),
        ("win", WIN | {"bet_transaction_id": ""}, ["bet_transaction_id"]),
        ("cancel", CANCEL | {"cancel_transaction_id": "c1"}, ["cancel_transaction_id"]),
        ("round", {"session": "s", "round_id": 17}, ["round_id"]),
        ("balance", [], [""]),
        ("balance", b"session=s", [""]),
        ("balance", b"", [""]),
    ],
)
async def test_bad_fields_are_1002_all_at_once_and_never_reach_the_core(
    command: str, members: object, bad: list[str]
) -> None:
    core = FakeCore()
    response = await a_door(core).handle(a_request(command, members))
    body = json.loads(response.body)
    assert response.status == 200
    assert (body["code"], body["message"]) == (1002, "VALIDATION_ERROR")
    assert [each["field"] for each in body["data"]] == bad
    assert all(each["message"].startswith(each["field"] or "The body") for each in body["data"])
    assert core.asked == []


@pytest.mark.rule("4-amount-text")
async def test_an_amount_as_a_json_number_is_told_its_cure() -> None:
    response = await a_door().handle(a_request("bet", BET | {"amount": 150}))
    assert json.loads(response.body)["data"] == [
        {
            "field": "amount",
            "message": (
                'amount must be decimal text such as "1.50", not a JSON number: put it in quotes.'
            ),
        }
    ]
