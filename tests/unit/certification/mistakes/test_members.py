"""Certification: data, balance, account and trans_status that are not what was asked for."""

import pytest

from meganodes.certification.mistakes.members import (
    account_mistake,
    balance_mistake,
    data_mistake,
    trans_status_mistake,
)
from meganodes.certification.mistakes.record import Diagnosis
from meganodes.protocol.wire import load_json
from tests.unit.protocol.asking import question


def envelope(body: str) -> dict[str, object]:
    value = load_json(body.encode())
    assert isinstance(value, dict)
    return value


def with_data(data: str, result: int = 0) -> dict[str, object]:
    return envelope(f'{{"result":{result},"data":{data}}}')


def words(found: Diagnosis | None) -> str:
    assert found is not None
    return f"{found.sentence} {found.mend}"


@pytest.mark.parametrize("data", ["null", "{}", '{"balance":1}'])
def test_an_object_or_nothing_is_no_mistake_of_data(data: str) -> None:
    assert data_mistake(question(), with_data(data)) is None


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("[]", "(object)[]"),
        ("[1]", "data is a list"),
        ('"{\\"balance\\":1}"', "encoded twice"),
        ('"none"', 'data is the text "none"'),
        ("12.50", "data is 12.50"),
    ],
)
def test_data_of_another_type_is_named(data: str, expected: str) -> None:
    assert expected in words(data_mistake(question(), with_data(data)))


@pytest.mark.parametrize(
    ("result", "data", "expected"),
    [
        (0, "{}", "data.balance is missing. Read the balance in the transaction that books"),
        (31, "{}", "is missing in a refusal with 31"),
        (41, "{}", "tells the balance as it is now"),
        (42, '{"balance":null}', "is null in an answer with 42"),
        (0, '{"Balance":1}', '"Balance" stands there instead'),
        (0, '{"credit":1}', '"credit" stands there instead'),
        (0, '{"balance":true}', "Send the sum, such as 1000.00."),
        (0, '{"balance":{"amount":1}}', "data.balance is an object"),
        (0, '{"balance":"12,50"}', "with a comma"),
        (0, '{"balance":"1,234.50"}', "with a comma"),
        (0, '{"balance":"12.50 EUR"}', "with a currency"),
        (0, '{"balance":"€12.50"}', "with a currency"),
        (0, '{"balance":"none"}', "no number"),
        (0, '{"balance":-1}', "overdraft"),
        (0, '{"balance":-0.01}', "two bets spent one balance"),
        (0, '{"balance":1e99}', "too large or no decimal number"),
    ],
)
def test_a_balance_that_cannot_be_read_is_named(result: int, data: str, expected: str) -> None:
    assert expected in words(balance_mistake(question(), with_data(data, result)))


def test_a_balance_beside_data_is_found() -> None:
    said = words(balance_mistake(question(), envelope('{"result":0,"balance":5,"data":{}}')))
    assert "beside data, not in it" in said


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("{}", "data.account is missing"),
        ('{"account":"ANNA"}', "letter case"),
        ('{"account":" anna "}', "blanks"),
        ('{"account":"bert"}', "somebody else's reply"),
        ('{"account":7}', "data.account is 7"),
    ],
)
def test_an_account_that_differs_is_named_by_how(data: str, expected: str) -> None:
    assert expected in words(account_mistake(question(), with_data(data)))


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        ("{}", "data.trans_status is missing"),
        ('{"trans_status":"Cancelled"}', "the word is CANCELED"),
        ('{"trans_status":"SETTLED"}', 'is the text "SETTLED"'),
        ('{"trans_status":1}', "is 1. Send OK"),
    ],
)
def test_a_state_with_another_word_is_named(data: str, expected: str) -> None:
    assert expected in words(trans_status_mistake(with_data(data)))
