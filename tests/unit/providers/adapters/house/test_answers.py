"""What the house protocol writes: envelope, refusals, replays, and what needs escaping."""

from __future__ import annotations

import json

import pytest

from meganodes.domain.answers import RoundState
from meganodes.domain.asked import Answer, FieldFault, RoundItem, ShownUser
from meganodes.domain.transaction import Kind
from meganodes.protocol.codes import ApiCode
from meganodes.protocol.replies import Permissions
from meganodes.providers.adapters.house.answers import render

GUID = "mn-" + "0" * 40
REFUSALS = sorted(set(ApiCode) - {ApiCode.OK, ApiCode.BALANCE_NOT_ENOUGH})


@pytest.mark.rule("4-envelope", "4-codes")
@pytest.mark.parametrize("code", REFUSALS)
def test_a_refusal_is_code_and_name_without_data(code: ApiCode) -> None:
    assert json.loads(render("bet", Answer(code=code))) == {"code": code, "message": code.name}


@pytest.mark.rule("4-envelope")
def test_success_says_ok() -> None:
    answer = Answer(code=ApiCode.OK, exponent=2, balance_minor=1)
    assert render("balance", answer) == b'{"code":0,"message":"OK","data":{"balance":"0.01"}}'


@pytest.mark.rule("4-replay")
@pytest.mark.parametrize("code", REFUSALS)
def test_a_replayed_refusal_says_so(code: ApiCode) -> None:
    body = json.loads(render("bet", Answer(code=code, replay=True)))
    assert body == {"code": code, "message": code.name, "data": {"replay": True}}


@pytest.mark.rule("4-bet-31")
@pytest.mark.parametrize(
    ("balance_minor", "shown"), [(1234, '"12.34"'), (0, '"0.00"'), (None, "null")]
)
def test_a_balance_too_low_shows_the_balance(balance_minor: int | None, shown: str) -> None:
    answer = Answer(code=ApiCode.BALANCE_NOT_ENOUGH, exponent=2, balance_minor=balance_minor)
    head = '{"code":2006,"message":"BALANCE_NOT_ENOUGH","data":{"balance":'
    assert render("bet", answer).decode() == f"{head}{shown}}}}}"


@pytest.mark.parametrize(
    ("amount_minor", "exponent", "shown"),
    [
        (5, 0, "5"),
        (150, 2, "1.50"),
        (-150, 2, "-1.50"),
        (1, 8, "0.00000001"),
        (2**53 - 1, 3, "9007199254740.991"),
    ],
)
def test_balances_are_decimal_text_of_the_currency(
    amount_minor: int, exponent: int, shown: str
) -> None:
    answer = Answer(code=ApiCode.OK, exponent=exponent, balance_minor=amount_minor)
    assert json.loads(render("balance", answer))["data"] == {"balance": shown}


def test_replay_is_left_out_of_a_first_answer() -> None:
    answer = Answer(code=ApiCode.OK, exponent=0, guid=GUID, balance_minor=1)
    assert "replay" not in json.loads(render("bet", answer))["data"]


def test_faults_are_escaped() -> None:
    fault = FieldFault(field='a"b', message="é \u2028 \\ \n")
    body = render("bet", Answer(code=ApiCode.VALIDATION_ERROR, faults=(fault,)))
    assert body.isascii()
    assert json.loads(body)["data"] == [{"field": 'a"b', "message": "é \u2028 \\ \n"}]


def _authenticated(permissions: Permissions | None) -> Answer:
    user = ShownUser(
        account='40"1',
        game_code="fruits",
        currency="EUR",
        language=None,
        country=None,
        permissions=permissions,
    )
    return Answer(code=ApiCode.OK, exponent=2, balance_minor=100, user=user)


def test_permissions_that_were_not_given_are_left_out() -> None:
    said = Permissions(play=False, max_bet_minor=0, session_minutes=5)
    data = json.loads(render("authenticate", _authenticated(said)))["data"]
    assert data["permissions"] == {"play": False, "max_bet": "0.00", "session_minutes": 5}
    assert data["account"] == '40"1'
    assert data["language"] is None
    assert data["country"] is None


@pytest.mark.parametrize("said", [None, Permissions()])
def test_no_permissions_are_an_empty_object(said: Permissions | None) -> None:
    data = json.loads(render("authenticate", _authenticated(said)))["data"]
    assert data["permissions"] == {}


@pytest.mark.rule("4-round")
@pytest.mark.parametrize("state", list(RoundState))
def test_every_state_of_a_transaction_is_shown(state: RoundState) -> None:
    item = RoundItem(
        transaction_id='"\\', kind=Kind.BET, amount_minor=5, guid=GUID, state=state, delivered=False
    )
    answer = Answer(code=ApiCode.OK, exponent=1, transactions=(item,), closed=False)
    assert json.loads(render("round", answer))["data"] == {
        "transactions": [
            {
                "transaction_id": '"\\',
                "kind": "bet",
                "amount": "0.5",
                "transaction_guid": GUID,
                "state": state.value,
                "delivered": False,
            }
        ],
        "closed": False,
    }


def test_an_answer_that_lacks_what_its_command_needs_is_a_defect() -> None:
    for command in ("authenticate", "bet", "win", "betwin", "cancel", "round"):
        with pytest.raises(AssertionError):
            render(command, Answer(code=ApiCode.OK))
