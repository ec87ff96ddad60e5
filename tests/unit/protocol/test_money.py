"""Amounts: text to minor units and back, exactly, for every number of decimals."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from meganodes.protocol.money import (
    AMOUNT_MAX_MINOR,
    AmountError,
    CutAmount,
    cut_amount,
    format_amount,
    parse_amount,
)
from tests.support.effort import effort

EXPONENTS = (0, 1, 2, 3, 4, 8)
pytestmark = pytest.mark.thorough
ROUND_TRIPS = settings(
    max_examples=effort(1_000, 10_000), derandomize=True, deadline=None, database=None
)
MANY = settings(max_examples=effort(500, 10_000), derandomize=True, deadline=None, database=None)


@pytest.mark.parametrize(
    ("text", "exponent", "amount_minor"),
    [
        ("1.50", 2, 150),
        ("1.5", 2, 150),
        ("0", 2, 0),
        ("0.00", 2, 0),
        ("007", 2, 700),
        ("1500", 0, 1500),
        ("1.234", 3, 1234),
        ("0.00000001", 8, 1),
        ("0" * 63 + "1", 2, 100),
        ("90071992547409.91", 2, AMOUNT_MAX_MINOR),
        ("9007199254740991", 0, AMOUNT_MAX_MINOR),
    ],
)
def test_an_amount_is_read_as_minor_units(text: str, exponent: int, amount_minor: int) -> None:
    assert parse_amount(text, exponent) == amount_minor


@pytest.mark.rule("4-amount-text", "2.1-amount-strict-text")
@pytest.mark.parametrize(
    "text",
    [
        "", " ", "1 ", " 1", "1\n", "+1", "-1", "-0", "1e3", "1E3", "1.", ".5", ".", "1.2.3", "1,5",
        "1,234.50", "0x10", "1_000", "NaN", "Infinity", "\uff11", "\u0661", "1.\u0665", "null",
        "1" * 65,
    ],
)  # fmt: skip
def test_anything_but_digits_and_one_dot_is_no_amount(text: str) -> None:
    with pytest.raises(AmountError, match=r"digits with at most one dot"):
        parse_amount(text, 2)


@pytest.mark.rule("4-amount-text", "2.1-amount-strict-text")
@pytest.mark.parametrize(
    ("text", "exponent", "reason"),
    [
        ("1.005", 2, "The currency has at most 2 decimals, the amount has 3."),
        ("1.500", 2, "The currency has at most 2 decimals, the amount has 3."),
        ("1.0", 0, "The currency has no decimals, the amount has 1."),
    ],
)
def test_more_decimals_than_the_currency_are_refused(text: str, exponent: int, reason: str) -> None:
    with pytest.raises(AmountError) as caught:
        parse_amount(text, exponent)
    assert caught.value.reason == str(caught.value) == reason


@pytest.mark.rule("4-amount-text", "2.1-amount-bounds")
@pytest.mark.parametrize("text", ["90071992547409.92", "99999999999999999999999999999"])
def test_an_amount_above_the_largest_double_integer_is_refused(text: str) -> None:
    with pytest.raises(AmountError) as caught:
        parse_amount(text, 2)
    assert caught.value.reason == "An amount is at most 90071992547409.91."


@pytest.mark.rule("2.1-amount-form")
@pytest.mark.parametrize(
    ("amount_minor", "exponent", "text"),
    [
        (150, 2, "1.50"),
        (5, 0, "5"),
        (0, 2, "0.00"),
        (5, 2, "0.05"),
        (-5, 2, "-0.05"),
        (-150, 2, "-1.50"),
        (-7, 0, "-7"),
        (1, 8, "0.00000001"),
        (AMOUNT_MAX_MINOR, 8, "90071992.54740991"),
        (100, 4, "0.0100"),
    ],
)
def test_an_amount_is_written_with_exactly_the_decimals_of_its_currency(
    amount_minor: int, exponent: int, text: str
) -> None:
    assert format_amount(amount_minor, exponent) == text


@pytest.mark.rule("2.1-amount-no-float")
def test_a_float_is_a_defect_and_never_an_amount() -> None:
    with pytest.raises(AssertionError, match="integers of minor units"):
        format_amount(1.5, 2)  # type: ignore[arg-type]


@pytest.mark.reliability("I14")
@ROUND_TRIPS
@given(st.integers(0, AMOUNT_MAX_MINOR), st.sampled_from(EXPONENTS))
def test_writing_and_reading_give_the_same_amount(amount_minor: int, exponent: int) -> None:
    text = format_amount(amount_minor, exponent)
    assert parse_amount(text, exponent) == amount_minor
    assert len(text.partition(".")[2]) == exponent


@MANY
@given(st.integers(-(10**20), 10**20), st.sampled_from(EXPONENTS))
def test_a_written_balance_is_cut_to_itself(amount_minor: int, exponent: int) -> None:
    cut = cut_amount(format_amount(amount_minor, exponent), exponent)
    assert cut == CutAmount(amount_minor, exponent, exponent_form=False)


@MANY
@given(st.text(alphabet="0123456789.-+eE ", max_size=12), st.sampled_from(EXPONENTS))
def test_whatever_is_read_was_plain_digits(text: str, exponent: int) -> None:
    try:
        amount_minor = parse_amount(text, exponent)
    except AmountError:
        return
    whole, _, fraction = text.partition(".")
    assert whole.isdecimal()
    assert fraction.isdecimal() or "." not in text
    assert amount_minor == int(whole) * 10**exponent + int(fraction.ljust(exponent, "0") or 0)


@pytest.mark.parametrize(
    ("text", "exponent", "cut"),
    [
        ("12.5", 2, CutAmount(1250, 1, exponent_form=False)),
        ("34.7499999999", 2, CutAmount(3474, 10, exponent_form=False)),
        ("-34.7499999999", 2, CutAmount(-3474, 10, exponent_form=False)),
        ("-0.009", 2, CutAmount(0, 3, exponent_form=False)),
        ("12", 2, CutAmount(1200, 0, exponent_form=False)),
        ("1500.99", 0, CutAmount(1500, 2, exponent_form=False)),
        ("1.0E7", 2, CutAmount(1_000_000_000, 0, exponent_form=True)),
        ("1e+3", 0, CutAmount(1000, 0, exponent_form=True)),
        ("1.5e-3", 2, CutAmount(0, 4, exponent_form=True)),
        ("1.5e-1", 2, CutAmount(15, 2, exponent_form=True)),
        ("0" * 63 + "1", 2, CutAmount(100, 0, exponent_form=False)),
        ("0e40", 2, CutAmount(0, 0, exponent_form=True)),
    ],
)
def test_a_foreign_number_is_cut_towards_zero(text: str, exponent: int, cut: CutAmount) -> None:
    assert cut_amount(text, exponent) == cut


@pytest.mark.parametrize(
    "text", ["", "1e400", "1e-400", "1e41", "1e99999", "x", "+1", "1." * 2, "9" * 65]
)
def test_a_foreign_number_beyond_reason_is_none(text: str) -> None:
    assert cut_amount(text, 2) is None
