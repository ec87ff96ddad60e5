"""Checks are made in the asked order, and the first that fails decides (contract 3.2)."""

from __future__ import annotations

import itertools

import pytest

from meganodes.sdk import (
    BackendFault,
    Balance,
    Bet,
    Cancel,
    Facts,
    Refused,
    Request,
    ResultCode,
    Status,
    first_refusal,
)

EVERYTHING_WRONG = Facts(
    account_known=False,
    active=False,
    balance_minor=99,
    transaction_known=True,
    original_known=False,
)
ALL_WELL = Facts(
    account_known=True,
    active=True,
    balance_minor=100,
    transaction_known=False,
    original_known=True,
)


def bet(*checks: int) -> Bet:
    return Bet(
        account="ada",
        checks=checks,
        transaction_id="t-1",
        round_id="r-1",
        provider_id=1,
        game_code="g",
        game_type="slot",
        amount_minor=100,
    )


def cancel(*checks: int) -> Cancel:
    return Cancel(
        account="ada",
        checks=checks,
        transaction_id="t-1-c",
        original_id="t-1",
        round_id="r-1",
        provider_id=1,
        game_code="g",
    )


@pytest.mark.rule("3.1-check-text")
@pytest.mark.parametrize("checks", list(itertools.permutations((21, 22, 41, 31))))
def test_the_first_check_in_the_asked_order_decides(checks: tuple[int, ...]) -> None:
    refused = first_refusal(bet(*checks), EVERYTHING_WRONG)
    assert refused is not None
    assert refused.result == checks[0]


@pytest.mark.parametrize(
    ("request_", "facts", "expected"),
    [
        (bet(21), Facts(account_known=False), Refused(result=ResultCode.ACCOUNT_UNKNOWN)),
        (
            bet(22),
            Facts(account_known=True, active=False, balance_minor=5),
            Refused(result=ResultCode.PLAYER_INACTIVE, balance_minor=5),
        ),
        (
            bet(31),
            Facts(account_known=True, balance_minor=99),
            Refused(result=ResultCode.BALANCE_TOO_LOW, balance_minor=99),
        ),
        (
            bet(41),
            Facts(account_known=True, balance_minor=7, transaction_known=True),
            Refused(result=ResultCode.DUPLICATE, balance_minor=7),
        ),
        (
            Status(account="ada", checks=(42,), transaction_id="t-1"),
            Facts(account_known=True, balance_minor=7, transaction_known=False),
            Refused(result=ResultCode.TRANSACTION_UNKNOWN, balance_minor=7),
        ),
        (
            cancel(43),
            Facts(account_known=True, balance_minor=7, original_known=False),
            Refused(result=ResultCode.ORIGINAL_UNKNOWN, balance_minor=7),
        ),
    ],
)
def test_each_check_refuses_with_its_number(
    request_: Request, facts: Facts, expected: Refused
) -> None:
    assert first_refusal(request_, facts) == expected


def test_a_cancel_asked_with_42_means_the_original() -> None:
    facts = Facts(account_known=True, balance_minor=7, transaction_known=False, original_known=True)
    assert first_refusal(cancel(42), facts) is None


@pytest.mark.parametrize("request_", [bet(21, 22, 41, 31), cancel(21, 22, 41, 43)])
def test_nothing_is_refused_when_all_holds(request_: Request) -> None:
    assert first_refusal(request_, ALL_WELL) is None


@pytest.mark.parametrize(
    "request_", [bet(22), bet(31), bet(41), cancel(43), Balance(account="ada", checks=(31,))]
)
def test_a_check_whose_fact_is_missing_is_a_fault_and_not_a_guess(request_: Request) -> None:
    with pytest.raises(BackendFault):
        first_refusal(request_, Facts(account_known=True))


def test_a_number_that_is_no_check_is_a_fault() -> None:
    with pytest.raises(BackendFault, match="no check"):
        first_refusal(bet(99), ALL_WELL)


def test_a_balance_check_on_a_request_without_amount_is_a_fault() -> None:
    with pytest.raises(BackendFault, match="no amount"):
        first_refusal(cancel(31), ALL_WELL)
