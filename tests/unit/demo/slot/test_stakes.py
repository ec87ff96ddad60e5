"""Stakes come from a list, in the decimals of the currency."""

from __future__ import annotations

import pytest

from meganodes.demo.slot.stakes import FIRST_CHOICE, chosen_stake, stakes_text
from meganodes.protocol.money import AmountError


@pytest.mark.parametrize(
    ("exponent", "texts"),
    [
        (0, ["20", "50", "100", "200", "500"]),
        (2, ["0.20", "0.50", "1.00", "2.00", "5.00"]),
        (3, ["0.200", "0.500", "1.000", "2.000", "5.000"]),
    ],
)
def test_stakes_are_decimal_text(exponent: int, texts: list[str]) -> None:
    assert list(stakes_text(exponent)) == texts
    assert texts[FIRST_CHOICE] in {"100", "1.00", "1.000"}


def test_only_a_stake_of_the_list_can_be_chosen() -> None:
    assert chosen_stake("1.00", 2) == 100
    assert chosen_stake("1", 2) == 100
    assert chosen_stake("1.01", 2) is None
    with pytest.raises(AmountError):
        chosen_stake("1e2", 2)
