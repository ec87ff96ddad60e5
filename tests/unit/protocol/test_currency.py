"""The registry agrees with ISO 4217, and crypto stays outside its numbers."""

import iso4217
import pytest

from meganodes.protocol.currency import (
    Currency,
    UnknownCurrency,
    all_currencies,
    currency,
    currency_by_number,
)
from meganodes.protocol.money import EXPONENT_MAX

FIRST_NUMBER_OUTSIDE_ISO = 10_000


@pytest.mark.rule("2.1-currency-number")
def test_the_registry_has_every_iso_currency_with_its_number_and_decimals() -> None:
    published = {
        (money.code, money.number, money.exponent)
        for money in iso4217.Currency
        if money.exponent is not None
    }
    ours = {
        (known.code, known.number, known.exponent)
        for known in all_currencies()
        if known.number < FIRST_NUMBER_OUTSIDE_ISO
    }
    assert ours == published


@pytest.mark.parametrize(
    ("code", "number", "exponent"),
    [
        ("EUR", 978, 2),
        ("KRW", 410, 0),
        ("KWD", 414, 3),
        ("CLF", 990, 4),
        ("ALL", 8, 2),
        ("BTC", 10000, 8),
        ("USDT", 10002, 6),
    ],
)
def test_a_currency_is_found_by_code_and_by_number(code: str, number: int, exponent: int) -> None:
    found = currency(code)
    assert (found.number, found.exponent) == (number, exponent)
    assert currency_by_number(number) is found


@pytest.mark.rule("2.1-currency-registry")
def test_codes_and_numbers_are_unique_and_no_currency_has_more_than_eight_decimals() -> None:
    known = all_currencies()
    assert len({one.code for one in known}) == len(known)
    assert len({one.number for one in known}) == len(known)
    assert EXPONENT_MAX == 8
    assert all(0 <= one.exponent <= EXPONENT_MAX for one in known)


@pytest.mark.rule("2.1-currency-registry")
def test_currencies_outside_iso_are_numbered_from_ten_thousand_without_a_gap() -> None:
    numbers = [one.number for one in all_currencies() if one.number >= FIRST_NUMBER_OUTSIDE_ISO]
    assert numbers == list(range(FIRST_NUMBER_OUTSIDE_ISO, FIRST_NUMBER_OUTSIDE_ISO + len(numbers)))
    assert len(numbers) >= 10


@pytest.mark.parametrize("code", ["", "eur", "XXX", "XAU", "EURO"])
def test_what_is_no_currency_to_play_in_is_unknown(code: str) -> None:
    with pytest.raises(UnknownCurrency, match="There is no currency"):
        currency(code)


def test_an_unknown_number_is_unknown() -> None:
    with pytest.raises(UnknownCurrency, match="There is no currency number 999"):
        currency_by_number(999)


def test_a_currency_cannot_be_changed() -> None:
    with pytest.raises(AttributeError):
        currency("EUR").exponent = 3  # type: ignore[misc]
    assert currency("EUR") == Currency("EUR", 978, 2, "Euro")
