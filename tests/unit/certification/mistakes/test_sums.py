"""Certification: balances that are well written and wrong, named by what was done to them."""

import pytest

from meganodes.certification.mistakes.sums import KnownMoney, sum_mistake

BET = KnownMoney(before_minor=10_050, moved_minor=-1_025)
WIN = KnownMoney(before_minor=10_050, moved_minor=125)
ASKED = KnownMoney(before_minor=9_025)


def words(known: KnownMoney, reported_minor: int, exponent: int = 2) -> str:
    found = sum_mistake(known, reported_minor, exponent)
    assert found is not None
    return f"{found.sentence} {found.mend}"


@pytest.mark.parametrize("known", [BET, WIN, ASKED])
@pytest.mark.parametrize("exponent", [0, 2])
def test_the_right_balance_is_no_mistake(known: KnownMoney, exponent: int) -> None:
    assert sum_mistake(known, known.after_minor, exponent) is None


@pytest.mark.parametrize(
    ("known", "reported_minor", "expected"),
    [
        (BET, 902_500, "minor units (cents)"),
        (ASKED, 902_500, "minor units (cents)"),
        (BET, 90, "divided by 100 once too often"),
        (BET, 9_000, "decimals were cut off"),
        (BET, 10_050, "from before the movement"),
        (WIN, 10_050, "from before the movement"),
        (BET, 8_000, "booked twice"),
        (WIN, 10_300, "booked twice"),
        (BET, 11_075, "wrong sign"),
        (BET, 9_026, "binary floats"),
        (ASKED, 9_024, "binary floats"),
        (BET, 5_000, "booked twice, not at all, or by somebody else"),
    ],
)
def test_a_wrong_sum_is_named(known: KnownMoney, reported_minor: int, expected: str) -> None:
    said = words(known, reported_minor)
    assert expected in said
    assert "90.25 would be right" in said or known is WIN


def test_a_currency_without_decimals_has_no_cents() -> None:
    said = words(KnownMoney(before_minor=500), 50_000, exponent=0)
    assert "cents" not in said
    assert "data.balance is 50000; 500 would be right" in said


def test_an_empty_account_is_not_confused_with_units() -> None:
    assert "binary floats" in words(KnownMoney(before_minor=100, moved_minor=-100), 1)
