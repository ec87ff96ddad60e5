"""Replies are right by construction; what may not be answered is a fault (contract 3.2)."""

from __future__ import annotations

import pytest

from meganodes.protocol.commands import Command, Revision
from meganodes.sdk import (
    Accepted,
    Authenticate,
    Authenticated,
    BackendFault,
    Balance,
    Found,
    Permissions,
    Refused,
    Request,
    ResultCode,
    Status,
    TransStatus,
)
from meganodes.sdk.rendering import render

AUTHENTICATE = Authenticate(account="ada", checks=(21,))
BALANCE = Balance(account="ada", checks=(21, 22))
STATUS = Status(account="ada", checks=(21, 42), transaction_id="7")


def rendered(
    request: Request, result: object, *, exponent: int = 2, revision: Revision = Revision.GUID
) -> str:
    return render(Command.BALANCE, request, result, revision, exponent).decode()


@pytest.mark.parametrize(
    ("balance_minor", "exponent", "text"),
    [(10_005, 2, "100.05"), (5, 2, "0.05"), (7, 0, "7"), (1, 8, "0.00000001"), (-150, 2, "-1.50")],
)
@pytest.mark.rule("3.2-success-data")
def test_a_balance_has_exactly_the_currencys_decimals(
    balance_minor: int, exponent: int, text: str
) -> None:
    body = rendered(BALANCE, Accepted(balance_minor=balance_minor), exponent=exponent)
    assert body == f'{{"result":0,"status":"OK","data":{{"balance":{text}}}}}'


@pytest.mark.rule("3.2-permissions-optional")
def test_an_authenticate_tells_what_is_known_and_leaves_out_the_rest() -> None:
    result = Authenticated(
        balance_minor=100,
        permissions=Permissions(play=True, max_bet_minor=500, session_minutes=60),
        language="de",
    )
    assert rendered(AUTHENTICATE, result) == (
        '{"result":0,"status":"OK","data":{"account":"ada","balance":1.00,'
        '"permissions":{"play":true,"max_bet":5.00,"session_minutes":60},"language":"de"}}'
    )
    assert rendered(AUTHENTICATE, Accepted(balance_minor=100)) == (
        '{"result":0,"status":"OK","data":{"account":"ada","balance":1.00}}'
    )


@pytest.mark.rule("3-revision-status-reply")
def test_a_status_repeats_the_transaction_in_the_words_of_the_revision() -> None:
    found = Found(trans_status=TransStatus.CANCELED)
    assert rendered(STATUS, found) == (
        '{"result":0,"status":"OK","data":'
        '{"account":"ada","trans_guid":"7","trans_status":"CANCELED"}}'
    )
    assert rendered(STATUS, found, revision=Revision.ID) == (
        '{"result":0,"status":"OK","data":{"trans_id":7,"trans_status":"CANCELED"}}'
    )


@pytest.mark.parametrize(
    ("refused", "text"),
    [
        (Refused(result=ResultCode.PLAYER_INACTIVE, balance_minor=150), '22,"status":"ERROR",1.50'),
        (Refused(result=ResultCode.ACCOUNT_UNKNOWN), '21,"status":"ERROR",0.00'),
        (Refused(result=ResultCode.INTERNAL_FAILURE), '99,"status":"ERROR",0.00'),
    ],
)
@pytest.mark.rule("3.2-reply-shape")
def test_a_refusal_has_its_number_and_a_balance(refused: Refused, text: str) -> None:
    head, balance = text.rsplit(",", 1)
    assert rendered(BALANCE, refused) == f'{{"result":{head},"data":{{"balance":{balance}}}}}'


@pytest.mark.parametrize(
    ("request_", "result"),
    [
        (BALANCE, Found(trans_status=TransStatus.OK)),
        (BALANCE, Authenticated(balance_minor=1)),
        (STATUS, Accepted(balance_minor=1)),
        (STATUS, "OK"),
        (BALANCE, {"balance": 1}),
        (BALANCE, Refused(result=ResultCode.DUPLICATE, balance_minor=1)),
        (BALANCE, Refused(result=ResultCode.TOKEN_WRONG)),
        (BALANCE, Accepted(balance_minor=1.5)),  # type: ignore[arg-type]
        (BALANCE, Accepted(balance_minor=True)),
        (BALANCE, Accepted(balance_minor=2**53)),
    ],
)
def test_a_result_that_may_not_be_answered_is_a_fault(request_: Request, result: object) -> None:
    with pytest.raises(BackendFault):
        rendered(request_, result)
