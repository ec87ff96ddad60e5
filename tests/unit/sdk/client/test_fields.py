"""Answers are read strictly: an amount of another currency's decimals is never taken."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meganodes.protocol.money import format_amount
from meganodes.protocol.wire import load_json
from meganodes.sdk.client import AnswerUnreadable
from meganodes.sdk.client.fields import Fields, listed


def fields(text: str, exponent: int = 2) -> Fields:
    return Fields(load_json(text.encode()), exponent)


@given(st.integers(-(2**53) + 1, 2**53 - 1), st.integers(0, 8))
def test_amounts_come_back_to_the_last_minor_unit(amount_minor: int, exponent: int) -> None:
    written = format_amount(amount_minor, exponent)
    assert fields(f'{{"a":{written}}}', exponent).amount_minor("a") == amount_minor


@pytest.mark.parametrize("written", ["12", "12.5", "12.500", "1.2e1", '"12.50"', "true", "null"])
def test_an_amount_in_another_form_is_refused(written: str) -> None:
    with pytest.raises(AnswerUnreadable, match="`a`"):
        fields(f'{{"a":{written}}}').amount_minor("a")


def test_the_wrong_currency_is_told_with_its_mend() -> None:
    with pytest.raises(AnswerUnreadable, match="currency_exponent"):
        fields('{"balance":12.50}', 0).amount_minor("balance")


@pytest.mark.parametrize(
    ("read", "good", "bad"),
    [
        ("text", '"x"', "1"),
        ("whole", "7", "true"),
        ("whole", "7", "7.0"),
        ("truth", "false", "0"),
        ("texts", '["a"]', "[1]"),
        ("items", "[]", "{}"),
        ("optional_text", '"x"', "1"),
        ("optional_whole", "7", '"7"'),
    ],
)
def test_each_kind_of_field_takes_its_own_kind_alone(read: str, good: str, bad: str) -> None:
    getattr(fields(f'{{"a":{good}}}'), read)("a")
    with pytest.raises(AnswerUnreadable, match="a"):
        getattr(fields(f'{{"a":{bad}}}'), read)("a")


def test_what_may_be_missing_is_none() -> None:
    assert fields("{}").optional_text("a") is None
    assert fields('{"a":null}').optional_whole("a") is None


def test_data_of_another_shape_is_refused() -> None:
    with pytest.raises(AnswerUnreadable):
        Fields([], 2)
    with pytest.raises(AnswerUnreadable):
        listed({}, "data")
